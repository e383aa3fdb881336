"""Who may have caused an incident: near in time and near in the CMDB comes first, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from itsm_gitops.graph.suspects import Suspect, scene, suspects
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.history import FileEdit
from tests.gate.snapshots import graph_of, group, item, record

BEGAN = datetime(2026, 12, 2, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
CMDB = [
    item("mail", "service", needs=["app"]),
    item("app", "application", needs=["db", "node-1", "node-2"], redundancy=group(["node-1", "node-2"])),
    item("db"),
    item("disk", part_of=["db"]),
    item("node-1"),
    item("node-2"),
    item("printer"),
]


def incident(**fields: Any) -> dict[str, Any]:
    about = {"id": "INC-261202-AAAAA", "kind": "incident", "title": "Mail is slow", "service": "mail"}
    timeline = [{"at": "2026-12-02T08:00:00Z", "by": "anna", "state": "new"}]
    return {**about, "impact": "high", "urgency": "high", "state": "new", "timeline": timeline, **fields}


def work(suffix: str, start: str, end: str | None, cis: Iterable[str], **fields: Any) -> dict[str, Any]:
    """A change that was carried out; ``start`` and ``end`` as ``02T06:00`` of December."""
    times = {"actual_start": f"2026-12-{start}:00Z"} | ({"actual_end": f"2026-12-{end}:00Z"} if end else {})
    about = {"state": "closed", "outcome": "successful", "cis": list(cis), **times}
    return record(suffix, **{**about, **fields})


def edit(item_id: str, at: str, *fields: str, status: str = "M") -> FileEdit:
    path = f"cmdb/servers/{item_id}.yaml"
    return FileEdit("0123456789", f"2026-12-{at}:00Z", "Ada", "Edit it", path, status, fields)


def found(
    book: RuleBook,
    *documents: dict[str, Any],
    edits: Iterable[FileEdit] = (),
    window: timedelta = WEEK,
    **about: Any,
) -> list[Suspect]:
    graph = graph_of(book, [*CMDB, incident(**about), *documents])
    entry = graph.network.entries["INC-261202-AAAAA"]
    return suspects(graph.network, graph, scene(graph, entry, BEGAN, window), edits)


def names(found: Iterable[Suspect]) -> list[str]:
    return [s.id.removeprefix("CHG-261120-") for s in found]


def reasons(suspect: Suspect) -> list[str]:
    return [r.text for r in suspect.reasons]


def test_the_nearer_in_time_comes_first(book: RuleBook) -> None:
    order = found(
        book,
        work("AAAAA", "01T20:00", "01T22:00", ["db"]),
        work("BBBBB", "02T07:00", "02T07:30", ["db"]),
        work("CCCCC", "28T20:00".replace("28", "01"), "01T06:00", ["db"], actual_start="2026-11-26T20:00:00Z",
             actual_end="2026-11-26T22:00:00Z"),
    )  # fmt: skip
    assert names(order) == ["BBBBB", "AAAAA", "CCCCC"]
    assert order[0].score > order[1].score > order[2].score
    assert reasons(order[0])[0] == "30 min before it began"


def test_the_nearer_in_the_cmdb_comes_first_and_what_is_not_in_it_does_not_come(book: RuleBook) -> None:
    same = ("02T06:00", "02T07:00")
    order = found(
        book,
        work("D1SK1", *same, ["disk"]),
        work("DBDB1", *same, ["db"]),
        work("APPP1", *same, ["app"]),
        work("PRNT1", *same, ["printer"]),
        work("SVCE1", *same, [], service="mail"),
    )
    assert names(order) == ["SVCE1", "APPP1", "DBDB1", "D1SK1"]
    assert [s.distance for s in order] == [0, 1, 2, 3]
    assert [reasons(s)[1] for s in order] == [
        "mail is affected itself",
        "what is affected depends on app directly",
        "what is affected depends on db over 2 steps",
        "what is affected depends on disk over 3 steps",
    ]


def test_work_in_progress_counts_most_and_later_work_not_at_all(book: RuleBook) -> None:
    order = found(
        book,
        work("AAAAA", "02T07:00", "02T09:00", ["db"]),
        work("BBBBB", "02T07:30", None, ["db"], state="implement"),
        work("CCCCC", "02T08:30", "02T09:00", ["db"]),
        work("DDDDD", "02T07:00", "02T07:59", ["db"]),
    )
    assert names(order)[:2] == ["AAAAA", "BBBBB"]
    assert names(order)[2:] == ["DDDDD"]
    assert reasons(order[0])[0] == reasons(order[1])[0] == "was under way when it began"


def test_what_went_wrong_or_over_its_window_is_more_likely(book: RuleBook) -> None:
    plan = {"planned_start": "2026-12-01T20:00:00Z", "planned_end": "2026-12-01T21:00:00Z"}
    order = found(
        book,
        work("AAAAA", "01T20:00", "01T22:00", ["db"], planned_start="2026-12-01T20:00:00Z"),
        work("BBBBB", "01T20:00", "01T22:00", ["db"], outcome="backed_out", type="emergency",
             risk={"level": "high"}, **plan),
    )  # fmt: skip
    assert names(order) == ["BBBBB", "AAAAA"]
    assert reasons(order[0])[2:] == [
        "ended backed out",
        "was an emergency",
        "was of high risk",
        "ran 1 h over its window",
    ]
    assert order[0].score == sum(r.points for r in order[0].reasons)


def test_a_spare_partner_should_have_held(book: RuleBook) -> None:
    same = ("02T06:00", "02T07:00")
    order = found(book, work("AAAAA", *same, ["node-1"]), work("BBBBB", *same, ["db"]))
    assert names(order) == ["BBBBB", "AAAAA"]
    assert "redundancy should have held a failure of it" in reasons(order[1])


def test_what_was_only_planned_is_told_as_such(book: RuleBook) -> None:
    plan = {"planned_start": "2026-12-02T06:00:00Z", "planned_end": "2026-12-02T07:00:00Z", "cis": ["db"]}
    order = found(
        book,
        record("AAAAA", **plan),
        record("BBBBB", **plan, state="authorize"),
        record("CCCCC", **plan, state="cancelled"),
    )
    assert names(order) == ["AAAAA"]
    assert reasons(order[0])[-1] == "only planned for then; it is scheduled"


def test_the_cause_that_the_incident_names_is_first_however_far(book: RuleBook) -> None:
    order = found(
        book,
        work("AAAAA", "02T07:00", "02T07:59", ["db"]),
        work("BBBBB", "01T00:00", "01T01:00", ["printer"], actual_start="2026-10-01T00:00:00Z",
             actual_end="2026-10-01T01:00:00Z"),
        links=[{"type": "caused_by", "target": "CHG-261120-BBBBB"}],
    )  # fmt: skip
    assert names(order)[0] == "BBBBB"
    assert reasons(order[0])[-1] == "the incident names it as its cause"


def test_edits_of_the_cmdb_are_suspects_and_more_so_without_a_change(book: RuleBook) -> None:
    change = work("AAAAA", "02T05:00", "02T06:00", ["db"])
    order = found(
        book,
        change,
        edits=[
            edit("db", "02T06:00", "memory_gb"),
            edit("disk", "02T06:00", "size_gb", "name"),
            edit("printer", "02T07:00", "name"),
            edit("node-1", "02T06:00", status="D"),
        ],
    )
    by_id = {s.id: s for s in order}
    assert set(by_id) == {"CHG-261120-AAAAA", "db", "disk", "node-1"}
    assert "belongs to CHG-261120-AAAAA" in reasons(by_id["db"])
    assert "no change names it at that time" in reasons(by_id["disk"])
    assert "its record changed size_gb, name" in reasons(by_id["disk"])
    assert "its record was removed" in reasons(by_id["node-1"])
    assert by_id["disk"].score > by_id["db"].score


def test_the_window_is_the_window(book: RuleBook) -> None:
    change = work("AAAAA", "01T20:00", "01T22:00", ["db"])
    assert names(found(book, change, window=timedelta(hours=9))) == []
    assert names(found(book, change, window=timedelta(hours=10))) == ["AAAAA"]


def test_scores_stay_between_nothing_and_a_hundred(book: RuleBook) -> None:
    order = found(
        book,
        work("AAAAA", "02T07:00", "02T09:00", [], service="mail", outcome="unsuccessful", type="emergency",
             risk={"level": "high"}),
        record("BBBBB", cis=["node-1"], planned_start="2026-11-25T08:00:00Z", planned_end="2026-11-25T09:00:00Z"),
        links=[{"type": "caused_by", "target": "CHG-261120-AAAAA"}],
    )  # fmt: skip
    assert [s.score for s in order] == [100, 0]


def test_what_is_out_of_use_passes_no_failure_on(book: RuleBook) -> None:
    documents = [
        item("mail", "service", needs=["old"]),
        item("old", needs=["vault"], lifecycle="retired"),
        item("vault"),
        work("AAAAA", "02T06:00", "02T07:00", ["vault"]),
        incident(),
    ]
    graph = graph_of(book, documents)
    entry = graph.network.entries["INC-261202-AAAAA"]
    (only,) = suspects(graph.network, graph, scene(graph, entry, BEGAN, WEEK), [])
    assert "nothing in production passes on a failure of it" in reasons(only)
