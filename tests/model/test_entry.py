from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.entry import Edge, edges_of, summarise
from itsm_gitops.model.rulebook import RuleBook

SCHEMA = {
    "title": "Ticket",
    "x-itsm": {"kind": "ticket", "plural": "tickets", "prefix": "TKT", "folder": "records/tickets"},
    "properties": {
        "id": {},
        "title": {},
        "cis": {"items": {"x-ref": {"to": ["ci"], "relation": "affects"}}},
        "by": {"x-ref": {"to": ["person"], "relation": "reported_by", "open": True}},
        "major": {"properties": {"lead": {"x-ref": {"to": ["person"], "relation": "led_by"}}}},
        "links": {},
    },
}
KIND = RuleBook(["schemas/records/ticket.schema.json"], lambda _: SCHEMA).kind("ticket")
PATH = "records/tickets/2026/11/TKT-261122-K7QF3.yaml"


def test_a_whole_document() -> None:
    entry = summarise(
        KIND,
        PATH,
        {
            "id": "TKT-261122-OTHER",
            "title": "Payments time out",
            "state": "new",
            "urgent": True,
            "minutes": 12,
            "share": 0.5,
            "text": "x" * 200,
            "long": "x" * 201,
            "nothing": None,
            "by": "anna",
            "cis": ["web", "db"],
            "aliases": ["INC0000045", 7, "old"],
            "links": [{"type": "child_of", "target": "TKT-261121-00000"}],
            "timeline": [
                {"at": "2026-11-22T09:00:00+01:00", "by": "anna", "state": "new"},
                {"at": "2026-11-22T10:00:00Z", "by": "ben", "note": "Looking."},
            ],
        },
    )
    assert entry.id == "TKT-261122-K7QF3"  # of the file, not of the content
    assert (entry.kind, entry.path, entry.title, entry.state) == ("ticket", PATH, "Payments time out", "new")
    assert set(entry.columns) == {"id", "title", "state", "urgent", "minutes", "share", "text", "by"}
    assert entry.aliases == ("INC0000045", "old")
    assert (entry.opened, entry.updated) == ("2026-11-22T09:00:00+01:00", "2026-11-22T10:00:00Z")
    assert entry.edges == (
        Edge("affects", "web", ("cis", 0)),
        Edge("affects", "db", ("cis", 1)),
        Edge("reported_by", "anna", ("by",), open=True),
        Edge("child_of", "TKT-261121-00000", ("links", 0, "target")),
    )


@pytest.mark.parametrize(
    "data",
    [
        {},
        {
            "title": 7,
            "state": ["new"],
            "timeline": "today",
            "links": {},
            "aliases": "INC1",
            "cis": "web",
            "by": [],
        },
        {
            "timeline": ["x", {}, {"at": 5}],
            "links": ["x", {}, {"type": 5, "target": "a"}, {"type": "a", "target": 5}],
        },
        {"major": "anna", "cis": [None, {}]},
    ],
)
def test_misshapen_documents_still_have_an_entry(data: dict[str, Any]) -> None:
    entry = summarise(KIND, PATH, data)
    assert (entry.id, entry.title, entry.state, entry.opened, entry.updated) == (
        "TKT-261122-K7QF3",
        "",
        "",
        "",
        "",
    )
    assert (entry.edges, entry.aliases) == ((), ())


def test_links_keep_their_position_beside_broken_ones() -> None:
    data = {"links": [None, {"type": "blocks", "target": "a"}], "major": {"lead": "anna"}}
    assert edges_of(KIND, data) == (
        Edge("led_by", "anna", ("major", "lead")),
        Edge("blocks", "a", ("links", 1, "target")),
    )


def test_a_single_time_is_both_first_and_last() -> None:
    entry = summarise(KIND, "TKT-261122-K7QF3.yaml", {"timeline": [{"at": "2026-11-22T09:00:00Z"}]})
    assert (entry.id, entry.opened, entry.updated) == ("TKT-261122-K7QF3",) + ("2026-11-22T09:00:00Z",) * 2


def test_an_override_of_the_priority_is_a_column_where_it_is_one() -> None:
    override = {"priority": "P1", "by": "anna", "reason": "The board meets."}
    assert summarise(KIND, PATH, {"priority_override": override}).columns == {"priority_override": override}
    assert summarise(KIND, PATH, {"priority_override": ["P1"]}).columns == {}
