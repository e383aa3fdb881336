"""Finished records share JSON files: the rule that finds a record's file, and files that later builds change in place."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_incremental import build, built, cold, repo

from itsm_gitops.presentation import finished
from itsm_gitops.publish import stamping
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import memory

__all__ = ["built", "repo"]  # fixtures

SUFFIX = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
IDENTIFIERS = st.builds(
    "{}-{}{:02}{:02}-{}".format,
    st.sampled_from(["INC", "REQ", "CHG"]),
    st.sampled_from(["24", "25"]),
    st.integers(1, 12),
    st.integers(1, 28),
    st.text(SUFFIX[:4], min_size=5, max_size=5),
)


def by_the_rule(names: list[str], identifier: str) -> str:
    """The file that the API's description leads a reader to: the name that the record's key begins with."""
    key = identifier.split("-", 1)[1]
    [name] = [n for n in names if key.startswith(n)]
    return f"api/finished/{name}.json"


@settings(deadline=None)
@given(st.sets(IDENTIFIERS, max_size=60), st.integers(1, 9))
def test_each_record_is_in_the_one_file_that_its_key_begins_with(identifiers: set[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finished, "MOST", most)
        files = finished.shards(identifiers)
    names = list(files)
    assert sorted(i for some in files.values() for i in some) == sorted(identifiers)
    for name, some in files.items():
        assert some
        assert some == sorted(some, key=lambda i: (i.split("-", 1)[1], i))
        assert len(some) <= most or len({i.split("-", 1)[1] for i in some}) == 1
        assert not [other for other in names if other != name and other.startswith(name)]
        assert re.fullmatch(r"\d{2,6}|\d{6}-\w{1,5}", name)
        # As short as can be: with one character less it would have too many.
        shorter = name[:-2] if name[-2:-1] == "-" else name[:-1]
        assert (
            len(name) == 2 or len([i for i in identifiers if finished.key_of(i).startswith(shorter)]) > most
        )
        assert {finished.shard_of(files, i) for i in some} == {name}
        assert {by_the_rule(names, i) for i in some} == {f"api/finished/{name}.json"}


def test_an_open_record_has_no_file_among_them() -> None:
    assert finished.shard_of({"2611": ()}, "INC-261220-AAAAA") == ""
    assert finished.shard_of({}, "INC-261220-AAAAA") == ""


def test_a_file_is_read_back_line_by_line() -> None:
    texts = ["plain", 'a "quote"', "two\nlines", ',{"id":"INC-1"}', "]}"]
    rows = [{"id": f"INC-26112{n}-AAAAA", "title": text} for n, text in enumerate(texts)]
    lines = {str(row["id"]): json.dumps(row, separators=(",", ":")).encode() for row in rows}
    raw = finished.content(lines.values(), 7)
    assert json.loads(raw) == {"$schema": "../schema/finished.schema.json", "version": 7, "records": rows}
    assert finished.read_lines(raw) == lines


def test_the_files_of_every_record_are_found_by_the_description(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MOST", 4)
    written = {identifier: put(repo.root, identifier, "closed") for identifier in NAMES[:20]}
    site = build(repo, "warm")[0].output
    assert len(written) == 20
    index = json.loads((site / "api/index.json").read_bytes())
    assert {p.stem for p in (site / "api/finished").iterdir()} == set(index["finished"])
    rows = [
        row
        for kind in index["kinds"]
        if kind["records"]
        for page in kind["pages"]
        for row in json.loads((site / page).read_bytes())["rows"]
    ]
    assert written.keys() <= {row["id"] for row in rows}
    for row in rows:
        where = f"api/records/{row['id']}.json" if row["open"] else by_the_rule(index["finished"], row["id"])
        whole = json.loads((site / where).read_bytes())
        if not row["open"]:
            [whole] = [r for r in whole["records"] if r["id"] == row["id"]]
        assert (whole["id"], whole["page"], row["href"]) == (row["id"], row["page"], where)
        page = (site / row["page"]).read_text(encoding="utf-8")
        [link] = re.findall(r"<a href=(\S+?)>This record as JSON", page)
        assert ((site / row["page"]).parent / link).resolve() == site / where


# Of three months, so that years, months and days are split and joined again.
NAMES = [
    f"INC-2610{day:02}-{letter * 5}" if n % 3 else f"INC-25{day % 12 + 1:02}{day:02}-{letter * 5}"
    for n, (day, letter) in enumerate((d, s) for d in (1, 2, 11, 19, 20, 28) for s in "ABCD")
]


def put(root: Path, identifier: str, state: str, title: str = "") -> Path:
    """Write an incident in a state."""
    date = identifier.split("-")[1]
    path = root / f"records/incidents/20{date[:2]}/{date[2:4]}/{identifier}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    moment = f"20{date[:2]}-{date[2:4]}-{date[4:]}T08:00:00Z"
    text = (
        f"id: {identifier}\nkind: incident\ntitle: {title or 'It fails'}\nservice: shop\nimpact: low\nurgency: low\n"
        f"state: {state}\ntimeline:\n- at: {moment}\n  by: ada\n  state: new\n"
    )
    if state != "new":
        text += f"- at: {moment}\n  by: ada\n  state: {state}\n"
    path.write_text(text, encoding="utf-8")
    return path


def random_edit(root: Path, chance: random.Random, there: dict[str, str]) -> str:
    """Change a few records at random; ``there`` are the states of those that exist."""
    said = []
    for _ in range(chance.randint(1, 4)):
        identifier = chance.choice(NAMES)
        state = chance.choice(["closed", "closed", "new", ""])
        path = put(root, identifier, state or "new", f"It fails {chance.randint(1, 3)}")
        if not state:
            path.unlink()
        said.append(f"{identifier}: {there.get(identifier, 'none')} to {state or 'none'}")
        there[identifier] = state or "none"
    return ", ".join(said)


@pytest.mark.parametrize(("seed", "steps"), [(1, 3), pytest.param(2, 20, marks=pytest.mark.slow)])
def test_later_builds_change_the_files_in_place(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    monkeypatch.setattr(finished, "MOST", 3)
    chance, there = random.Random(seed), dict[str, str]()
    for identifier in NAMES[::2]:
        put(repo.root, identifier, "closed")
    build(repo, "warm")
    for _ in range(steps):
        what = random_edit(repo.root, chance, there)
        after, fresh = build(repo, "warm")[1], cold(repo)
        assert sorted(after) == sorted(fresh), what
        assert [u for u in fresh if after[u] != fresh[u]] == [], what


def test_a_changed_record_leaves_the_other_lines_and_pages_alone(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    for identifier in NAMES[:8]:
        put(repo.root, identifier, "closed", f"Fault {identifier[-5:].lower()} alone")
    before = build(repo, "warm")[1]
    made: list[str] = []
    original = stamping.api.finished_line

    def noting(view: Any, entry: Any, data: Mapping[str, Any]) -> bytes:
        made.append(entry.id)
        return original(view, entry, data)

    monkeypatch.setattr(stamping.api, "finished_line", noting)
    path = put(repo.root, NAMES[1], "closed", f"Fault {NAMES[1][-5:].lower()} alone")
    path.write_text(path.read_text(encoding="utf-8") + "description: Quite another text\n", encoding="utf-8")
    after = build(repo, "warm")[1]
    name = next(n for n in after if n.startswith("api/finished/26"))
    assert NAMES[1] in made
    assert NAMES[2] not in made
    assert b"Quite another text" in after[name]
    lines = finished.read_lines(before[name]), finished.read_lines(after[name])
    assert [i for i in lines[0] if lines[0][i] != lines[1][i]] == [NAMES[1]]
    # A file that somebody changed is made anew from the documents.
    (repo.root / "build/warm" / name).write_bytes(after[name].replace(b"Quite", b"Never"))
    made.clear()
    assert build(repo, "warm")[1] == after
    assert NAMES[2] in made


def test_a_site_has_few_files_and_small_pages(repo: Repository) -> None:
    """What a record adds to a site, beside what any site has: its page, and little more."""
    sizes = {name: len(raw) for name, raw in build(repo, "warm")[1].items()}
    many = [
        f"INC-26{m:02}{d:02}-{a}{b}AAA"
        for m in (8, 9, 10)
        for d in (1, 8, 15, 22)
        for a in "ABCD"
        for b in "ABCDE"
    ]
    for identifier in many:
        put(repo.root, identifier, "closed", "A title of some usual length for an incident")
    after = {name: len(raw) for name, raw in build(repo, "warm")[1].items()}
    assert (len(after) - len(sizes)) / len(many) <= 1.1
    assert (sum(after.values()) - sum(sizes.values())) / len(many) <= 7_500
