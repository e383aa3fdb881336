"""Situations of imports as they happen: rows add up, no row is lost in silence, a second import changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from itsm_gitops.exchange.report import ROW_RESULTS
from itsm_gitops.model.errors import ItsmError
from tests.exchange.test_drafts import INCIDENTS, SERVERS, errors, given  # noqa: F401
from tests.exchange.test_histories import LOG


class Situation(NamedTuple):
    """A table and its mapping: how many rows come in and are left out, and words that the report or refusal has.

    ``created`` is -1 where the table must be refused.
    """

    rules: str
    table: str | bytes
    created: int
    skipped: int = 0
    words: str = ""


HEAD = "id,title,opened\n"
GOOD = "T1,Slow,2024-01-01\n"
EVENTS = "id,state,opened,at,who\n"
EVENT = "A,New,2024-01-01,2024-01-01,ann\n"
LINKS = INCIDENTS + "links: [{column: other, type: relates_to}]\n"
PEOPLE = INCIDENTS.replace("reported_by: {value: ann}", "reported_by: {column: who, slug: true}")
SEMI = INCIDENTS.replace("system: old", "system: old\nsource: {delimiter: ';', encoding: cp1252}")
US = INCIDENTS.replace("format: iso", 'format: "%d/%m/%Y"')

SITUATIONS: Mapping[str, Situation] = {
    "only headings": Situation(INCIDENTS, HEAD, 0),
    "no line feed at the end": Situation(INCIDENTS, HEAD + GOOD.strip(), 1),
    "carriage returns only": Situation(INCIDENTS, (HEAD + GOOD).replace("\n", "\r"), 1),
    "mixed line ends": Situation(INCIDENTS, HEAD.replace("\n", "\r\n") + GOOD + "T2,b,2024-01-01\r", 2),
    "blank lines between": Situation(INCIDENTS, HEAD + "\n\n" + GOOD + ",,\n\n", 1, 1, "no value in the key"),
    "a byte order mark": Situation(INCIDENTS, "\ufeff" + HEAD + GOOD, 1),
    "utf-16 under the name of utf-8": Situation(
        INCIDENTS, (HEAD + GOOD).encode("utf-16"), -1, words="byte 1)"
    ),
    "semicolons under the name of commas": Situation(
        INCIDENTS, (HEAD + GOOD).replace(",", ";"), -1, words="; separates its columns: delimiter: ';'"
    ),
    "tabs under the name of commas": Situation(
        INCIDENTS, (HEAD + GOOD).replace(",", "\t"), -1, words="tab separates its columns: delimiter: 'tab'"
    ),
    "a spreadsheet of western Europe": Situation(
        SEMI, "id;title;opened\nT1;Größe – 5 €;2024-01-01\n".encode("cp1252"), 1
    ),
    "the word sep= above the headings": Situation(
        INCIDENTS, "sep=,\n" + HEAD + GOOD, -1, words="has no column"
    ),
    "headings with blanks around": Situation(INCIDENTS, " id , title , opened \n" + GOOD, 1),
    "headings in capitals": Situation(INCIDENTS, HEAD.upper() + GOOD, -1, words="did you mean"),
    "a heading that stands twice": Situation(
        INCIDENTS, "id,title,opened,title\nT1,a,2024-01-01,b\n", -1, words="title#2"
    ),
    "a row of totals": Situation(INCIDENTS, HEAD + GOOD + "Total,1,\n", 1, 1, "no time of opening"),
    "a key of blanks": Situation(INCIDENTS, HEAD + GOOD + "  ,b,2024-01-01\n", 1, 1, "no value in the key"),
    "a key with blanks around": Situation(
        INCIDENTS, HEAD + GOOD + " T1 ,b,2024-01-01\n", 0, 2, "the key stands in 2"
    ),
    "a key too long": Situation(INCIDENTS, HEAD + f"{'K' * 101},a,2024-01-01\n", 0, 1, "cannot be an alias"),
    "two keys but for case": Situation(INCIDENTS, HEAD + GOOD + "t1,b,2024-01-01\n", 1, 1, "alias"),
    "a title of line feeds": Situation(
        INCIDENTS, HEAD + 'T1,"a\nb\r\nc",2024-01-01\n', 1, words="line breaks"
    ),
    "a title of blanks": Situation(INCIDENTS, HEAD + "T1,   ,2024-01-01\n", 0, 1, "'title' is missing"),
    "a title of escapes": Situation(INCIDENTS, HEAD + "T1,\x1b[31mred,2024-01-01\n", 1, words="do not allow"),
    "a title with direction marks": Situation(
        INCIDENTS, HEAD + "T1,abc\u202edef,2024-01-01\n", 1, words="do not allow"
    ),
    "YAML in a title": Situation(INCIDENTS, HEAD + 'T1,"- !!python/x: {a: &b *b}",2024-01-01\n', 1),
    "merge markers in a title": Situation(INCIDENTS, HEAD + "T1,<<<<<<< HEAD,2024-01-01\n", 1),
    "29 February of no leap year": Situation(INCIDENTS, HEAD + "T1,a,2023-02-29\n", 0, 1, "not a time"),
    "a time with 24 o'clock": Situation(INCIDENTS, HEAD + "T1,a,2024-01-01T24:00\n", 0, 1, "not a time"),
    "the year 1969": Situation(INCIDENTS, HEAD + "T1,a,1969-12-31\n", 1),
    "the year 2999": Situation(INCIDENTS, HEAD + "T1,a,2999-01-01\n", 0, 1, "W005"),
    "the year 0000": Situation(INCIDENTS, HEAD + "T1,a,0000-01-01\n", 0, 1, "not a time"),
    "a serial number of a spreadsheet": Situation(INCIDENTS, HEAD + "T1,a,45292.5\n", 0, 1, "not a time"),
    "months before days": Situation(
        US, HEAD + "T1,a,01/13/2024\nT2,b,02/01/2024\n", -1, words="%m/%d/%Y fits"
    ),
    "one date that fits nothing": Situation(
        US, HEAD + "T1,a,13/01/2024\nT2,b,32/01/2024\n", 1, 1, "not a time"
    ),
    "a link to itself": Situation(LINKS, "id,title,opened,other\nT1,a,2024-01-01,T1\n", 1, words="T1"),
    "a link to nothing": Situation(LINKS, "id,title,opened,other\nT1,a,2024-01-01,T9\n", 1),
    "links in a circle": Situation(
        LINKS.replace("relates_to", "child_of"),
        "id,title,opened,other\nT1,a,2024-01-01,T2\nT2,b,2024-01-01,T1\n",
        2,
        words="K0",
    ),
    "a name that Windows reserves": Situation(SERVERS, "host\ncon\nNUL\n", 2),
    "a host of digits": Situation(SERVERS, "host\n10.0.0.1\n100\n", 2),
    "a host that is an emoji": Situation(SERVERS, "host\n😀\n😃\n", 2),
    "a host with a path": Situation(SERVERS, "host\n../../etc/passwd\n/\n", 2),
    "a host that is a team": Situation(SERVERS, "host\nops\n", 0, 1, "already"),
    "people with commas": Situation(PEOPLE, 'id,title,opened,who\nT1,a,2024-01-01,"Lee, Ann"\n', 1),
    "people with addresses": Situation(
        PEOPLE, "id,title,opened,who\nT1,a,2024-01-01,Ann <ann@x.example>\n", 1
    ),
    "nobody": Situation(PEOPLE, "id,title,opened,who\nT1,a,2024-01-01,\n", 0, 1, "'reported_by' is missing"),
    "events of one moment": Situation(LOG, EVENTS + EVENT + EVENT.replace("New", "Active"), 2),
    "events before the opening": Situation(
        LOG, EVENTS + "A,New,2024-01-01,2023-01-01,ann\n", 1, words="before the opening"
    ),
    "events apart": Situation(LOG, EVENTS + EVENT + EVENT.replace("A,", "B,") + EVENT, -1, words="is back"),
    "an event without time": Situation(
        LOG, EVENTS + EVENT + "A,Active,2024-01-01,,ann\n", 2, words="has no time"
    ),
    "an event in the future": Situation(LOG, EVENTS + "A,New,2024-01-01,2999-01-01,ann\n", 1),
    "an event that opens again": Situation(
        LOG,
        EVENTS
        + "".join(f"A,{w},2026-02-01,2026-02-0{i},ann\n" for i, w in enumerate(("New", "Closed", "New"), 1)),
        0,
        3,
        "W006",
    ),
    "JSON under the name of a table": Situation(INCIDENTS, '[{"id": 1}]', -1, words="it is JSON"),
    "an empty file": Situation(INCIDENTS, "", -1, words="no header row"),
    "nothing but blanks": Situation(INCIDENTS, "  \n \n", -1, words="no header row"),
    "a table packed twice": Situation(INCIDENTS, b"\x1f\x8b\x08\x00", -1, words="gzip"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(given, run, name: str) -> None:  # noqa: F811
    rules, table, created, skipped, words = SITUATIONS[name]

    def tree() -> dict[str, bytes]:
        folders = [given.root / f for f in ("records", "cmdb", "imports")]
        return {str(p): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()}

    before = tree()
    if created < 0:
        with pytest.raises(ItsmError) as caught:
            run(table, rules)
        assert words in f"{caught.value.message} {caught.value.hint}"
        assert tree() == before
        return
    report = run(table, rules)
    reasons = [s.reason for s in report.skipped] + [f"{n.value} {n.reason}" for n in report.notes]
    assert (report.results["created"], report.results["skipped"]) == (created, skipped), reasons
    assert sum(report.results[n] for n in ROW_RESULTS) == report.rows == created + skipped
    assert all(s.row and s.reason for s in report.skipped)
    assert any(words in r for r in reasons) if words else not report.skipped or reasons, reasons
    assert errors(given) == []
    after = tree()
    again = run(table, rules)
    assert (again.results["created"], again.results["skipped"], tree()) == (0, skipped, after)
    if report.skipped:
        with (given.root / report.quarantine).open(newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == len(report.skipped) + 1
