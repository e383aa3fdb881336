"""The careful YAML reader: reports every problem of a document with its line and column.

This reading decides what a document means; the fast reader in `fast` must agree with it.
"""

from __future__ import annotations

import re
from typing import Any

from itsm_gitops.documents import chars
from itsm_gitops.documents.events import NextEvent, YAMLError, open_events
from itsm_gitops.documents.events import events as types
from itsm_gitops.documents.problems import (
    MAX_PROBLEMS,
    Limits,
    LoadedDocument,
    Problem,
    Stop,
    too_deep,
    too_many,
)
from itsm_gitops.documents.scalars import NotANumber, plain
from itsm_gitops.documents.strict import violations
from itsm_gitops.documents.syntax import translate

_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_TOO_DEEP = "exceeded maximum nesting depth"


def read(text: str, limits: Limits, *, mapping: bool = True, pure: bool = False) -> LoadedDocument:
    """Read ``text``, whose characters are known to be clean; ``mapping`` demands one at the top."""
    reader = _CarefulReader(text, limits)
    data = None
    try:
        data = reader.stream(open_events(text, pure=pure), mapping)
        reader.problems += violations(text, pure=pure)
    except Stop as stop:
        reader.problems.append(stop.problem)
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        # ValueError: `"\ud800"` and `"\UFFFFFFFF"` in the pure parser; the others cannot be ruled out.
        if not pure and _TOO_DEEP in str(error):
            # libyaml 0.2.6 refuses 1,000 levels while it looks ahead; the pure parser comes to our limit.
            return read(text, limits, mapping=mapping, pure=True)
        reader.problems.append(translate(text, error))
    problems = tuple(sorted(reader.problems, key=lambda p: (p.line, p.column)))[:MAX_PROBLEMS]
    return LoadedDocument(None if problems else data, problems)


class _CarefulReader:
    """One reading: the problems found so far and the number of values met."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.problems: list[Problem] = []
        self.nodes = 0
        self._get: NextEvent = lambda: None

    def stream(self, get: NextEvent, mapping: bool) -> Any:
        """Read the only document."""
        self._get = get
        get()
        start = get()
        if isinstance(start, types.StreamEndEvent):
            hint = "write the document's keys, beginning with `id`"
            raise Stop(Problem("P007", "the file holds no document", hint, 1, 1))
        if _DIRECTIVE.search(self.text, 0, start.end_mark.index):
            self._add("P003", start, "a directive (a line that starts with %)", "remove the line")
        root = get()
        if mapping and not isinstance(root, types.MappingStartEvent):
            hint = "write `key: value` lines at the left margin"
            self._add("P011", root, "the top level is not a mapping of keys to values", hint)
        data = self._value(root, self.limits.depth)
        get()
        after = get()
        if not isinstance(after, types.StreamEndEvent):
            self._add("P007", after, "a second document starts here", "one file holds one document")
        return data

    def _add(self, code: str, event: Any, message: str, hint: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(code, message, hint, mark.line + 1, mark.column + 1))
        if len(self.problems) >= MAX_PROBLEMS:
            raise Stop(self.problems.pop())

    def _value(self, event: Any, depth: int) -> Any:
        mark = event.start_mark
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise Stop(too_many(self.limits, mark.line + 1, mark.column + 1))
        if isinstance(event, types.AliasEvent):
            self._add("P005", event, "an alias (`*name`) stands for another value", "write the value out")
            return None
        self._check_properties(event)
        if isinstance(event, types.ScalarEvent):
            return self._scalar(event)
        if not depth:
            raise Stop(too_deep(self.limits, mark.line + 1, mark.column + 1))
        if isinstance(event, types.MappingStartEvent):
            return self._mapping(depth)
        return self._sequence(depth)

    def _check_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._add(
                "P005", event, f"an anchor (`&{event.anchor}`)", "write repeated values out, without anchors"
            )
        # libyaml hides the non-specific tag `!`, so the text itself is asked as well.
        index = event.start_mark.index
        if event.tag is not None or self.text[index : index + 1] == "!":
            self._add("P006", event, f"a tag (`{event.tag or '!'}`)", "write the value without a tag")

    def _scalar(self, event: Any) -> Any:
        value = event.value
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if event.style:
            if event.style == '"':
                self.problems += chars.value_problems(value, line, column)
            return value
        try:
            return plain(value)
        except NotANumber as error:
            self._add("P003", event, f"{error}", "put it in quotes to keep it as text")
            return None

    def _mapping(self, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while True:
            event: Any = self._get()
            if isinstance(event, types.MappingEndEvent):
                return data
            name = self._key(event, self._value(event, depth - 1), lines)
            data[name] = self._value(self._get(), depth - 1)

    def _key(self, event: Any, key: Any, lines: dict[str, int]) -> str:
        """Check a key. The returned name is only used when the document has no problem."""
        start: int = event.start_mark.index
        line: int = event.start_mark.line + 1
        if isinstance(event, types.AliasEvent):
            return ""
        if not isinstance(event, types.ScalarEvent):
            self._add("P008", event, "a key that is itself a list or mapping", "use a word as the key")
            return ""
        name: str = event.value
        if self.text[start - 1 : start] == "?":
            # libyaml reads `[?x]` as a key, YAML 1.2 as the word "?x".
            self._add("P003", event, "a `?` that readers understand in two ways", "put the word in quotes")
        elif name == "<<" and not event.style:
            self._add("P005", event, "a merge key (`<<`)", "write the keys out")
        elif not isinstance(key, str):
            problem = f"`{name[:40]}` is not text" if name else "a key is missing before the colon"
            self._add("P008", event, problem, "put the key in quotes" if name else "write the key")
        elif name in lines:
            message = f"the key '{name[:40]}' appears twice (first on line {lines[name]})"
            self._add("P004", event, message, "keep one of the two")
        lines.setdefault(name, line)
        return name

    def _sequence(self, depth: int) -> list[Any]:
        data: list[Any] = []
        while True:
            event: Any = self._get()
            if isinstance(event, types.SequenceEndEvent):
                return data
            data.append(self._value(event, depth - 1))
