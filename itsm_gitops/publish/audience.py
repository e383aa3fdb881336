"""The snapshot as one audience sees it: everything a site is made of passes here, and only here.

A store of its own stands between the loaded snapshot and the pages, so that no page, index, feed or
report has to know what is withheld: for them it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.graph.doubt import doubted_days, status_kinds
from itsm_gitops.model import facts, meaning
from itsm_gitops.model.audience import TEAMS, Audience
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.report import Report
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.screen import Names, ScreenRule, Times, names_of, screen, screen_entry, times, tree
from itsm_gitops.presentation.extras import extra_of
from itsm_gitops.presentation.pages import past
from itsm_gitops.presentation.true_status import announced_past, true_health, true_histories, true_past
from itsm_gitops.presentation.view import View
from itsm_gitops.publish import search
from itsm_gitops.publish.readings import DocumentFacts, Lives, Readings
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.publish.site_reports import SiteReports, made_anew, made_before
from itsm_gitops.snapshots import Snapshot, Store, load_store
from itsm_gitops.snapshots.config import Config, Hosting
from itsm_gitops.snapshots.store import identifier_of

if TYPE_CHECKING:
    from itsm_gitops.snapshots.gaps import Gap
    from itsm_gitops.snapshots.spool import Spool
    from itsm_gitops.snapshots.store import Document


def load(
    snapshot: Snapshot,
    book: RuleBook,
    audience: Audience,
    reporter: Reporter | None,
    now: datetime,
    readings: Readings | None = None,
    spool: Spool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[View, SiteReports, dict[str, str] | None, tuple[Gap, ...]]:
    """Read a snapshot and return what an audience may see of it, and the reports about that.

    What could not be read comes last: it is for whoever builds and not for the audience. The words that search finds
    documents by come third: of the documents that were read, None where something is withheld. ``readings`` is what is
    known of the documents already, for an audience that may see everything; ``spool`` gets what is parsed, as every
    document is looked at again when its page is made; ``progress`` receives how many documents of how many were read.
    """
    made = None if audience.everything else Screen(audience, book.kinds)
    full, gathered = load_store(
        snapshot,
        visit=_visitor(audience, reporter, made),
        book=book,
        memory=readings.memory if readings else None,
        spool=spool,
        progress=progress,
    )
    extras = [extra for some in gathered for extra in some.extras]
    marks = {some.path: some.marks for some in gathered}
    if readings:
        extras += readings.extras()
        marks |= readings.marks()
    store = full if made is None else AudienceStore(full, made, [g.seen for g in gathered if g.seen])
    view = View(store, extras, now, audience)
    view.gaps = full.gaps(status_kinds(full.book))
    if made is not None:
        view.health = true_health(full, store.entries, view.now)
    reports = SiteReports(tuple, {}, {}, {}, "")
    if reporter:
        told = Lives((life for some in gathered for life in some.told), readings)
        lives = told if made is None else Lives(life for some in gathered for life in some.lives)
        whole = not (full.unreadable or full.broken or full.duplicates)
        own = tuple(reporter.own_reports(store, view.now, marks)) if audience.reports and made is None else ()
        reports = _reports(reporter, view, full, told, lives, own, readings if whole else None)
        past_days = announced_past(full, reports.past, view.now, view.zone)
        view.past, view.kept, view.histories = (
            true_past(past_days, view.entries),
            reports.kept,
            reports.histories,
        )
        view.measures = reporter.measures()
        if audience.reports:
            view.course = reporter.course(store, lives, view.now)
    words = {identifier_of(g.path): g.words for g in gathered} if made is None else None
    return view, reports, words, full.unreadable


def _visitor(
    audience: Audience, reporter: Reporter | None, made: Screen | None
) -> Callable[[Store, Document], list[DocumentFacts]]:
    """Return what gathers the facts of each document; ``made`` withholds what the audience may not see."""

    def visit(store: Store, document: Document) -> list[DocumentFacts]:
        told = reporter.visit(document) if reporter else []
        if made is None:
            words = search.words_of(document.data)
            marks = reporter.marks(store, document) if reporter and audience.reports else 0
            return [
                DocumentFacts(document.path, extra_of(document, store.book), told, told, words, marks=marks)
            ]
        shown = made.document(store, document)
        if shown is None:
            return [DocumentFacts(document.path, [], [], told)] if told else []
        lives = reporter.visit(shown.document) if reporter else []
        extras = extra_of(shown.document, store.book)
        return [DocumentFacts(document.path, extras, lives, told, seen=shown.seen)]

    return visit


def _reports(
    reporter: Reporter,
    view: View,
    full: Store,
    told: Lives,
    lives: Lives,
    own: Sequence[Report],
    readings: Readings | None,
) -> SiteReports:
    """Return the reports that are for an audience, with the repository's ``own``.

    ``told`` are all lives, ``lives`` those that the audience may know.
    """
    shows = view.audience.reports

    def make() -> Sequence[Report]:
        return (*reporter.reports(view.store, lives, view.now), *own) if shows else ()

    before = made_before(make, own, readings, view.book, view.now)
    if before is not None:
        return before
    events = true_histories(reporter.histories(full, told, view.now), view)
    days = reporter.history(full, told, view.now, past.DAYS)
    shown = {s: doubted_days(some, view.gaps) for s, some in days.items()}
    return made_anew(make, own, true_past(shown, view.entries), events, view.entries)


def audience_store(
    load: Callable[[Callable[[Store, Document], list[VisibleDocument]]], tuple[Store, list[VisibleDocument]]],
    book: RuleBook,
    audience: Audience,
) -> Store:
    """Return a snapshot as an audience may see it; ``load`` loads all of it, with a visit of each document."""
    made = Screen(audience, book.kinds)

    def visit(store: Store, document: Document) -> list[VisibleDocument]:
        shown = made.document(store, document)
        return [shown.seen] if shown else []

    full, seen = load(visit)
    return full if audience.everything else AudienceStore(full, made, seen)


class VisibleDocument(NamedTuple):
    """A document that the audience may see, and the times of what it sees of it."""

    path: str
    times: Times


class _Shown(NamedTuple):
    """A document without what is withheld, and what has to be kept of it."""

    document: Document
    seen: VisibleDocument


class Screen:
    """What an audience may see of the documents of one rule book."""

    def __init__(self, audience: Audience, kinds: Mapping[str, Kind]) -> None:
        self.audience = audience
        self._kinds = kinds
        self._trees: dict[str, ScreenRule] = {}
        self._first: Names | None = None

    def tree(self, kind: str) -> ScreenRule:
        """Return what may pass of a kind."""
        if kind not in self._trees:
            self._trees[kind] = tree(self._kinds[kind], self.audience)
        return self._trees[kind]

    def document(self, store: Store, document: Document) -> _Shown | None:
        """Return what may be gathered of a document while it is read, None when it is withheld.

        ``store`` knows the CMDB only, so that no reference to a record passes yet.
        """
        kind, data = document.kind, document.data
        if kind is None or not isinstance(data, dict) or not self.audience.admits(kind, data):
            return None
        if facts.is_draft(kind, facts.stage_of(kind, data)):
            return None  # it is for its writers: nothing offers it to readers yet
        shown = self.data(kind.name, data, self._early(store), store)
        return _Shown(
            document._replace(data=shown, raw=b"", entry=None), VisibleDocument(document.path, times(shown))
        )

    def _early(self, store: Store) -> Names:
        if self._first is None:
            people = _people(store, self.audience, frozenset())
            self._first = names_of(self.audience, frozenset(), frozenset(store.entries), people)
        return self._first

    def data(self, kind: str, data: Mapping[str, Any], names: Names, full: Store) -> dict[str, Any]:
        """Return what may pass of the document of a kind."""
        shown = screen(self.tree(kind), data, names)
        found: dict[str, Any] = shown if isinstance(shown, dict) else {}
        if "answers" in found and not self.audience.internal:
            found["answers"] = _answers(found["answers"], full, data.get("offering"))
        return found


def _answers(answers: Any, full: Store, offering: Any) -> Any:
    """Leave out the answers to questions that an offering marks as internal."""
    known = isinstance(offering, str) and offering in full.entries
    form = full.data(offering).get("form") if known else None
    asked = form.get("properties") if isinstance(form, dict) else None
    if not isinstance(answers, dict) or not isinstance(asked, dict):
        return {}
    return {
        k: v for k, v in answers.items() if isinstance(asked.get(k), dict) and not asked[k].get("x-internal")
    }


class AudienceStore(Store):
    """A loaded snapshot without what is withheld from an audience.

    Links to what is withheld are gone too. What was found wrong with files is not in it, nor are
    the files themselves.
    """

    def __init__(self, full: Store, made: Screen, seen: Iterable[VisibleDocument]) -> None:
        """Take the whole snapshot, and the documents that the audience may see."""
        audience = made.audience
        super().__init__(full.snapshot, visible_book(full.book, audience), _config(full, audience))
        self._full = full
        self._screen = made
        shown = {s.path: s.times for s in seen}
        visible = {e.id for e in full.entries.values() if e.path in shown}
        known = frozenset([*full.entries, *full.broken, *full.aliases, *full.archived])
        self.names = names_of(audience, visible, known, _people(full, audience, visible))
        for entry in full.entries.values():
            if entry.id in visible:
                kind = full.book.kinds[entry.kind]
                part = made.tree(entry.kind)
                self.add(screen_entry(kind, part, entry, shown[entry.path], self.names))

    def data(self, identifier: str) -> dict[str, Any]:
        """Return what is shown of a document; raises NotFound where that is nothing."""
        if identifier not in self.entries:
            raise NotFound(f"nothing is called '{identifier}'")
        if identifier not in self._data:
            self._data[identifier] = self._shown(identifier, self._full.data(identifier))
        return self._data[identifier]

    def read_documents(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """Yield what is shown of these entries' documents in the order given."""
        wanted = [self._full.entries[e.id] for e in entries if e.id in self.entries]
        for entry, data in self._full.read_documents(wanted):
            yield self.entries[entry.id], self._shown(entry.id, data)

    def raw(self, path: str) -> bytes:
        """Refuse: the bytes of a file hold what is withheld."""
        raise NotFound(f"{path} is not shown to this audience")

    def _shown(self, identifier: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return self._screen.data(self.entries[identifier].kind, data, self.names, self._full)


def visible_book(book: RuleBook, audience: Audience) -> RuleBook:
    """Return a rule book without the kinds that an audience does not see."""
    if audience.everything:
        return book
    return book.without([k.name for k in book.kinds.values() if k.name not in audience.kinds])


def _config(full: Store, audience: Audience) -> Config:
    config = full.config if audience.sources else full.config._replace(edit_url="")
    return config if audience.sources or audience.forms else config._replace(repository=Hosting())


def _people(full: Store, audience: Audience, visible: Container[str]) -> dict[str, str]:
    """Return the people and teams that are not shown, people with the team that stands for them."""
    found = {}
    for entry in facts.of_role(full.book, full.entries.values(), meaning.PERSON, meaning.TEAM):
        if entry.id not in visible:
            teams = [e.target for e in entry.edges if e.relation == "member_of" and e.target in visible]
            found[entry.id] = teams[0] if teams and audience.people == TEAMS else ""
    return found
