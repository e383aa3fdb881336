"""The sample's site, built once for all tests of this room, and a browser to look at sites with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHECKOUT, Guard
from sample_site import NOW, write_sample

from itsm_gitops.presentation.extras import extra_of
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import SiteReport, build_site
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import load_store
from tests.support import run_apart

EXAMPLE_NOW = "2026-11-22T12:00:00Z"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The small repository; not to be changed by tests."""
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def report(sample: Repository) -> SiteReport:
    """The report of the site built from the sample."""
    return build_site(sample, now=NOW, cli_reference="# Command line\n\n## itsm new\n\nMakes a record.\n")


@pytest.fixture(scope="session")
def site(report: SiteReport) -> Path:
    """The folder of the site built from the sample."""
    return report.output


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout, as the command line builds it; not to be changed by tests."""
    folder = tmp_path_factory.mktemp("example") / "site"
    words = ["site", "build", "--out", str(folder)]
    done = run_apart(words, CHECKOUT, env={"ITSM_NOW": EXAMPLE_NOW}, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def view(sample: Repository) -> View:
    """The view of the sample."""
    store, extras = load_store(
        sample.snapshot(), visit=lambda store, document: extra_of(document, store.book)
    )
    return View(store, extras, NOW)


@pytest.fixture
def guard(browser: Any) -> Iterator[Guard]:
    """Opens pages; a test that used it fails when anything happened that must not."""
    opened = Guard(browser)
    yield opened
    opened.close()
    assert opened.trouble == []
