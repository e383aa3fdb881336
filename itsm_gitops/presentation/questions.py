"""Questions of a form as HTML: a field of a kind or a property of an offering's form, by its JSON Schema.

What the site's script needs to judge an answer stands beside the control as data: nothing from a
record is ever part of a script. Values in it are JSON of plain ASCII, so that escaping for HTML
changes what people see and never what is written into a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsm_gitops.model.kinds import Kind
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, words

Schema = Mapping[str, Any]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_NUMBERS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
_WORDS = ("type", "format", "pattern")
_INPUTS = {"date": "date", "date-time": "datetime-local", "time": "time", "email": "email", "uri": "url"}
_MOST_CHOICES = 2_000


class Choice(NamedTuple):
    """An answer to choose, and what it is called."""

    value: str | int | float
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``path`` says where the answer goes in the record: ``title``, ``answers.model``.

    ``choices`` are the only answers; ``names`` is the id of a list of suggestions on the page, and
    with ``known`` only what is in it is right. ``when`` are the cases in which it is asked, each with the answers (by
    path) that make it so; without any it always is. A ``quiet`` one does not say that it need not be answered: the
    heading of its part does. The answers of one that is ``at_once`` are all seen, not in a list that opens. A moment
    is one of ``zone``, and is ``after`` the answer to another question (by path).
    """

    path: str
    title: str
    help: str
    schema: Schema
    required: bool = False
    choices: tuple[Choice, ...] = ()
    names: str = ""
    known: bool = False
    value: Any = None
    quiet: bool = False
    at_once: bool = False
    zone: str = ""
    after: str = ""
    when: tuple[Mapping[str, tuple[Any, ...]], ...] = ()

    @property
    def id(self) -> str:
        """The id of its control, unique on a page."""
        return "q-" + self.path.replace(".", "-")


def of_form(form: Any) -> list[Question]:
    """Return the questions of an offering's form; a property that is no question is left out."""
    properties = form.get("properties") if isinstance(form, dict) else None
    if not isinstance(properties, dict):
        return []
    needed = form.get("required")
    needed = needed if isinstance(needed, list) else []
    cases = _cases(form)
    return [
        Question(
            f"answers.{name}",
            str(schema.get("title") or words(name)),
            str(schema.get("description") or ""),
            schema,
            name in needed or str(name) in cases,
            tuple(Choice(o, str(o)) for o in _options(schema)),
            value=schema.get("default"),
            when=tuple(cases.get(str(name), ())),
        )
        for name, schema in properties.items()
        if isinstance(schema, dict) and _NAME.fullmatch(str(name))
    ]


def _cases(form: Mapping[str, Any]) -> dict[str, list[Mapping[str, tuple[Any, ...]]]]:
    """Return the questions that are asked in some cases only: those that a ``then`` or ``else`` of the form requires.

    A case is what JSON Schema can say of it here: each named answer is one of some values.
    """
    found: dict[str, list[Mapping[str, tuple[Any, ...]]]] = {}
    rules = [form, *(form["allOf"] if isinstance(form.get("allOf"), list) else ())]
    for rule in rules:
        condition = rule.get("if") if isinstance(rule, dict) else None
        answers = _wanted(condition) if isinstance(condition, dict) else {}
        then = rule.get("then") if answers else None
        needed = then.get("required") if isinstance(then, dict) else None
        for name in needed if isinstance(needed, list) else ():
            found.setdefault(str(name), []).append(answers)
    return found


def _wanted(condition: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    properties = condition.get("properties")
    wanted = {}
    for name, schema in properties.items() if isinstance(properties, dict) else ():
        if isinstance(schema, dict):
            values = (schema["const"],) if "const" in schema else tuple(schema.get("enum") or ())
            if values:
                wanted[f"answers.{name}"] = values
    return wanted


def of_field(kind: Kind, name: str) -> Question:
    """Return the question for a field of a kind, in the words of its schema."""
    schema: Schema = kind.fields[name]
    title = schema.get("x-prompt") or schema.get("title") or words(name)
    description = str(schema.get("description") or "")
    choices = tuple(Choice(o, words(str(o))) for o in _options(schema))
    return Question(name, title, description, schema, name in kind.required, choices)


def _options(schema: Schema) -> list[str | int | float]:
    inner = schema.get("items")
    options = schema.get("enum") or (inner.get("enum") if isinstance(inner, dict) else None)
    items = options if isinstance(options, list) else []
    usable = [o for o in items if isinstance(o, (str, int, float)) and not isinstance(o, bool)]
    return usable[:_MOST_CHOICES]


def render(question: Question) -> Html:
    """Return a question with its control, its help, and the place for its error message."""
    how = _control_of(question)
    # Most questions must be answered, so the others say that they need not; an answer that stands there is one.
    may = not question.required and question.value is None and not question.quiet
    label = esc(question.title)
    if may:
        label = Html(f'{label} <span class="it-q__may">({esc(t("optional"))})</span>')
    help_text = (
        Html(f'<p class="it-q__help" id="{question.id}-help">{esc(question.help)}</p>')
        if question.help
        else EMPTY
    )
    fault = Html(f'<p class="it-q__fault" id="{question.id}-fault"></p>')
    known = f' data-names="{question.names}"' if question.names else ""
    if how == "moment":
        known = f' data-zone="{esc(question.zone)}"'
    box = (
        f'class="it-q{_width(question, how)}" id="{question.id}-box" data-path="{esc(question.path)}" data-control="{how}"{known}'
        f' data-rules="{_rules(question)}"'
    )
    if how in ("choices", "yesno", "radios"):
        options = _boxes(question, how)
        described = _described(question)
        return Html(
            f"<fieldset {box}{described}><legend>{label}</legend>{help_text}{options}{fault}</fieldset>"
        )
    control = _control(question, how)
    return Html(f'<div {box}><label for="{question.id}">{label}</label>{help_text}{control}{fault}</div>')


def _control_of(question: Question) -> str:
    """Return the kind of control for a question; the script reads the answer accordingly."""
    schema = question.schema
    kind, shape = schema.get("type"), schema.get("format")
    if kind == "array":
        return "choices" if question.choices else "lines"
    if question.choices:
        return "radios" if question.at_once else "choice"
    if kind == "boolean":
        return "yesno"
    if kind in ("integer", "number"):
        return "number"
    if shape == "multi-line" or schema.get("x-text"):
        return "long"
    return "moment" if shape == "date-time" else "text"


_CODE = 20  # characters of a number, a code, a label
_SHORT_FORMS = ("date", "time", "ipv4")


def _width(question: Question, how: str) -> str:
    """Return how wide the field of a text is, where its answers are shorter than a sentence."""
    if how == "text" and question.names:
        return " it-q--name"
    most = question.schema.get("maxLength")
    short = question.schema.get("format") in _SHORT_FORMS or (isinstance(most, int) and most <= _CODE)
    return " it-q--code" if how == "text" and short else ""


def _described(question: Question) -> str:
    ids = [f"{question.id}-help"] if question.help else []
    return f' aria-describedby="{" ".join([*ids, f"{question.id}-fault"])}"'


def _rules(question: Question) -> Html:
    """Return the rules by which the script checks an answer, as JSON."""
    schema = question.schema
    rules: dict[str, Any] = {"required": question.required}
    rules |= {k: schema[k] for k in _NUMBERS if _is_number(schema.get(k))}
    rules |= {k: schema[k] for k in _WORDS if isinstance(schema.get(k), str)}
    items = schema.get("items")
    if isinstance(items, dict):
        numbers = {k: items[k] for k in _NUMBERS if _is_number(items.get(k))}
        rules["items"] = numbers | {k: items[k] for k in _WORDS if isinstance(items.get(k), str)}
        rules["unique"] = schema.get("uniqueItems") is True
    if question.known:
        rules["known"] = question.names
    if "pattern" in rules or "pattern" in rules.get("items", {}):
        asked = {"asked": in_words(question)}
        rules |= asked
        if "items" in rules:
            rules["items"] = {**rules["items"], **asked}
    if question.after:
        rules["after"] = question.after
    if question.when:
        rules["when"] = [{path: list(values) for path, values in case.items()} for case in question.when]
    return data(rules)


# How the patterns of handles begin, and of names that begin with a capital letter, too.
_HANDLES = ("^[a-z][a-z0-9-]", "^[A-Za-z][A-Za-z0-9-]")


def in_words(question: Question) -> str:
    """Return what a question wants, in the words of people: people cannot read a pattern."""
    items = question.schema.get("items")
    pattern = (
        question.schema.get("pattern") or (items.get("pattern") if isinstance(items, dict) else "") or ""
    )
    if str(pattern).startswith(_HANDLES):
        if question.names:
            return t("Type a part of the name and choose one from the list.")
        return t("Use lower-case letters, digits and hyphens, without spaces. Begin with a letter.")
    return f"{t('This is not in the expected format.')} {question.help}".strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def data(value: Any) -> Html:
    """Return JSON for an attribute; everything beyond ASCII is escaped, so that it arrives unchanged."""
    return esc(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def _control(question: Question, how: str) -> Html:
    common = f'id="{question.id}"{_described(question)}{" required" if question.required else ""}'
    answer = question.value
    if how == "choice":
        return _select(question, common)
    if how in ("long", "lines"):
        text = answer if isinstance(answer, str) else ""
        return Html(f'<textarea {common} rows="2">{esc(text)}</textarea>')
    suggestions = f' list="{question.names}"' if question.names else ""
    if how == "number":
        content = str(answer) if _is_number(answer) else ""
        return Html(
            f'<input type="text" inputmode="decimal" {common} value="{esc(content)}" autocomplete="off">'
        )
    kind = _INPUTS.get(str(question.schema.get("format")), "text")
    if how == "moment":
        # The page names the zone of the answer beside it.
        described = _described(question).replace('="', f'="{question.id}-zone ', 1)
        needed = " required" if question.required else ""
        return Html(
            f'<span class=it-q__moment><input type=datetime-local id="{question.id}"{described}{needed} autocomplete=off>'
            f'<span class=it-q__zone id="{question.id}-zone">{esc(question.zone)}</span></span>'
        )
    content = answer if isinstance(answer, str) else ""
    return Html(
        f'<input type="{kind}" {common}{suggestions} value="{esc(content)}" autocomplete="off" spellcheck="false">'
    )


def _select(question: Question, common: str) -> Html:
    options = [f'<option value="">{esc(t("Choose…"))}</option>'] + [
        f'<option value="{data(c.value)}"{" selected" if c.value == question.value else ""}>{esc(c.label)}</option>'
        for c in question.choices
    ]
    return Html(f"<select {common}>{''.join(options)}</select>")


def _boxes(question: Question, how: str) -> Html:
    """Return check boxes for several answers, or the ways to give one."""
    kind = "checkbox" if how == "choices" else "radio"
    options: Iterable[tuple[Any, str]] = (
        ((True, t("Yes")), (False, t("No"))) if how == "yesno" else question.choices
    )
    return join(
        [
            Html(
                f'<label class="it-q__box"><input type="{kind}" name="{question.id}" value="{data(value)}"'
                f"{' checked' if value is question.value else ''}> <span>{esc(label)}</span></label>"
            )
            for value, label in options
        ]
    )


def names(identifier: str, suggestions: Sequence[tuple[str, str]]) -> Html:
    """Return a list of suggestions: values for the record, and their labels."""
    options = "".join(f'<option value="{esc(value)}">{esc(label)}</option>' for value, label in suggestions)
    return Html(f'<datalist id="{identifier}">{options}</datalist>')
