"""The scripts of a site: their own tests and their types, and how they reach browsers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.presentation.language import spoken
from itsm_gitops.publish.scripts import as_published, is_inner
from tests.complete import need
from tests.npm import npm_file

CHECKOUT = Path(__file__).resolve().parents[2]
ASSETS = CHECKOUT / "site/docs/assets"
SCRIPTS = sorted(ASSETS.glob("*.js"))
TYPESCRIPT = re.search(
    r"^TYPESCRIPT_VERSION := (\S+)$", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE
)
MOST_LINES = 300


def run(*words: str | Path) -> None:
    need("node")
    done = subprocess.run(["node", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_the_scripts() -> None:
    run("--test", *sorted((CHECKOUT / "tests/scripts").glob("*.test.mjs")))


@pytest.mark.slow
def test_the_types_of_the_scripts() -> None:
    assert TYPESCRIPT
    run(npm_file("typescript", TYPESCRIPT[1], "typescript/bin/tsc"), "--project", CHECKOUT / "tests/scripts")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_no_longer_than_a_module(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def published(name: str) -> str:
    return as_published(f"assets/{name}.js", b"").decode()


def test_parts_are_published_within_their_script_and_without_comments() -> None:
    alone = [path.stem for path in SCRIPTS if not is_inner(f"assets/{path.name}")]
    text = "".join(map(published, alone))
    assert {"lib", "search", "find", "itsm", "explorer", "map", "forms"} <= set(alone)
    assert text.count('"use strict";') >= len(SCRIPTS), "some parts are in several scripts"
    assert not re.search(r"^\s*//|/\*\*", text, re.MULTILINE)
    assert published("explorer").index("class Column") < published("explorer").index("function facetList")


def test_nothing_but_comments_is_left_out(tmp_path: Path) -> None:
    """What remains is still a script, and has every text and every function of the source."""
    for path in SCRIPTS:
        source = path.read_text(encoding="utf-8")
        if is_inner(f"assets/{path.name}"):
            continue
        shipped = tmp_path / path.name
        shipped.write_text(published(path.stem), encoding="utf-8")
        run("--check", shipped)
        for found in re.findall(r"^ *(?:async )?function \w+|^ *(?:const|let) \w+ = ", source, re.MULTILINE):
            assert found in shipped.read_text(encoding="utf-8"), found


def test_words_stand_before_the_first_script_only() -> None:
    with spoken("de"):
        assert published("lib").startswith('globalThis.itsmWords={"')
        assert "itsmWords=" not in published("explorer")
    assert not published("lib").startswith("globalThis")


def test_files_of_others_stay_as_they_are() -> None:
    for url in ("assets/javascripts/bundle.js", "assets/itsm.css", "x/lib.js", "assets/none.js"):
        assert as_published(url, b"// mine\n") == b"// mine\n"
