"""What a build of a site leaves for the next: comes back as it was, is believed only where it was made."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.repository.index.site_rows import DamagedRows, DocumentRow, SiteRows, open_rows

ODD = ["plain", "Ärger", "\ud800", "a\0b", "new\nline", "'; DROP TABLE page; --", "", "\U0001f4a5"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path / ".git/itsm/site-1.db"


def opened(path: Path) -> SiteRows:
    rows = open_rows(path)
    assert rows is not None
    return rows


def row(chance: random.Random, path: str) -> DocumentRow:
    text = chance.choice(ODD)
    edges = tuple(
        Edge("affects", f"item-{n}", ("links", n, "target"), chance.random() < 0.5)
        for n in range(chance.randint(0, 3))
    )
    columns = {"title": text, "count": chance.randint(0, 9), "share": chance.random(), "on": True}
    entry = Entry(
        f"ID-{path}", "incident", path, text, "new", columns, edges, (text,), "2026-01-01T00:00:00Z"
    )
    data = {"id": text, "deep": [{"b": 1, "a": None}]} if chance.random() < 0.3 else None
    extra = [[entry.id, text]] if chance.random() < 0.3 else None
    return DocumentRow(chance.randbytes(32), chance.randbytes(16), entry, data, extra, [[text, 1], text])


@pytest.mark.parametrize("seed", range(3))
def test_rows_come_back_as_they_were_written(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    documents: dict[str, DocumentRow] = {}
    pages: dict[str, tuple[bytes, bytes, str, str]] = {}
    for step in range(12):
        rows = opened(path)
        gone = chance.sample(sorted(documents), len(documents) // 3)
        come = {
            f"records/{chance.choice(ODD)}{n}.yaml": row(chance, f"p{n}") for n in range(chance.randint(0, 6))
        }
        rows.keep_documents(gone, come, "purpose")
        documents = {p: d for p, d in documents.items() if p not in gone} | come
        assert rows.notes().keys() == {"identity", "purpose"}, (
            "pages are not known to be current before they are kept"
        )
        left = chance.sample(sorted(pages), len(pages) // 3)
        made = {f"{chance.choice(ODD)}{n}": (b"k\0l", chance.randbytes(32), "shape", "é") for n in range(4)}
        rows.keep_pages(left, ((name, *page) for name, page in made.items()), {"step": step, "odd": ODD})
        pages = {n: p for n, p in pages.items() if n not in left} | made
        rows.close()
        again = opened(path)
        assert dict(again.documents()) == {p: d._replace(detail=None) for p, d in documents.items()}
        assert dict(again.details()) == {p: d.detail for p, d in documents.items()}
        some = sorted(documents)[:2]
        assert dict(again.details([*some, "not there"])) == {p: documents[p].detail for p in some}
        assert {name: tuple(rest) for name, *rest in again.pages()} == pages
        notes = again.notes()
        assert (notes["step"], notes["odd"], notes["purpose"]) == (step, ODD, "purpose")
        again.close()


def test_a_copy_is_not_believed(path: Path) -> None:
    rows = opened(path)
    rows.keep_documents((), {"a.yaml": row(random.Random(1), "a")}, "purpose")
    rows.close()
    shutil.copyfile(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    again = opened(path)
    assert list(again.documents()) == []
    again.close()


def test_a_link_in_its_place_is_replaced(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    (tmp_path / "mine").write_text("mine")
    path.symlink_to(tmp_path / "mine")
    opened(path).close()
    assert (tmp_path / "mine").read_text() == "mine"
    assert not path.is_symlink()


def test_rows_that_are_damaged_while_they_are_used_are_removed(path: Path) -> None:
    rows = opened(path)
    rows.keep_documents((), {"a.yaml": row(random.Random(1), "a")}, "purpose")
    path.write_bytes(b"x" * 9000)
    with pytest.raises(DamagedRows):
        dict(rows.documents())
    assert not path.exists()
