"""The frame of stamped pages: small, without a script of its own, and all of it still there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from itsm_gitops.publish.chrome import Shell
from itsm_gitops.publish.slim import SCRIPT, STYLES, Slim

INCIDENT = "records/incidents/2611/INC-261120-AAAAA.html"
FRAME_MAX = 6_000


@pytest.fixture(scope="module")
def frame(site: Path) -> str:
    page = (site / INCIDENT).read_text(encoding="utf-8")
    return page[: page.index("<article")] + page[page.index("</article>") :]


def test_the_frame_is_small_and_has_no_inline_script(frame: str) -> None:
    assert len(frame.encode()) < FRAME_MAX
    assert "<path" not in frame
    assert re.findall(r"<script(?![^>]* src=)", frame) == []
    assert "script-src 'self';" in frame


def test_every_icon_of_the_frame_has_its_drawing(frame: str, site: Path) -> None:
    styles = (site / STYLES).read_text(encoding="utf-8")
    names = set(re.findall(r'<svg class="it-i (\w+(?:-\w+)*)"></svg>', frame))
    assert len(names) == 5
    for name in names:
        assert f".{name} {{ --it-i: url(\"data:image/svg+xml,<svg xmlns='" in styles


def test_the_shared_script_has_what_the_pages_have_not(frame: str, site: Path) -> None:
    script = (site / SCRIPT).read_text(encoding="utf-8")
    for part in ("md-nav__link", "__palette_1", "clipboard.copied", "__md_get="):
        assert part in script
        assert part not in frame
    assert "</" not in script.split("const parts = ")[1].split(";\n")[0]


def test_the_page_of_another_engine_stays_as_it_is() -> None:
    page = '<meta name="generator" content="another"><svg><path d=""/></svg><script>x=1</script>'
    slim = Slim(page, "../../")
    assert not slim.active
    assert slim.html == slim.icons(page) == page
    shell = Shell(page, "../../")
    assert (list(shell.script()), shell.styles()) == ([], b"")
