"""A document's fields as HTML, by what their schemas say they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from itsm_gitops.model import clock
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.wording import business_time, exact_percent
from itsm_gitops.presentation import prose
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import WRITER, counted, digits, t, told, written
from itsm_gitops.presentation.markup import EMPTY, Html, esc, external, join, words
from itsm_gitops.presentation.moments import day_and_month, full_day
from itsm_gitops.presentation.periods import FROM, PERIOD, TO, is_period, period
from itsm_gitops.presentation.remainder import and_more, folded, opening
from itsm_gitops.presentation.view import View

Schema = Mapping[str, Any]

FACT, PROSE, BLOCK, HIDDEN = "fact", "prose", "block", "hidden"

# Shown elsewhere on the page: in its heading, as links, as the timeline.
_ELSEWHERE = frozenset({"id", "kind", "class", "title", "name", "links", "timeline", "redundancy"})

_TITLES = {
    "x": "Further data",
    "cis": "Configuration items",
    "major": "Major incident",
    "verification": "Verified",
    "cause_ci": "Faulty item",
}

# Words that have a colour everywhere.
LOOKS = {
    "successful": "done", "successful_with_issues": "waiting", "unsuccessful": "bad", "backed_out": "bad",
    "complete": "done", "incomplete": "waiting", "failed": "bad", "rolled_back": "bad",
    "fixed": "done", "fix_applied": "done", "workaround": "waiting", "risk_accepted": "waiting",
    "approved": "done", "rejected": "bad", "emergency": "bad", "done": "done", "open": "new",
    "in_progress": "active",
}  # fmt: skip

# How the patterns of identifiers begin, for fields that name documents without being relations.
_NAMES = ("^[a-z][a-z0-9-]", "^[A-Za-z][A-Za-z0-9-]")

BELOW = " › "  # between the names of a field and of one within it
_EVERY = {"every", "unit"}
_UNITS = {"day": ("every day", "every {count} days"), "week": ("every week", "every {count} weeks")}
_PERIODS = ("month", "quarter", "year")
# How schemas say the unit of a whole number.
_SPANS = {"in months": ("{count} month", "{count} months"), "in days": ("{count} day", "{count} days")}
_MAX_ITEMS, _MOST_ITEMS = 200, 5_000  # shown at once, and when they are asked for
_NOTHING: tuple[object, ...] = (None, "", [], {})
_LONG = 24
_LONG_WORD = 16
_SPACED = re.compile(r"[\s`\[<]")
_PARTS = re.compile(r"[^/.-]*[/.-]+|[^/.-]+")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+){2,}", re.ASCII)
_INSIDE = re.compile(r"(?<=\w)_(?=\w)")
_TAG = re.compile(r"<[^>]*>")
_LONG_VALUE = 60  # letters of a value that gets a line of its own
_ANY = re.compile(r"\b(?:every \w+|all) when absent\b")  # what schemas say of a value that narrows
_MOST_COLUMNS, _JUDGED = 6, 2


class Field(NamedTuple):
    """One field of a kind: how it is shown and under which heading."""

    name: str
    title: str
    role: str
    schema: Schema


def fields(kind: Kind) -> tuple[Field, ...]:
    """Return the fields of a kind in schema order with the role each has on a page."""
    return tuple(
        Field(name, _title(name, schema), _role(name, kind, schema), schema)
        for name, schema in kind.fields.items()
    )


def present_fields(fields: tuple[Field, ...], data: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a kind that a document has something in, in schema order."""
    return [f for f in fields if f.name in data and data[f.name] not in _NOTHING]


def _role(name: str, kind: Kind, schema: Schema) -> str:
    if name in _ELSEWHERE or name == kind.state_field:
        return HIDDEN
    if schema.get("x-text"):
        return PROSE
    if _is_money(schema) or _is_done_by(schema) or is_period(schema):
        return FACT
    if schema.get("type") == "object":
        return BLOCK
    if schema.get("type") == "array" and schema.get("items", {}).get("type") == "object":
        return BLOCK
    return FACT


def _is_money(schema: Schema) -> bool:
    return {"amount", "currency"} <= set(schema.get("properties", ()))


def _is_done_by(schema: Schema) -> bool:
    """Whether an object says only when something was done and by whom: a line says it."""
    return set(schema.get("properties", ())) == {"date", "by"}


# Units that the name of a field ends with, in the languages of the site.
_MEASURES = frozenset({"GB", "Go", "kW", "Mbps", "Mbit/s"})
_ONE_OF = {"Addresses": "Address", "Ports": "Port"}


def titled(view: View, field: Field, data: Any) -> tuple[str, Html]:
    """Return the title and the value of a field: a unit stands at the value, and one of several has the name of one."""
    title, shown = t(field.title), value(view, data, field.schema)
    name, _, unit = title.rpartition(" ")
    if name and unit in _MEASURES:
        return name, Html(f"{shown}\u00a0{esc(unit)}")
    if isinstance(data, list) and len(data) == 1:
        title = t(_ONE_OF.get(field.title, field.title))
    return title, shown


def value(view: View, data: Any, schema: Schema) -> Html:
    """Return any value as HTML; what does not fit its schema is shown as plain text."""
    if isinstance(data, str):
        return _text(view, data, schema)
    if isinstance(data, bool):
        return _plain(data)
    if isinstance(data, int | float):
        if _in_minutes(schema):
            return esc(business_time(60 * data, WRITER) if data else t("{count} min", count=0))
        if _in_percent(schema):
            return esc(exact_percent(data / 100, WRITER))
        for mark, (one, several) in _SPANS.items():
            if mark in schema.get("description", "") and isinstance(data, int):
                return esc(counted(data, one, several))
        return esc(written(f"{data:,}" if abs(data) >= 10_000 else str(data)))
    if isinstance(data, list):
        return _list(view, data, schema)
    if isinstance(data, dict):
        return _mapping(view, data, schema)
    return EMPTY if data is None else esc(data)


def _text(view: View, text: str, schema: Schema) -> Html:
    if schema.get("x-text"):
        return prose.render(text, view.id_link)
    if "x-ref" in schema or (schema.get("pattern", "").startswith(_NAMES) and text in view.entries):
        return view.link(text)
    if "enum" in schema:
        look = LOOKS.get(text)
        return chip(words(text), look) if look else esc(words(text))
    writer = _FORMATS.get(schema.get("format", ""))
    if schema.get("x-vocabulary"):
        return esc(BELOW.join(words(level) for level in text.split("/")))
    if writer:
        return writer(view, text)
    if _is_long_word(text):
        return breakable(text)
    shown = prose.line(text, view.id_link)
    # A narrow column breaks a word of capitals and low lines where its parts end.
    return shown if "<" in shown else Html(_INSIDE.sub("_<wbr>", shown))


def _is_long_word(text: str) -> bool:
    """Whether a text is one long word, like a path or the name of a host: with nothing in it to link."""
    is_path = len(text) > _LONG_WORD and "/" in text and "://" not in text
    return bool((is_path and not _SPACED.search(text)) or _HOST.fullmatch(text))


def breakable(text: str) -> Html:
    """Return a path, an address or the name of a host that a narrow column breaks where its parts end."""
    return Html("<wbr>".join(map(esc, _PARTS.findall(text))))


def day(_: View, text: str) -> Html:
    """Return a date (``2026-11-22``) as people write it; what is none stays text."""
    found = clock.parse_day(text)
    if found is None:
        return esc(text)
    return Html(f"<time datetime={found.isoformat()}>{full_day(found)}</time>")


def short_day(view: View, text: str) -> Html:
    """Return a date as briefly as it is clear beside other words: without the year, where that is this one."""
    found = clock.parse_day(text)
    if found is None:
        return esc(text)
    shown = day_and_month(found) if found.year == view.today.year else full_day(found)
    return Html(f"<time datetime={found.isoformat()}>{shown}</time>")


def _url(_: View, text: str) -> Html:
    return external(text, breakable(text.removeprefix("https://").removeprefix("http://").rstrip("/")))


def _moment(view: View, text: str) -> Html:
    return view.time(text)


_FORMATS: Mapping[str, Callable[[View, str], Html]] = {"date-time": _moment, "date": day, "uri": _url}


def _list(view: View, data: list[Any], schema: Schema) -> Html:
    items = schema.get("items", {})
    if items.get("type") == "object":
        first, last = _parts(view, data[:_MAX_ITEMS], items), data[_MAX_ITEMS:_MOST_ITEMS]
        return Html(f"{first}{folded(and_more(len(last)), _parts(view, last, items))}") if last else first
    shown = [value(view, d, items) for d in data[:_MAX_ITEMS]]
    rest = [value(view, d, items) for d in data[_MAX_ITEMS:_MOST_ITEMS]]
    more = Html(f"<li>{opening(rest)}") if rest else EMPTY
    if len(shown) == 1:
        return shown[0]
    texts = [d for d in data if isinstance(d, str)]
    css = "it-list" if any(len(d) > _LONG or d in view.entries for d in texts) else "it-words"
    return Html(f"<ul class={css}>{''.join(f'<li>{s}' for s in shown)}{more}</ul>")


def _parts(view: View, data: list[Any], items: Schema) -> Html:
    """Return a list of objects: as a table if they have few, plain columns, else one block each."""
    if _is_flat(data, items):
        return _table(view, data, items)
    return join([Html(f"<div class=it-part>{value(view, d, items)}</div>") for d in data])


def _is_flat(data: list[Any], schema: Schema) -> bool:
    """Whether a list of objects fits a table: few columns, no prose, nothing nested."""
    properties = schema.get("properties", {})
    used = {k for d in data if isinstance(d, dict) for k in d}
    simple = all("x-text" not in properties.get(k, {}) for k in used)
    nested = any(isinstance(v, dict) for d in data if isinstance(d, dict) for v in d.values())
    return bool(used) and len(used) <= _MOST_COLUMNS and simple and not nested and used <= set(properties)


def _table(view: View, rows: list[Any], schema: Schema) -> Html:
    properties = schema.get("properties", {})
    used = [k for k in properties if any(isinstance(r, dict) and k in r for r in rows)]
    labels = {k: esc(t(_title(k, properties[k]))) for k in used}
    head = "".join(f"<th scope=col>{label}</th>" for label in labels.values())
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{labels[k]}">{value(view, row[k], properties[k]) if k in row else _absent(properties[k])}</td>'
            for k in used
        )
        + "</tr>"
        for row in rows
        if isinstance(row, dict)
    )
    judged = len(used) == _JUDGED and "enum" in properties[used[-1]]  # a word about each line
    css = '"it-table it-judged"' if judged else "it-table"
    return Html(f"<table class={css}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _absent(schema: Schema) -> Html:
    """Return what the cell of a value says that is not there: "any" where that stands for every value."""
    said = Html(f"<span class=it-any>{esc(t('Any'))}</span>")
    return said if _ANY.search(schema.get("description", "")) else EMPTY


def _mapping(view: View, data: Mapping[str, Any], schema: Schema) -> Html:
    properties = schema.get("properties")
    if properties is None:
        return _open_area(data)
    if _is_money(schema):
        amount, per = data.get("amount"), data.get("per")
        shown = digits(amount) if isinstance(amount, int | float) else str(amount)
        return esc(f"{shown} {data.get('currency', '')}" + (f" {t(f'per {per}')}" if per in _PERIODS else ""))
    if _is_done_by(schema) and set(data) == {"date", "by"}:
        person = value(view, data["by"], properties["by"])
        return told("{date} by {person}", date=short_day(view, str(data["date"])), person=person)
    every = often(data) if set(properties) == _EVERY else ""
    if every:
        return esc(every)
    span = period(data, schema)
    if span and set(data) == PERIOD:
        return span
    names = [*(k for k in properties if k in data), *(k for k in data if k not in properties)]
    rows = [
        ("Period", span, False)
        if span and k == FROM
        else (
            _title(k, properties.get(k, {})),
            value(view, data[k], properties.get(k, {})),
            _is_wide(data[k], properties.get(k, {})),
        )
        for k in names
        if not (span and k == TO)
    ]
    return definition_list(rows)


def often(data: Mapping[str, Any]) -> str:
    """Return a number of days or weeks in words, nothing for what is none."""
    number, unit = data.get("every"), data.get("unit")
    if type(number) is not int or unit not in _UNITS or set(data) != _EVERY:
        return ""
    return counted(number, *_UNITS[unit])


class FieldPlace(NamedTuple):
    """The title and the schema of a nested field."""

    title: str
    schema: Schema


def field_at(kind: Kind, name: str) -> FieldPlace:
    """Return the title and the schema of the field with a dotted name (``major.state``).

    A part that no schema knows keeps its name as title and has an empty schema.
    """
    titles, schema = [], kind.schema
    for part in name.split("."):
        schema = schema.get("items", schema).get("properties", {}).get(part, {})
        titles.append(t(_title(part, schema)))
    return FieldPlace(BELOW.join(titles), schema)


def changed(title: str, old: Html, new: Html) -> Html:
    """Return the old and the new value of a field as a term with its description; "nothing" where there is no value."""
    none = Html(f"<span class=it-muted>{esc(t('nothing'))}</span>")
    longest = max(len(_TAG.sub("", text)) for text in (old, new))
    long = " class=it-edits__long" if longest > _LONG_VALUE else ""
    return Html(
        f"<div{long}><dt>{esc(title)}</dt><dd><del>{old or none}</del>"
        f"<span class=it-edits__to aria-hidden=true>→</span><ins>{new or none}</ins></dd></div>"
    )


def _title(name: object, schema: Schema) -> str:
    """Return what a value is called: the schema's title, else its name in words without the unit."""
    title = schema.get("title") or _TITLES.get(str(name))
    if isinstance(title, str):
        return title
    unit = "_minutes" if _in_minutes(schema) else "_percent" if _in_percent(schema) else ""
    unit = unit or next((f"_{mark[3:]}" for mark in _SPANS if mark in schema.get("description", "")), "")
    return words(str(name).removesuffix(unit))


def _in_minutes(schema: Schema) -> bool:
    return "in minutes" in schema.get("description", "")


def _in_percent(schema: Schema) -> bool:
    return schema.get("type") in ("integer", "number") and "percent" in schema.get("description", "")


def _is_wide(data: Any, schema: Schema) -> bool:
    """Whether a value needs the whole width: prose, tables and what has parts of its own."""
    if schema.get("x-text") or (isinstance(data, dict) and not _is_money(schema)):
        return True
    return isinstance(data, list) and any(isinstance(d, dict) for d in data)


def _open_area(data: Mapping[str, Any]) -> Html:
    """Show data without a schema: plain values as lists of definitions, the rest as JSON."""
    if all(isinstance(v, str | int | float | bool) for v in data.values()):
        return definition_list([(words(str(k)), _plain(v), False) for k, v in data.items()])
    if all(isinstance(v, dict) and v for v in data.values()):
        return definition_list([(words(str(k)), _open_area(v), True) for k, v in data.items()])
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    return Html(f"<pre><code>{esc(text)}</code></pre>")


def _plain(data: object) -> Html:
    return Html(t("Yes") if data else t("No")) if isinstance(data, bool) else esc(data)


def definition_list(rows: list[tuple[str, Html, bool]]) -> Html:
    """Return terms (plain text) with their descriptions; the third says that it needs the whole width."""
    if not any(wide for _, _, wide in rows):
        pairs = "".join([f"<dt>{esc(t(name))}<dd>{v}" for name, v, _ in rows])
        return Html(f"<dl class=it-facts>{pairs}</dl>")
    items = "".join(
        f"<div class=it-wide><dt>{esc(t(name))}<dd>{v}</div>"
        if wide
        else f"<div><dt>{esc(t(name))}<dd>{v}</div>"
        for name, v, wide in rows
    )
    return Html(f'<dl class="it-facts it-rows">{items}</dl>')
