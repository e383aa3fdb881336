"""`itsm audit verify --forge`: the forge is asked again, with the answers that a GitHub gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import test_recording as recording
from tests.evidence.test_audit import Place
from tests.fake_github import FakeGitHub, account
from tests.gate.world import SERVER, server

# The fixtures of the tests of recording, here too.
template, place, bare, forge = recording.template, recording.place, recording.bare, recording.forge
Change = Callable[[FakeGitHub], object]


def _forged(fake: FakeGitHub) -> None:
    fake.reviews[7][0]["user"]["id"] = 99


def _other_commit(fake: FakeGitHub) -> None:
    fake.reviews[7][0]["commit_id"] = "1" * 40


def _dismissed(fake: FakeGitHub) -> None:
    fake.reviews[7][0]["state"] = "DISMISSED"


def _left_out(fake: FakeGitHub) -> None:
    fake.review(7, account(4, "cab-one"), state="CHANGES_REQUESTED", commit="2" * 40)
    fake.reviews[7][-1]["submitted_at"] = "2026-11-22T10:30:00Z"


CASES: list[tuple[str, Change, str, bool]] = [
    ("nothing has changed", lambda f: None, "", True),
    ("the review is not there", lambda f: f.reviews[7].clear(), "has no review", False),
    ("the review is somebody else's", _forged, "recorded is bob", False),
    ("the review was of something else", _other_commit, "about 111111111111", False),
    ("it was dismissed since", _dismissed, "is dismissed now", True),
    ("a refusal was left out", _left_out, "a review of cab-one (changes requested) that was left out", False),
]


@pytest.mark.parametrize(
    ("name", "change", "says", "clean"), CASES, ids=lambda c: c if isinstance(c, str) else ""
)
def test_the_forge_is_asked_again(
    name: str,
    change: Change,
    says: str,
    clean: bool,
    place: Place,
    bare: Path,
    forge: FakeGitHub,
) -> None:
    start = place.world.head
    head = place.propose("a", SERVER, server("s1", extra="description: One.\n"))
    place.git("push", "-q", "origin", f"{head}:refs/pull/7/head")
    merged = place.merge("a", squash=True)
    place.git("push", "-q", "origin", "main")
    forge.open_pull(7, head=head, base=start)
    recording._review(forge, "bob", head)
    forge.merge(7, merged, by=account(3, "carl"), at="2026-11-22T11:00:00Z")
    place.record("--since", start, "--forge", "github", "--push")
    change(forge)
    report: Any = place.verify("--forge", "github", "-n", "5")
    assert report["asked_again"] == 1
    assert report["clean"] is clean, report["findings"]
    told = [f["message"] for f in report["findings"] if f["code"] == "MISMATCH"]
    assert any(says in t for t in told) if says else not told, told
