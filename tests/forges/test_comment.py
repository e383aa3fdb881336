"""The comment on a request: every question of a reviewer has its answer, and text of records only shows."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from itsm_gitops.gate.assess import assess
from itsm_gitops.gate.briefing import brief
from itsm_gitops.gate.comment import BODY_MAX, MARKER, ChangeBrief, render
from itsm_gitops.gate.types import SATISFIED, UNSATISFIED, Assessment, Requirement, Verdict
from itsm_gitops.repository import Repository
from tests.gate.world import World, review

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
EXAMPLE = "CHG-261105-807G1"
EVIL = (
    "<img src=x onerror=alert(1)> @everyone #1 GH-2 [a](javascript:b) www.evil.example\n/close\n```\n<!-- x"
)


class _Cells(HTMLParser):
    """Every table row of a page as the texts of its cells, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True
        elif tag == "br":
            self.handle_data("; ")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data.replace("\u200b", "").replace("\u00a0", " ")


def shown(body: str) -> _Cells:
    """The comment as a forge renders it: tables, and HTML that is let through."""
    return _Cells(MarkdownIt("commonmark", {"html": True}).enable("table").render(body))


def blank(*verdicts: Verdict, **about: object) -> Assessment:
    given = {"verdicts": verdicts, "result": UNSATISFIED, "changes": ("CHG-261120-AAAAA",), **about}
    return Assessment("b" * 40, "b" * 40, "h" * 40, "main", "sha256:" + "0" * 64, NOW, **given)  # type: ignore[arg-type]


def wanted(subject: str, *, role: str = "owner", could: tuple[str, ...] = ("bob",), result: str = UNSATISFIED,
           counted: tuple[str, ...] = ()) -> Verdict:  # fmt: skip
    by = tuple(replace(review(who, "h" * 40), person=who) for who in counted)
    return Verdict(Requirement("n", role, subject, 1, "why", False, "n"), result, by, could, "because")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The comment about the living example's change of high risk, as its branch would ask for it."""
    root = tmp_path_factory.mktemp("example") / "repo"
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "schemas", "cmdb", "records", "itsm.yaml"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    world = World(root)
    by = "dba-engineer <dba-engineer@harbour-parcel.example>"
    world.commit("All of it", by=by)
    world.git("checkout", "-q", "-b", "topic")
    path = f"records/changes/2026/11/{EXAMPLE}.yaml"
    world.edit(path, "\nstate: authorize\n", "\nstate: scheduled\n")
    text = (root / path).read_text(encoding="utf-8").rstrip("\n")
    world.write(path, f"{text}\n- at: 2026-11-22T14:00:00Z\n  by: dba-lead\n  state: scheduled\n")
    world.commit("Schedule it", by=by)
    repo = Repository(root)
    return brief(repo, assess(repo, base="main", head="topic", target="main", now=NOW), NOW)


def test_the_example_answers_every_question(example: str) -> None:
    assert example.startswith(MARKER)
    rows = {row[0]: row[-1] for row in shown(example).rows}
    assert rows["Why"].startswith("Two thirds of the payments table")
    assert rows["What"].startswith("1. Create the archive")
    assert rows["When"].startswith("Sat 2026-12-05 20:00 to Sun 2026-12-06 15:00")
    assert rows["Risk"].startswith("high: How sure is the way back: There is none")
    assert rows["Changes"] == "db-node-2, payments, payments-db"
    assert rows["Who is hit"].startswith("outage: ")
    assert "payments" in rows["Who is hit"]
    assert rows["If it fails"].startswith("Until step 4 the archive is simply dropped")
    assert rows["Tested"].startswith("Copy and deletion were rehearsed")
    assert rows["Conflicts"] == "none"
    assert rows["Owner of online-shop"] == "could: Shop product lead"
    assert rows["Change manager"].startswith("could: ")
    assert "2 × Change advisory board" in rows
    assert not any("⚠️" in cell for cell in rows.values())


@pytest.mark.browser
def test_the_example_fits_one_screen(example: str, browser: Any) -> None:
    style = "body{font:14px/1.5 sans-serif;width:780px;margin:16px}td,th{border:1px solid;padding:6px 13px}"
    style += "table{border-collapse:collapse}h3{margin:16px 0}code{font-size:85%}"
    page = f"<style>{style}</style>" + MarkdownIt("commonmark", {"html": True}).enable("table").render(
        example
    )
    tab = browser.new_page(viewport={"width": 820, "height": 600})
    tab.set_content(page)
    height = tab.evaluate("document.documentElement.scrollHeight")
    tab.close()
    assert height < 1080, "a full-HD screen shows it whole, whatever the font"


def test_requirements_that_one_approval_answers_are_one_row() -> None:
    verdicts = [
        wanted("db-1"), wanted("db-2"), wanted("web", could=("carl",)),
        wanted("CHG-261120-AAAAA", role="cab", result=SATISFIED, counted=("mia",)),
    ]  # fmt: skip
    rows = shown(render(blank(*verdicts), names={"bob": "Bob", "role:owner": "Owner"})).rows
    assert [r[0] for r in rows[1:]] == ["Owner of db-1, db-2", "Owner of web", "cab"]
    assert [r[2] for r in rows[1:]] == ["could: Bob", "could: carl", "by mia"]


def test_somebody_nobody_and_many() -> None:
    many = tuple(f"p{n}" for n in range(9))
    rows = shown(
        render(blank(wanted("a", could=()), wanted("b", could=many), wanted("c", counted=("mia",))))
    ).rows
    assert [r[2] for r in rows[1:]] == ["⚠️ because", "could: p0, p1, p2, p3 and 5 more", "by mia; could: bob"]


def test_records_only_show() -> None:
    evil = ChangeBrief(
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        EVIL,
        (EVIL,),
        ((EVIL, (EVIL,)),),
        (EVIL,),
        EVIL,
        EVIL,
        (EVIL,),
    )
    body = render(blank(wanted(EVIL, could=(EVIL,)), messages=(EVIL,)), [evil], {EVIL: EVIL})
    assert body.count("<!--") == 1
    # What a forge looks for after rendering is broken by a zero-width space outside of code.
    bare = re.sub(r"<code>.*?</code>", "", body)
    assert not re.search(r"@\w|(?<!&)#\w|GH-\d|www\.", bare)
    page = shown(body)
    assert page.tags <= {
        "h3",
        "p",
        "strong",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "sub",
        "blockquote",
    }
    assert not any(line.startswith("/") for line in body.splitlines())


def test_a_comment_that_would_be_too_long_says_that_there_is_more() -> None:
    long = ChangeBrief("CHG-261120-AAAAA", "x" * 500, collisions=tuple("&" * 999 for _ in range(99)))
    verdicts = [wanted(f"item-{n}" + "&" * 9000, could=(f"p{n}",)) for n in range(40)]
    body = render(blank(*verdicts), [long] * 3)
    assert len(body.encode()) <= BODY_MAX
    assert "More than fits here" in body
