"""What a build of a site leaves for the next: comes back as it was, is believed only where it was made."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
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


def test_edges_that_documents_share_are_kept_and_read_once(path: Path) -> None:
    shared, own = Edge("affects", "item-1", ("service",)), Edge("affects", "item-2", ("cis", 0), True)
    made = row(random.Random(1), "a")
    documents = {
        "a.yaml": made._replace(entry=replace(made.entry, edges=(shared, own))),
        "b.yaml": made._replace(entry=replace(made.entry, edges=(shared,))),
    }
    rows = opened(path)
    rows.keep_documents((), documents, "purpose")
    rows.keep_documents(("a.yaml",), {"c.yaml": documents["a.yaml"]}, "purpose")
    rows.close()
    again = opened(path)
    found = dict(again.documents())
    again.close()
    assert [found[n].entry.edges for n in ("b.yaml", "c.yaml")] == [(shared,), (shared, own)]
    assert found["b.yaml"].entry.edges[0] is found["c.yaml"].entry.edges[0]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM edge").fetchone() == (2,)


def test_an_edge_that_is_not_there_is_damage(path: Path) -> None:
    rows = opened(path)
    edges = (Edge("affects", "item-1", ("service",)),)
    made = row(random.Random(1), "a")
    rows.keep_documents((), {"a.yaml": made._replace(entry=replace(made.entry, edges=edges))}, "purpose")
    rows.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM edge")
    again = opened(path)
    with pytest.raises(DamagedRows):
        dict(again.documents())


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
