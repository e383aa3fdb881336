"""What `itsm list` and `itsm check` look at: filters that can mean nothing, and files that Git ignores."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--assignee", "mail-enginer"], "did you mean mail-engineer"),
        (["--team", "it-operatoins"], "did you mean it-operations"),
        (["--assignee", "mail-engineer,mail-enginer"], "did you mean mail-engineer"),
        (["--service", "emial"], "email"),
        (["--priority", "P9"], "priorities:"),
        (["--state", "opn"], "open"),
        (["--where", "impact=hihg"], "did you mean high"),
        (["--where", "service=emial"], "did you mean email"),
        (["--where", "cis=mailbox"], "mailbox-db"),
        (["--where", "servise=email"], "did you mean service"),
    ],
)
def test_a_word_that_can_mean_nothing_is_an_error(acme: Path, cli: Cli, words: list[str], hint: str) -> None:
    for form in ([], ["--json"]):
        result = cli("list", "incidents", *words, *form, code=None)
        assert result.code in (1, 2), result.out
        assert hint in result.err, result.err


@pytest.mark.parametrize(
    "words",
    [
        ["--assignee", "none"], ["--team", "it-operations"], ["--where", "service=email"], ["--where", "impact=high"],
        ["--where", "assignee="], ["--where", "service=*"], ["--where", "title=nothing is called so"],
    ],
)  # fmt: skip
def test_a_word_that_can_mean_something_is_none(acme: Path, cli: Cli, words: list[str]) -> None:
    cli("list", "incidents", *words, "--json")


def test_a_category_that_only_a_record_has_can_be_asked_for(acme: Path, cli: Cli) -> None:
    assert cli("list", "category:fax", code=None).code == 2
    assert cli("list", "category:mail/fax", code=None).code == 2
    cli("list", "category:email/fax", "--json")  # levels below are open
    record = next((acme / "records/incidents").rglob("*.yaml"))
    text = record.read_text()
    record.write_text(re.sub(r"(?m)^category: .*$", "category: office/fax", text, count=1))
    for asked in ("category:fax", "category=office/fax"):
        assert [r["id"] for r in cli("list", asked, "--json").json] == [record.stem]


def test_the_clock_of_the_list_is_found_by_its_standing(acme: Path, cli: Cli) -> None:
    shown = {r["id"]: r["clock"] for r in cli("list", "incidents", "--columns", "id,clock", "--json").json}
    met = {name for name, said in shown.items() if said and said["verdict"] == "met"}
    assert met
    assert {r["id"] for r in cli("list", "incidents", "clock:met", "--json").json} == met
    assert {r["id"] for r in cli("list", "incidents", "clock:none", "--json").json} == {
        name for name, said in shown.items() if said is None
    }


def test_a_handle_that_only_records_name_can_be_asked_for(acme: Path, cli: Cli) -> None:
    """An open directory: people need no file of their own."""
    cli("new", "incident", "--title", "x", "--service", "email", "--category", "mail", "--impact", "low",
        "--urgency", "low", "--assignee", "agency-desk!")  # fmt: skip
    assert [r["title"] for r in cli("list", "--assignee", "agency-desk", "--json").json] == ["x"]


@pytest.mark.parametrize("word", ["orsted", "Łodz", "lodz", "aeon", "strasse"])
def test_words_are_found_as_the_site_finds_them(word: str, acme: Path, cli: Cli) -> None:
    known = ("--service", "email", "--category", "Workplace/mail", "--reported-by", "duty-agent")
    cli("new", "incident", "--title", "Ørsted, Łódź, Æon, Straße", *known, "--impact=low", "--urgency=low")
    assert len(cli("list", "incidents", "--text", word, "--json").json) == 1
    assert len(cli("list", "incidents", word, "--json").json) == 1


def test_accents_do_not_matter(acme: Path, cli: Cli) -> None:
    cli("new", "incident", "--title", "Störung im Café", "--service", "email", "--category", "mail",
        "--impact", "low", "--urgency", "low")  # fmt: skip
    for text in ("störung", "STORUNG", "cafe", "Café"):
        assert len(cli("list", "--text", text, "--json").json) == 1, text
    assert cli("list", "--text", "stohrung", "--json").json == []


def test_json_holds_times_and_no_words_for_people(acme: Path, cli: Cli) -> None:
    for row in cli("list", "records", "--json").json:
        assert row["opened"].endswith("Z"), row
        assert row["updated"].endswith("Z"), row
        assert isinstance(row["age_seconds"], int), row
        assert "age" not in row
    assert "age_seconds" not in cli("list", "records", "--columns", "id,opened", "--json").json[0]


def test_what_git_ignores_is_no_part_of_the_repository(acme: Path, cli: Cli) -> None:
    (acme / ".gitignore").write_text("*~\n/cmdb/services/scratch.yaml\n")
    (acme / ".git/info/exclude").write_text("*.orig\n")
    mail = acme / "cmdb/services/email.yaml"
    for name in ("email.yaml~", "email.yaml.orig", "scratch.yaml"):
        mail.with_name(name).write_bytes(b"- not a service\n")
    assert cli("check", "--json").json["findings"] == []
    assert cli("list", "services", "--where", "name=scratch", "--json").json == []


def test_what_is_tracked_belongs_to_the_repository_whatever_is_ignored(acme: Path, cli: Cli) -> None:
    (acme / ".gitignore").write_text("*.yaml\n")
    (acme / "cmdb/services/email.yaml").write_bytes(b"- not a service\n")
    assert "cmdb/services/email.yaml" in {f["path"] for f in cli("check", "--json", code=1).json["findings"]}
