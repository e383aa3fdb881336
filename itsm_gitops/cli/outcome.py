"""Prints the result of a write command: the fields that changed, and the possible next steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.cli.base import print_json
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, brief, pad, plain, styles, words, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.editing.change import Written
from itsm_gitops.model.diff import ADD, REMOVE, Change
from itsm_gitops.model.findings import Finding
from itsm_gitops.model.text import safe_text, shorten, width
from itsm_gitops.model.timeline import CORRECTS, HAPPENED, changes_in_words

_LABEL_MAX = 22


def print_written(results: Sequence[Written], as_json: bool, *, dry_run: bool = False) -> None:
    """Print what became of one or more documents, the first being the one asked for."""
    if as_json:
        print_json([r.as_json() for r in results] if len(results) > 1 else results[0].as_json())
        return
    style = styles(sys.stdout)
    for result in results:
        for line in _lines(result, style, terminal_width(), dry_run):
            echo(line, color=style.on)
    for line in _next(results[0], style):
        echo(line, color=style.on)


def _lines(result: Written, style: Style, columns: int, dry_run: bool) -> Iterator[str]:
    created = (
        bool(result.changes)
        and all(c.op == ADD for c in result.changes)
        and result.changes[0].pointer == ("id",)
    )
    verb = "created" if created else "changed"
    if not result.changes:
        verb = "unchanged"
    elif dry_run:
        verb = "would be " + verb
    title = shorten(safe_text(result.title), max(10, columns - width(result.id) - len(verb) - 4))
    yield f"{style.name(result.id)} {style.good(verb)}  {title}"
    if created:
        yield f"  {style.dim(result.path)}"
    else:
        yield from change_lines(result.changes, style, columns)
    for finding in result.findings:
        yield from _warning(finding, style, columns)


def _warning(finding: Finding, style: Style, columns: int) -> Iterator[str]:
    text = f"{safe_text(finding.message)} ({finding.code})" + (
        f": {safe_text(finding.hint)}" if finding.hint else ""
    )
    for index, line in enumerate(wrap(text, columns - 11)):
        yield (f"  {style.warning('warning:')} " if index == 0 else " " * 11) + line


def change_lines(changes: Sequence[Change], style: Style, columns: int) -> Iterator[str]:
    """Yield one line for each changed value: its name, the old value, the new one."""
    rows = [(field_name(c), c) for c in changes]
    label_width = min(_LABEL_MAX, max((width(name) for name, _ in rows), default=0))
    for name, change in rows:
        label = pad(shorten(name, label_width), label_width)
        room = max(16, columns - label_width - 6)
        yield f"  {_sign(change, style)} {label}  {_values(change, style, room)}"


def whole_changes(changes: Sequence[Change], style: Style, columns: int) -> Iterator[str]:
    """Yield each changed value in whole; what does not fit beside its name gets lines of its own."""
    for change in changes:
        short = list(change_lines([change], style, columns))
        if not any("…" in line for line in short):
            yield from short
            continue
        yield f"  {field_name(change)}"
        sides = [] if change.op == ADD else [(style.paint("-", "red"), change.old)]
        sides += [] if change.op == REMOVE else [(style.paint("+", "green"), change.new)]
        for sign, value in sides:
            for index, line in enumerate(wrap(plain(in_few_words(value)).strip("\n"), columns - 6)):
                yield f"    {sign if index == 0 else ' '} {line}".rstrip()


def field_name(change: Change) -> str:
    """Return the name of what changed; positions in lists are left out."""
    return safe_text(".".join(words(p) if i == 0 else p for i, p in enumerate(_names(change))))


def _names(change: Change) -> list[str]:
    return [p for p in change.pointer if isinstance(p, str)]


def _sign(change: Change, style: Style) -> str:
    if change.op == ADD:
        return style.paint("+", "green")
    return style.paint("-", "red") if change.op == REMOVE else style.paint("~", "yellow")


def _values(change: Change, style: Style, cells: int) -> str:
    if change.op == ADD:
        return brief(in_few_words(change.new), cells)
    if change.op == REMOVE:
        return style.dim(brief(in_few_words(change.old), cells))
    old, new = safe_text(in_few_words(change.old)), safe_text(in_few_words(change.new))
    if width(old) + width(new) + 3 > cells:
        half = (cells - 3) // 2
        old, new = _apart(old, new, half)
    return f"{style.dim(old)} → {new}"


def _apart(old: str, new: str, cells: int) -> tuple[str, str]:
    """Cut two long texts to where they begin to differ."""
    start = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    begin = max(0, start - cells // 3)
    lead = "…" if begin else ""
    return shorten(lead + old[begin:], cells), shorten(lead + new[begin:], cells)


def in_few_words(value: Any) -> Any:
    """Return a timeline entry or a link in few words, anything else as it is."""
    if isinstance(value, list):
        return [in_few_words(v) for v in value]
    if isinstance(value, dict) and {"at", "by"} <= value.keys():
        said = _said(value)
        return f"{value['by']} {said}" if said else value
    if isinstance(value, dict) and {"type", "target"} <= value.keys():
        return f"{words(str(value['type']))} {value['target']}" + (
            f" ({value['note']})" if value.get("note") else ""
        )
    return value


def _said(entry: Mapping[str, Any]) -> str:
    """Return what a timeline entry says; empty for something else that has a person and a time."""
    if entry.get("state"):
        return f"→ {entry['state']}"
    for name in ("note", "comment"):
        if entry.get(name):
            return f"{name}: {entry[name]}"
    if entry.get(CORRECTS):
        return f"correction: {entry[CORRECTS]} was {entry.get(HAPPENED)}"
    return "; ".join(changes_in_words(entry))


def _next(result: Written, style: Style) -> Iterator[str]:
    moved = result.steps and any(c.pointer[0] in ("state", "lifecycle") for c in result.changes)
    if not moved:
        return
    states = dict.fromkeys(s.state for s in result.steps)
    for line in wrap(f"next: itsm move {result.id} {' | '.join(states)}", terminal_width()):
        yield style.dim(line)
