"""`itsm audit practice`: evidence in a repository for the requirements of a standard, for the terminal and the site.

The map of a standard is a file of ``schemas/policies/standards``: each requirement names filters, rules, files and
reports, or says in words what is missing. All other answers come from one snapshot; no opinion enters them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from itsm_gitops.commands.own_reports import own_reports
from itsm_gitops.commands.stored_filters import FilterAnswer, StoredFilters
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError, NotFound, did_you_mean
from itsm_gitops.model.filter_reading import kinds_named
from itsm_gitops.model.findings import OFF
from itsm_gitops.model.paths import glob
from itsm_gitops.model.practice import (
    FILE,
    GAP,
    QUERY,
    REPORT,
    RULE,
    PracticeArea,
    PracticeEvidence,
    PracticeMap,
    PracticeRequirement,
)
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.wording import Phrase, plural
from itsm_gitops.reports.catalogue import REPORTS

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.snapshots import Store

_FOLDER = "schemas/policies/standards/"
_USUAL = "fitsm"
_EXAMPLES = 4
_ENOUGH = 100  # evidence; more documents are not read to count it exactly
_WILD = re.compile(r"[*?]")


def standards(book: RuleBook) -> list[str]:
    """Return the names of the standards of which there is a map."""
    return [
        PurePosixPath(p).stem for p in sorted(book.files) if p.startswith(_FOLDER) and p.endswith(".yaml")
    ]


def practice(repo: Repository, name: str = "", at: str | None = None) -> PracticeMap:
    """Return the map of a standard (default: fitsm, or the first there is) in a snapshot; raises NotFound.

    ``repo.gaps`` says afterwards which documents could not be read.
    """
    store = repo.store(at)
    made = practice_map(store, name, clock.now())
    repo.gaps = {g.path: g for g in store.gaps(set(store.book.kinds))}
    return made


def practice_map(store: Store, name: str, now: datetime, filters: StoredFilters | None = None) -> PracticeMap:
    """Return the map of a standard (default: fitsm, or the first there is) of a loaded snapshot; raises NotFound.

    ``filters`` are asked instead of the store where they are given.
    """
    names = standards(store.book)
    if not names:
        raise NotFound("there is no map of a standard", f"{_FOLDER}NAME.yaml is one")
    if name and name not in names:
        raise NotFound(
            f"there is no map of '{name}'", did_you_mean(name, names) or f"there are: {', '.join(names)}"
        )
    name = name or (_USUAL if _USUAL in names else names[0])
    about = store.book.policy(f"{_FOLDER}{name}.yaml")
    gatherer = _Gatherer(store, filters or StoredFilters(store))
    areas = tuple(
        PracticeArea(area["number"], area["title"], tuple(map(gatherer.requirement, area["requirements"])))
        for area in about["areas"]
    )
    return PracticeMap(name, about["title"], about["source"], about["note"], areas, now)


def map_titles(book: RuleBook) -> list[tuple[str, str]]:
    """Return name and title of each map, as the site's reports have them."""
    return [(name, str(book.policy(f"{_FOLDER}{name}.yaml").get("title", name))) for name in standards(book)]


def maps(store: Store, now: datetime, filters: StoredFilters) -> list[PracticeMap]:
    """Return all maps of standards in a loaded snapshot."""
    return [practice_map(store, name, now, filters) for name in standards(store.book)]


def map_filters(book: RuleBook) -> list[str]:
    """Return the filters of all maps."""
    abouts = [book.policy(f"{_FOLDER}{name}.yaml") for name in standards(book)]
    requirements = (r for about in abouts for area in about["areas"] for r in area["requirements"])
    return [str(e[QUERY]) for r in requirements for e in r["evidence"] if QUERY in e]


class _Gatherer:
    """Looks for evidence in one loaded snapshot."""

    def __init__(self, store: Store, filters: StoredFilters) -> None:
        self._store = store
        self._filters = filters
        self._forms: Mapping[str, Callable[[str, Mapping[str, Any]], PracticeEvidence]] = {
            QUERY: self._query,
            RULE: self._rule,
            FILE: self._file,
            REPORT: self._report,
            GAP: self._gap,
        }

    def requirement(self, raw: Mapping[str, Any]) -> PracticeRequirement:
        return PracticeRequirement(raw["number"], raw["asks"], tuple(map(self._evidence, raw["evidence"])))

    def _evidence(self, raw: Mapping[str, Any]) -> PracticeEvidence:
        form = next(form for form in self._forms if form in raw)
        return self._forms[form](str(raw[form]), raw)

    def _query(self, text: str, raw: Mapping[str, Any]) -> PracticeEvidence:
        """Run a filter; it must find at least ``least`` documents (default one) and at most ``most``."""
        about = raw["about"]
        least, most = raw.get("least", 0 if "most" in raw else 1), raw.get("most")
        try:
            answer = self._filters.ask(text, 0 if most is not None else max(least, _ENOUGH))
        except ItsmError as error:
            invalid = Phrase("the filter is invalid: {message}", message=error.message)
            return PracticeEvidence(QUERY, text, about, False, invalid)
        count = len(answer.entries)
        # An unreadable document could be one match more; too many matches stay too many.
        doubt = bool(answer.gaps) and most is not None
        holds = count >= least and (most is None or count <= most) and not doubt
        # Thousands of entries that are nearly in this order are sorted faster than the largest are picked.
        newest = sorted(answer.entries, key=attrgetter("opened", "id"), reverse=True)[:_EXAMPLES]
        gone = self._archived(text) if count < least else 0
        result = _found(answer, least, most, gone)
        return PracticeEvidence(QUERY, text, about, holds, result, count, tuple(e.id for e in newest))

    def _archived(self, text: str) -> int:
        """Count the archived records of the kinds that a filter names first: they may be what it does not find."""
        kinds = kinds_named(self._store.book, text.split(maxsplit=1)[0]) or []
        prefixes = tuple(f"{k.prefix}-" for k in kinds if k.is_record)
        return sum(i.startswith(prefixes) for i in self._store.archived) if prefixes else 0

    def _rule(self, code: str, raw: Mapping[str, Any]) -> PracticeEvidence:
        """Look whether a rule is in force here; what it finds is what ``itsm check`` says."""
        from itsm_gitops.rules.registry import RULES

        rule, config = RULES.get(code), self._store.config
        if rule is None:
            return PracticeEvidence(RULE, code, raw["about"], False, Phrase("there is no such rule"))
        severity = config.severity.get(code, rule.severity)
        accepted = sum(i.code == code for i in config.ignore)
        result = (
            Phrase("switched off")
            if severity == OFF
            else Phrase("in force as {severity}", severity=Phrase(severity))
        )
        if accepted:
            result = plural(
                accepted,
                "{result}, {count} exception in itsm.yaml",
                "{result}, {count} exceptions in itsm.yaml",
                result=result,
            )
        return PracticeEvidence(RULE, code, raw["about"], severity != OFF, result)

    def _file(self, pattern: str, raw: Mapping[str, Any]) -> PracticeEvidence:
        from itsm_gitops.snapshots.outside import outside_files

        folder = pattern if not _WILD.search(pattern) else _WILD.split(pattern)[0].rpartition("/")[0]
        if ".." in pattern.split("/"):
            return PracticeEvidence(FILE, pattern, raw["about"], False, Phrase("leads out of the repository"))
        matches = glob(pattern).fullmatch
        paths = [p for p in outside_files(self._store.snapshot, folder) if matches(p)]
        result = plural(len(paths), "{count} file", "{count} files") if paths else Phrase("not there")
        examples = tuple(paths[:_EXAMPLES]) if paths != [pattern] else ()
        return PracticeEvidence(FILE, pattern, raw["about"], bool(paths), result, len(paths), examples)

    def _report(self, name: str, raw: Mapping[str, Any]) -> PracticeEvidence:
        known = name in REPORTS or name in own_reports(self._store.book)
        result = Phrase("is made") if known else Phrase("there is no such report")
        return PracticeEvidence(REPORT, name, raw["about"], known, result)

    @staticmethod
    def _gap(text: str, raw: Mapping[str, Any]) -> PracticeEvidence:
        """Say what is known to be missing: no file that anybody could add would be evidence."""
        return PracticeEvidence(GAP, "", raw["about"], False, text)


def _found(answer: FilterAnswer, least: int, most: int | None, gone: int) -> Phrase:
    """Say how many documents a filter found, how many are wanted, and how many could not be searched."""
    count = len(answer.entries)
    said = Phrase("{number} found" if answer.complete else "{number} or more found", number=count)
    if most is not None:
        said = Phrase("{found}, at most {most} wanted", found=said, most=most)
    elif count < least:
        said = Phrase("{found}, at least {least} wanted", found=said, least=least)
    if answer.gaps:
        one, several = "{found}, {count} file unreadable", "{found}, {count} files unreadable"
        said = plural(len(answer.gaps), one, several, found=said)
    if gone:
        one = "{found}; {count} archived record not searched"
        several = "{found}; {count} archived records not searched"
        said = plural(gone, one, several, found=said)
    return said
