"""`itsm edit`, saved views, and what is told when an incident is opened that is known already."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection
from pathlib import Path

import pexpect
import pytest

from itsm_gitops import documents
from itsm_gitops.model.entry import Entry
from itsm_gitops.snapshots import Store
from tests.cli.conftest import ABOUT_MAIL, Cli

SERVER = "cmdb/servers/mail-host-1.yaml"


# ---- edit -----------------------------------------------------------------------------------------


@pytest.fixture
def editor(acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that runs the Python in a file over the text: ``text`` in, ``text`` out."""
    program = tmp_path / "program.py"
    script = tmp_path / "editor"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nscope = {{'text': open(sys.argv[1]).read()}}\n"
        f"exec(open({str(program)!r}).read(), scope)\nopen(sys.argv[1], 'w').write(scope['text'])\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)
    return program


def kept(acme: Path) -> list[str]:
    return sorted(p.name for p in (acme / ".git/itsm/edits").glob("*"))


def test_what_is_saved_is_written_with_its_comments(acme: Path, editor: Path, cli: Cli) -> None:
    editor.write_text("text = text.replace('lifecycle: production', 'lifecycle: maintenance  # new disks')")
    assert "maintenance" in cli("edit", "mail-host-1").out
    assert "lifecycle: maintenance  # new disks" in (acme / SERVER).read_text()
    assert kept(acme) == []
    editor.write_text("text = '# only a comment\\n' + text")
    cli("edit", "mail-host-1")
    assert (acme / SERVER).read_text().startswith("# only a comment\n")


def test_what_is_refused_is_kept_and_gone_on_with(acme: Path, editor: Path, cli: Cli) -> None:
    before = (acme / SERVER).read_text()
    editor.write_text(
        "text = text.replace('lifecycle: production', 'lifecycle: broken\\ndescription: Typed by hand.')"
    )
    said = cli("edit", "mail-host-1", code=None)
    assert said.code == 1
    assert "what you typed is kept" in said.err
    assert (acme / SERVER).read_text() == before
    assert kept(acme) == ["mail-host-1.base", "mail-host-1.yaml"]
    editor.write_text("text = text.replace('broken', 'production')")
    assert "continuing with the text typed before" in cli("edit", "mail-host-1").err
    assert "Typed by hand." in (acme / SERVER).read_text()
    assert kept(acme) == []


@pytest.mark.parametrize(
    "program",
    [
        "text = text + 'nothing: [is yaml'",
        "text = ''",
        "text = text.replace('id: mail-host-1', 'id: mail-host-2')",
        "raise SystemExit(3)",
    ],
)
def test_what_cannot_be_used_is_refused_and_kept(acme: Path, editor: Path, cli: Cli, program: str) -> None:
    before = (acme / SERVER).read_bytes()
    editor.write_text(program)
    said = cli("edit", "mail-host-1", code=None)
    assert said.code in (1, 2), said.err
    assert "Traceback" not in said.err
    assert (acme / SERVER).read_bytes() == before
    assert "mail-host-1.yaml" in kept(acme)
    editor.write_text("pass")
    cli("edit", "mail-host-1", "--fresh")
    assert (acme / SERVER).read_bytes() == before
    assert kept(acme) == []


def test_a_document_that_changed_meanwhile_is_not_written_over(acme: Path, editor: Path, cli: Cli) -> None:
    editor.write_text(
        f"open({str(acme / SERVER)!r}, 'a').write('# by somebody else\\n')\ntext = text.replace('production', 'test')"
    )
    said = cli("edit", "mail-host-1", code=None)
    assert said.code == 1
    assert "# by somebody else" in (acme / SERVER).read_text()
    assert kept(acme) == ["mail-host-1.base", "mail-host-1.yaml"]


def test_tracked_fields_that_are_altered_are_told(acme: Path, editor: Path, cli: Cli, incident: str) -> None:
    path = next(acme.glob(f"records/incidents/*/*/{incident}.yaml"))
    had = re.search(r"^impact: (\w+)$", path.read_text(), re.MULTILINE)
    assert had is not None
    other = "high" if had[1] != "high" else "low"
    editor.write_text(f"text = text.replace('impact: {had[1]}', 'impact: {other}')")
    assert "+ timeline" in cli("edit", incident, "--reason", "More people call.").out
    entry = documents.load(path.read_bytes()).data["timeline"][-1]
    assert (entry["set"], entry["was"]) == ({"impact": other}, {"impact": had[1]})
    assert entry["reason"] == "More people call."
    told = path.read_text()
    editor.write_text(
        "text = text.replace('title: ', 'title: Again: ').replace('title: Again: ', 'title: Again ')"
    )
    cli("edit", incident)
    assert path.read_text().count("was:") == told.count("was:")


# ---- views ----------------------------------------------------------------------------------------


def test_a_view_is_a_list_with_a_name_for_oneself_or_for_all(
    acme: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    cli(
        "views",
        "--save",
        "mail",
        "items",
        "lifecycle:production or owner:service-desk",
        "--columns",
        "id,owner",
        "--sort",
        "-id",
    )
    rows = cli("list", "--view", "mail", "owner:it-operations", "--json").json
    assert rows
    assert {r["owner"] for r in rows} == {"it-operations"}
    assert [r["id"] for r in rows] == sorted((r["id"] for r in rows), reverse=True)
    cli("views", "--save", "mail", "problems", "--shared", "--title", "Problems")
    assert (acme / "schemas/views/mail.yaml").is_file()
    assert [(v["name"], v["shared"]) for v in cli("views", "--json").json] == [
        ("mail", False),
        ("mine", True),
        ("queue", True),
    ]
    cli("views", "--remove", "mail")
    assert {r["kind"] for r in cli("list", "--view", "mail", "--json").json} == {"problem"}
    assert cli("check").code == 0


def test_a_view_that_cannot_be_listed_is_not_saved(
    acme: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for words in (("incidents", "colour:red"), ("incidents", "--sort", "colour"), ()):
        assert cli("views", "--save", "bad", *words, code=None).code in (1, 2)
    assert cli("views", "--save", "../bad", "incidents", code=None).code == 2
    assert not list(tmp_path.glob("**/bad*"))
    assert "did you mean mine?" in cli("list", "--view", "mien", code=None).err
    folder = tmp_path / "config/itsm/views"
    folder.mkdir(parents=True)
    (folder / "odd.yaml").write_text("view: odd\nof: incidents\nsrot: id\n")
    said = cli("list", "--view", "odd", code=None)
    assert "did you mean sort" in said.err


def test_a_faulty_view_of_the_repository_is_a_finding(acme: Path, cli: Cli) -> None:
    (acme / "schemas/views").mkdir(exist_ok=True)
    (acme / "schemas/views/odd.yaml").write_text("view: odd\nof: 3\n")
    found = cli("check", "--json", code=None).json["findings"]
    assert [(f["path"], f["severity"]) for f in found] == [("schemas/views/odd.yaml", "error")]


def test_until_bounds_the_last_thing_that_happened(acme: Path, cli: Cli) -> None:
    everything = {e["id"] for e in cli("list", "--json").json}
    late = {e["id"] for e in cli("list", "--since", "2026-01-14", "--json").json}
    early = {e["id"] for e in cli("list", "--until", "2026-01-13", "--json").json}
    assert late | early == everything
    assert not late & early


# ---- known already --------------------------------------------------------------------------------


def test_a_script_is_told_what_is_like_the_new_incident(acme: Path, cli: Cli) -> None:
    first = cli("new", "incident", "--title", "Outbound mail queue stuck", *ABOUT_MAIL, "--json").json["id"]
    said = cli("new", "incident", "--title", "Mail queue stuck", *ABOUT_MAIL, "--json")
    assert said.json["title"] == "Mail queue stuck"
    assert first in said.err
    assert (
        "similar"
        not in cli(
            "new",
            "incident",
            "--title",
            "Printer jam on floor three",
            "--service",
            "email",
            *ABOUT_MAIL[2:],
            "--json",
        ).err
    )
    cli("move", first, "cancelled", "--note", "No.")
    assert first not in cli("new", "incident", "--title", "Mail queue stuck", *ABOUT_MAIL, "--json").err


def test_years_of_finished_records_are_not_looked_through(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[frozenset[str], bool]] = []
    of_kinds = Store.of_kinds

    def noting(self: Store, kinds: Collection[str], *, open_only: bool = False) -> list[Entry]:
        asked.append((frozenset(kinds), open_only))
        return of_kinds(self, kinds, open_only=open_only)

    monkeypatch.setattr(Store, "of_kinds", noting)
    cli("new", "incident", "--title", "Mail queue stuck", *ABOUT_MAIL, "--json")
    everything = {kind for kinds, open_only in asked if not open_only for kind in kinds}
    assert "incident" in {kind for kinds, open_only in asked if open_only for kind in kinds}
    assert "incident" not in everything
    assert "known-error" in everything  # a published one is on offer, and nothing is left to be done on it


@pytest.mark.parametrize(
    ("workaround", "told"),
    [
        ("Restart the queue runner;\nmail flows again.", "Restart the queue runner; mail flows again."),
        ("1. Stop the queue.\n2. rm the lock file.\n", "see 'itsm show"),
        ("Stop the queue.\n\nThen remove the lock.", "see 'itsm show"),
        ("Run `postqueue -f` on the host.", "see 'itsm show"),
        ("Wait until it is over. " * 10, "see 'itsm show"),
    ],
)
def test_a_workaround_is_told_whole_or_not_at_all(acme: Path, cli: Cli, workaround: str, told: str) -> None:
    name = cli(
        *("new", "known-error", "--title", "Outbound mail queue stuck", "--service", "email", "--by", "dba"),
        *(f"--workaround={workaround}", "--symptom", "Mail waits.", "--root-cause", "A lock."),
        "--json",
    ).json["id"]
    cli("move", name, "published", "--by", "dba", "--set", "review_by=2027-06-01")
    err = cli("new", "incident", "--title", "Mail queue stuck", *ABOUT_MAIL, "--json").err
    assert f"workaround: {told}" in " ".join(err.split())
    assert "rm the lock" not in err


@pytest.mark.slow
def test_on_a_terminal_the_report_goes_to_the_one_that_is_there(acme: Path, cli: Cli) -> None:
    first = cli("new", "incident", "--title", "Outbound mail queue stuck", *ABOUT_MAIL, "--json").json["id"]
    words = [
        sys.executable,
        "-m",
        "itsm_gitops",
        "new",
        "incident",
        "--title",
        "Mail queue stuck",
        *ABOUT_MAIL,
    ]
    talk = pexpect.spawn(
        words[0], words[1:], cwd=str(acme), env={**os.environ, "TERM": "dumb"}, encoding="utf-8", timeout=120
    )
    talk.expect("if it is new")
    talk.sendline("1")
    talk.expect(pexpect.EOF)
    assert len(cli("list", "incidents", "state:new", "--json").json) == 1
    assert "Reported again: Mail queue stuck" in str(cli("show", first, "--json").json["data"]["timeline"])
