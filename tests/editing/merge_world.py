"""Random edits of one incident by two people, and what a merge of them may become: an oracle that knows no code of ours.

A side is a list of edits, as commands and people make them: fields, lists, labels, notes, and steps of tracked fields with
their entries in the timeline. ``judge`` says what is wrong with a merged text; nothing lost, nothing invented, and marks
only at keys that both sides changed differently.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st

from itsm_gitops.documents import load

ID = "INC-260304-00001"
TRACKED = ("state", "impact", "assigned_team")
FREE = ("title", "description", "workaround")
STATES = ("in_progress", "on_hold", "resolved")
TEXTS = ("Mail is slow", "Mail: down #2", "it's wet", "Überlast")
CIS = ("db", "host", "mail", "relay")
Data = dict[str, Any]
_MARKS = re.compile(r"<<<<<<< .*\n((?:.*\n)*?)=======\n((?:.*\n)*?)>>>>>>> .*\n")


class Edit(NamedTuple):
    """One edit: what it is, of which key, and the value."""

    what: str
    key: str = ""
    value: Any = None


def _edit(what: str, keys: tuple[str, ...], values: tuple[Any, ...] = (None,)) -> st.SearchStrategy[Edit]:
    parts = st.tuples(st.just(what), st.sampled_from(keys), st.sampled_from(values))
    return parts.map(lambda words: Edit(*words))


_LINKS = tuple({"type": t, "target": i} for t in ("relates_to", "caused_by") for i in ("PRB-1", "PRB-2"))
EDITS = st.one_of(
    _edit("set", FREE, TEXTS),
    _edit("unset", FREE[1:]),
    _edit("step", ("state",), STATES),
    _edit("step", ("impact",), ("low", "medium", "high")),
    _edit("step", ("assigned_team",), ("desk", "net")),
    _edit("add", ("cis",), CIS),
    _edit("remove", ("cis",), CIS),
    _edit("add", ("links",), _LINKS),
    _edit("label", ("site", "vip", "cost"), ("a", "b", "c")),
    _edit("note", ("timeline",)),
    _edit("note", ("timeline",)),
)
SIDE = st.lists(st.tuples(EDITS, st.integers(0, 9)), min_size=1, max_size=6)
BASE_EDITS = st.lists(EDITS, max_size=4)


@dataclass
class World:
    """Three versions of the incident as data, and as text."""

    base: Data
    ours: Data
    theirs: Data
    comments: dict[str, dict[str, str]] = field(default_factory=dict)

    def texts(self) -> tuple[str, str, str]:
        """Return base, ours and theirs as files."""
        sides = {"base": self.base, "ours": self.ours, "theirs": self.theirs}
        one, two, three = (_text(data, self.comments.get(name, {})) for name, data in sides.items())
        return one, two, three


@st.composite
def worlds(draw: Callable[..., Any]) -> World:
    """Draw what two people make of one incident."""
    base: Data = {
        "id": ID, "kind": "incident", "title": "Mail is broken", "service": "print", "state": "new", "impact": "low",
        "assigned_team": "desk", "cis": ["db"], "timeline": [_entry(0, 0, "ada", {"state": "new"})],
    }  # fmt: skip
    for edit in draw(BASE_EDITS):
        _apply(base, edit, 1, "ada")
    sides = []
    for person in ("bob", "eve"):
        data, minute = copy.deepcopy(base), 10
        for edit, pause in draw(SIDE):
            minute += pause
            _apply(data, edit, minute, person)
        sides.append(data)
    # By one of them: comments of both beside a value that one laid out anew are a matter of lines.
    comments = draw(
        st.sampled_from(({}, {"ours": {"kind": "# of ours"}}, {"theirs": {"service": "# of theirs"}}))
    )
    return World(base, sides[0], sides[1], comments)


def _entry(minute: int, number: int, person: str, said: Data) -> Data:
    return {"at": f"2026-03-04T10:{minute:02}:{number:02}Z", "by": person, **said}


def _apply(data: Data, edit: Edit, minute: int, person: str) -> None:
    what, key, value = edit
    line = data["timeline"]
    if what == "set":
        data[key] = value
    elif what == "unset":
        data.pop(key, None)
    elif what == "step" and data[key] != value:
        said = {"state": value} if key == "state" else {"set": {key: value}, "was": {key: data[key]}}
        line.append(_entry(minute, 0, person, said))
        data[key] = value
    elif what == "add" and value not in data.get(key, []):
        data.setdefault(key, []).append(value)
    elif what == "remove" and data.get(key) and value in data[key]:
        data[key].remove(value)
        if not data[key]:
            del data[key]
    elif what == "label":
        data.setdefault("labels", {})[key] = value
    elif what == "note":
        line.append(_entry(minute, 0, person, {"note": f"{person} {len(line)}"}))


def _text(data: Data, comments: dict[str, str]) -> str:
    order = ("id", "kind", *FREE, "service", "state", "impact", "assigned_team", "cis", "links", "labels")
    lines = []
    for key in (*order, "timeline"):
        if key not in data:
            continue
        value, more = data[key], f"  {comments[key]}" if key in comments else ""
        if isinstance(value, str):
            lines.append(f"{key}: {_scalar(value)}{more}")
        elif key == "labels":
            lines += ["labels:", *(f"  {k}: {_scalar(v)}" for k, v in value.items())]
        else:
            lines.append(f"{key}:")
            for item in value:
                lines += _item(item)
    return "\n".join(lines) + "\n"


def _item(item: Any) -> list[str]:
    if isinstance(item, str):
        return [f"  - {item}"]
    rows = []
    for key, value in item.items():
        rows += [f"{key}:", *(f"  {k}: {v}" for k, v in value.items())] if isinstance(value, dict) else [
            f"{key}: {value if key == 'at' else _scalar(value)}"
        ]  # fmt: skip
    return [f"  {'-' if n == 0 else ' '} {row}" for n, row in enumerate(rows)]


def _scalar(value: str) -> str:
    return f'"{value}"' if re.search(r"[:#']", value) else value


def judge(world: World, merged: str, *, clean: bool) -> list[str]:
    """Return what is wrong with a merged text; ``clean`` says that Git was told of no conflict."""
    if clean != ("<<<<<<<" not in merged):
        return [f"clean is {clean}, and the marks say otherwise"]
    wrong: list[str] = []
    texts = [_MARKS.sub(rf"\{side}", merged) for side in (1, 2)]
    found = [load(text.encode()) for text in texts]
    if any(one.problems for one in found):
        return [f"it cannot be read: {[one.problems for one in found]}"]
    sides = (world.ours, world.theirs)
    contested = {k for k in {**world.ours, **world.theirs} if _differ(found[0].data, found[1].data, k)}
    wrong += [
        f"{key} is marked, and no key of it was changed differently by both"
        for key in contested
        if not _true_conflict(world, key)
    ]
    if not clean and not contested:
        wrong.append("there are marks, and both sides of them say the same")
    for side, one in zip(sides, found, strict=True):
        wrong += _wrong_values(world, one.data, side, contested)
        wrong += _wrong_timeline(world, one.data, contested)
    wrong += [
        f"the comment {c} is lost" for o in world.comments.values() for c in o.values() if c not in merged
    ]
    return wrong


def _differ(one: Data, other: Data, key: str) -> bool:
    return one.get(key) != other.get(key)


def _changed(world: World, key: str) -> list[Any]:
    """Return what the sides that changed a key made of it."""
    return [side.get(key) for side in (world.ours, world.theirs) if side.get(key) != world.base.get(key)]


def _path(world: World, side: Data, key: str) -> list[str]:
    """Return the values that a side gave a tracked field, one after the other."""
    news = side["timeline"][len(world.base["timeline"]) :]
    return [e["state"] if key == "state" else e["set"][key] for e in news if _tells(e, key)]


def _tells(entry: Data, key: str) -> bool:
    return "state" in entry if key == "state" else key in entry.get("set", {})


def _true_conflict(world: World, key: str) -> bool:
    if key in TRACKED:
        return all(_path(world, side, key) for side in (world.ours, world.theirs))
    if key == "labels":
        labels = [side.get(key) or {} for side in (world.base, world.ours, world.theirs)]
        return any(len({one.get(k) for one in labels}) == 3 for k in labels[1].keys() & labels[2].keys())
    values = _changed(world, key)
    return len(values) == 2 and values[0] != values[1]


def _wrong_values(world: World, got: Data, chosen: Data, contested: set[str]) -> Iterator[str]:
    for key in FREE:
        values = _changed(world, key)
        wanted = chosen.get(key) if key in contested else values[0] if values else world.base.get(key)
        if len(values) == 2 and values[0] != values[1] and key not in contested:
            yield f"{key} was changed differently, and nobody is asked"
        elif got.get(key) != wanted:
            yield f"{key} is {got.get(key)!r}, not {wanted!r}"
    for key in ("cis", "links"):
        base, one, two = (_set(side.get(key)) for side in (world.base, world.ours, world.theirs))
        wanted_set = (base & one & two) | (one - base) | (two - base)
        if Counter(_set(got.get(key), several=True)) != Counter(wanted_set):
            yield f"{key} is {got.get(key)}, not {sorted(wanted_set)}"
    labels = got.get("labels") or {}
    for name in {**(world.ours.get("labels") or {}), **(world.theirs.get("labels") or {})}:
        base, one, two = (
            (side.get("labels") or {}).get(name) for side in (world.base, world.ours, world.theirs)
        )
        may = {one if two == base else two if one == base else (chosen.get("labels") or {}).get(name)}
        if labels.get(name) not in may:
            yield f"label {name} is {labels.get(name)}, not {may}"
    for key in TRACKED:
        paths = [_path(world, side, key) for side in (world.ours, world.theirs)]
        ends = {path[-1] for path in paths if path} or {world.base[key]}
        if key in contested:
            ends = {chosen[key]}
        elif all(paths) and len(ends) == 2 and not any(_begins(*p) for p in (paths, paths[::-1])):
            yield f"{key} went two ways {paths}, and nobody is asked"
        if got.get(key) not in ends:
            yield f"{key} is {got.get(key)}, not one of {ends}"


def _begins(one: list[str], other: list[str]) -> bool:
    return other[: len(one)] == one


def _set(items: Any, *, several: bool = False) -> Any:
    texts = [str(item) for item in items or ()]
    return texts if several else set(texts)


def _wrong_timeline(world: World, got: Data, contested: set[str]) -> Iterator[str]:
    base, line = world.base["timeline"], got["timeline"]
    news = [entry for side in (world.ours, world.theirs) for entry in side["timeline"][len(base) :]]
    if line[: len(base)] != base:
        yield "the timeline of before was rewritten"
        return
    rest = line[len(base) :]
    if [e["at"] for e in rest] != sorted(e["at"] for e in rest):
        yield "the timeline is not in the order of time"
    notes = [Counter(e["note"] for e in some if "note" in e) for some in (rest, news)]
    if notes[0] != notes[1]:
        yield f"the notes are {notes[0]}, not {notes[1]}"
    known = [str(e) for e in news]
    yield from (f"nobody wrote {e}" for e in rest if str(e) not in known)
    for key in TRACKED:
        told = [e for e in rest if _tells(e, key)]
        paths = [_path(world, side, key) for side in (world.ours, world.theirs)]
        most = sum(map(len, paths)) if key in contested else max(map(len, paths))
        least = most if key in contested else max(map(len, paths))
        if not least <= len(told) <= most and key not in contested:
            yield f"{key} has {len(told)} steps in the timeline, not {least}"
