"""The filter language of `itsm list` on the command line: right answers, errors with their place, hostile words."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.model import filter_words
from tests.cli.conftest import Cli


@pytest.fixture
def three(acme: Path, cli: Cli) -> dict[str, str]:
    """Three incidents: ``high`` of a team, ``low`` of nobody with a note, ``done`` and finished."""
    common = ["--service", "email", "--category", "mail"]
    made = {}
    for name, title, level in (("high", "Störung der Mail", "high"), ("low", "Disk full", "low"), ("done", "Old disk", "low")):  # fmt: skip
        words = ["new", "incident", "--title", title, *common, "--impact", level, "--urgency", level]
        extra = {"high": ["--ci", "mailbox-db", "--assigned-team", "it-operations"], "done": ["--assignee", "agency-desk!"]}.get(name, [])  # fmt: skip
        made[name] = cli(*words, *extra, "--json").json["id"]
    cli("note", made["low"], "the printer says: PC LOAD LETTER")
    cli("move", made["done"], "cancelled", "--set", "cancellation_reason=nothing was wrong")
    return made


ANSWERS = (
    (["state:open"], "high low"),
    (["state:open and (priority:P1 or priority:P2)"], "high"),
    (["state:open", "and", "(priority:P1", "or", "priority:P4)"], "high low"),
    (["state:cancelled or impact:high", "impact:low"], "done"),
    (["impact:low", "state:cancelled or impact:high"], "done"),
    (["incidents state:cancelled or impact:high", "impact:low"], "done"),
    (["impact:low", "(state:cancelled or", "title:disk)"], "low done"),
    (["-state:open"], "done"),
    (["not", "status:open"], "done"),
    (["status:all"], "high low done"),
    (["state:cancelled"], "done"),
    (["team:it-operations"], "high"),
    (["team:none"], "low done"),
    (["assignee:agency-desk,none", "status:finished"], "done"),
    (["service:email", "-ci:mailbox-db"], "low done"),
    (["service:EMAIL"], "high low done"),
    (["affects:mailbox-db"], "high"),
    (["reaches:email"], "high low done"),
    (["ci:none"], "low done"),
    (["storung"], "high"),
    (['"disk full"'], "low"),
    (["disk"], "low done"),
    (["pc load letter"], "low"),
    (['"load LETTER"'], "low"),
    (["title:letter"], ""),
    (["impact:high"], "high"),
    (["impact=high,low"], "high low done"),
    (["category=MAIL"], "high low done"),
    (["title=letter"], ""),
    (["title:*", "priority:*"], "high low done"),
    (['title:"disk*"'], ""),
    (["team:*"], "high"),
    (["-team:*"], "low done"),
    (["team:*,none"], "high low done"),
    (["closed:*"], "done"),
    (["sla:*"], "high"),
    (["sla:none"], "low done"),
    (["path:records/incidents"], "high low done"),
    (["path:records/changes"], ""),
    (["root:none", "impact:high"], "high"),
    (["root:*"], ""),
    (["category:mai"], "high low done"),
    (["opened:>-1h"], "high low done"),
    (["opened:<-1h"], ""),
    (["opened:2026-11-22"], "high low done"),
    (["opened:2026-11..2026-12", "closed:today"], "done"),
    (["closed:none"], "high low"),
    (["--state", "open", "priority:P1"], "high"),
    (["--where", "impact=low", "disk"], "low done"),
    (["--team", "none", "--since", "1d"], "low done"),
    (["kind:incident", "--text", "load letter"], "low"),
)


def test_answers(three: dict[str, str], cli: Cli) -> None:
    names = {identifier: name for name, identifier in three.items()}
    for words, expected in ANSWERS:
        rows = cli("list", *words, "--json").json
        assert {names[r["id"]] for r in rows if r["id"] in names} == set(expected.split()), words


def test_relations_from_either_side(three: dict[str, str], cli: Cli) -> None:
    cli("new", "problem", "--title", "Mail store", "--service", "email", "--category", "mail", "--impact", "low", "--urgency", "low")  # fmt: skip
    problem = cli("list", "problems", 'title:"mail store"', "--json").json[0]["id"]
    cli("link", three["high"], "caused_by", problem)

    def listed(*words: str) -> list[str]:
        return [r["id"] for r in cli("list", *words, "--json").json]

    assert listed(f"caused_by:{problem}") == [three["high"]]
    assert listed(f"causes:{three['high'][-5:]}") == [problem]
    assert three["high"] in listed("caused_by:*")
    assert three["low"] not in listed("caused_by:*")
    assert problem in listed("problems", "causes:*")
    assert three["low"] in listed("incidents", "caused_by:none")
    assert three["high"] not in listed("incidents", "caused_by:none")


def test_me_and_my_teams(three: dict[str, str], cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_USER", "agency-desk")
    assert [r["id"] for r in cli("list", "assignee:@me", "--json").json] == [three["done"]]
    assert cli("list", 'assignee:"@me"', code=1).err.startswith(
        "error: filter, column 10: there is no person '@me'"
    )
    assert "'agency-desk' is in no team" in cli("list", "team:@my-teams", code=2).err
    assert "did you mean @me" in cli("list", "assignee:@my", code=2).err
    people = cli("list", "people", "teams:*", "--columns", "id,teams", "--json").json
    monkeypatch.setenv("ITSM_USER", people[0]["id"])
    mine = cli("list", "items", "team:@my-teams", "--json").json
    assert {r["id"] for r in mine} == {
        r["id"] for t in people[0]["teams"] for r in cli("list", "items", f"team:{t}", "--json").json
    }


ERRORS = (
    (["incidents", "state:opn"], 17, "did you mean open"),
    (["state:open", "servise:email"], 12, "did you mean service"),
    (["service:emial"], 9, "email"),
    (["team:it-operatoins"], 6, "did you mean it-operations"),
    (["impact:hihg"], 8, "did you mean high"),
    (["priority:P9"], 10, "priorities: P1"),
    (["priority:P1..P2"], 10, "priority:A,B"),
    (["opened:soon"], 8, "opened:>-30d"),
    (["opened:-30d"], 8, "opened:>-30d is since then"),
    (["opened:2026-11..2026-10"], 8, "opened:2026-10..2026-11"),
    (["time_spent:>x"], 12, "not a number"),
    (["(state:open"], 1, "never closed"),
    (["http://example.org"], 1, "as text it needs quotes"),
    (["kind:incidnt"], 6, "did you mean incident"),
    (["teams", "state:open"], 13, "no listed kind has states"),
    (["incidents", "runs_on:email"], 11, "itsm explain runs_on"),
    (["services", "caused_by:email"], 10, "no listed kind has the relation"),
    (["category:emial"], 10, "did you mean email"),
    (["category=emial"], 10, "did you mean email"),
    (["closure_category:email,emial"], 24, "did you mean email"),
    (["clock:mised"], 7, "did you mean missed"),
    (["age:>3d"], 5, "opened:<-30d"),
    (["risk:high"], 6, "risk.level"),
    (["title:Mail*"], 7, "title:Mail finds it"),
    (["description:*mail"], 13, "description:mail finds it"),
    (["root:nowhere"], 6, "roots: none"),
)


def test_what_can_mean_nothing_is_an_error_with_its_place(acme: Path, cli: Cli) -> None:
    for words, column, told in ERRORS:
        result = cli("list", *words, code=None)
        assert result.code in (1, 2), words
        assert result.err.startswith(f"error: filter, column {column}: "), result.err
        assert told in result.err.replace("\n      ", " "), result.err


def test_a_mistyped_kind_is_no_text(acme: Path, cli: Cli) -> None:
    assert "did you mean incidents" in cli("list", "incidnts", code=1).err
    assert cli("list", '"incidnts"').out == "no documents match\n"


def test_a_kind_that_the_filter_names_is_looked_through(acme: Path, cli: Cli) -> None:
    services = cli("list", "services", "--json").json
    assert cli("list", "kind:service", "--json").json == services
    assert cli("list", "kind:service kind:incident", "--json").json == []
    both = cli("list", "kind:service or kind:person", "--json").json
    assert {r["kind"] for r in both} == {"service", "person"}
    assert len(cli("list", "cis lifecycle:production", "--json").json) > len(services)


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE document; --", '") OR 1=1 --', "title:\"' OR 1=1 --\"", "category=\"x' OR '1'='1\"", "id:%", "title:_", "\x1b[31mred", "a\x00b"],
)  # fmt: skip
def test_hostile_values_are_values(acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for index in ("off", "always", "always"):
        monkeypatch.setenv("ITSM_INDEX", index)
        result = cli("list", text, "--json", code=None)
        assert result.code in (0, 2), result.err
        assert "\x1b" not in result.err + result.out
        assert result.code == 2 or result.json == []


def test_a_filter_of_a_million_characters_is_an_error(acme: Path, cli: Cli) -> None:
    for text in ("x" * 1_000_000, "(" * 1_000_000, "state:open " * 100_000):
        assert "characters" in cli("list", text, code=2).err


def test_what_cannot_be_read_is_said_and_the_rest_is_listed(acme: Path, cli: Cli) -> None:
    (acme / "cmdb/services/email.yaml").write_text("id: [\n")
    result = cli("list", "services", "lifecycle:production")
    assert "email" in result.err
    assert "email" not in result.out
    assert result.err.count("warning") == 1


def test_another_revision(three: dict[str, str], cli: Cli) -> None:
    assert cli("list", "storung", "--at", "HEAD", "--json").json == []
    assert len(cli("list", "services", "title:mail", "--at", "HEAD", "--json").json) == len(
        cli("list", "services", "title:mail", "--json").json
    )


def test_the_handbook_lists_every_word_and_every_example_has_a_meaning(acme: Path, cli: Cli) -> None:
    page = (Path(__file__).resolve().parents[2] / "site/docs/handbook/46-filters-and-queries.md").read_text()
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert listed[: len(filter_words.WORDS)] == [w.name for w in filter_words.WORDS]
    shown = cli("list", "--help").out
    for word in filter_words.WORDS:
        assert word.name in shown
        assert word.about
        result = cli("list", word.example, code=None)
        assert result.code == 0 or "nothing is called" in result.err or "is in no team" in result.err, word


def test_the_explorer_has_the_same_words(acme: Path) -> None:
    assets = Path(__file__).resolve().parents[2] / "site/docs/assets"
    script = "".join((assets / name).read_text() for name in ("asking.js", "taking.js"))
    assert {name for name, _ in filter_words.FACETS} <= filter_words.BY_NAME.keys()
    assert {name for name, _ in filter_words.DATES} <= filter_words.BY_NAME.keys()
    for name, _ in filter_words.DATES:
        assert f'"{name}"' in script
    assert "`status:${status}`" in script
    assert filter_words.STATUS in filter_words.BY_NAME


COMPLETED = (
    ("itsm list inci", "incidents"),
    ("itsm list incidents sta", "state: status:"),
    ("itsm list incidents state:in", "state:in_progress"),
    ("itsm list incidents state:open,can", "state:open,cancelled"),
    ("itsm list (priority:P", "(priority:P1 (priority:P2 (priority:P3 (priority:P4 (priority:P5"),
    ("itsm list team:@", "team:@my-teams"),
    ("itsm list incidents impact:h", "impact:high"),
    ("itsm list caused_by:PRB", "caused_by:PRB-260112-EXMP2"),
    ("itsm list reaches:mailb", "reaches:mailbox-db"),
    ("itsm list resolv", "resolved_by: resolves:"),
    ("itsm list opened:tod", "opened:today"),
    ("itsm list madeup:x", ""),
)


def test_completion_of_words_and_values(acme: Path) -> None:
    from click.shell_completion import ShellComplete

    from itsm_gitops.cli.app import group

    completer = ShellComplete(group, {}, "itsm", "_ITSM_COMPLETE")
    for line, offered in COMPLETED:
        *before, incomplete = line.split()[1:]
        found = [item.value for item in completer.get_completions(before, incomplete)]
        if offered.endswith(":") and len(offered.split()) > 1:
            assert set(offered.split()) <= set(found), line
        else:
            assert found == offered.split(), line
