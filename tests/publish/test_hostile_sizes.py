"""Texts as long as a document may be and longer, template braces, turned text: shown as text, or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from browsing import PHONE, Guard, layout_shift
from sample_site import DOCUMENTS, NOW, write_sample

from itsm_gitops.documents.problems import LIMITS
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening

INCIDENT = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
BRACES = "{{ config.site_name }}{% raw %}{{7*7}}${7*7}"
LONG = f"{BRACES} {'L' * 90_000}"
PAGE = "records/incidents/2611/INC-261120-HHHH1.html"


def incident(identifier: str, title: str, description: str) -> str:
    """The sample's incident with other words."""
    text = DOCUMENTS[INCIDENT].replace("INC-261120-AAAAA", identifier).replace("[TICKET-4711]", "[]")
    text = re.sub(r"title: .*", lambda _: f"title: {title}", text, count=1)
    return re.sub(r"description: \|\n(  .*\n|\n)+", lambda _: f"description: {description}\n", text, count=1)


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with a document as large as may be, one of a megabyte and one that turns its text round."""
    root = tmp_path_factory.mktemp("sizes")
    repo = write_sample(root)
    texts = {
        "INC-261120-HHHH1": incident("INC-261120-HHHH1", json.dumps(LONG), json.dumps(LONG)),
        "INC-261120-HHHH2": incident("INC-261120-HHHH2", "One megabyte", "M" * 1_000_000),
        "INC-261120-HHHH3": incident("INC-261120-HHHH3", '"turned \\u202e round"', "x"),
        "INC-261120-HHHH4": incident("INC-261120-HHHH4", "turned \u202e round", "x"),
    }
    assert LIMITS.size // 2 < len(texts["INC-261120-HHHH1"]) < LIMITS.size < len(texts["INC-261120-HHHH2"])
    for name, text in texts.items():
        (root / INCIDENT.replace("INC-261120-AAAAA", name)).write_text(text, encoding="utf-8")
    return build_site(repo, now=NOW).output


_NOTICE = re.compile(r'<div class="it-notice it-notice--unknown".*?</div>', re.DOTALL)


def test_what_is_refused_when_it_is_read_is_nowhere(sized: Path) -> None:
    """Only the notice says which files cannot be read, to those who may see everything."""
    files = [p for p in sized.rglob("*") if p.is_file()]
    assert (sized / PAGE) in files
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert "M" * 1000 not in text, path
        assert "\u202e" not in text, path
        assert not {"INC-261120-HHHH2", "INC-261120-HHHH3", "INC-261120-HHHH4"} & set(
            re.findall(r"INC-\d{6}-\w{5}", _NOTICE.sub("", text))
        ), path


def test_braces_are_braces_in_everything_that_is_made(sized: Path) -> None:
    title = ET.fromstring((sized / "feeds/incidents.xml").read_bytes()).findall(".//{*}entry/{*}title")
    assert any(BRACES in (t.text or "") for t in title)
    assert json.loads((sized / "api/records/INC-261120-HHHH1.json").read_bytes())["document"]["title"] == LONG
    for folder in ("search", "explore"):
        scripts = [p.read_text(encoding="utf-8") for p in sorted((sized / folder).glob("*.js"))]
        assert any(BRACES in script for script in scripts), folder
    assert BRACES in (sized / "cmdb/map_data.js").read_text(encoding="utf-8")


def test_lists_for_scripts_cut_what_is_too_long(sized: Path) -> None:
    for path in [*(sized / "explore").glob("*.js"), sized / "cmdb/map_data.js"]:
        assert "L" * 1000 not in path.read_text(encoding="utf-8"), path


@pytest.fixture
def address(sized: Path) -> Iterator[str]:
    with listening(sized) as found:
        yield found


@pytest.mark.browser
def test_the_longest_text_is_shown_and_widens_no_phone(address: str, guard: Guard) -> None:
    for url in (PAGE, "index.html", "records/explore.html", "search.html?q=config"):
        page = guard.open(address, url, viewport=PHONE)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], url
        assert layout_shift(page) < 0.01, url
        assert page.locator("#it-main").get_by_text(BRACES).count() > 0, url
