"""`itsm query` on the command line: the clocks of the report, revisions, forms of an answer, near words."""

from __future__ import annotations

from pathlib import Path

import pytest

from itsm_gitops.commands.query_views import views
from itsm_gitops.commands.querying import query
from itsm_gitops.model import clock
from itsm_gitops.reports.log import Log, Scope
from itsm_gitops.repository import Repository
from itsm_gitops.service_levels.clocks import Levels
from itsm_gitops.service_levels.life import life_of
from tests.cli.conftest import Cli


@pytest.mark.parametrize("index", ["off", "always"])
def test_clocks_are_those_of_the_report(
    acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    for level in ("high", "low"):
        cli("new", "incident", "--title", "x", "--service", "email", "--category", "mail", "--impact", level, "--urgency", level)  # fmt: skip
    monkeypatch.setenv("ITSM_INDEX", index)
    repo = Repository.open(acme)
    repo.store()
    store, lives = repo.load(repo.snapshot(), visit=lambda _, document: life_of(document))
    log = Log(store, lives, clock.now(), Scope())
    levels = Levels(log.network, log.first, log.until, str(log.zone))
    clocks = [c for kind in store.book.kinds for case in log.of(kind) for c in levels.clocks(case)]
    expected = [(c.case.entry.id, c.target.metric, c.verdict, c.used, c.target.seconds) for c in clocks]
    assert (
        query(repo, "SELECT id, metric, verdict, used_seconds, allowed_seconds FROM clocks").rows == expected
    )
    assert expected


def test_another_revision(acme: Path, cli: Cli) -> None:
    cli("new", "incident", "--title", "new one", "--service", "email", "--category", "mail", "--impact", "low", "--urgency", "low")  # fmt: skip
    sql = "SELECT count(*) FROM records WHERE title = 'new one'"
    assert cli("query", sql, "--json").json["rows"] == [[1]]
    assert cli("query", sql, "--at", "HEAD", "--json").json["rows"] == [[0]]
    timeline = "SELECT count(*) FROM timeline"
    assert cli("query", timeline, "--at", "HEAD", "--json").json["rows"][0][0] > 0


def test_near_words_and_the_schema(acme: Path, cli: Cli) -> None:
    assert "did you mean records" in cli("query", "SELECT * FROM record", code=2).err
    assert "did you mean title" in cli("query", "SELECT titel FROM records", code=2).err
    shown = cli("query", "--schema").out
    known = views(Repository.open(acme).book)
    for view in known:
        assert f"{view.name}: {view.about}" in shown
        assert [c.name for c in view.columns] == list(
            query(Repository.open(acme), f"SELECT * FROM {view.name} LIMIT 0").columns
        )
        assert all(c.about for c in view.columns)
    assert set(cli("query", "--schema", "--json").json) == {v.name for v in known}


def test_forms_of_an_answer_are_harmless(acme: Path, cli: Cli) -> None:
    sql = "SELECT '=1+1' AS a, '\x1b[31mred' AS \"@b\", NULL, x'ff00', 9e999, 1.5"
    assert (
        cli("query", sql, "--csv").out == "a,'@b,NULL,x'ff00',9e999,1.5\n'=1+1,\\x1b[31mred,,ff00,inf,1.5\n"
    )
    answer = cli("query", sql, "--json")
    assert answer.json["rows"] == [["=1+1", "\x1b[31mred", None, "ff00", "inf", 1.5]]
    assert "\x1b" not in answer.out + cli("query", sql).out
    assert all(
        len(line) <= 80
        for line in cli(
            "query", "SELECT id, title, state, opened, service, path FROM records"
        ).out.splitlines()
    )


def test_what_cannot_be_read_is_said(acme: Path, cli: Cli) -> None:
    (acme / "cmdb/services/email.yaml").write_text("id: [\n")
    answer = cli("query", "SELECT count(*) FROM items WHERE id = 'email'", "--json")
    assert answer.json["rows"] == [[0]]
    assert [g["path"] for g in answer.json["unreadable"]] == ["cmdb/services/email.yaml"]
    assert answer.err.count("warning") == 1
