"""Merges two edits of one document by meaning, and writes the result with the comments and the layout of both.

`model.merge` says what the data becomes. The text is that of our side with the difference spliced in; what is left then
are comments and layout, which a merge of lines unites. A conflict is marked around the lines of one key, so that the
file says what both said; everything else is merged already.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from itsm_gitops.documents import comments_in, edit, load
from itsm_gitops.editing.change import edits_between
from itsm_gitops.git.file_merge import MARK, merge_text
from itsm_gitops.model.diff import same
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.merge import Conflict, Merge
from itsm_gitops.model.merge_timeline import merge_timelines
from itsm_gitops.model.timeline import STATE, put_value
from itsm_gitops.model.workflow import Workflow

Data = Mapping[str, Any]
_TIMELINE = "timeline"
_NEAR = 8  # lines between two differences of one key that are marked together
_KEY = re.compile(r'(?:[^\s#\-{}\[\]][^:]*|"(?:[^"\\]|\\.)*")\s*:')


class Sides(NamedTuple):
    """Three versions of a file."""

    base: bytes
    ours: bytes
    theirs: bytes


class MergedDocument(NamedTuple):
    """What a file becomes. ``conflicts`` are marked in it; ``lines`` counts those that only a merge of lines found."""

    content: bytes
    conflicts: tuple[Conflict, ...] = ()
    lines: int = 0

    @property
    def clean(self) -> bool:
        """Whether nobody has to decide anything."""
        return not self.conflicts and not self.lines


def merge_documents(
    sides: Sides,
    kind: Kind | None,
    names: tuple[str, str] = ("ours", "theirs"),
    published: Callable[[], str] = lambda: "",
) -> MergedDocument:
    """Merge a document; ``names`` call the two sides in marks, ``published`` says which of them others have already.

    What is no document of a kind, or cannot be read on a side, is merged by lines. Raises GitError where Git cannot.
    """
    base, ours, theirs = sides
    if ours == theirs or base == theirs:
        return MergedDocument(ours)
    if base == ours:
        return MergedDocument(theirs)
    if kind is not None:
        try:
            merged = _by_meaning(sides, kind, names, published)
        except ItsmError:  # laid out in a way that cannot be spliced
            merged = None
        if merged is not None:
            return merged
    found = merge_text(ours, base, theirs, (names[0], "base", names[1]))
    return MergedDocument(found.content, (), found.conflicts)


def _by_meaning(
    sides: Sides, kind: Kind, names: tuple[str, str], published: Callable[[], str]
) -> MergedDocument | None:
    empty = not sides.base.strip()  # both sides wrote a new file
    loaded = [load(raw) for raw in sides[empty:]]
    data = [*([{}] if empty else []), *(one.data for one in loaded)]
    if any(one.problems for one in loaded) or not all(isinstance(one, dict) for one in data):
        return None
    merges, wanted = merge_data(
        data[0], data[1], data[2], kind.workflow if kind.is_record else None, published
    )
    text = _united(sides, data, wanted[0], kind.keys)
    if text is None:
        return None
    if not merges:
        return MergedDocument(text)
    other = edit(text, edits_between(wanted[0], wanted[1]), kind.keys)
    return MergedDocument(_marked(text, other, names), tuple(merges))


def merge_data(
    base: Data, ours: Data, theirs: Data, flow: Workflow | None, published: Callable[[], str] = lambda: ""
) -> tuple[list[Conflict], tuple[dict[str, Any], dict[str, Any]]]:
    """Return the conflicts of a merge, and the data that takes our side in each of them, and that which takes theirs."""
    ours, theirs = dict(ours), dict(theirs)
    if flow is not None:
        _merge_timelines(base, ours, theirs, flow, published)
    runs = [Merge(theirs_first=first) for first in (False, True)]
    one, two = (dict(run.values(dict(base), ours, theirs)) for run in runs)
    return runs[0].conflicts, (one, two)


def _merge_timelines(
    base: Data, ours: dict[str, Any], theirs: dict[str, Any], flow: Workflow, published: Callable[[], str]
) -> None:
    """Give both sides the timeline that they become, and the values that they agree on."""
    before, one, two = (side.get(_TIMELINE) or [] for side in (base, ours, theirs))
    if not all(
        isinstance(line, list) and all(isinstance(e, dict) for e in line) for line in (before, one, two)
    ):
        return
    if same(one, two) or same(before, one) or same(before, two):
        return
    merged = merge_timelines(before, one, two, published)
    if merged is None:
        return
    ours[_TIMELINE] = theirs[_TIMELINE] = merged.entries
    for name, value in merged.agreed.items():
        if name == STATE or name in flow.track:
            for side in (ours, theirs):
                put_value(side, flow.state_field if name == STATE else name, value)


def _united(sides: Sides, data: Sequence[Data], wanted: Data, keys: Sequence[str]) -> bytes | None:
    """Return the text with the wanted data and the comments of both sides; None where a comment would be lost."""
    ours = edit(sides.ours, edits_between(data[1], wanted), keys)
    theirs = edit(sides.theirs, edits_between(data[2], wanted), keys)
    if sides.base.strip():
        base = edit(sides.base, edits_between(data[0], wanted), keys)
        merged = merge_text(ours, base, theirs, ("ours", "base", "theirs"))
        if not merged.conflicts and _says(merged.content, wanted):
            return merged.content
    known = comments_in(sides.base if sides.base.strip() else b"{}")
    for text, other in (
        (ours, theirs),
        (theirs, ours),
    ):  # they say the same: one that has all comments will do
        if not comments_in(other) - known - comments_in(text):
            return text
    return None


def _says(raw: bytes, wanted: Data) -> bool:
    loaded = load(raw)
    return not loaded.problems and same(loaded.data, wanted)


def _marked(ours: bytes, theirs: bytes, names: tuple[str, str]) -> bytes:
    """Return the lines of both texts, where they differ between the marks of a conflict."""
    one, two = (text.decode().splitlines(keepends=True) for text in (ours, theirs))
    end = "\r\n" if one and one[0].endswith("\r\n") else "\n"
    parts = [
        p for p in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes() if p[0] != "equal"
    ]
    found, at = [], 0
    for start, stop, begin, finish in _grouped(one, [p[1:] for p in parts]):
        found += one[at:start]
        sides = (
            [line if line.endswith("\n") else line + end for line in part]
            for part in (one[start:stop], two[begin:finish])
        )
        mine, other = sides
        found += [f"{MARK} {names[0]}{end}", *mine, f"{MARK.replace('<', '=')}{end}", *other]
        found += [f"{MARK.replace('<', '>')} {names[1]}{end}"]
        at = stop
    return "".join([*found, *one[at:]]).encode()


def _grouped(lines: list[str], parts: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Join differences that stand in the value of one top-level key."""
    found: list[tuple[int, int, int, int]] = []
    for part in parts:
        if (
            found
            and part[0] - found[-1][1] <= _NEAR
            and not any(map(_KEY.match, lines[found[-1][1] : part[0] + 1]))
        ):
            found[-1] = (found[-1][0], part[1], found[-1][2], part[3])
        else:
            found.append(part)
    return found
