"""`itsm site build --explain`: what a build made, and why each page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.publish import SiteReport, build_site, keys
from itsm_gitops.publish.reasons import ALWAYS, DOUBT, FIRST, FRAME, NEW, OTHER_ROWS, SPOILT, changed, named
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import memory, packaged_rulebook_root

RECORD = "records/incidents/2026/10/INC-261001-CCCCC.yaml"
PAGE = "records/incidents/2610/INC-261001-CCCCC.html"
OTHER = "records/incidents/2611/INC-261120-AAAAA.html"


def build(root: Path, explain: str | None = "", **options: Any) -> SiteReport:
    return build_site(Repository.open(root), **{"now": NOW, "explain": explain, **options})


def reasons(report: SiteReport) -> dict[str, str]:
    return {r.page: r.why for r in report.reasons}


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    (root / path).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_sample(tmp_path_factory.mktemp("reasons")).root
    subprocess.run(["git", "init", "-q", str(made)], check=True)
    return made


def test_each_page_has_the_reason_for_which_it_was_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    first = reasons(build(root))
    assert first[PAGE] == first["index.html"] == FIRST
    assert first["search/index.js"] == ALWAYS

    edit(root, RECORD, "upload", "uplaod")
    after = reasons(build(root))
    assert after[PAGE] == changed(["INC-261001-CCCCC", "links:INC-261001-CCCCC", "word:upload"])
    assert after[PAGE].startswith(
        "changed: INC-261001-CCCCC, the links of INC-261001-CCCCC, the records with"
    )
    assert OTHER not in after
    # What is about items, plans or the handbook is as it was.
    same = {
        "services/index.html",
        "cmdb/index.html",
        "cmdb/map_data.js",
        "changes/calendar.html",
        "calendar/changes.ics",
    }
    same |= {"changes/index.html", "search/spelling.js", "assets/itsm.css", "handbook/index.html"}
    assert same & after.keys() == set()
    assert same <= first.keys()

    (root / "build/site" / OTHER).write_text("mine")
    assert reasons(build(root))[OTHER] == SPOILT

    (root / RECORD).rename(root / RECORD.replace("CCCCC", "CCCCD"))
    edit(root, RECORD.replace("CCCCC", "CCCCD"), "INC-261001-CCCCC", "INC-261001-CCCCD")
    moved = reasons(build(root))
    assert moved[PAGE.replace("CCCCC", "CCCCD")] == NEW
    assert OTHER_ROWS in {why for page, why in moved.items() if page.startswith("records/incidents/")}

    edit(root, RECORD.replace("CCCCC", "CCCCD"), "title: ", "title: [")
    assert reasons(build(root))[OTHER] == DOUBT
    assert reasons(build(root, base_url="https://it.example.org/"))[OTHER] == FRAME


def test_one_page_is_asked_about(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    for kept in ("build", ".git/itsm"):
        shutil.rmtree(root / kept, ignore_errors=True)
    for path in root.rglob("INC-261001-CCCC*.yaml"):
        path.unlink()
    assert [tuple(r) for r in build(root, "shop").reasons] == [("services/shop.html", FIRST)]
    edit(root, "cmdb/people/ada.yaml", "Ada Example", "Ada Elsewhere")
    assert reasons(build(root, "ada"))["cmdb/people/ada.html"].startswith("changed: ada")
    edit(root, "cmdb/people/ada.yaml", "Ada Elsewhere", "Ada Example")
    build(root)
    for record in (root / ".git/itsm").glob(
        "site-*.json"
    ):  # so that the site is built though nothing changed
        record.unlink()
    why = reasons(build(root, "catalogue/laptop.html"))["catalogue/laptop.html"]
    assert why.startswith("not made, as nothing has changed of ")
    assert " laptop, " in why
    again = build(root, "shop")
    assert (again.unchanged, again.reasons) == (True, ())
    assert build(root, "no such page", now=NOW.replace(second=2)).reasons == []
    assert build(root, None, now=NOW.replace(second=3)).reasons == ()


def test_every_key_has_words() -> None:
    names = [n for n in vars(keys) if n.isupper() and not n.startswith("_")]
    prefixes = {v for n in names if isinstance(v := getattr(keys, n), str)}
    texts = {p: named(f"{p}x" if p.endswith(":") else p) for p in prefixes}
    assert [p for p, text in texts.items() if text in (p, f"{p}x", "x")] == []
    assert len(set(texts.values())) == len(prefixes)
    assert named("INC-261001-CCCCC") == "INC-261001-CCCCC"


def test_the_rule_book_is_a_reason_for_everything(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    if not (root / "schemas/workflows/incident.yaml").exists():
        shutil.copytree(packaged_rulebook_root() / "schemas", root / "schemas", dirs_exist_ok=True)
    build(root)
    edit(root, "schemas/workflows/incident.yaml", "title: In progress", "title: Working")
    assert set(reasons(build(root)).values()) == {ALWAYS, FIRST}
