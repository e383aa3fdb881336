"""What cannot be read: who shows says so in one line, who decides stops, names the place and writes nothing.

Tables of commands and of ways in which a file can be unusable, so that a new command or a new accident is one line.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Result

ITEM = "cmdb/applications/mail-server.yaml"
CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"
INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def said(text: str) -> str:
    """The words without the breaks of a narrow terminal."""
    return " ".join(text.split())


def appended(raw: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes() + raw) and None


def replaced(raw: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(raw) and None


def as_utf16(path: Path) -> None:
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))


def as_link(path: Path) -> None:
    path.rename(path.with_suffix(".kept"))
    path.symlink_to(path.with_suffix(".kept").name)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_absent(path: Path) -> None:
    git("update-index", "--skip-worktree", str(path))
    path.unlink()


_CONFLICT = b"<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> topic\n"
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 812\n"
# What can be committed, so that a commit can have it.
COMMITTED: Mapping[str, Callable[[Path], None]] = {
    "a quote too many": appended(b'x: "\n'),
    "a key twice": appended(b"id: other\n"),
    "conflict markers": appended(_CONFLICT),
    "a pointer of Git LFS": replaced(_POINTER),
    "an empty file": replaced(b""),
    "a list": replaced(b"- a\n"),
    "UTF-16": as_utf16,
    "zero bytes": replaced(b"\0" * 64),
    "too large": appended(b"#" * 300_000 + b"\n"),
    "a symbolic link": as_link,
}
ACCIDENTS: Mapping[str, Callable[[Path], None]] = {
    **COMMITTED,
    "a folder": as_folder,
    "a pipe": as_pipe,
    "not checked out": as_absent,
}
accidents = pytest.mark.parametrize("accident", ACCIDENTS)
committed = pytest.mark.parametrize("accident", COMMITTED)

# Commands that show, and whether their JSON is an object, which has room for what is missing.
SHOWING = {
    "list items": False,
    "list applications": False,
    "show email": True,
    "impact mailbox-db": True,
    "report backlog": True,
    "schedule": True,
    "risk EXMP4": True,
    "suspects EXMP1": True,
    "freeze preview": False,
    "cab agenda": True,
    "problems suggest": False,
    "articles wanted": True,
}


@accidents
@pytest.mark.parametrize("words", SHOWING)
def test_what_shows_says_in_one_line_what_is_missing(words: str, accident: str, acme: Path, cli: Cli) -> None:
    ACCIDENTS[accident](acme / ITEM)
    for shown in (cli(*words.split()), cli(*words.split(), "--json")):
        told = said(shown.err)
        assert told.count("warning: 1 file cannot be read and is left out: ") == 1, shown.err
        assert ITEM in told
        assert "itsm check" in told
    if SHOWING[words]:
        (gap,) = shown.json["unreadable"]
        assert gap["path"] == ITEM
        assert gap["kind"] == "application"
        assert gap["id"] == "mail-server"
        assert gap["reason"]


@pytest.mark.parametrize("words", SHOWING)
def test_nothing_is_said_where_everything_can_be_read(words: str, acme: Path, cli: Cli) -> None:
    assert "cannot be read" not in cli(*words.split()).err
    shown = cli(*words.split(), "--json")
    assert shown.err == ""
    assert "unreadable" not in shown.out


def test_an_order_is_not_written_while_its_form_cannot_be_read(acme: Path, cli: Cli) -> None:
    offering = "cmdb/offerings/new-mailbox.yaml"
    ACCIDENTS["a quote too many"](acme / offering)
    answers = ("--answer", "mailbox=a", "--answer", "from=2026-12-01")
    order = ("--title", "A mailbox", "--offering", "new-mailbox", "--requested-by", "duty-agent", *answers)
    done = cli("new", "request", *order, code=None)
    assert done.code == 1, done.out
    assert offering in said(done.err)
    assert not git("status", "--porcelain", "--untracked-files", "records")


def test_a_list_of_major_incidents_names_an_incident_that_cannot_be_read(acme: Path, cli: Cli) -> None:
    ACCIDENTS["a quote too many"](acme / INCIDENT)
    assert INCIDENT in said(cli("major", "list").err)


def test_a_list_misses_only_what_could_be_in_it(acme: Path, cli: Cli) -> None:
    ACCIDENTS["a quote too many"](acme / ITEM)
    assert cli("list", "incidents").err == ""
    assert ITEM in said(cli("list", "incidents", "applications").err)


@pytest.mark.parametrize("index", ["off", "always"])
@pytest.mark.parametrize(
    "path",
    [
        "cmdb/calendars/office-hours.yaml", "cmdb/service-levels/standard-support.yaml", "cmdb/services/email.yaml",
        "cmdb/offerings/new-mailbox.yaml",
    ],
)  # fmt: skip
def test_a_list_that_shows_or_asks_for_clocks_says_what_of_the_promises_cannot_be_read(
    path: str, index: str, acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_INDEX", index)
    ACCIDENTS["a quote too many"](acme / path)
    for words in ("sla:missed", "-sla:none", "--columns id,clock", "--sort clock"):
        assert path in said(cli("list", "incidents", *words.split()).err), words
    assert path not in cli("list", "incidents", "state:open").err  # nothing in it could be in this list


@pytest.mark.parametrize(
    "path", ["cmdb/service-levels/standard-support.yaml", "cmdb/calendars/office-hours.yaml"]
)
def test_a_record_whose_promises_cannot_be_read_says_so(
    path: str, acme: Path, cli: Cli, incident: str
) -> None:
    assert "cannot be read" not in cli("show", incident).err
    appended(b"<<<<<<< HEAD\n")(acme / path)
    done = cli("show", incident)
    assert path in said(done.err)


def test_a_list_of_what_reaches_an_item_says_which_item_between_cannot_be_read(acme: Path, cli: Cli) -> None:
    ACCIDENTS["a quote too many"](acme / ITEM)
    assert ITEM in said(cli("list", "incidents", "reaches:email").err)
    assert ITEM not in cli("list", "incidents", "service:email").err


@accidents
@pytest.mark.parametrize("fragment", ["mail-server", "mail-serv", "MAIL-SERVER"])
def test_a_fragment_that_means_an_unreadable_file_names_it(
    fragment: str, accident: str, acme: Path, cli: Cli
) -> None:
    ACCIDENTS[accident](acme / ITEM)
    assert "cmdb/applications" in said(cli("impact", fragment, code=1).err)


def test_a_fragment_that_means_a_readable_and_an_unreadable_file_is_ambiguous(acme: Path, cli: Cli) -> None:
    ACCIDENTS["a quote too many"](acme / ITEM)
    told = said(cli("impact", "mail-", code=1).err)
    assert "mail-server" in told
    assert "mail-host-1" in told


@pytest.mark.parametrize("folder", ["cmdb", "cmdb/people", "records/incidents"])
def test_a_folder_that_is_not_checked_out_is_one_gap(folder: str, acme: Path, cli: Cli) -> None:
    git("status")  # the index of a copied repository is out of date
    git("sparse-checkout", "set", "--no-cone", "/*", f"!/{folder}/")
    assert not (acme / folder).exists()
    told = said(cli("schedule").err)
    assert "cannot be read and" in told
    assert folder in told
    (gap,) = cli("schedule", "--json").json["unreadable"]
    assert gap["path"].startswith(folder)
    found = cli("check", code=1)
    assert "not checked out (sparse checkout)" in found.out
    assert cli("site", "build", code=1).err.count(folder) >= 1
    assert not (acme / "build/site/index.html").exists()


def test_rules_that_are_not_checked_out_stop_everything(acme: Path, cli: Cli) -> None:
    git("status")  # the index of a copied repository is out of date
    git("sparse-checkout", "set", "--no-cone", "/*", "!/schemas/policies/")
    for words in (["schedule"], ["site", "build"], ["list", "incidents"]):
        assert "schemas/policies" in said(cli(*words, code=1).err), words


@pytest.mark.parametrize("folder", ["schemas/policies", "cmdb/applications", "records/incidents"])
def test_a_link_in_the_place_of_a_folder_is_no_empty_folder(folder: str, acme: Path, cli: Cli) -> None:
    (acme / folder).rename(acme / "elsewhere")
    (acme / folder).symlink_to(acme / "elsewhere")
    told = said(cli("schedule", code=None).err)
    assert folder in told


# ---- Commands that decide ----


def written(root: Path) -> dict[str, object]:
    """Everything that a command could have written: files, and where every reference of Git points."""
    files = {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and not p.is_symlink() and ".git" not in p.parts and not p.is_fifo()
    }
    return {**files, "references": git("for-each-ref"), "HEAD": git("rev-parse", "HEAD")}


def stops(cli: Cli, root: Path, words: str, place: str) -> Result:
    """Run a command that has to stop, name the place, and write nothing."""
    before = written(root)
    done = cli(*words.split(), code=None)
    assert done.code not in (0, 3), done.out + done.err
    assert place in said(done.out + done.err), done.out + done.err
    assert "Traceback" not in done.err
    assert written(root) == before
    return done


# Commands that decide from the working tree.
DECIDING = (
    "codeowners --forge github --write",
    "submit EXMP4 --no-push",
    "doctor --forge github --offline",
)


@accidents
@pytest.mark.parametrize("words", DECIDING)
def test_what_decides_stops_and_writes_nothing(words: str, accident: str, acme: Path, cli: Cli) -> None:
    (acme / CHANGE).write_bytes((acme / CHANGE).read_bytes() + b"# something to submit\n")
    ACCIDENTS[accident](acme / ITEM)
    stops(cli, acme, words, ITEM)


@accidents
def test_a_change_that_cannot_be_read_is_not_submitted(accident: str, acme: Path, cli: Cli) -> None:
    ACCIDENTS[accident](acme / CHANGE)
    stops(cli, acme, f"submit {CHANGE}", "CHG-260115-EXMP4")


@pytest.fixture
def topic(acme: Path) -> Path:
    """A branch that edits a change, with ``main`` checked out."""
    git("switch", "-qc", "topic")
    (acme / CHANGE).write_bytes((acme / CHANGE).read_bytes() + b"# edited\n")
    git("commit", "-qam", "topic")
    git("switch", "-q", "main")
    return acme


GATES = ("gate --base main --head topic --json", "approvals --base main --head topic --json")


def assessed(cli: Cli, words: str) -> dict[str, object]:
    found = cli(*words.split(), code=None)
    data: dict[str, object] = found.json
    return {**data, "code": found.code}


@committed
@pytest.mark.parametrize("path", [ITEM, "cmdb/people/duty-agent.yaml"])
@pytest.mark.parametrize("words", GATES)
def test_the_gate_stops_at_what_it_reads_on_the_target_branch(
    words: str, path: str, accident: str, topic: Path, cli: Cli
) -> None:
    sound = assessed(cli, words)
    assert not any("cannot be decided" in m for m in sound["messages"])  # type: ignore[attr-defined]
    COMMITTED[accident](topic / path)
    git("add", "-A")
    git("commit", "-qm", "a slip")
    before = written(topic)
    found = assessed(cli, words)
    assert found["result"] == "ERROR"
    (message,) = found["messages"]  # type: ignore[misc]
    assert "who must approve cannot be decided" in message
    assert path in message
    assert written(topic) == before
    if words.startswith("gate"):
        assert found["code"] == 2


def test_an_unreadable_record_that_the_request_does_not_touch_does_not_block_it(
    topic: Path, cli: Cli
) -> None:
    COMMITTED["a quote too many"](topic / INCIDENT)
    git("commit", "-qam", "a slip")
    found = assessed(cli, GATES[0])
    assert not any("cannot be decided" in m for m in found["messages"])  # type: ignore[attr-defined]
    assert found["requirements"]


@committed
def test_a_pull_request_that_repairs_the_file_is_judged_by_its_last_readable_version(
    accident: str, acme: Path, cli: Cli
) -> None:
    """Who owned the item before it broke is asked, whoever owns it in the repaired file."""
    sound = (acme / ITEM).read_text()
    COMMITTED[accident](acme / ITEM)
    git("add", "-A")
    git("commit", "-qm", "a slip")
    git("switch", "-qc", "topic")
    (acme / ITEM).unlink()
    owner = next(line for line in sound.splitlines() if line.startswith("owner:"))
    (acme / ITEM).write_text(sound.replace(owner, "owner: service-desk"))
    git("add", "-A")
    git("commit", "-qm", "repair")
    found = assessed(cli, GATES[0])
    assert not any("cannot be decided" in m for m in found["messages"]), found["messages"]  # type: ignore[attr-defined]
    names = [r["name"] for r in found["requirements"] if r["subject"] == "mail-server"]  # type: ignore[attr-defined]
    assert any(n.endswith("mail-server") for n in names), names
    assert any("new owner" in n for n in names), names


# ---- Faults in the settings ----

FAULTS: Mapping[str, Callable[[Path], None]] = {
    "a quote too many": appended(b'x: "\n'),
    "an unknown key": appended(b"organization: Acme\n"),
    "a key twice": appended(b"version: 1\n"),
    "conflict markers": appended(_CONFLICT),
    "a value of the wrong type": appended(b"severity: [S001]\n"),
    "a time zone that does not exist": lambda p: (
        p.write_text(p.read_text().replace("Europe/Berlin", "Europe/Berlyn")) and None
    ),
    "an unknown severity": appended(b"severity: {S001: loud}\n"),
    "a list": replaced(b"- a\n"),
    "an empty file": replaced(b""),
    "a pointer of Git LFS": replaced(_POINTER),
    "UTF-16": as_utf16,
}
faults = pytest.mark.parametrize("fault", FAULTS)


@faults
@pytest.mark.parametrize("words", [*DECIDING, "site build", "audit record"])
def test_faulty_settings_stop_what_decides(words: str, fault: str, acme: Path, cli: Cli) -> None:
    FAULTS[fault](acme / "itsm.yaml")
    stops(cli, acme, words, "itsm.yaml:")


@faults
def test_faulty_settings_of_the_target_branch_stop_the_gate(fault: str, topic: Path, cli: Cli) -> None:
    sound = (topic / "itsm.yaml").read_bytes()
    FAULTS[fault](topic / "itsm.yaml")
    git("commit", "-qam", "a slip")
    (topic / "itsm.yaml").write_bytes(sound)
    before = written(topic)
    found = assessed(cli, GATES[0])
    assert (found["result"], found["code"]) == ("ERROR", 2)
    assert any("itsm.yaml:" in m for m in found["messages"])  # type: ignore[attr-defined]
    assert written(topic) == before


# ---- Evidence, and clones that have only a part ----


def test_a_merge_that_nobody_could_judge_is_recorded_as_that(topic: Path, cli: Cli) -> None:
    """The commit is as it is for ever, so the record says why; it never says that it was approved."""
    start = git("rev-parse", "HEAD")
    COMMITTED["a quote too many"](topic / ITEM)
    git("commit", "-qam", "a slip")
    git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    assert "BYPASSED" in cli("audit", "record", "--since", start).out
    found = cli("audit", "verify", code=1)
    assert f"who must approve cannot be decided, because 1 file cannot be read: {ITEM}" in said(found.out)
    assert "computed again" in found.out


def test_a_partial_clone_stops_and_names_the_file(
    acme: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("config", "uploadpack.allowFilter", "true")
    monkeypatch.setenv("ITSM_FETCH", "off")
    part = tmp_path / "part"
    git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{acme}", str(part))
    monkeypatch.chdir(part)
    git("sparse-checkout", "set", "--no-cone", "/itsm.yaml", "/schemas/")
    git("checkout", "-q", "main")
    for words in ("list items --at HEAD", "gate --base HEAD --head HEAD"):
        done = cli(*words.split(), code=None)
        assert done.code in (1, 2)
        assert "partial clone" in said(done.err + done.out)
        assert "cmdb/" in done.err + done.out
    assert "cmdb" in said(cli("schedule").err)
