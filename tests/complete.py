"""What some tests need beside the extra `dev`, and what becomes of a test where it is missing.

Where everything was installed (`.ci/run` says so), the test fails: what nobody runs is no test. Elsewhere it is left out,
with the reason. Real data lies beside few checkouts, so what needs it may be left out everywhere.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

COMPLETE = bool(os.environ.get("ITSM_COMPLETE"))  # read before a fixture hides it
# The first is the same engine without windows, tabs and menus that nobody sees: each page takes a third of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
CORPUS = os.environ.get("ITSM_CORPUS", "")
ACT = Path(sys.executable).with_name("act")


class Need(NamedTuple):
    """Something that tests need: whether it is there, and how it gets there."""

    is_there: Callable[[], bool]
    how: str
    may_lack: bool = False


def _module(name: str, extra: str) -> Need:
    return Need(lambda: find_spec(name) is not None, f"the extra '{extra}' brings it")


def _program(name: str) -> Need:
    return Need(lambda: shutil.which(name) is not None, "the system brings it")


NEEDS: Mapping[str, Need] = {
    "act": Need(ACT.exists, "the extra 'dev' brings it"),
    "chromium": Need(lambda: CHROMIUM is not None, "the system brings it"),
    "corpus": Need(lambda: bool(CORPUS), "ITSM_CORPUS names the folder of real data", may_lack=True),
    "duckdb": _module("duckdb", "engines"),
    "java": _program("java"),
    "jsonschema_rs": _module("jsonschema_rs", "fast"),
    "node": _program("node"),
    "npm": _program("npm"),
    "pandas": _module("pandas", "engines"),
    "polars": _module("polars", "engines"),
    "pyarrow": _module("pyarrow", "analytics"),
    "pyspark": _module("pyspark", "engines"),
}


def need(name: str, *, complete: bool = COMPLETE) -> None:
    """Go on where something of ``NEEDS`` is there; else leave out the test, or the module that asks, or let it fail."""
    it = NEEDS[name]
    if it.is_there():
        return
    words = f"{name} is not here: {it.how}"
    if complete and not it.may_lack:
        pytest.fail(f"left out, though everything was installed: {words}")
    pytest.skip(words, allow_module_level=True)
