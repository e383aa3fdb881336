"""No page of the living example overlaps or scrolls sideways, from 320 pixels up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from layout_probe import layout_faults
from test_browser_example import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", PAGES)
def test_layout_holds_every_forty_pixels(browser: Any, example: Path, name: str) -> None:
    page = browser.new_page()
    address, _, query = PAGES[name].partition("?")
    page.goto((example / address).as_uri() + (f"?{query}" if query else ""))
    faults = layout_faults(page)
    page.close()
    assert faults == []
