"""The terminal's view of one document. No click and no rich: `itsm show` has to be there at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from itsm_gitops.cli.render import (
    CATEGORY_STYLES,
    PRIORITY_STYLES,
    Style,
    facts,
    pad,
    plain,
    reflow,
    words,
    wrap,
)
from itsm_gitops.cli.times import local, zone_note
from itsm_gitops.model.clock import format_time, span
from itsm_gitops.model.text import safe_text, shorten, width
from itsm_gitops.model.timeline import CORRECTS, HAPPENED, REASON, changes_in_words

if TYPE_CHECKING:
    from itsm_gitops.commands.neighbours import Related
    from itsm_gitops.commands.showing import DocumentView
    from itsm_gitops.editing.steps import Step
    from itsm_gitops.graph.escalation import Ladder
    from itsm_gitops.model.kinds import Kind

# Shown in the head or in sections of their own.
_ELSEWHERE = frozenset(["id", "kind", "class", "title", "name", "state", "timeline", "links"])
_LINKS_SHOWN = 12


def render(page: DocumentView, style: Style, columns: int, zone: str) -> list[str]:
    """Return the lines of the terminal's view of a document."""
    lines = list(_head(page, style, columns))
    sections = (
        ("", list(_facts(page, style, columns, zone))),
        ("", list(_looks_like(page, style, columns))),
        ("Clocks", list(_clocks(page, style, columns, zone))),
        ("Calls", call_lines(page.calls, style, columns, zone) if page.calls else []),
        *_prose(page, columns),
        ("Links", list(_links(page, style, columns))),
        (f"Timeline{zone_note(zone)}", list(_timeline(page, style, columns, zone))),
        ("Next", list(_next(page.document.id, page.steps, style, columns))),
    )
    for title, body in sections:
        if body:
            lines.append("")
            lines += [style.bold(title)] if title else []
            lines += body
    return lines


def _head(page: DocumentView, style: Style, columns: int) -> Iterator[str]:
    document = page.document
    kind, data = document.kind, document.data
    parts = [style.name(document.id), safe_text(kind.title)]
    state = data.get(kind.state_field)
    if isinstance(state, str):
        parts.append(state_text(kind, state, style))
    if page.priority:
        mark = " (set by hand)" if page.priority.overridden else ""
        name = safe_text(page.priority.name)
        parts.append(style.paint(name, PRIORITY_STYLES.get(name, "")) + mark)
    if page.age_seconds is not None and kind.workflow:
        verb = "open for" if kind.workflow.is_open(str(state)) else "took"
        parts.append(style.dim(f"{verb} {span(page.age_seconds)}"))
    if page.root:
        parts.append(style.dim(f"in root {page.root}, read only"))
    yield style.dim(" · ").join(parts)
    for line in wrap(safe_text(data.get(kind.label, "")), columns):
        yield style.bold(line)


def state_text(kind: Kind, state: str, style: Style) -> str:
    """Return a state in words and in the colour of its category."""
    state_type = kind.workflow.states.get(state) if kind.workflow else None
    return style.paint(
        safe_text(words(state)), CATEGORY_STYLES.get(state_type.category, "") if state_type else ""
    )


def _is_prose(kind: Kind, name: str, value: Any) -> bool:
    schema = kind.fields.get(name, {})
    return isinstance(value, str) and (bool(schema.get("x-text")) or "\n" in value or len(value) > 120)


def _facts(page: DocumentView, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield the short fields; names of other documents come with their titles."""
    document = page.document
    titles = {r.id: r.label for r in page.related if r.label}
    rows = []
    for name, value in document.data.items():
        if name in _ELSEWHERE or name == document.kind.state_field or _is_prose(document.kind, name, value):
            continue
        rows.append((words(name), _value(value, titles, document.kind.fields.get(name, {}), zone)))
    if not document.kind.is_record:
        rows.append(("file", document.path))
    yield from facts(rows, columns, style)


def _looks_like(page: DocumentView, style: Style, columns: int) -> Iterator[str]:
    if page.looks_like:
        text = f"this looks like a major incident because {page.looks_like}"
        yield from (style.warning(line) for line in wrap(safe_text(text), columns))
        yield style.dim(f"itsm major declare {page.document.id} --reason TEXT, or decline it")


def _clocks(page: DocumentView, style: Style, columns: int, zone: str) -> Iterator[str]:
    """Yield one line for each promise of a service level, and what it is paused by or until when it runs."""
    from itsm_gitops.model.promises import MISSED, in_words, pause_in_words, spoken

    for promise in page.clocks:
        stands: str = in_words(promise)
        stands = style.paint(stands, "red") if promise.verdict == MISSED else stands
        hours = f" of {promise.calendar}" if promise.calendar else ""
        used = f"{spoken(promise, promise.used)} of {spoken(promise, promise.promised)}{hours}"
        end = ""
        if promise.paused_by:
            end = f", by {pause_in_words(promise)}"
        elif promise.due is not None:
            moment = format_time(datetime.fromtimestamp(promise.due, UTC))
            end = f", until {local(moment, zone)}"
        yield f"  {pad(promise.metric, 10)}  {stands}{safe_text(end)}"
        yield style.dim(f"  {' ' * 10}  {safe_text(shorten(f'{used} ({promise.level})', columns - 14))}")


def call_lines(calls: Ladder, style: Style, columns: int, zone: str) -> list[str]:
    """Return one line for each who is called about a record: whoever is called now in bold, those to come below."""
    lines = []
    for step in calls.steps:
        when = local(format_time(step.at), zone) if step.at else ""
        word = "since" if step.reached else "at"
        who = safe_text(
            ", ".join(step.people) + (f" ({step.team})" if step.team not in ("", *step.people) else "")
        )
        line = shorten(
            f"{who}{f' {word} {when}' if when else ''}: {step.why.format(**step.about)}", columns - 2
        )
        lines.append(
            f"  {style.bold(line) if step is calls.called else line if step.reached else style.dim(line)}"
        )
    return lines


def _value(value: Any, titles: Mapping[str, str], schema: Mapping[str, Any], zone: str) -> str:
    if isinstance(value, str):
        if schema.get("format") == "date-time":
            return local(value, zone)
        title = titles.get(value) if schema.get("x-ref") else None
        return safe_text(f"{value} ({title})" if title and title.lower() != value else value)
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        items = schema.get("items", {})
        parts = [_value(v, titles, items if isinstance(items, dict) else {}, zone) for v in value]
        return ("\n" if any(" " in s for s in parts) else ", ").join(parts)
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return "\n".join(plain(v) for v in value)
    if isinstance(value, dict) and isinstance(value.get("properties"), dict):
        return "\n".join(_questions(value))
    if isinstance(value, dict):
        return "\n".join(f"{words(str(k))}: {' '.join(plain(v).split())}" for k, v in value.items())
    return plain(value)


def _questions(form: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each question of a form, which is a JSON Schema."""
    required = form.get("required")
    for name, question in form["properties"].items():
        schema = question if isinstance(question, dict) else {}
        takes = " | ".join(plain(o) for o in schema.get("enum", ())) or plain(schema.get("type", "anything"))
        must = ", required" if isinstance(required, list) and name in required else ""
        yield f"{plain(name)}: {plain(schema.get('title', name))} ({takes}{must})"


def _prose(page: DocumentView, columns: int) -> Iterator[tuple[str, list[str]]]:
    document = page.document
    for name, value in document.data.items():
        if name not in _ELSEWHERE and _is_prose(document.kind, name, value):
            body = wrap(reflow(safe_text(value.strip("\n"), lines=True)), columns - 2)
            yield words(name).capitalize(), [f"  {line}".rstrip() for line in body]


def _links(page: DocumentView, style: Style, columns: int) -> Iterator[str]:
    """Yield one line for each relation that facts do not show, grouped by their titles."""
    groups: dict[str, list[Related]] = {}
    for relation in page.related:
        if relation.field in ("", "links"):  # the others stand among the facts
            groups.setdefault(relation.title.lower(), []).append(relation)
    label_width = min(24, max(map(len, groups), default=0))
    id_width = min(30, max((width(r.id) for g in groups.values() for r in g), default=0))
    for title, members in groups.items():
        for index, relation in enumerate(members[:_LINKS_SHOWN]):
            label = (
                pad(shorten(safe_text(title), label_width), label_width) if index == 0 else " " * label_width
            )
            tail = _title_and_state(relation, style, columns - label_width - id_width - 6)
            name = pad(safe_text(relation.id), id_width)
            yield f"  {style.dim(label)}  {style.name(name)}  {tail}".rstrip()
        if len(members) > _LINKS_SHOWN:
            yield f"  {' ' * label_width}  {style.dim(f'and {len(members) - _LINKS_SHOWN} more')}"
    if page.incoming_left:
        yield style.dim(
            f"  and {page.incoming_left:,} more documents name it: itsm list --ci {page.document.id}"
        )
    if page.not_searched:
        yield style.dim(f"  not searched: {', '.join(page.not_searched)} (--links does)")


def _title_and_state(relation: Related, style: Style, cells: int) -> str:
    if not relation.kind:
        gone = f"archived: --at {relation.archived} shows it" if relation.archived else "not here"
        return style.paint("cannot be read: itsm check says why" if relation.broken else gone, "dim")
    state = safe_text(words(relation.state))
    room = cells - (width(state) + 3 if state else 0)
    title = shorten(safe_text(relation.label), max(8, room))
    return f"{title} {style.dim(f'({state})')}" if state else title


def _timeline(page: DocumentView, style: Style, columns: int, zone: str) -> Iterator[str]:
    entries = [e for e in page.document.data.get("timeline", ()) if isinstance(e, dict)]
    if not entries:
        return
    who_width = min(20, max(width(safe_text(e.get("by", ""))) for e in entries))
    for entry in entries:
        at = local(str(entry.get("at", "")), zone)
        who = pad(shorten(safe_text(entry.get("by", "")), who_width), who_width)
        lead = f"  {style.dim(at)}  {who}  "
        indent = len(f"  {at}  ") + who_width + 2
        for index, line in enumerate(_entry(entry, page.document.kind, style, columns - indent, zone)):
            yield (lead if index == 0 else " " * indent) + line


def _entry(entry: Mapping[str, Any], kind: Kind, style: Style, columns: int, zone: str) -> Iterator[str]:
    if isinstance(entry.get("state"), str):
        yield f"{style.dim('→')} {state_text(kind, entry['state'], style)}"
    for name in ("note", "comment"):
        if isinstance(entry.get(name), str):
            mark = "to requester: " if name == "comment" else ""
            yield from wrap(mark + reflow(safe_text(entry[name].strip(), lines=True)), max(24, columns))
    for line in changes_in_words(entry):
        yield from wrap(safe_text(line), max(24, columns))
    if isinstance(entry.get(CORRECTS), str):
        yield from wrap(
            f"what was written {local(entry[CORRECTS], zone)} happened {_happened(entry, zone)}", columns
        )
    elif isinstance(entry.get(HAPPENED), str):
        yield from wrap(f"happened {_happened(entry, zone)}", max(24, columns))
    if isinstance(entry.get(REASON), str):
        yield from wrap(f"because: {safe_text(entry[REASON])}", max(24, columns))


def _happened(entry: Mapping[str, Any], zone: str) -> str:
    return local(str(entry.get(HAPPENED, "")), zone)


def _next(identifier: str, steps: tuple[Step, ...], style: Style, columns: int) -> Iterator[str]:
    """Yield the commands that move the document on."""
    for step in steps:
        line = f"itsm move {identifier} {step.state}"
        needs = ", ".join(n.field for n in step.needs)
        note = f"{step.title}; needs {needs}" if needs else step.title
        room = columns - width(line) - 4
        if width(note) <= room:
            yield f"  {line}  {style.dim(note)}"
        else:
            yield f"  {line}"
            yield from (f"      {style.dim(part)}" for part in wrap(note, columns - 6))
