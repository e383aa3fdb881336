"""Every address in every file of a site leads somewhere: the living example, the sample, a real audit log."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from crawling import Site
from sample_site import NOW, write_sample

from itsm_gitops.publish import build_site

LOG = "uci-servicenow/incident_event_log_part1.csv.xz"
RunItsm = Callable[..., "subprocess.CompletedProcess[str]"]


def test_no_address_of_the_example_is_dead(example: Path) -> None:
    crawled = Site(example)
    assert crawled.faults() == []
    assert len(crawled.pages) > 400
    assert sum(len(page.links) for page in crawled.pages.values()) > 10_000


def test_no_address_is_dead_where_the_site_knows_its_own(tmp_path: Path) -> None:
    base = "https://it.example.org/portal/"
    output = build_site(write_sample(tmp_path), now=NOW, base_url=base).output
    assert Site(output, base).faults() == []


# What is spoiled in which file (a text, and what takes its place), and what the crawler says of it.
SPOILED = (
    ("index.html", "services/shop.html", "services/shap.html", "index.html: nothing at services/shap.html"),
    ("services/shop.html", "<h1>", "<p id=it-main></p>", "services/shop.html: id it-main twice"),
    ("services/shop.html", "<h1>", "<a href='#nowhere'></a>", "services/shop.html: no anchor #nowhere"),
    ("services/shop.html", "<h1>", "<p aria-labelledby=no></p>", "services/shop.html: refers to id no, which is not there"),
    ("services/shop.html", "<h1>", "<img src=//x.example/p.png>", "services/shop.html: an address nobody should follow: //x.example/p.png"),
    ("services/shop.html", "<h1>", '<img src="https://x.example/p">', "services/shop.html: <img> reaches another host: https://x.example/p"),
    ("services/shop.html", "<h1>", '<a href="https://x.example/p">x</a>', "services/shop.html: without rel=noopener: https://x.example/p"),
    ("services/shop.html", "<h1>", "<a href=javascript:x>x</a>", "services/shop.html: an address nobody should follow: javascript:x"),
    ("services/shop.html", "<h1>", "<a href=../../x>x</a>", "services/shop.html: nothing at ../../x"),
    ("services/shop.html", "?service=shop", "?service=shap", "services/shop.html: asks for shap, which has no page: ../changes/calendar.html?service=shap"),
    ("services/shop.html", "<h1>", "<p onclick=x></p>", "services/shop.html: a onclick attribute"),
    ("services/index.html", "script-src 'self'", "script-src 'self' 'unsafe-inline'", "services/index.html: its policy lets too much pass"),
    ("catalogue/index.html", "http-equiv=", "data-was=", "catalogue/index.html: its policy lets too much pass"),
    ("assets/itsm.css", "", "a { background: url(no.png) }", "assets/itsm.css: nothing at no.png"),
    ("feeds/incidents.xml", 'href="../records', 'href="../recards', "feeds/incidents.xml: nothing at ../recards"),
    ("api/index.json", "api/indexes/incidents_1.json", "api/indexes/no.json", "api/index.json: nothing at api/indexes/no.json"),
    ("api/records/INC-261120-AAAAA.json", "schema/record", "schema/rec", "api/records/INC-261120-AAAAA.json: nothing at ../schema/rec.schema.json"),
    ("search/docs-0.js", '"services/shop.html"', '"services/shap.html"', "search/docs-0.js: nothing at services/shap.html"),
    ("explore/index.js", '"folder":"records/incidents"', '"folder":"records/no"', "nothing at records/no/2611/INC-261120-AAAAA.html"),
    ("cmdb/map_data.js", '"services"]', '"cmdb/services"]', "cmdb/map_data.js: nothing at cmdb/services/shop.html"),
)  # fmt: skip


def test_the_crawler_would_notice(sample_copy: Path) -> None:
    for name, old, new, _ in SPOILED:
        file = sample_copy / name
        text = file.read_text(encoding="utf-8")
        assert old in text, (name, old)
        file.write_text(
            text.replace(old, new + old if old == "<h1>" else new) if old else text + new, encoding="utf-8"
        )
    found = Site(sample_copy).faults()
    assert [fault for *_, fault in SPOILED if not any(fault in f for f in found)] == []


def test_a_page_that_nothing_leads_to_is_noticed(sample_copy: Path) -> None:
    shutil.copy(sample_copy / "services/shop.html", sample_copy / "services/lost.html")
    assert Site(sample_copy).faults() == ["services/lost.html: no link leads here"]


@pytest.fixture
def sample_copy(site: Path, tmp_path: Path) -> Path:
    """A copy of the sample's site that a test may spoil."""
    return Path(shutil.copytree(site, tmp_path / "copy"))


@pytest.mark.slow
def test_no_address_of_a_real_log_is_dead(corpus: Path, tmp_path: Path, run_itsm: RunItsm) -> None:
    """8,000 incidents of one company, imported and published as anybody would."""
    table, repo = tmp_path / "log.csv", tmp_path / "repo"
    table.write_bytes(lzma.decompress((corpus / LOG).read_bytes()))
    # The import comes after all that the log tells: nothing of it may be in the future.
    for words, folder, year in (
        (["init", "--no-examples", str(repo)], tmp_path, 2018),
        (["import", "csv", str(table), "--mapping", "servicenow-incidents"], repo, 2018),
        (["site", "build", "--out", str(tmp_path / "site")], repo, 2016),
    ):
        done = run_itsm(words, folder, timeout=300, env={"ITSM_NOW": f"{year}-05-01T12:00:00Z"})
        assert done.returncode == 0, done.stderr
    crawled = Site(tmp_path / "site")
    assert crawled.faults() == []
    assert len(crawled.pages) > 8000
