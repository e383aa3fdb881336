"""Announcements in a real browser: a page shows and hides them at their times, however old it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import PHONE, Guard
from sample_site import NOW, write_sample
from test_announcements import FILES

from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("announcements")
    repo = write_sample(root)
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    with listening(build_site(repo, now=NOW).output) as found:
        yield found


def titles(page: Any) -> list[str]:
    return [str(one) for one in page.locator(".it-announcement__title:visible").all_inner_texts()]


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-22T12:00:00Z", ["The shop is closed tonight"]),
        ("2026-11-22T21:00:00Z", []),
        ("2026-11-25T09:00:00Z", ["New prices"]),
        ("2027-01-01T00:00:00Z", []),
    ],
)
def test_each_is_shown_in_its_time(guard: Guard, address: str, now: str, shown: list[str]) -> None:
    page = guard.open(address, "404.html", viewport=PHONE)
    page.context.clock.set_fixed_time(now)
    page.goto(f"{address}index.html")
    page.locator(".md-copyright .it-made-at").wait_for()  # by then all times have been moved on
    assert titles(page) == shown
    assert page.locator(".it-announcements").is_visible() == bool(shown)
