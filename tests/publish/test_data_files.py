"""What programs read of a site: calendar files, feeds, the status and the JSON API."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hostile_site import MARK, write_hostile
from icalendar import Calendar, vText
from sample_site import DOCUMENTS, NOW, write_sample
from test_pages import view_of

from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation.data import api, feeds
from itsm_gitops.presentation.data.text import as_json, xml
from itsm_gitops.presentation.planned import Plan
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import build_site

ATOM = "{http://www.w3.org/2005/Atom}"
CHANGE = "records/changes/2026/11/CHG-261118-BBBBB.yaml"
INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
FEEDS = ("feeds/incidents.xml", "feeds/changes.xml")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, book: RuleBook) -> Path:
    """The site of a repository in which every text tries to be more."""
    return build_site(write_hostile(tmp_path_factory.mktemp("hostile-data"), book), now=NOW).output


@pytest.fixture(params=["site", "hostile", pytest.param("example", marks=pytest.mark.slow)])
def each_site(request: pytest.FixtureRequest) -> Path:
    """Each site in turn."""
    found: Path = request.getfixturevalue(request.param)
    return found


def read(site: Path, name: str) -> Any:
    return json.loads((site / name).read_bytes())


def events(site: Path, name: str) -> dict[str, Any]:
    calendar = Calendar.from_ical((site / name).read_bytes())
    return {str(e["UID"]): e for e in calendar.walk("VEVENT")}


# ---- Calendar files ----


def test_the_calendar_file_has_changes_and_windows(site: Path) -> None:
    found = events(site, "calendar/changes.ics")
    assert set(found) == {"CHG-261118-BBBBB@itsm-gitops", "winter-20261127T000000Z@itsm-gitops"}
    change = found["CHG-261118-BBBBB@itsm-gitops"]
    assert change["DTSTART"].dt == datetime(2026, 11, 28, 20, tzinfo=UTC)
    assert change["DTSTAMP"].dt == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert "Inside the freeze winter" in change["DESCRIPTION"]


def test_a_service_has_the_calendar_of_what_can_hit_it(site: Path) -> None:
    assert "CHG-261118-BBBBB@itsm-gitops" in events(site, "calendar/services/shop.ics")
    assert set(events(site, "calendar/services/index.ics")) == {"winter-20261127T000000Z@itsm-gitops"}
    assert "href=../calendar/services/shop.ics>" in (site / "services/shop.html").read_text(encoding="utf-8")


def test_every_calendar_file_is_read_by_others(each_site: Path) -> None:
    files = sorted((each_site / "calendar").rglob("*.ics"))
    assert len(files) > 2
    for path in files:
        raw = path.read_bytes()
        assert all(len(line) <= 75 for line in raw.split(b"\r\n")), path
        assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
        assert raw.endswith(b"END:VCALENDAR\r\n")
        calendar = Calendar.from_ical(raw)
        assert (str(calendar["VERSION"]), calendar.errors) == ("2.0", [])
        assert calendar["PRODID"]
        # All times are UTC, so that no file has to say what a time zone is.
        assert b"TZID" not in raw
        found = calendar.walk("VEVENT")
        assert len({str(event["UID"]) for event in found}) == len(found)
        for event in found:
            assert not event.errors
            begins, ends = event["DTSTART"].dt, event.get("DTEND")
            assert ends is None or begins < ends.dt
            times = [event["DTSTAMP"].dt, begins, *([ends.dt] if ends else [])]
            if event["DTSTART"].params.get("VALUE") == "DATE":  # it lasts whole days, wherever one is
                assert [type(day) for day in times] == [datetime, date, date]
                del times[1:]
            assert {time.utcoffset() for time in times} == {timedelta(0)}
            assert all(isinstance(event[name], vText) for name in ("UID", "SUMMARY"))


def test_events_lead_to_their_pages_where_the_address_is_known(tmp_path: Path) -> None:
    output = build_site(write_sample(tmp_path), now=NOW, base_url="https://it.example.org/portal").output
    event = events(output, "calendar/changes.ics")["CHG-261118-BBBBB@itsm-gitops"]
    assert event["URL"] == "https://it.example.org/portal/records/changes/2611/CHG-261118-BBBBB.html"
    root = ET.fromstring((output / FEEDS[1]).read_bytes())
    links = {e.get("rel"): e.get("href") for e in root.findall(f"{ATOM}link")}
    assert links["self"] == "https://it.example.org/portal/feeds/changes.xml"


# ---- Feeds ----


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_has_what_atom_requires(each_site: Path, name: str) -> None:
    root = ET.fromstring((each_site / name).read_bytes())
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert entries
    identifiers = set()
    for element in (root, *entries):
        for wanted in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{wanted}")) == 1
        assert DATE.fullmatch(element.findtext(f"{ATOM}updated") or "")
        identifier = element.findtext(f"{ATOM}id") or ""
        assert identifier.startswith("urn:uuid:")
        identifiers.add(identifier)
        assert not [e for e in element.iter() if not e.tag.startswith(ATOM)]
    assert len(identifiers) == len(entries) + 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    updates = [e.findtext(f"{ATOM}updated") or "" for e in entries]
    assert updates == sorted(updates, reverse=True)
    assert root.findtext(f"{ATOM}updated") == updates[0]
    for entry in entries:
        [link] = entry.findall(f"{ATOM}link")
        assert link.get("rel", "alternate") == "alternate"
        assert (each_site / name).parent.joinpath(link.get("href") or "").resolve().is_file()
        for text in (
            *entry.findall(f"{ATOM}title"),
            *entry.findall(f"{ATOM}summary"),
            *entry.findall(f"{ATOM}content"),
        ):
            assert text.get("type", "text") == "text"
            assert len(text) == 0
            assert text.text


def test_a_feed_says_the_facts_and_no_note(site: Path) -> None:
    text = (site / FEEDS[0]).read_text(encoding="utf-8")
    assert "State: In progress\nPriority: P1\nAffects: Online shop, Shop front" in text
    assert "cache" not in text


def test_an_entry_stays_the_same_until_its_record_is_updated(tmp_path: Path, view: View) -> None:
    def entries(found: View) -> dict[str, str]:
        root = ET.fromstring(dict(feeds.files(found, ""))[FEEDS[0]])
        return {
            str(e.findtext(f"{ATOM}id")): str(e.findtext(f"{ATOM}updated"))
            for e in root.findall(f"{ATOM}entry")
        }

    before = entries(view)
    assert entries(View(view.store, [], NOW + timedelta(days=30))) == before
    more = "- at: 2026-11-23T09:00:00Z\n  by: ada\n  comment: Done.\n"
    after = entries(view_of(tmp_path, {INCIDENT: DOCUMENTS[INCIDENT] + more}))
    assert after.keys() == before.keys()
    assert sorted(set(after.values()) - set(before.values())) == ["2026-11-23T09:00:00Z"]


def test_a_feed_is_bounded_and_has_the_newest(tmp_path: Path) -> None:
    path = "records/incidents/2026/10/INC-261001-CCCCC.yaml"
    many = {
        path.replace("CCCCC", f"C{n:04}"): DOCUMENTS[path].replace("CCCCC", f"C{n:04}")
        for n in range(feeds.MOST + 5)
    }
    root = ET.fromstring(dict(feeds.files(view_of(tmp_path, many), ""))[FEEDS[0]])
    assert len(root.findall(f"{ATOM}entry")) == feeds.MOST
    assert "INC-261120-AAAAA" in ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("text", ["a\x00b\x0b", "\ud800", "\uffff\ufffe", "]]><x/>&\"'"])
def test_any_text_can_be_put_into_xml(text: str) -> None:
    raw = f'<a b="{xml(text)}">{xml(text)}</a>'.encode()
    assert list(ET.fromstring(raw)) == []


# ---- Status and API ----


def schema_of(site: Path, path: Path) -> dict[str, Any]:
    """The schema that a file names, found as a reader finds it."""
    named = json.loads(path.read_bytes())["$schema"]
    found = path.parent.joinpath(named).resolve()
    assert found.is_relative_to(site.resolve())
    schema: dict[str, Any] = json.loads(found.read_bytes())
    return schema


def test_every_file_is_as_its_schema_says(each_site: Path) -> None:
    files = [p for p in (each_site / "api").rglob("*.json") if p.parent.name != "schema"]
    kinds = set()
    for path in [*files, each_site / "status.json"]:
        schema = schema_of(each_site, path)
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(json.loads(path.read_bytes()), schema, cls=jsonschema.Draft7Validator)
        kinds.add(schema["title"])
    assert len(kinds) == 6


def test_the_schemas_refuse_what_is_not_theirs(site: Path) -> None:
    good = read(site, "api/records/INC-261120-AAAAA.json")
    schema = read(site, "api/schema/record.schema.json")
    for wrong in ({"open": "yes"}, {"id": "../x"}, {"more": 1}, {"version": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, **wrong}, schema)


def test_the_index_leads_to_every_document(each_site: Path) -> None:
    index = read(each_site, "api/index.json")
    listed = []
    for kind in index["kinds"]:
        rows = [row for page in kind["pages"] for row in read(each_site, page)["rows"]]
        assert len(rows) == kind["total"]
        for row in rows:
            whole = read(each_site, row["href"])
            if "records" in whole:
                [record] = [r for r in whole["records"] if r["id"] == row["id"]]
                # What its document says is said there only, whatever is wrong with it.
                assert not record.keys() & {"kind", "title", "state", "service", "open"}
                texts = {k: v if isinstance(v, str) else None for k, v in record["document"].items()}
                whole = {"open": False, "service": None} | texts | record
            assert {k: whole[k] for k in row if k != "href"} == {k: v for k, v in row.items() if k != "href"}
            assert (each_site / row["page"]).is_file()
            listed.append(row["href"])
    there = {
        p.relative_to(each_site).as_posix()
        for f in ("records", "items", "finished")
        for p in (each_site / "api" / f).iterdir()
    }
    assert set(listed) == there
    own = [href for href in listed if not href.startswith("api/finished/")]
    assert len(own) == len(set(own))
    assert [
        (each_site / name).is_file() for name in (index["status"], index["calendar"], *index["feeds"])
    ] == [True] * 6


def test_a_record_has_its_document_and_what_is_derived(site: Path, view: View) -> None:
    found = read(site, "api/records/INC-261120-AAAAA.json")
    assert found["document"] == view.store.data("INC-261120-AAAAA")
    assert (found["priority"], found["open"], found["service"]) == ("P1", True, "shop")
    assert {
        "relation": "caused_by",
        "title": "Caused by",
        "target": "CHG-261118-BBBBB",
        "outgoing": True,
    } in found["links"]
    item = read(site, "api/items/shop-web.json")
    assert (item["status"], item["causes"]) == ("outage", ["INC-261120-AAAAA"])
    assert {"CHG-261118-BBBBB", "shop"} <= {r["target"] for r in item["links"]}


def test_an_item_with_many_records_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MOST_LINKS", 4)
    view = view_of(tmp_path, {})
    raw = api.document_file(view, view.entries["shop-web"], {})
    found = json.loads(raw)
    assert found["links_total"] > 4 == len(found["links"])
    assert [r["target"].isupper() for r in found["links"]] == sorted(
        r["target"].isupper() for r in found["links"]
    )


def test_pages_of_an_index_are_bounded_and_a_new_record_is_on_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "ROWS", 2)
    path = "records/incidents/2026/11/INC-261122-ZZZZZ.yaml"
    before = dict(api.indexes(view_of(tmp_path / "a", {})))
    new = (
        DOCUMENTS[INCIDENT]
        .replace("INC-261120-AAAAA", "INC-261122-ZZZZZ")
        .replace("[TICKET-4711]", "[OTHER]")
    )
    after = dict(api.indexes(view_of(tmp_path / "b", {path: new})))
    assert {n for n in after if after[n] != before.get(n)} == {
        "api/index.json",
        "api/indexes/incidents_2.json",
    }


def test_the_status_says_what_the_start_page_says(site: Path) -> None:
    status = read(site, "status.json")
    assert status["updated"] == "2026-11-21T11:00:00Z"
    shop = next(s for s in status["services"] if s["id"] == "shop")
    assert (shop["status"], shop["reason"], shop["causes"]) == (
        "outage",
        "depends on Shop front",
        ["INC-261120-AAAAA"],
    )
    assert [(m["id"], m["priority"], m["major"]) for m in status["major_incidents"]] == [
        ("INC-261120-AAAAA", "P1", "accepted")
    ]
    (major,) = status["major_incidents"]
    assert (major["since"], major["last_word"]) == ("2026-11-20T09:00:00Z", "We are working on it.")
    assert (major["last_word_at"], major["next_update_by"]) == ("2026-11-20T09:30:00Z", None)


# ---- All of them ----


def test_hostile_text_is_text_in_every_file(hostile: Path) -> None:
    files = [
        p for p in hostile.rglob("*") if p.suffix in (".json", ".xml", ".ics") and "schema" not in p.parts
    ]
    assert len(files) > 40
    for path in files:
        raw = path.read_bytes()
        if path.suffix != ".ics":
            assert b"<script" not in raw, path
            assert b"<img" not in raw, path
    titles = [row["title"] for row in read(hostile, "api/indexes/incidents_1.json")["rows"]]
    assert any(MARK in title for title in titles)
    feed = ET.fromstring((hostile / FEEDS[0]).read_bytes())
    assert any(MARK in (e.text or "") for e in feed.iter(f"{ATOM}title"))
    assert any(MARK in str(e["SUMMARY"]) for e in events(hostile, "calendar/changes.ics").values())


def test_json_is_no_markup_wherever_it_ends_up() -> None:
    text = "</script><b>&\u2028"
    raw = as_json({"a": text})
    assert not set("<>&\u2028") & set(raw.decode())
    assert json.loads(raw) == {"a": text}


def test_a_second_build_rewrites_only_the_files_of_what_changed(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    output = build_site(repo, now=NOW).output
    known = ("api", "feeds", "calendar", "status.json")

    def state() -> dict[str, bytes]:
        return {
            p.relative_to(output).as_posix(): p.read_bytes()
            for p in output.rglob("*")
            if p.is_file() and p.relative_to(output).parts[0] in known
        }

    before = state()
    assert build_site(repo, now=NOW + timedelta(hours=3)).removed == 0
    assert state() == before
    (tmp_path / "records/problems/2026/11/PRB-261121-DDDDD.yaml").unlink()
    build_site(repo, now=NOW)
    after = state()
    assert before.keys() - after.keys() == {
        "api/records/PRB-261121-DDDDD.json",
        "api/indexes/problems_1.json",
    }
    assert {n for n in after if after[n] != before[n]} == {"api/index.json", "api/items/shop.json"}


# ---- The months of the calendar ----


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2026-01-31T23:30:00+00:00", "2026-01-01", "2026-07-01"),
        ("2026-12-15T00:00:00+00:00", "2026-11-01", "2027-05-01"),
    ],
)
def test_the_months_are_those_of_the_sites_zone(view: View, now: str, first: str, last: str) -> None:
    plan = Plan(View(view.store, [], datetime.fromisoformat(now)))
    assert [f"{plan.months[0].first}", f"{plan.months[-1].first}"] == [first, last]
    assert [m.current for m in plan.months] == [False, True, *[False] * 5]
    assert all(a.end == b.start for a, b in zip(plan.months, plan.months[1:], strict=False))


def test_done_changes_stay_and_cancelled_ones_do_not(tmp_path: Path) -> None:
    def done(state: str) -> list[str]:
        text = DOCUMENTS[CHANGE].replace("state: scheduled\nplanned", f"state: {state}\nplanned")
        return [c.id for c in Plan(view_of(tmp_path / state, {CHANGE: text})).done]

    assert (done("closed"), done("cancelled"), done("scheduled")) == (["CHG-261118-BBBBB"], [], [])
