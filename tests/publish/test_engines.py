"""The same sources with each engine that can render the frame of the site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.publish import build_site, chrome, making
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import children

pytestmark = pytest.mark.usefixtures("real_engine")

RECORD = "records/incidents/2611/INC-261120-AAAAA.html"


def with_engine(root: Path, name: str) -> Path:
    repo = write_sample(root)
    settings = root / "itsm.yaml"
    text = settings.read_text()
    found = re.search(r"^site:\n", text, re.MULTILINE)
    settings.write_text(
        text.replace("site:\n", f"site:\n  engine: {name}\n", 1)
        if found
        else f"{text}site:\n  engine: {name}\n"
    )
    return build_site(repo, now=NOW).output


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_an_engine_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ItsmError, match=r"itsm\.yaml:\d+:\d+: 'hugo' is not allowed"):
        with_engine(tmp_path, "hugo")


def test_what_the_engine_says_is_shown_when_it_fails(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    build_site(repo, now=NOW)
    handbook = tmp_path / "site" / "docs"
    shutil.copytree(packaged_rulebook_root() / "site", tmp_path / "site")
    (handbook / "broken.md").write_text("# Broken\n\n[nowhere](nowhere.md)\n")
    with pytest.raises(ItsmError, match=r"(?s)the site engine failed.*nowhere\.md"):
        build_site(repo, now=NOW)
    (handbook / "broken.md").write_text("# Whole\n")
    assert "Whole" in (build_site(repo, now=NOW).output / "broken.html").read_text()


def test_the_engine_is_stopped_when_the_documents_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, **__: object) -> None:
        raise ItsmError("unreadable")

    before = children()
    monkeypatch.setattr(making, "load", load)
    with pytest.raises(ItsmError, match="unreadable"):
        build_site(write_sample(tmp_path), now=NOW)
    assert children() <= before


@pytest.mark.slow
def test_properdocs_renders_the_same_site(tmp_path: Path) -> None:
    ours = files(with_engine(tmp_path / "a", "mkdocs"))
    theirs = files(with_engine(tmp_path / "b", "properdocs"))
    assert set(ours) == set(theirs)

    def unnamed(content: bytes) -> bytes:
        return re.sub(rb'<meta name="generator"[^>]*>', b"", content)

    assert [n for n in sorted(ours) if unnamed(ours[n]) != unnamed(theirs[n])] == []


@pytest.mark.slow
@pytest.mark.browser
def test_zensical_gives_a_frame_that_works(tmp_path: Path, guard: Any) -> None:
    page = guard.open(with_engine(tmp_path, "zensical").as_uri() + "/", RECORD)
    assert page.locator("h1").inner_text()
    assert page.locator(".md-tabs__item--active").inner_text() == "Records"
    assert page.locator("[role=search]").count() == 1
    assert page.locator(".md-skip").count() == 1
    before = page.evaluate("document.body.getAttribute('data-md-color-scheme')")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("document.body.getAttribute('data-md-color-scheme')") != before
    page.locator("#it-q").fill("INC-261120-AAAAA")
    page.get_by_role("option", name="INC-261120-AAAAA").first.wait_for()


def test_an_engines_own_search_is_left_out() -> None:
    html = (
        '<header><nav class="md-header__inner"><label class="md-header__button md-icon" for="__search"><svg></svg>'
        '</label>\n<div class="md-search" role="dialog"><button>Search</button></div></nav></header>'
    )
    assert 'class="md-search"' not in chrome.dress(html, "")
    assert chrome.dress(html, "").count('role="search"') == 1
