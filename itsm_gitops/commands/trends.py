"""`itsm problems suggest` and `itsm articles wanted`: what a pattern in incidents calls for.

The patterns stand in ``schemas/policies/trends.yaml``. Only incidents of the days that a pattern looks at are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.stored_filters import StoredFilters
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.levels import is_at_or_below, levels
from itsm_gitops.model.timeline import replay_of, seconds

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

TRENDS = "schemas/policies/trends.yaml"
_ITEM, _SERVICE, _CATEGORY = "item", "service", "category"
_CAUSED_BY, _ANSWERS = "caused_by", "answered_by"


@dataclass(frozen=True, slots=True)
class ProblemProposal:
    """A problem that a pattern calls for.

    ``pattern`` is its name, ``by`` what the incidents have in common and ``subject`` which one; ``incidents`` are their
    identifiers, the newest first. ``fixed`` is the problem whose fix did not hold, empty where the pattern is another one.
    """

    pattern: str
    why: str
    by: str
    subject: str
    incidents: tuple[str, ...]
    fixed: str = ""

    def command(self, title: str) -> str:
        """Return the command that files the problem."""
        option = {_ITEM: f"--ci {self.subject}", _SERVICE: f"--service {self.subject}"}.get(
            self.by, f"--category {self.subject}"
        )
        links = " ".join(f"--link causes:{i}" for i in self.incidents[:5])
        return f'itsm new problem --title "{title}" {option} {links}'

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "pattern": self.pattern,
            "why": self.why,
            "by": self.by,
            "subject": self.subject,
            "incidents": list(self.incidents),
            "fixed": self.fixed or None,
        }


@dataclass(frozen=True, slots=True)
class WantedArticle:
    """A category with many incidents and no published article, and the incidents, newest first."""

    category: str
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleUse:
    """How many records say that an article helped."""

    id: str
    title: str
    count: int


def suggest_problems(repo: Repository, at: str | None = None) -> list[ProblemProposal]:
    """Return the problems that patterns in incidents call for, by pattern, those with most incidents first."""
    store = repo.store(at)
    seeker = _Seeker(store)
    return [p for rule in store.book.policy(TRENDS).get("problems", ()) for p in seeker.proposals(rule)]


def wanted_articles(repo: Repository, at: str | None = None) -> tuple[list[WantedArticle], list[ArticleUse]]:
    """Return the categories for which an article is wanted, and how often each published article helped.

    Raises NotFound where the policy says nothing about articles.
    """
    store = repo.store(at)
    terms = store.book.policy(TRENDS).get("articles")
    if not terms:
        raise NotFound("no policy says when an article is wanted", f"'articles' in {TRENDS}")
    articles = store.of_kinds(set(store.book.playing(meaning.ARTICLE)))
    offered = [e for e in articles if facts.plays(store.book, e, meaning.PUBLISHED)]
    covered = [levels(str(e.columns.get(_CATEGORY))) for e in offered if e.columns.get(_CATEGORY)]
    groups = _Seeker(store).groups(_CATEGORY, terms["days"])
    wanted = [
        WantedArticle(category, tuple(e.id for e in entries))
        for category, entries in _largest(groups)
        if len(entries) >= terms["count"] and not any(is_at_or_below(category, top) for top in covered)
    ]
    uses: dict[str, int] = defaultdict(int)
    for _, edge in store.pairs(_ANSWERS):
        uses[edge.target] += 1
    used = [ArticleUse(e.id, e.title, uses[e.id]) for e in offered]
    return wanted, sorted(used, key=lambda u: (-u.count, u.id))


def _largest(groups: Mapping[str, list[Entry]]) -> list[tuple[str, list[Entry]]]:
    return sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))


class _Seeker:
    """Looks for patterns in the incidents of one snapshot."""

    def __init__(self, store: Store) -> None:
        self._store, self._book = store, store.book
        self._filters = StoredFilters(store)
        self._with_problem = self._explained()
        problems = store.of_kinds(set(store.book.playing(meaning.PROBLEM)))
        self._open = [p for p in problems if facts.is_open(self._book, p)]
        self._done = [p for p in problems if not facts.is_open(self._book, p)]

    def _explained(self) -> frozenset[str]:
        """Return the incidents that name a problem as their cause."""
        problems = {e.id for e in self._store.of_kinds(set(self._book.playing(meaning.PROBLEM)))}
        return frozenset(s for s, edge in self._store.pairs(_CAUSED_BY) if edge.target in problems)

    def groups(self, by: str, days: int) -> dict[str, list[Entry]]:
        """Return the incidents of the last days by what they have in common, the newest first."""
        names = " or ".join(f"kind:{name}" for name in self._book.playing(meaning.INCIDENT))
        if not names:
            return {}
        found: dict[str, list[Entry]] = defaultdict(list)
        entries = self._filters.ask(f"records ({names}) opened:>-{days}d").entries
        for entry in sorted(entries, key=lambda e: (e.opened, e.id), reverse=True):
            if not facts.is_cancelled(self._book, entry):
                for subject in self._subjects(entry, by):
                    found[subject].append(entry)
        return dict(found)

    def _subjects(self, entry: Entry, by: str) -> Iterable[str]:
        if by == _CATEGORY:
            category = entry.columns.get(_CATEGORY)
            return [str(category)] if category else []
        services = self._book.playing(meaning.SERVICE)
        named = [t for t in facts.affected(entry) if t in self._store.entries]
        wants_service = by == _SERVICE
        return [t for t in named if (self._store.entries[t].kind in services) == wants_service]

    def proposals(self, rule: Mapping[str, Any]) -> Iterator[ProblemProposal]:
        """Yield what one pattern calls for."""
        for subject, entries in _largest(self.groups(rule["by"], rule["days"])):
            if any(subject in self._subjects(p, rule["by"]) for p in self._open):
                continue
            fresh = [e for e in entries if e.id not in self._with_problem]
            fixed = ""
            if rule.get("after_fix"):
                fixed, fresh = self._after_fix(subject, rule["by"], entries)
            if len(fresh) >= rule["count"]:
                ids = tuple(e.id for e in fresh)
                yield ProblemProposal(rule["name"], rule["why"], rule["by"], subject, ids, fixed)

    def _after_fix(self, subject: str, by: str, entries: Sequence[Entry]) -> tuple[str, list[Entry]]:
        """Return the last problem about the same that was resolved by a change of something, and what came after it."""
        fixes = [
            (moment, p.id)
            for p in self._done
            if subject in self._subjects(p, by) and (moment := self._fixed_at(p)) is not None
        ]
        if not fixes:
            return "", []
        moment, problem = max(fixes)
        return problem, [e for e in entries if (seconds(e.opened) or 0) > moment]

    def _fixed_at(self, problem: Entry) -> int | None:
        """Return when a problem was last resolved (seconds since 1970, UTC); None where nothing was fixed."""
        data, flow = self._store.data(problem.id), self._book.kinds[problem.kind].workflow
        if flow is None or not data.get("fix_notes") or facts.is_cancelled(self._book, problem):
            return None
        ended: int | None = None
        for moment, state in replay_of(data).steps:
            if state in flow.states:
                ended = (moment if ended is None else ended) if flow.is_done(state) else None
        return ended
