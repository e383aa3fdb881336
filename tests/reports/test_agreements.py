"""Licence positions and the calendar of contracts: each figure is worked out by hand beside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from itsm_gitops.commands.duties import list_due
from itsm_gitops.commands.reporting import report, table_of
from itsm_gitops.model.report import Report, as_csv
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo, copy_tree

NOW = "2026-11-22T21:00:00Z"
TEAMS = ("dba", "workplace")


def item(name: str, kind: str, more: str, owner: str = "dba", life: str = "production") -> str:
    return f"id: {name}\nclass: {kind}\nname: {name}\nowner: {owner}\nlifecycle: {life}\n{more}"


LICENCES = {
    # 4 + 8 cores of what is there, the 16 of the retired server do not count: 12 of 10.
    "engine": "product: Engine\nmetric: core\nquantity: 10\ncost: {amount: 1200, currency: EUR, per: month}\n",
    # The product's two applications that name no licence: 2 of 5; quarter 300 is 1,200 a year.
    "writer": "product: Writer\nmetric: device\nquantity: 5\ncost: {amount: 300, currency: EUR, per: quarter}\n",
    # Nobody names it and sessions cannot be counted: 18 of 20 by hand; paid once.
    "terminals": "product: Hub\nmetric: concurrent\nquantity: 20\nin_use: 18\ncost: {amount: 84000, currency: EUR}\n",
    "free-db": "product: Free\nmetric: open-source\nquantity: 0\nperpetual: true\n",
}
SERVERS = {
    "node-1": ("cpu_cores: 4\nlicences: [engine]\n", "production"),
    "node-2": ("cpu_cores: 8\nlicences: [engine]\n", "production"),
    "node-3": ("cpu_cores: 16\nlicences: [engine]\n", "retired"),
}
CONTRACTS = {
    # 30 days before 31 December is 1 December; it goes on for a year each.
    "cloud": "start: 2026-01-01\nend: 2026-12-31\nnotice_days: 30\nrenewal: tacit\nrenewal_term_months: 12\n"
    "cost: {amount: 6900, currency: EUR, per: month}\n",
    # The day of notice, 2 November 2026, has passed: the next is a year later, the term is the old one.
    "support": "start: 2024-02-01\nend: 2027-01-31\nnotice_days: 90\nrenewal: tacit\nrenewal_term_months: 12\n",
    "care": "end: 2026-11-20\nrenewal: none\n",
    "open": "notice_days: 180\n",
}


@pytest.fixture(scope="module")
def positions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = GitRepo(tmp_path_factory.mktemp("positions"))
    made.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", made.root / "schemas")
    made.write("itsm.yaml", "version: 1\norganisation: Test\ntimezone: Europe/Amsterdam\n")
    for team in TEAMS:
        made.write(f"cmdb/teams/{team}.yaml", f"id: {team}\nclass: team\nname: {team}\ntype: support\n")
    for name, more in LICENCES.items():
        made.write(f"cmdb/licences/{name}.yaml", item(name, "licence", more))
    for name, (more, life) in SERVERS.items():
        made.write(f"cmdb/servers/{name}.yaml", item(name, "server", more, life=life))
    for name in ("editor-1", "editor-2"):
        made.write(f"cmdb/applications/{name}.yaml", item(name, "application", "product: writer\n"))
    made.write("cmdb/suppliers/acme.yaml", item("acme", "supplier", ""))
    for name, more in CONTRACTS.items():
        owner = "workplace" if name == "care" else "dba"
        made.write(f"cmdb/contracts/{name}.yaml", item(name, "contract", f"supplier: acme\n{more}", owner))
    return made.repo


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)


def rows(made: Report, table: str) -> dict[Any, dict[str, Any]]:
    found = table_of(made, table)
    names = [c.name for c in found.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.rows}


@pytest.mark.parametrize(
    ("licence", "bought", "installed", "stated", "free", "a_year", "finding"),
    [
        ("engine", 10, 12, None, -2, 14400, "D024"),
        ("writer", 5, 2, None, 3, 1200, ""),
        ("terminals", 20, None, 18, 2, None, ""),
        ("free-db", 0, None, None, None, None, ""),
    ],
)
def test_a_position_is_what_was_bought_less_what_is_used(
    positions: Any,
    licence: str,
    bought: int,
    installed: Any,
    stated: Any,
    free: Any,
    a_year: Any,
    finding: str,
) -> None:
    row = rows(report(positions, ["licences"])[0], "positions")[licence]
    figures = (bought, installed, stated, free, a_year, finding)
    assert tuple(row[n] for n in ("bought", "installed", "stated", "free", "a_year", "finding")) == figures


def test_what_is_counted_and_what_it_costs_stand_below(positions: Any) -> None:
    made = report(positions, ["licences"])[0]
    counted = table_of(made, "items").rows
    assert set(counted) == {
        ("engine", "node-1", 4),
        ("engine", "node-2", 8),
        ("writer", "editor-1", 1),
        ("writer", "editor-2", 1),
    }
    assert ("terminals", "dba", 84000, "EUR", "once", None) in table_of(made, "costs").rows
    assert table_of(made, "costs").rows[0][0] == "engine"  # what costs most in a year
    assert [(key.label, key.value) for key in made.keys] == [
        ("Licences", 4),
        ("Over-used", 1),
        ("EUR a year", 15600),
    ]
    assert table_of(made, "a_year").rows == (("dba", 15600, "EUR"),)
    assert made.since == made.until
    assert as_csv(table_of(made, "positions")).splitlines()[1] == "engine,core,10,12,,-2,14400,EUR,D024"


@pytest.mark.parametrize(
    ("contract", "ends", "renews", "notice", "a_year"),
    [
        ("cloud", "2026-12-31", "renews", "2026-12-01", 82800),
        ("support", "2027-01-31", "renews", "2027-11-02", None),
        ("care", "2026-11-20", "ends", "", None),
        ("open", "open", "goes on", "", None),
    ],
)
def test_the_terms_of_a_contract(
    positions: Any, contract: str, ends: str, renews: str, notice: str, a_year: Any
) -> None:
    row = rows(report(positions, ["contracts"])[0], "terms")[contract]
    assert tuple(row[n] for n in ("ends", "renews", "notice", "a_year")) == (ends, renews, notice, a_year)
    assert row["supplier"] == "acme"


def test_the_calendar_has_the_days_of_itsm_due(positions: Any) -> None:
    found = table_of(report(positions, ["contracts"])[0], "calendar").rows
    assert [row[:2] for row in found] == [("2026-11-20", -2), ("2026-12-01", 9), ("2027-11-02", 345)]
    due = list_due(positions, ["contracts"], span="366d")
    assert [(row[0], row[3]) for row in found] == [(d.day.day, d.entry.id) for d in due.rows]
    assert all(
        date.fromisoformat(str(r[0])) - date(2026, 11, 22) == timedelta(days=int(r[1] or 0)) for r in found
    )


def test_a_team_sees_its_own(positions: Any) -> None:
    made = report(positions, ["contracts"], team="workplace")[0]
    assert list(rows(made, "terms")) == ["care"]
    assert table_of(report(positions, ["licences"], team="workplace")[0], "positions").rows == ()
