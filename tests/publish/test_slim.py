"""The frame of stamped pages: small, without a script of its own, and all of it still there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from itsm_gitops.publish.chrome import TITLE, Shell
from itsm_gitops.publish.slim import ALL_SCRIPTS, ALL_STYLES, SCRIPT, STYLES, Slim

INCIDENT = "records/incidents/2611/INC-261120-AAAAA.html"
FRAME_MAX = 900


@pytest.fixture(scope="module")
def frame(site: Path) -> str:
    page = (site / INCIDENT).read_text(encoding="utf-8")
    return page[: page.index("<article")] + page[page.index("</article>") :]


def test_the_frame_is_small_and_has_no_inline_script(frame: str) -> None:
    assert len(frame.encode()) < FRAME_MAX
    assert "<path" not in frame
    assert re.findall(r"<script(?![^>]* src=)", frame) == []
    assert "script-src 'self';" in frame


def test_every_icon_of_the_frame_has_its_drawing(site: Path) -> None:
    styles = (site / STYLES).read_text(encoding="utf-8")
    names = set(re.findall(r"it-i (it-i\w+)", (site / SCRIPT).read_text(encoding="utf-8")))
    assert len(names) > 4
    for name in names:
        assert f".{name} {{ --it-i: url(\"data:image/svg+xml,<svg xmlns='" in styles


def test_the_frame_has_the_way_home_and_what_times_mean_without_a_script(frame: str) -> None:
    assert "<a href=../../../index.html>Example IT</a>" in frame
    assert "<footer>Example Ltd. Times are in Europe/Berlin.</footer>" in frame


def test_the_shared_script_has_what_the_pages_have_not(frame: str, site: Path) -> None:
    script = (site / SCRIPT).read_text(encoding="utf-8")
    for part in (
        "md-nav__link",
        "md-tabs__link",
        "Skip to content",
        "it-find",
        "md-container",
        "alternate feed",
        "favicon.svg",
        "__palette_1",
        "clipboard.copied",
        "__md_get=",
        "md-overlay",
        "it-theme",
        "md-top",
        "md-dialog",
    ):
        assert part in script
        assert part not in frame
    assert "</" not in script.split("const parts = ")[1].split(";\n")[0]
    assert TITLE not in script


def test_all_pages_load_one_style_sheet_and_two_scripts(frame: str, site: Path) -> None:
    assert re.findall(r"<link rel=stylesheet href=(\S+?)>", frame) == [f"../../../{ALL_STYLES}"]
    assert re.findall(r"<script src=(\S+?)(?: defer)?>", frame) == [
        f"../../../{SCRIPT}",
        f"../../../{ALL_SCRIPTS}",
    ]
    styles, scripts = (site / ALL_STYLES).read_bytes(), (site / ALL_SCRIPTS).read_bytes()
    for part in [*(site / "assets/stylesheets").glob("*.css"), site / STYLES]:
        assert part.read_bytes() in styles
    assert (site / "assets/itsm.js").read_bytes() in scripts
    assert b"sourceMappingURL" not in scripts


def test_style_sheets_that_name_files_are_not_joined() -> None:
    page = '<link rel="stylesheet" href="../a.css"><title>T - S</title><script src="../b.js"></script>'
    for text, joined in ((b"a{}", True), (b"a{background:url(x.png)}", False), (b'@import "x.css";', False)):
        slim = Slim(page, "../")
        slim._parts = {"palette": ""}
        slim.take_out(page, "T", lambda url, text=text: text if url == "a.css" else b"b()")  # type: ignore[misc]
        names = {name for name, _ in slim.files()}
        assert (ALL_STYLES in names, ALL_SCRIPTS in names) == (joined, True)
        found = slim.lean(page, "../")
        assert ("href=../assets/page.css" in found, "href=../a.css" in found) == (joined, not joined)
        assert "<script src=../assets/page.js defer></script>" in found
        assert (ALL_STYLES in slim.joined) == joined


def test_the_page_of_another_engine_stays_as_it_is() -> None:
    page = '<meta name="generator" content="another"><svg><path d=""/></svg><script>x=1</script>'
    slim = Slim(page, "../../")
    assert not slim.active
    assert slim.html == slim.icons(page) == page
    shell = Shell(page, "../../")
    assert (list(shell.shared()), shell.styles()) == ([], b"")
