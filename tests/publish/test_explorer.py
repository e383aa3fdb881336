"""The explorer's data: what is written is what the entries say, and old chunks stay as they are."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from crawling import read_page
from sample_site import NOW
from test_pages import view_of

from itsm_gitops.commands.filters import Filters
from itsm_gitops.commands.listing import list_documents
from itsm_gitops.model import clock, facts
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.pages.parts import explore_link
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import explorer
from itsm_gitops.repository import Repository

NAMED = ("kind", "state", "priority", "service", "ci", "team")
KINDS = {"incident": "INC", "change": "CHG", "request": "REQ"}


def data_of(name: str, content: bytes) -> Any:
    """What a file hands to the page."""
    text = content.decode()
    start = f'itsmIndex("{name.removesuffix(".js")}",'
    assert text.startswith(start)
    assert text.endswith(");\n")
    return json.loads(text[len(start) : -3])


def rows_of(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Every row of every chunk, decoded as the page does."""
    found: list[dict[str, Any]] = []
    for chunk in data_of("explore/index.js", files["explore/index.js"])["chunks"]:
        columns = data_of(f"explore/{chunk['name']}.js", files[f"explore/{chunk['name']}.js"])
        assert {len(columns["id"]), len(columns["title"])} == {chunk["rows"]}
        read = {name: _words(*columns[name]) for name in NAMED}
        opened, ranks = _sums(columns["opened"]), _sums(columns["rank"])
        for i, after in enumerate(columns["updated"]):
            row = {name: read[name][i] for name in NAMED}
            updated = None if after is None else after + (opened[i] or 0)
            row |= {"id": columns["id"][i], "title": columns["title"][i], "chunk": chunk}
            found.append({**row, "opened": opened[i], "updated": updated, "rank": ranks[i]})
    return found


def hrefs(html: str) -> set[str]:
    """The addresses that a page or a part of it names."""
    return {address for _, address, _ in read_page(html).links}


def _words(table: list[str], cells: list[Any]) -> list[list[str]]:
    return [
        [table[c] for c in cell] if isinstance(cell, list) else [] if cell < 0 else [table[cell]]
        for cell in cells
    ]


def _sums(steps: list[int | None]) -> list[int | None]:
    sums = accumulate(s for s in steps if s is not None)
    return [None if s is None else next(sums) for s in steps]


def site_files(site: Path) -> dict[str, bytes]:
    return {f"explore/{p.name}": p.read_bytes() for p in (site / "explore").iterdir()}


def seconds(text: str) -> int | None:
    moment = clock.parse_time(text)
    return int(moment.timestamp()) if moment else None


def test_every_record_is_a_row_with_what_its_entry_says(site: Path, view: View) -> None:
    rows = {r["id"]: r for r in rows_of(site_files(site))}
    records = {e.id: e for e in view.entries.values() if view.kind(e).is_record and view.url(e.id)}
    assert rows.keys() == records.keys()
    for row, entry in ((rows[i], e) for i, e in records.items()):
        assert (row["title"], row["kind"], row["state"]) == (entry.title, [entry.kind], [entry.state])
        assert row["priority"] == [p.name for p in [view.priority(entry)] if p]
        assert (row["opened"], row["updated"]) == (seconds(entry.opened), seconds(entry.updated))
        chunk = row["chunk"]
        assert (chunk["kind"] == "") == (chunk["status"] == "open") == facts.is_work(view.book, entry)
        assert (chunk["status"] == "published") == (entry.state == "published")


def test_a_page_and_a_place_in_the_search_index_follow_from_a_row(site: Path, view: View) -> None:
    files = site_files(site)
    kinds = data_of("explore/index.js", files["explore/index.js"])["kinds"]
    chunks = [site / f"search/docs-{n}.js" for n in range(len(list((site / "search").glob("docs-*.js"))))]
    docs = [d for c in chunks for d in json.loads(c.read_text().partition(",")[2][:-3])]
    for row in rows_of(files):
        folder = kinds[row["kind"][0]]["folder"]
        assert view.url(row["id"]) == f"{folder}/{row['id'].split('-')[1][:4]}/{row['id']}.html"
        assert docs[len(docs) - 1 - row["rank"]][3] == row["id"]


@pytest.mark.parametrize(
    ("facet", "word", "option"),
    [
        ("kind", "incident", ""),
        ("state", "new", "states"),
        ("priority", "P1", "priorities"),
        ("service", "shop", "services"),
        ("ci", "shop-web", "cis"),
        ("team", "web", "teams"),
    ],
)
def test_a_facet_finds_what_the_list_of_the_command_line_finds(
    site: Path, sample: Repository, facet: str, word: str, option: str
) -> None:
    found = {r["id"] for r in rows_of(site_files(site)) if word in r[facet]}
    listed = list_documents(
        sample, [] if option else [word], Filters(**({option: (word,)} if option else {}))
    )
    assert found == {r.entry.id for r in listed.rows} != set()


def test_names_are_those_of_services_teams_and_all_that_is_named(site: Path) -> None:
    names = data_of("explore/names.js", site_files(site)["explore/names.js"])
    assert names["service"]["shop"] == "Online shop"
    assert names["service"]["index"] == "Index of prices"
    assert names["team"] == {"web": "Web team"}
    assert names["ci"] == {"shop-web": "Shop front"}


def test_what_does_not_exist_and_what_is_no_time_stays_text(tmp_path: Path) -> None:
    path = "records/incidents/2026/11/INC-261121-JJJJJ.yaml"
    long = "x" * 150
    text = f"id: INC-261121-JJJJJ\nkind: incident\ntitle: {'T' * 400}\nstate: new\nservice: gone\ncis: [{long}]\n"
    text += "assigned_team: nobody\nlinks: [{type: relates_to, target: gone-too}]\n"
    text += "timeline: [{at: yesterday, by: ada, state: new}]\n"
    view = view_of(tmp_path, {path: text})
    row = next(r for r in rows_of(made(view)) if r["id"] == "INC-261121-JJJJJ")
    assert (row["service"], row["team"], row["ci"]) == (["gone"], ["nobody"], ["x" * 99 + "…"])
    assert (row["opened"], row["updated"]) == (None, None)
    assert row["title"] == "T" * 299 + "…"


# ---- Ten thousand records ----


def made(view: View, entries: Iterable[Entry] | None = None) -> dict[str, bytes]:
    """The explorer's files of some records, or of those of a view."""
    records = entries or (e for e in view.entries.values() if view.kind(e).is_record)
    return dict(explorer.files(view, sorted(records, key=lambda e: (e.opened, e.id), reverse=True)))


def record(kind: str, at: datetime, number: int, state: str, service: str = "shop") -> Entry:
    ident = f"{KINDS[kind]}-{at:%y%m%d}-{clock.encode_suffix(number)}"
    columns = {"impact": "high", "urgency": "medium"}
    edges = (Edge("affects", service, ("service",)), Edge("affects", "shop-web", ("cis", 0)))
    moments = (clock.format_time(at), clock.format_time(at + timedelta(hours=3)))
    return Entry(ident, kind, f"x/{ident}.yaml", f"Fault {number}", state, columns, edges, (), *moments)


@pytest.fixture(scope="module")
def many() -> list[Entry]:
    """Ten thousand records of a year, one in twenty of them open."""
    draw = random.Random(4)
    begin = NOW - timedelta(days=365)
    kinds = list(KINDS)
    return [
        record(
            draw.choice(kinds),
            begin + timedelta(minutes=52 * n),
            n,
            "closed" if draw.random() < 0.95 else "on_hold",
        )
        for n in range(10_000)
    ]


def test_ten_thousand_records_come_back_in_chunks_of_whole_days(view: View, many: list[Entry]) -> None:
    files = made(view, many)
    rows = rows_of(files)
    assert {r["id"] for r in rows} == {e.id for e in many}
    assert sorted(r["rank"] for r in rows) == list(range(10_000))
    chunks = data_of("explore/index.js", files["explore/index.js"])["chunks"]
    assert len(files) == len(chunks) + 2
    for chunk in chunks:
        own = [r for r in rows if r["chunk"]["name"] == chunk["name"]]
        assert chunk["rank"] == [min(r["rank"] for r in own), max(r["rank"] for r in own)]
        assert chunk["opened"] == [min(r["opened"] for r in own), max(r["opened"] for r in own)]
        assert {r["kind"][0] for r in own} == {chunk["kind"]} or chunk["kind"] == ""
    assert files == made(view, reversed(many))


def test_a_new_record_leaves_older_chunks_alone(view: View, many: list[Entry], monkeypatch: Any) -> None:
    monkeypatch.setattr(explorer, "ROWS", 500)
    before = made(view, many)
    after = made(view, [*many, record("incident", NOW, 10_001, "closed", "a-new-service")])
    changed = {n for n in after if before.get(n) != after[n]}
    assert len(before) > 20
    assert {n.split("_")[0] for n in changed} == {"explore/done", "explore/names.js", "explore/index.js"}
    assert len(changed) == 3
    assert before.keys() <= after.keys()


def test_a_day_with_too_much_is_cut(view: View, monkeypatch: Any) -> None:
    monkeypatch.setattr(explorer, "ROWS", 10)
    monkeypatch.setattr(explorer, "_MOST_ROWS", 20)
    files = made(view, [record("incident", NOW, n, "closed") for n in range(70)])
    rows = rows_of(files)
    assert len({r["id"] for r in rows}) == 70
    assert len(files) == 4 + 2


def test_links_to_the_explorer_quote_their_facets() -> None:
    assert f'{urls.EXPLORE}?ci=a%26b&amp;status=all"' in explore_link("All", ci="a&b", status="all")
    assert f"href=\x01{urls.EXPLORE}>" in explore_link("All")


def test_pages_lead_to_the_explorer(site: Path) -> None:
    ways = {
        "records/index.html": "../records/explore.html",
        "records/incidents/index.html": "../../records/explore.html?kind=incident",
        "records/incidents/state_closed.html": "../explore.html?kind=incident&state=closed",
        "records/incidents/month_2611.html": "../explore.html?kind=incident&status=all",
        "services/shop.html": "../records/explore.html?service=shop&status=all",
        "cmdb/applications/shop-web.html": "../../records/explore.html?ci=shop-web&status=all",
        "cmdb/teams/web.html": "../../records/explore.html?team=web&status=all",
        "index.html": "records/explore.html",
        "search.html": "records/explore.html",
    }
    missing = [
        page for page, way in ways.items() if way not in hrefs((site / page).read_text(encoding="utf-8"))
    ]
    assert missing == []
    assert "explore.html?" not in (site / "services/index_.html").read_text(encoding="utf-8")


def test_without_a_script_the_explorer_leads_to_the_lists(site: Path) -> None:
    html = (site / urls.EXPLORE).read_text(encoding="utf-8")
    said = html[html.index("<noscript>") : html.index("</noscript>", html.index("<noscript>"))]
    assert "Filtering needs JavaScript" in said
    assert "../records/incidents/index.html" in hrefs(said)
