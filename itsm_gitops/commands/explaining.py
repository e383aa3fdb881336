"""`itsm explain`: rules, kinds, states, link types and fields, from the rule book itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.editing.fields import expected
from itsm_gitops.editing.identifiers import kinds_of
from itsm_gitops.model.condition_words import in_words
from itsm_gitops.model.conditions import Condition
from itsm_gitops.model.errors import NotFound, RuleBookError, did_you_mean
from itsm_gitops.model.guards import Guard
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import STATE_ROLES
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.user_rules import UserRule
from itsm_gitops.model.workflow import Workflow

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.rules import Explanation

_CODE = re.compile(r"[A-Za-z]\d{3}")
TOPICS = ("rules", "kinds", "links", "states", "templates")


class ExplainedSection(NamedTuple):
    """One section: a title, prose, and rows of a name and what it means."""

    title: str
    text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    code: str = ""


class Topic(NamedTuple):
    """An explanation. ``kind`` says of what: rule, kind, state, link or topic."""

    kind: str
    name: str
    title: str
    parts: tuple[ExplainedSection, ...]


def explain(repo: Repository | None, words: list[str], *, at: str | None = None) -> Topic:
    """Explain what the words name.

    A rule's code, a kind, a kind and one of its fields or states, a state, a link type, or one of
    the topics rules, kinds, links, states and templates. Rules need no repository. ``at`` reads
    the rule book of a revision. Raises NotFound with the nearest names.
    """
    word = words[0] if words else ""
    if not word or word == "rules":
        return _rules(_own_rules(repo, at))
    if _CODE.fullmatch(word):
        from itsm_gitops.rules import explain as explain_rule

        return _rule(explain_rule(word))
    book = _book(repo, at)
    own = next((r for r in book.user_rules if r.code == word.upper()), None)
    if own is not None:
        return _own_rule(own)
    found = (
        _topic(book, word) or _kind_topic(book, words) or _link_topic(book, word) or _state_topic(book, word)
    )
    if found is None:
        raise NotFound(f"nothing is known about '{word}'", _near(book, word))
    return found


def _book(repo: Repository | None, at: str | None) -> RuleBook:
    if repo is not None and at is None:
        return repo.book
    from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook

    if repo is not None:
        return read_rulebook(repo.snapshot(at))
    return read_rulebook(WorkingTree(packaged_rulebook_root()))


def _near(book: RuleBook, word: str) -> str:
    if re.fullmatch(r"[A-Za-z]\d{1,5}", word):
        from itsm_gitops.rules import explanations

        codes = [e.code for e in explanations()]
        return did_you_mean(word, codes, limit=1) or "itsm explain lists all rules"
    states = {s for k in book.kinds.values() if k.workflow for s in k.workflow.states}
    known = {
        *book.kinds,
        *(k.plural for k in book.kinds.values()),
        *book.links,
        *book.inverses,
        *states,
        *TOPICS,
    }
    return did_you_mean(word, known) or "itsm explain rules | kinds | links | states | templates"


def _own_rules(repo: Repository | None, at: str | None) -> tuple[UserRule, ...]:
    """Return the repository's own rules; none where its rule book cannot be used."""
    try:
        return _book(repo, at).user_rules if repo is not None else ()
    except RuleBookError:
        return ()


def _rules(own: Sequence[UserRule]) -> Topic:
    from itsm_gitops.rules import explanations
    from itsm_gitops.rules.rule import FAMILIES

    families: dict[str, list[tuple[str, str]]] = {}
    for rule in explanations():
        families.setdefault(rule.family, []).append((rule.code, f"{rule.title} ({rule.severity})"))
    if own:
        of_here = [(r.code, f"{r.title} ({r.severity})") for r in sorted(own, key=lambda r: r.code)]
        families.setdefault(FAMILIES["U"], []).extend(of_here)
    parts = tuple(ExplainedSection(family, rows=tuple(rows)) for family, rows in families.items())
    return Topic("topic", "rules", "All rules", parts)


def _rule(rule: Explanation) -> Topic:
    about = [("severity", rule.severity), ("looks at", rule.looks_at)]
    if rule.fixable:
        about.append(("repair", "itsm check --fix"))
    parts = [
        ExplainedSection("", rule.why, tuple(about)),
        ExplainedSection("What to do", rule.hint),
        ExplainedSection("Wrong", code=rule.bad),
        ExplainedSection("Right", code=rule.good),
    ]
    return Topic("rule", rule.code, rule.title, tuple(p for p in parts if p.text or p.rows or p.code))


def _own_rule(rule: UserRule) -> Topic:
    kinds = ", ".join(rule.kinds)
    rows = [("severity", rule.severity), ("for", kinds), ("must", in_words(rule.guard.must))]
    when = in_words(rule.guard.when)
    rows += [("when", when)] if when else []
    rows += [("since", rule.guard.since)] if rule.guard.since else []
    rows.append(("stands in", rule.path))
    parts = (
        ExplainedSection("", rule.why, tuple(rows)),
        ExplainedSection("What is wrong", rule.guard.message),
        ExplainedSection("What to do", rule.guard.hint),
        ExplainedSection("Wrong", code=_shown(rule.bad)),
        ExplainedSection("Right", code=_shown(rule.good)),
    )
    return Topic("rule", rule.code, rule.title, parts)


def _shown(documents: Sequence[Mapping[str, Any]]) -> str:
    from itsm_gitops.documents import dump

    return "---\n".join(dump(dict(d)) for d in documents).rstrip()


def _topic(book: RuleBook, word: str) -> Topic | None:
    if word == "kinds":
        groups = (("Records", True), ("Configuration items and what they need", False))
        parts = [
            ExplainedSection(
                title,
                rows=tuple((k.name, k.description) for k in book.kinds.values() if k.is_record == records),
            )
            for title, records in groups
        ]
        return Topic("topic", word, "Kinds of document", tuple(parts))
    if word in ("links", "link"):
        rows = [
            (f"{n} / {k.inverse}" if not k.symmetric else n, k.description) for n, k in book.links.items()
        ]
        by_link = tuple(r for r, k in zip(rows, book.links.values(), strict=True) if k.in_links)
        by_field = tuple(r for r, k in zip(rows, book.links.values(), strict=True) if not k.in_links)
        parts = [
            ExplainedSection("Said by links (itsm link)", rows=by_link),
            ExplainedSection("Said by fields (itsm set)", rows=by_field),
        ]
        return Topic("topic", "links", "Link vocabulary", tuple(p for p in parts if p.rows))
    if word == "states":
        parts = [
            ExplainedSection(k.title, rows=_states(k.workflow))
            for k in book.kinds.values()
            if k.workflow and k.is_record
        ]
        life = next((k.workflow for k in book.kinds.values() if k.workflow and not k.is_record), None)
        return Topic(
            "topic",
            word,
            "States",
            (*parts, *([ExplainedSection(life.title, rows=_states(life))] if life else [])),
        )
    if word == "templates":
        part = ExplainedSection("", rows=tuple((t, _template(book, t)) for t in book.templates))
        return Topic("topic", word, "Templates (itsm new KIND --template NAME)", (part,))
    return None


def _template(book: RuleBook, name: str) -> str:
    about = book.template(name)
    return f"{about.get('kind', '')}: {about.get('description', '')}"


def _states(workflow: Workflow) -> tuple[tuple[str, str], ...]:
    return tuple((name, state.description or state.title) for name, state in workflow.states.items())


def _kind_topic(book: RuleBook, words: list[str]) -> Topic | None:
    try:
        kind = book.kind(words[0])
    except NotFound:
        return None
    if len(words) == 1:
        return _kind(kind)
    name = words[1].replace("-", "_")
    if kind.workflow and name in kind.workflow.states:
        return _state(name, [kind])
    from itsm_gitops.editing.fields import schema_at

    path = tuple(name.split("."))
    schema = schema_at(kind, path)
    names = _names(book, kind, path)
    rows = [("takes", " | ".join(names) or expected(schema))]
    rows += [(key.lower(), str(schema[word])) for key, word in _LIMITS if word in schema]
    shape = "" if names else _shape(schema)
    if shape:
        rows.append(("written", shape))
    parts = [ExplainedSection("", str(schema.get("description", "")), tuple(rows))]
    inner = schema.get("properties") or (schema.get("items") or {}).get("properties") or {}
    if inner:
        parts.append(
            ExplainedSection(
                "Parts", rows=tuple((n, str(s.get("description", ""))) for n, s in inner.items())
            )
        )
    return Topic("field", f"{kind.name}.{name}", f"Field '{name}' of {kind.plural_title}", tuple(parts))


_LIMITS = (
    ("At most", "maximum"),
    ("At least", "minimum"),
    ("Longest", "maxLength"),
    ("Entries", "maxItems"),
)


def _names(book: RuleBook, kind: Kind, path: tuple[str, ...]) -> list[str]:
    """Return the values of a field that are not in its schema but elsewhere in the rule book: states, types of link."""
    if path in ((kind.state_field,), ("timeline", kind.state_field)) and kind.workflow:
        return list(kind.workflow.states)
    if path == ("links", "type"):
        return [
            n for n, link in book.links.items() if link.in_links and kind.name in book.members(link.sources)
        ]
    return []


def _shape(schema: Mapping[str, Any]) -> str:
    """Return the form of a text: in words, else as its pattern; empty if any text is valid."""
    from itsm_gitops.schema.pattern_words import in_words

    pattern = str(schema.get("pattern", ""))
    return in_words(pattern) or pattern


def _kind(kind: Kind) -> Topic:
    about = [
        ("file", f"{kind.folder}/{'YYYY/MM/' if kind.is_record else ''}ID.yaml"),
        ("schema", kind.schema_path),
    ]
    fields = [(n, kind.fields[n]) for n in kind.fields if not kind.fields[n].get("x-fixed")]
    needed = tuple(
        (n, f"{s.get('description', '')} [{expected(s)}]") for n, s in fields if n in kind.required
    )
    more = tuple((n, str(s.get("description", ""))) for n, s in fields if n not in kind.required)
    parts = [
        ExplainedSection("", kind.description, tuple(about)),
        ExplainedSection("Needed", rows=needed),
        ExplainedSection("Possible", rows=more),
    ]
    if kind.workflow:
        parts.append(ExplainedSection("States", rows=_states(kind.workflow)))
    return Topic("kind", kind.name, kind.title, tuple(p for p in parts if p.text or p.rows))


def _link_topic(book: RuleBook, word: str) -> Topic | None:
    name = word.lower().replace("-", "_")
    found = book.links.get(name) or book.inverses.get(name)
    if found is None:
        return None
    rows = [
        ("from", _kinds_said(book, found.sources)),
        ("to", _kinds_said(book, found.targets)),
        ("other way", "the same word" if found.symmetric else f"{found.inverse} ({found.inverse_title})"),
        ("said by", "itsm link ID " + found.name + " ID" if found.in_links else "a field of the document"),
    ]
    rows += [("at most", f"{found.max} from one document")] if found.max else []
    rows += [("circles", "not allowed")] if found.acyclic else []
    rows += [("failure", _IMPACTS[found.impact])] if found.impact in _IMPACTS else []
    return Topic("link", found.name, found.title, (ExplainedSection("", found.description, tuple(rows)),))


_IMPACTS = {
    "from_target": "travels back: the first is hit when the second fails",
    "from_source": "travels along: the second is hit when the first fails",
}


def _kinds_said(book: RuleBook, names: tuple[str, ...]) -> str:
    groups = {
        "record": "every record",
        "ci": "items that can fail",
        "item": "every item",
        "any": "everything",
    }
    return ", ".join(groups.get(n) or ", ".join(k.name for k in kinds_of(book, [n])) for n in names)


def _state_topic(book: RuleBook, word: str) -> Topic | None:
    name = word.lower().replace("-", "_").replace(" ", "_")
    kinds = [k for k in book.kinds.values() if k.workflow and name in k.workflow.states]
    return _state(name, kinds) if kinds else None


def _state(name: str, kinds: list[Kind]) -> Topic:
    parts: list[ExplainedSection] = []
    seen: set[str] = set()
    for kind in kinds:
        flow = kind.workflow
        if flow is None or flow.name in seen:
            continue
        seen.add(flow.name)
        state = flow.states[name]
        after = [t for t in flow.transitions if name in t.sources]
        before = sorted(
            {s for t in flow.transitions if t.target == name for s in t.sources}, key=list(flow.states).index
        )
        rows = [("category", state.category)]
        rows += [("means", "; ".join(STATE_ROLES.get(r, r) for r in state.roles))] if state.roles else []
        demands = [r.field + _when(r.when) for r in state.require]
        rows += [("demands", ", ".join(demands))] if demands else []
        rows += [("must be so", _guard(g)) for g in state.guards]
        rows += [("reached from", ", ".join(before) or "the beginning")]
        rows += [(f"→ {t.target}", t.title + _when(t.when) + _by(t.by)) for t in after]
        rows += [("then", "nothing: it is final")] if state.terminal else []
        parts.append(
            ExplainedSection(kind.title if kind.is_record else flow.title, state.description, tuple(rows))
        )
    return Topic("state", name, f"State '{name}'", tuple(parts))


def _when(condition: Condition) -> str:
    words = in_words(condition)
    return f" (when {words})" if words else ""


def _guard(guard: Guard) -> str:
    return in_words(guard.must) + _when(guard.when)


def _by(roles: tuple[str, ...]) -> str:
    return f" [{', '.join(r.replace('_', ' ') for r in roles)}]" if roles else ""
