"""`show`, `list`, `impact`, `explain`: what people read, at 80 columns, without surprises from records."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from itsm_gitops.model.text import width
from tests.cli.conftest import Cli

TABLES = [
    ["list"],
    ["list", "incidents"],
    ["list", "items"],
    ["list", "cis", "--columns", "id,name,description,owner,lifecycle,criticality,links"],
    ["list", "changes", "--columns", "id,state,opened,updated,title,justification,risk"],
    ["show", "EXMP1"],
    ["show", "EXMP4"],
    ["show", "email"],
    ["show", "mail-server"],
    ["impact", "core-switch"],
    ["impact", "server-room"],
    ["explain"],
    ["explain", "incident"],
    ["explain", "change", "scheduled"],
    ["explain", "change", "risk"],
    ["explain", "W004"],
    ["explain", "links"],
    ["explain", "kinds"],
    ["explain", "states"],
    ["explain", "templates"],
    ["explain", "depends_on"],
    ["log", "EXMP1"],
    ["diff"],
    ["move", "EXMP4"],
]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
@pytest.mark.parametrize("columns", [80, 60])
def test_output_fits_the_columns(
    words: list[str], columns: int, acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    long = "An extraordinarily long title about a very small thing that nobody would want to read twice, 日本語 too"
    path = acme / "records/changes/2026/01/CHG-260115-EXMP4.yaml"
    path.write_text(path.read_text().replace("Monitor the free space of the mailbox database", long))
    lines = cli(*words).out.splitlines()
    assert lines
    whole = ("/", "- {")  # paths and excerpts of YAML are never cut: they are there to be copied
    assert not [line for line in lines if width(line) > columns and not any(w in line for w in whole)]


def test_wide_terminals_are_used(acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = cli("list", "problems").out
    monkeypatch.setenv("COLUMNS", "140")
    wide = cli("list", "problems").out
    assert "…" in narrow
    assert "Mailbox volume fills up unnoticed" in wide


def _hostile(acme: Path) -> None:
    """Put what terminals act on into titles, names and texts, past every check."""
    evil = "\x1b[2J\x1b]0;pwned\x07 approved \u202eoverride\x9b31m"
    path = acme / "cmdb/services/email.yaml"
    path.write_text(path.read_text().replace("name: E-mail", "name: 'E-mail'"))
    (acme / "records/problems/2026/01/PRB-260112-EXMP2.yaml").write_text(
        (acme / "records/problems/2026/01/PRB-260112-EXMP2.yaml").read_text().replace("unnoticed", evil)
    )


def test_hostile_text_of_a_record_never_reaches_the_terminal_alive(acme: Path, cli: Cli) -> None:
    _hostile(acme)
    (acme / "cmdb" / "services" / "evil\x1b[31m.yaml").write_text("id: evil\n")
    for words in (
        ["show", "EXMP2"],
        ["list"],
        ["check"],
        ["log", "EXMP2"],
        ["diff"],
        ["show", "EXMP1"],
        ["fmt", "--check"],
    ):
        result = cli(*words, code=None)
        text = result.out + result.err
        assert result.code in (0, 1)
        assert not set(text) & set("\x1b\x07\x9b\u202e"), words


def test_text_that_yaml_allows_is_made_visible(acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit subjects and authors come from Git, which allows everything."""
    env = {
        **os.environ,
        "GIT_AUTHOR_NAME": "Eve\x1b[31m",
        "GIT_COMMITTER_NAME": "Eve",
        "GIT_COMMITTER_EMAIL": "e@e",
    }
    path = acme / "cmdb/services/email.yaml"
    path.write_text(path.read_text().replace("criticality: high", "criticality: low"))
    subprocess.run(["git", "commit", "-qam", "Innocent \x1b[2J change"], cwd=acme, env=env, check=True)
    out = cli("log", "email").out
    assert "Eve\\x1b[31m" in out
    assert "Innocent \\x1b[2J" in out
    assert "\x1b" not in out


def test_colours_only_where_they_are_wanted(acme: Path) -> None:
    def out(*words: str, **env: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "itsm_gitops", *words], cwd=acme, env={**os.environ, **env}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    for words in (["list"], ["show", "EXMP1"], ["check"], ["show", "nothing"]):
        assert "\x1b" not in out(*words), "piped"
        assert "\x1b" in out(*words, FORCE_COLOR="1")
        assert "\x1b" not in out(*words, FORCE_COLOR="1", NO_COLOR="1")


def test_show_has_everything_of_a_record(acme: Path, cli: Cli) -> None:
    out = cli("show", "exmp1").out
    assert out.startswith("INC-260112-EXMP1 · Incident · closed · P1 · took 1 d\nMail cannot be sent\n")
    assert "service           email (E-mail)" in out
    assert "caused by  PRB-260112-EXMP2  Mailbox volume fills up unnoti… (fix in progress)" in out
    assert "Timeline (Europe/Berlin)\n  2026-01-12 09:05  duty-agent     → new" in out
    assert "to requester: Mail works again." in out
    assert "itsm move CHG-260115-EXMP4 assess" in cli("show", "EXMP4").out


def test_show_names_links_from_both_sides_and_more_of_large_folders_on_request(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "caused INC-260112-EXMP1" in " ".join(cli("show", "EXMP2").out.split())
    monkeypatch.setattr("itsm_gitops.snapshots.mentions.SEARCHED_FOLDER_MAX", 6)
    for number in range(6):
        (acme / f"records/incidents/2026/01/INC-260112-0000{number}.yaml").write_text("id: x\n")
    assert "not searched: records/incidents (--links does)" in cli("show", "EXMP2").out
    assert "INC-260112-EXMP1" in cli("show", "EXMP2", "--links").out
    assert "EXMP1" not in cli("show", "EXMP2", "--no-links").out
    assert "EXMP1" in cli("show", "EXMP2", "--json").out


def test_show_names_the_links_of_large_folders_from_the_index(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("itsm_gitops.snapshots.mentions.SEARCHED_FOLDER_MAX", 1)
    folder = acme / "records/incidents/2026/01"
    known = folder / "INC-260112-EXMP1.yaml"
    (folder / "INC-260112-EXMP8.yaml").write_text(known.read_text().replace("EXMP1", "EXMP8"))
    assert re.search("not searched: .*records/incidents", " ".join(cli("show", "EXMP2").out.split()))
    monkeypatch.setenv("ITSM_INDEX", "always")
    cli("list")  # makes the index
    shown = cli("show", "EXMP2").out
    assert "not searched" not in shown
    assert {"INC-260112-EXMP1", "INC-260112-EXMP8"} <= set(shown.split())
    # What was written since is known, too, and what mentions it and cannot be read is named.
    (folder / "INC-260112-EXMP9.yaml").write_text(known.read_text().replace("EXMP1", "EXMP9"))
    (folder / "INC-260112-SPO1L.yaml").write_text("title: [PRB-260112-EXMP2\n")
    found = cli("show", "EXMP2", code=None)
    assert {"INC-260112-EXMP1", "INC-260112-EXMP8", "INC-260112-EXMP9"} <= set(found.out.split())
    assert "INC-260112-SPO1L.yaml" in found.err


@pytest.fixture
def shown(acme: Path, tmp_path: Path) -> Callable[..., tuple[str, int]]:
    """Run a command with the index; return what it said and how often it let Git look at all files."""
    log, wrapper = tmp_path / "asked", tmp_path / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    env = {**os.environ, "ITSM_INDEX": "always", "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}

    def call(*words: str) -> tuple[str, int]:
        log.write_text("")
        command = [sys.executable, "-m", "itsm_gitops", *words]
        done = subprocess.run(command, check=False, cwd=acme, env=env, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout + done.stderr, sum(" diff-files " in line for line in log.read_text().splitlines())

    return call


def test_show_asks_git_once_which_files_moved_and_sees_edits_in_place(
    acme: Path, cli: Cli, shown: Callable[..., tuple[str, int]]
) -> None:
    shown("list")
    assert cli("show", "EXMP2", "--json").json["data"]["state"] != "closed"  # so its clocks are wanted, too
    other = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    linked, inode = other.read_text(), other.stat().st_ino
    for words in (("show", "EXMP2"), ("show", "EXMP2", "--json"), ("show", "EXMP2", "--links")):
        out, asked = shown(*words)
        assert "INC-260112-EXMP1" in out
        assert asked == 1, words
        other.write_text(linked.replace("PRB-260112-EXMP2", "PRB-260112-EXMP9"))  # as some editors do
        assert other.stat().st_ino == inode
        assert "INC-260112-EXMP1" not in shown(*words)[0], words
        other.write_text(linked)
    # An index that another version made is as good as none.
    (index,) = (acme / ".git/itsm").glob("*.db")
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("UPDATE meta SET value = 'another' WHERE name = 'code'")
    for words in (("show", "EXMP2"), ("show", "EXMP2", "--json"), ("show", "EXMP2", "--links")):
        assert "INC-260112-EXMP1" in shown(*words)[0]


def _age(root: Path) -> None:
    """Let everything be older than what a coarse clock could confuse, for Git as well: it is relied on at once."""
    for path in (root, *root.rglob("*")):
        if ".git" not in path.parts:
            os.utime(path, (1, 1))
    subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=root, check=True)
    os.utime(root / ".git/index", (2, 2))


_WITHOUT_INPUT = """import os
os.close(0)
from pathlib import Path
from itsm_gitops.git.client import Git
from itsm_gitops.repository.index.freshness import ask_git
print(ask_git(Git(Path.cwd())).result())"""


def test_an_edit_is_seen_where_the_caller_closed_its_standard_input(acme: Path) -> None:
    """Git's answer must not land in the file that takes the place of the closed stream."""
    (acme / "cmdb/services/email.yaml").write_text("name: [\n")
    done = subprocess.run([sys.executable, "-c", _WITHOUT_INPUT], cwd=acme, capture_output=True, check=True)
    assert b"cmdb/services/email.yaml" in done.stdout


@pytest.mark.parametrize(
    "words", [("list", "services"), ("impact", "email"), ("report", "backlog"), ("check",)]
)
def test_git_looks_at_all_files_once_and_only_where_they_are_read(
    words: tuple[str, ...], acme: Path, shown: Callable[..., tuple[str, int]]
) -> None:
    _age(acme)
    shown("list")
    shown(*words)
    out, asked = shown(*words)
    assert asked == 1
    email = acme / "cmdb/services/email.yaml"
    inode, text = email.stat().st_ino, email.read_text()
    email.write_text("name: [\n")
    assert email.stat().st_ino == inode
    assert shown(*words)[0] != out
    email.write_text(text)
    assert shown(*words, "--at", "HEAD")[1] == 0
    assert shown(*words, "--help")[1] == 0


def test_a_new_incident_lets_git_look_once_and_what_follows_sees_it(
    acme: Path, shown: Callable[..., tuple[str, int]]
) -> None:
    new = ("new", "incident", "--title", "Mail is down", "--service", "email", "--impact", "low")
    new += ("--urgency", "low", "--reported-by", "duty-agent", "--category", "email")
    shown("list")
    linked = ("--link", "relates_to:INC-260112-EXMP1")  # nothing is looked for that is like it
    for written, (more, looks) in enumerate((((), (1,)), (linked, (0, 1)), (("--dry-run",), (0,))), 1):
        out, asked = shown(*new, *more)
        assert asked in looks, out
        assert shown("list", "incidents", "title:down")[0].count("Mail is down") == min(written, 2)


def test_the_quick_way_and_the_ordinary_way_say_the_same(acme: Path, cli: Cli) -> None:
    from itsm_gitops.cli.quick import shown_plainly

    for name in ("EXMP1", "email", "core-switch", "it-operations"):
        assert shown_plainly(["show", name]) == cli("show", name).out
    assert shown_plainly(["show", "nothing"]) is None
    assert shown_plainly(["show", "--help"]) is None
    assert shown_plainly(["list", "x"]) is None


def test_show_at_a_revision_raw_and_as_json(acme: Path, cli: Cli) -> None:
    cli("set", "email", "criticality=low")
    assert "criticality    low" in cli("show", "email").out
    assert "criticality    high" in cli("show", "email", "--at", "HEAD").out
    assert cli("show", "email", "--raw").out == (acme / "cmdb/services/email.yaml").read_text()
    found = cli("show", "EXMP1", "--json").json
    assert found["derived"]["priority"] == "P1"
    assert {r["id"] for r in found["related"]} >= {"PRB-260112-EXMP2", "email", "mailbox-db"}
    assert "there is no revision 'mian'" in cli("show", "email", "--at", "mian", code=1).err


def test_an_ambiguous_fragment_lists_its_candidates(acme: Path, cli: Cli) -> None:
    assert "one of: CHG-260115-EXMP4, INC-260112-EXMP1" in cli("show", "EXMP", code=1).err
    assert "did you mean email" in cli("show", "emial", code=1).err


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["incidents"], ["EXMP1"]),
        (["--state", "open"], ["EXMP2", "EXMP3", "EXMP4"]),
        (["--state", "finished"], ["EXMP1", "EXMP5"]),
        (["--state", "closed", "--priority", "P1"], ["EXMP1"]),
        (["changes", "problems", "--state", "active,draft"], ["EXMP2", "EXMP4"]),
        (["--service", "email", "--team", "it-operations"], ["EXMP2", "EXMP4", "EXMP1"]),
        (["--assignee", "mail-engineer"], ["EXMP2", "EXMP3", "EXMP4", "EXMP1"]),
        (["incidents", "problems", "--ci", "mailbox-db"], ["EXMP2", "EXMP1"]),
        (["--where", "resolution_code=fixed"], ["EXMP1"]),
        (["--where", "risk.level=low"], ["EXMP4"]),
        (["--where", "assignee=", "--where", "service=*"], ["EXMP3", "EXMP4", "EXMP5"]),
        (["--since", "2026-01-15"], ["EXMP4", "EXMP5"]),
        (["--text", "MAILBOX"], ["EXMP2", "EXMP3", "EXMP4", "EXMP1", "EXMP5"]),
        (["--sort", "title"], ["EXMP1", "EXMP5", "EXMP2", "EXMP4", "EXMP3"]),
        (["--sort", "-opened", "--limit", "2"], ["EXMP1", "EXMP2"]),
        (["--sort", "opened", "--limit", "2"], ["EXMP5", "EXMP4"]),
        (["incidents", "requests", "--team", "none"], []),
    ],
)
def test_filters_and_orders(words: list[str], ids: list[str], acme: Path, cli: Cli) -> None:
    found = cli("list", *words, "--columns", "id", "--json").json
    assert [row["id"].rsplit("-", 1)[-1] for row in found] == ids


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["incidnts"], 1, "did you mean incident"),
        (["--state", "opn"], 2, "did you mean open"),
        (["--sort", "titel"], 2, "did you mean title"),
        (["--columns", "id,ownr"], 2, "did you mean owner"),
        (["--where", "ownr=x"], 2, "did you mean owner"),
        (["--where", "owner"], 2, "write FIELD=VALUE"),
        (["--priority", "P9"], 2, "priorities: P1, P2"),
        (["--service", "emial"], 1, "did you mean email"),
        (["--since", "yesterdy"], 2, "not a date and time"),
    ],
)
def test_filters_that_mean_nothing_are_refused(
    words: list[str], code: int, said: str, acme: Path, cli: Cli
) -> None:
    assert said in " ".join(cli("list", *words, code=code).err.split())


def test_an_empty_list_says_so(acme: Path, cli: Cli) -> None:
    assert cli("list", "incidents", "--state", "open").out == "no incidents match\n"


def test_list_at_a_revision(acme: Path, cli: Cli, incident: str) -> None:
    assert len(cli("list", "incidents", "--json").json) == 2
    assert len(cli("list", "incidents", "--json", "--at", "HEAD").json) == 1


def test_a_priority_set_by_hand_counts(cli: Cli, incident: str) -> None:
    cli(
        "set",
        incident,
        'priority_override={"priority": "P4", "by": "duty-agent", "reason": "Nobody is there."}',
    )
    assert cli("list", "incidents", "--priority", "P4", "--json").json[0]["id"] == incident
    assert "P4 (set by hand)" in cli("show", incident).out


def test_impact_walks_both_ways_with_redundancy(acme: Path, cli: Cli) -> None:
    out = cli("impact", "mail-host-1").out
    assert "runs mail-server  Mail server  at risk  1 of 2 up, 1 needed" in out
    assert "What it needs" in out
    assert "email" not in out
    out = cli("impact", "email", "--direction", "up").out
    assert "1 of 2 needed: mail-host-1, mail-host-2" in out
    assert "depends on mail-server" in out
    found = cli("impact", "mailbox-db", "--json").json
    assert {(h["id"], h["effect"]) for h in found["hits"]} >= {("email", "outage"), ("mail-server", "outage")}
    assert "cannot fail" in cli("impact", "it-operations", code=1).err


def test_a_diagram_shows_hostile_names_as_text(acme: Path, cli: Cli) -> None:
    path = acme / "cmdb/applications/mail-server.yaml"
    path.write_text(
        path.read_text().replace("name: Mail server", "name: 'x\"] click a \"javascript:alert(1)'")
    )
    out = cli("impact", "mailbox-db", "--format", "mermaid").out
    assert out.startswith("flowchart LR\n")
    assert '"]' in out
    assert 'click a "' not in out
    assert "#34;" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["W0004"], "nothing is known"),
        (["W999"], "there is no rule W999"),
        (["resovled"], "did you mean resolved"),
        (["incident", "impct"], "did you mean impact"),
        (["rota", "layers.hand_over.days"], "a rota has no field 'layers.hand_over.days'"),
    ],
)
def test_explaining_something_unknown_suggests(words: list[str], said: str, acme: Path, cli: Cli) -> None:
    assert said in cli("explain", *words, code=1).err


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("state", ["new", "on_hold", "cancelled"]),
        ("timeline.state", ["new", "closed"]),
        ("links.type", ["caused_by", "relates_to"]),
        ("tasks.status", ["open", "skipped"]),
    ],
)
def test_a_field_is_explained_with_the_values_it_takes(
    field: str, named: list[str], acme: Path, cli: Cli
) -> None:
    takes = cli("explain", "incident", field).out.split("takes", 1)[1]
    assert set(named) <= set(takes.replace("|", " ").split())


def test_explain_works_outside_of_a_repository(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "A change of" in cli("explain", "kinds").out or "change" in cli("explain", "kinds").out
    assert cli("explain", "W004", "--json").json["name"] == "W004"


def test_every_rule_kind_state_and_link_can_be_explained(acme: Path, cli: Cli) -> None:
    from itsm_gitops.repository import Repository
    from itsm_gitops.rules import explanations

    book = Repository.open(acme).book
    states = {s for k in book.kinds.values() if k.workflow for s in k.workflow.states}
    for word in [*(e.code for e in explanations()), *book.kinds, *states, *book.links, *book.inverses]:
        assert cli("explain", word).out.strip()


def test_a_reader_that_goes_away_is_no_error(acme: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m itsm_gitops explain links | head -1", shell=True, cwd=acme, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout == "Link vocabulary\n"
    assert done.stderr == ""


def test_a_fault_of_the_program_is_short_and_has_its_own_code(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the cat\x1b[31m is on the keyboard")

    monkeypatch.setattr("itsm_gitops.cli.listing.list_documents", broken)
    result = cli("list", code=3)
    assert "itsm stumbled: RuntimeError: the cat\\x1b[31m is on the keyboard" in result.err
    assert "Traceback" not in result.err
    monkeypatch.setenv("ITSM_DEBUG", "1")
    assert "Traceback" in cli("list", code=3).err


@pytest.mark.parametrize("columns", [48, 60, 80, 140])
def test_a_table_fits_and_never_cuts_an_identifier(
    columns: int, acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in ([], ["services"], ["changes", "--columns", "id,title,state,planned_start,type,service"]):
        head, rule, *rows, foot = cli("list", *words).out.splitlines()
        assert max(map(len, (head, rule, *rows))) <= columns
        assert set(rule) == {"─"}
        listed = [row["id"] for row in cli("list", *words, "--json").json]
        assert [row.split()[0] for row in rows] == listed
        assert not any(row.endswith(" ") for row in rows)
        assert foot.startswith(str(len(rows)))


def test_times_in_a_table_are_local(acme: Path, cli: Cli) -> None:
    cli("set", "EXMP4", "planned_start=2026-12-01T20:00:00Z", "planned_end=2026-12-01T21:00:00Z")
    assert "2026-12-01 21:00" in cli("list", "changes", "--columns", "id,planned_start").out  # Berlin


def test_a_form_is_shown_as_its_questions(acme: Path, cli: Cli) -> None:
    out = cli("show", "new-mailbox").out
    assert "  form             mailbox: Name of the mailbox (string, required)\n" in out
    assert "additionalProperties" not in out


def test_a_former_snapshot_has_the_clocks_of_then(acme: Path, cli: Cli, later: Callable[[int], None]) -> None:
    made = cli(
        "new", "incident", "--title", "No mail", "--service", "email", "--category", "email", "--impact", "high",
        "--urgency", "high", "--json",
    ).json["id"]  # fmt: skip
    for words in (("add", "-A"), ("commit", "-qm", "opened")):
        subprocess.run(["git", *words], cwd=acme, check=True)
    later(30)
    cli("move", made, "in_progress", "--set", "assigned_team=it-operations", "--by", "mail-engineer")

    def answered(*words: str) -> list[str]:
        clocks = cli("show", made, *words, "--json").json["derived"]["clocks"]
        return [c["verdict"] for c in clocks if c["metric"] == "response"]

    assert answered() == ["met"]
    assert answered("--at", "HEAD") == ["running"]
    assert "response" in cli("show", made, "--at", "HEAD").out.lower()
