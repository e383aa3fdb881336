"""The living example in German, whose words are long: nothing overlaps, and no word is torn where it does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from browsing import CHECKOUT
from conftest import EXAMPLE_NOW
from layout_probe import layout_faults, torn_words

from tests.support import run_apart

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "home": "index.html",
    "services": "services/index.html",
    "service": "services/warehouse-operations.html",
    "catalogue": "catalogue/index.html",
    "offering": "catalogue/onboarding.html",
    "report": "report.html",
    "new change": "changes/new.html",
    "subscribe": "subscribe.html",
    "announcements": "cmdb/announcements/index.html",
    "records": "records/index.html",
    "items": "cmdb/index.html",
    "item": "cmdb/servers/app-node-1.html",
    "my work": "records/mine.html",
    "search": "search.html?q=payments",
    "not found": "404.html",
}


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout with German words."""
    root = tmp_path_factory.mktemp("german")
    for name in ("cmdb", "records", "schemas", "site"):
        shutil.copytree(CHECKOUT / name, root / name)
    settings = (CHECKOUT / "itsm.yaml").read_text(encoding="utf-8")
    assert "\nsite:\n" in settings
    (root / "itsm.yaml").write_text(
        settings.replace("\nsite:\n", "\nsite:\n  language: de\n"), encoding="utf-8"
    )
    folder = root / "built"
    done = run_apart(
        ["site", "build", "--out", str(folder)], root, env={"ITSM_NOW": EXAMPLE_NOW}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_long_words_find_their_room(browser: Any, german: Path, name: str) -> None:
    page = browser.new_page()
    address, _, query = PAGES[name].partition("?")
    page.goto((german / address).as_uri() + (f"?{query}" if query else ""))
    faults = [*layout_faults(page), *torn_words(page)]
    page.close()
    assert faults == []
