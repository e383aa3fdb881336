"""`itsm new`: with options, from templates, in an editor, and asked on a terminal."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from itsm_gitops.commands.init import init
from itsm_gitops.documents import load
from tests.cli.conftest import Cli

MAIL = ("--service", "email", "--category", "email", "--impact", "low", "--urgency", "low")


def _data(path: Path) -> dict[str, object]:
    data = load(path.read_bytes()).data
    assert isinstance(data, dict)
    return data


def test_a_record_gets_its_identifier_its_state_and_who_opened_it(
    cli: Cli, incident: str, path_of: Callable[[str], Path]
) -> None:
    path = path_of(incident)
    data = _data(path)
    assert path.parent.as_posix().endswith("records/incidents/2026/11")
    assert incident.startswith("INC-261122-")
    assert data["state"] == "new"
    assert data["reported_by"] == "operations-lead"
    assert data["cis"] == ["mailbox-db"]
    assert data["timeline"] == [{"at": "2026-11-22T12:00:00Z", "by": "operations-lead", "state": "new"}]
    assert "no findings" in cli("check").out


def test_what_is_missing_is_listed_with_the_options_that_give_it(acme: Path, cli: Cli) -> None:
    result = cli("new", "incident", "--title", "Mail is slow", code=2)
    assert "an incident also needs: service, category, impact, urgency" in result.err
    assert "--impact 'high | medium | low'" in result.err
    assert len(list(acme.rglob("INC-*.yaml"))) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["incidnt"], 1, "did you mean incident?"),
        (["incident", "--titel", "x"], 2, "did you mean title"),
        (["incident", "--service", "emial"], 1, "did you mean email?"),
        (["incident", "--impact", "hihg"], 2, "did you mean high?"),
        (["incident", "--title"], 2, "the option '--title' needs a value"),
        (["incident", "Mail", "is", "slow"], 2, "put quotes around"),
        (["incident", "my-id", "--title", "x"], 2, "gets its identifier by itself"),
        (["incident", "-x"], 2, "there is no option '-x'"),
        (["incident", "--template", "normal-change"], 2, "is for change, not for incident"),
        (["incident", "--template", "normal-chang"], 1, "did you mean normal-change"),
        (["incident", "--link", "caused_by"], 2, "write TYPE:ID"),
        (["incident", "--by", "Anna B"], 2, "anna-b"),
        (["incident", "--state", "closed"], 1, "changes through the life cycle"),
        (["service"], 2, "needs an identifier"),
        (["service", "E-Mail"], 2, "for example e-mail"),
        (["service", "mailbox-db"], 1, "is taken: it is a database"),
    ],
)
def test_slips_are_refused_with_a_suggestion(
    words: list[str], code: int, said: str, acme: Path, cli: Cli
) -> None:
    assert said in " ".join(cli("new", *words, code=code).err.split())


def test_a_rule_that_would_be_broken_stops_the_writing(acme: Path, cli: Cli) -> None:
    result = cli("new", "incident", "--title", "x" * 300, *MAIL, code=1)
    assert "nothing was written" in result.err
    assert "/title" in result.err
    assert len(list(acme.rglob("INC-*.yaml"))) == 1


def test_an_answer_of_the_wrong_shape_is_told_the_right_one_in_words(acme: Path, cli: Cli) -> None:
    offering = acme / "cmdb/offerings/new-mailbox.yaml"
    text = offering.read_text(encoding="utf-8")
    name = "    mailbox:\n"
    assert name in text
    offering.write_text(text.replace(name, f"{name}      pattern: ^[a-z]{{2,9}}$\n"), encoding="utf-8")
    answers = ("--answer", "mailbox=Forename Surname", "--answer", "from=2026-12-01")
    order = ("--title", "A mailbox", "--offering", "new-mailbox", "--requested-by", "duty-agent", *answers)
    done = cli("new", "request", *order, code=None)
    assert done.code == 1
    assert "2 to 9 lower-case letters" in " ".join(done.err.split()).lower()
    assert "^[a-z]" not in done.err


def test_fields_are_explained_without_a_pattern(cli: Cli, acme: Path) -> None:
    said = " ".join(cli("explain", "incident", "reported_by").out.split())
    assert "1 lower-case letter, then up to 62 lower-case letters, digits or -" in said
    assert "^[" not in said
    assert "one line" in cli("explain", "incident", "title").out


def test_a_dry_run_prints_the_file_and_writes_nothing(acme: Path, cli: Cli) -> None:
    out = cli("new", "incident", "--title", "Mail is slow", *MAIL, "--dry-run").out
    assert out.startswith("id: INC-261122-")
    assert len(list(acme.rglob("INC-*.yaml"))) == 1


def test_from_a_template_with_values_of_our_own(cli: Cli, acme: Path, path_of: Callable[[str], Path]) -> None:
    made = cli(
        "new",
        "incident",
        "--template",
        "incident",
        "--title",
        "No sound",
        *MAIL[:4],
        "--urgency",
        "high",
        "--json",
    )
    data = _data(path_of(made.json["id"]))
    assert (data["origin"], data["impact"], data["urgency"]) == ("phone", "low", "high")


def test_links_are_stored_where_the_vocabulary_says(
    cli: Cli, acme: Path, path_of: Callable[[str], Path]
) -> None:
    result = cli("new", "problem", "--title", "Again", *MAIL, "--link", "causes:EXMP1", "--json")
    problem, incident = result.json
    assert "links" not in _data(path_of(problem["id"]))
    assert {"type": "caused_by", "target": problem["id"]} in _data(path_of(incident["id"]))["links"]  # type: ignore[operator]
    assert "no findings" in cli("check").out


def test_times_are_read_in_the_repositorys_time_zone(
    cli: Cli, acme: Path, path_of: Callable[[str], Path]
) -> None:
    made = cli(
        "new", "change", "--type", "normal", "--title", "Patch", "--why", "Because.", "--service", "email",
        "--ci", "mail-host-1", "--start", "2026-12-01 20:00", "--end", "2026-12-01T20:30:00Z", "--label", "wave=1", "--json",
    )  # fmt: skip
    data = _data(path_of(made.json["id"]))
    assert data["planned_start"] == "2026-12-01T20:00:00+01:00"
    assert data["planned_end"] == "2026-12-01T20:30:00Z"
    assert data["labels"] == {"wave": "1"}


def test_an_editor_gets_the_draft_and_its_text_is_kept(
    cli: Cli, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\nsed -i "s/^title: .*/title: Edited by hand  # really/" "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    made = cli("new", "incident", "--title", "Draft", *MAIL, "--edit", "--json").json
    assert made["title"] == "Edited by hand"
    assert b"# really" in next(acme.rglob(f"{made['id']}.yaml")).read_bytes()


def test_who_acts_comes_from_git_where_nothing_else_says(
    cli: Cli, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ITSM_USER")
    made = cli("new", "incident", "--title", "x", *MAIL, "--json").json
    assert b"reported_by: ada-example" in next(acme.rglob(f"{made['id']}.yaml")).read_bytes()
    person = acme / "cmdb/people/mail-engineer.yaml"
    person.write_bytes(person.read_bytes() + b"contacts:\n- type: e-mail\n  value: ada@example.org\n")
    made = cli("new", "incident", "--title", "y", *MAIL, "--json").json
    assert b"reported_by: mail-engineer" in next(acme.rglob(f"{made['id']}.yaml")).read_bytes()


def test_on_a_terminal_the_missing_fields_are_asked_for(acme: Path) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", "new", "incident", "--title", "Asked for"],
        env={**os.environ, "TERM": "dumb"}, encoding="utf-8", timeout=30, dimensions=(40, 80),
    )  # fmt: skip
    child.expect("Which service")
    child.expect("email")
    child.expect("> ")
    child.sendline("emial")
    child.expect("did you mean email")
    child.expect("> ")
    child.sendline("email")
    child.expect("Which category")
    child.expect("> ")
    child.sendline("email")
    child.expect("How much of the business")
    child.expect("high, medium, low")
    child.expect("> ")
    child.sendline("h")
    child.expect("How soon")
    child.expect("> ")
    child.sendline("urgent")
    child.expect("one of: high, medium, low")
    child.sendline("low")
    child.expect("Anything else")
    child.expect("> ")
    child.sendline("nonsense")
    child.expect("write field=value")
    child.expect("> ")
    child.sendline("cis=mailbox-db")
    child.expect("> ")
    child.sendline("")
    child.expect("created")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    path = next(p for p in acme.rglob("INC-*.yaml") if b"Asked for" in p.read_bytes())
    data = _data(path)
    assert (data["impact"], data["urgency"], data["cis"]) == ("high", "low", ["mailbox-db"])


def test_on_a_terminal_a_move_asks_for_what_the_state_demands(acme: Path) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", "move", "EXMP4", "cancelled"],
        env={**os.environ, "TERM": "dumb"}, encoding="utf-8", timeout=30, dimensions=(40, 80),
    )  # fmt: skip
    child.expect("> ")
    child.sendline("Not needed any more.")
    child.expect("draft → cancelled")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_on_a_terminal_an_item_is_asked_for_its_identifier(acme: Path) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", "new", "service", "--name", "Shop"],
        env={**os.environ, "TERM": "dumb"}, encoding="utf-8", timeout=30, dimensions=(40, 80),
    )  # fmt: skip
    child.expect("Which identifier")
    for answer, said in (("Our Shop", "for example our-shop"), ("email", "'email' is taken"), ("shop", "> ")):
        child.expect("> ")
        child.sendline(answer)
        child.expect(said)
    child.sendline("Where customers buy.")
    child.expect("> ")
    child.sendline("it-operations")
    child.expect("> ")
    child.sendline("Sales")
    child.expect("Anything else")
    child.expect("> ")
    child.sendline("")
    child.expect("created")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (acme / "cmdb/services/shop.yaml").is_file()


def test_ending_the_input_stops_without_writing(acme: Path) -> None:
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", "new", "incident"], encoding="utf-8", timeout=30,
        env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    child.expect("> ")
    child.sendeof()
    child.expect("stopped")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert len(list(acme.rglob("INC-*.yaml"))) == 1


def test_a_question_that_has_no_answer_yet_ends_and_keeps_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = init(tmp_path / "fresh", organisation="Acme", examples=False).root
    monkeypatch.chdir(root)
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", "new", "incident", "--urgency", "low", "--by", "ada"], encoding="utf-8",
        timeout=30, env={**os.environ, "TERM": "dumb"}, dimensions=(40, 160),
    )  # fmt: skip
    child.expect("> ")
    child.sendline("Mail is down; it's slow")
    child.expect("Nothing was written")
    child.expect("itsm new incident ")
    line = child.readline()
    assert shlex.split(line) == ["--urgency=low", "--title=Mail is down; it's slow"]
    child.expect("there is no service yet")
    child.expect("itsm new service ID --name NAME")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    assert not list(root.rglob("INC-*.yaml"))


def test_several_answers_to_one_question_add_up_and_two_values_of_one_field_are_refused(
    acme: Path, cli: Cli
) -> None:
    offering = acme / "cmdb/offerings/new-mailbox.yaml"
    question = "    extras:\n      title: Which extras?\n      type: array\n      maxItems: 5\n      items: {type: string, maxLength: 20}\n"
    offering.write_text(offering.read_text().replace("  properties:\n", f"  properties:\n{question}", 1))
    words = ["new", "request", "--offering", "new-mailbox", "--title", "x", "--requested-by", "duty-agent"]
    answers = ["--answer", "mailbox=a", "--answer", "from=2026-12-01"]
    made = cli(
        *words, *answers, "--answer", "extras=archive", "--answer", "extras=calendar,fax", "--json"
    ).json
    assert "  extras:\n  - archive\n  - calendar\n  - fax\n" in (acme / made["path"]).read_text()
    twice = cli(*words, *answers, "--answer", "mailbox=b", code=2)
    assert "answers.mailbox is given twice: 'a' and 'b'" in twice.err
    cli(*words, *answers, "--answer", "mailbox=a", "--dry-run")  # the same once more loses nothing
    assert "title is given twice: 'A' and 'B'" in cli("set", "EXMP2", "title=A", "title=B", code=2).err
    cli("set", "EXMP2", "cis+=mail-server", "cis+=mail-host-1", "--dry-run")
