"""While a file cannot be read that could say otherwise, no service is called operational; nobody is told what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_site import DOCUMENTS, NOW, view_for
from test_announcements import FILES as ANNOUNCED

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.graph.doubt import doubted_days, status_kinds
from itsm_gitops.graph.status import MAINTENANCE, OPERATIONAL, OUTAGE, UNKNOWN
from itsm_gitops.model.field_history import Day
from itsm_gitops.presentation.data.api import status
from itsm_gitops.presentation.pages.home import home_page
from itsm_gitops.presentation.pages.services import services_page
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import build_site
from itsm_gitops.snapshots.gaps import Gap
from tests.support import GitRepo

BROKEN = b'\nSECRET-WORD: "\n'
AUDIENCES_OF_SITES = ("internal", "staff", "public")


@pytest.fixture
def shop(git_repo: GitRepo) -> GitRepo:
    for path, text in {**DOCUMENTS, **ANNOUNCED}.items():
        git_repo.write(path, text)
    return git_repo


def path_of(kind: str) -> str:
    return next(p for p in sorted({**DOCUMENTS, **ANNOUNCED}) if p.startswith(kind))


def damage(shop: GitRepo, path: str) -> None:
    file = shop.root / path
    file.write_bytes(file.read_bytes() + BROKEN)


def statuses(view: View) -> set[str]:
    return {found.status for found in view.health.values()}


@pytest.mark.parametrize("audience", AUDIENCES_OF_SITES)
@pytest.mark.parametrize(
    "kind", ["records/incidents", "records/changes", "cmdb/databases", "cmdb/announcements"]
)
def test_nothing_is_operational_while_what_has_a_say_cannot_be_read(
    shop: GitRepo, kind: str, audience: str
) -> None:
    sound = view_for(shop, audience)
    assert UNKNOWN not in statuses(sound)
    assert status(sound)["complete"] is True
    damage(shop, path_of(kind))
    found = view_for(shop, audience)
    assert OPERATIONAL not in statuses(found)
    assert UNKNOWN in statuses(found)
    about = status(found)
    assert about["complete"] is False
    assert OPERATIONAL not in {s["status"] for s in about["services"]}
    for page in (home_page(found, frozenset()), services_page(found)):
        assert "Not everything can be read" in page.body
        assert "are operational" not in page.body
        assert "SECRET-WORD" not in page.body
        assert (path_of(kind) in page.body) == (audience == "internal")
    assert all(days[-1].status != OPERATIONAL for days in found.past.values())


@pytest.mark.parametrize("kind", ["cmdb/people", "cmdb/teams", "cmdb/calendars"])
def test_what_has_no_say_changes_no_status(shop: GitRepo, kind: str) -> None:
    damage(shop, path_of(kind))
    found = view_for(shop, "internal")
    assert UNKNOWN not in statuses(found)
    assert not found.gaps


def test_what_is_known_to_be_worse_is_still_said(shop: GitRepo) -> None:
    before = {i: h.status for i, h in view_for(shop, "internal").health.items()}
    shop.write("records/incidents/2026/11/INC-261122-ZZZZZ.yaml", 'id: "')
    after = {i: h.status for i, h in view_for(shop, "internal").health.items()}
    assert after == {i: UNKNOWN if s == OPERATIONAL else s for i, s in before.items()}
    assert {OUTAGE, MAINTENANCE} & set(before.values())


def test_days_before_an_unreadable_record_was_opened_stay_what_they_were() -> None:
    days = [Day("2026-11-20", OPERATIONAL), Day("2026-11-21", OUTAGE), Day("2026-11-22", OPERATIONAL)]
    record = Gap("records/incidents/2026/11/INC-261121-AAAAA.yaml", "broken", id="INC-261121-AAAAA")
    assert [d.status for d in doubted_days(days, [record])] == [OPERATIONAL, OUTAGE, UNKNOWN]
    item = Gap("cmdb/servers/web.yaml", "broken", id="web")
    assert [d.status for d in doubted_days(days, [record, item])] == [UNKNOWN, OUTAGE, UNKNOWN]
    assert doubted_days(days, []) == days


def test_a_service_whose_own_file_is_broken_is_not_just_gone(shop: GitRepo) -> None:
    path = "cmdb/services/index.yaml"
    damage(shop, path)
    found = view_for(shop, "internal")
    assert path in home_page(found, frozenset()).body
    assert OPERATIONAL not in statuses(found)


def test_records_and_items_that_can_fail_have_a_say(shop: GitRepo) -> None:
    kinds = status_kinds(shop.repo.book)
    assert {"incident", "change", "announcement", "service", "server"} <= kinds
    assert not {"person", "team", "contract", "calendar"} & kinds


def test_a_build_that_finds_nothing_to_do_still_says_what_is_missing(shop: GitRepo) -> None:
    damage(shop, path_of("records/incidents"))
    shop.commit("a slip")
    repo = shop.repo
    build_site(repo, now=NOW)
    before, repo.gaps = repo.gaps, {}
    while not build_site(repo, now=NOW).unchanged:
        pass
    assert repo.gaps == before


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def test_a_public_site_is_built_and_tells_nothing_of_the_file(shop: GitRepo) -> None:
    path = "records/incidents/2026/11/INC-261122-ZZZZZ.yaml"
    shop.write(path, 'title: SECRET-WORD\nid: "')
    repo = shop.repo
    report = build_site(repo, audience="public", reporter=SnapshotReporter(), now=NOW)
    assert list(repo.gaps) == [path]
    found = dict(texts(report.output))
    assert {s["status"] for s in json.loads(found["status.json"])["services"]} & {UNKNOWN}
    assert b"Not everything can be read" in found["index.html"]
    for name, content in found.items():
        assert b"SECRET-WORD" not in content, name
        assert b"ZZZZZ" not in content, name
