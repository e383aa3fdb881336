"""The map of a standard: what each requirement asks, and what of this repository shows that it is practised.

A map is no verdict about an organisation: it says where to look, and whether something is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsm_gitops.model import clock
from itsm_gitops.model.report import EVIDENCE, STANDING, TEXT, Column, Key, Report, Row, Table
from itsm_gitops.model.wording import Phrase, listed

MET, PARTLY, MISSING = "met", "partly", "missing"
STANDINGS = (MET, PARTLY, MISSING)
_TITLES = {MET: "Met", PARTLY: "Partly met", MISSING: "Missing"}

QUERY, RULE, FILE, REPORT = "query", "rule", "file", "report"
GAP = "gap"  # what is known to be missing, in words; it never holds


@dataclass(frozen=True, slots=True)
class PracticeEvidence:
    """One piece of evidence: a place to look, and the result.

    ``form`` is query, rule, file, report or gap; ``subject`` the filter, the code, the pattern of paths or the name.
    ``holds`` says whether the evidence is there; ``result`` describes it in words. ``count`` is the number of
    matches of a query, None for other forms and for an invalid query; ``examples`` are identifiers or paths.
    """

    form: str
    subject: str
    about: str
    holds: bool
    result: str
    count: int | None = None
    examples: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "form": self.form,
            "subject": self.subject,
            "about": self.about,
            "holds": self.holds,
            "result": self.result,
            "count": self.count,
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class PracticeRequirement:
    """One requirement: its number in the standard, what it asks in our own words, and its evidence."""

    number: str
    asks: str
    evidence: tuple[PracticeEvidence, ...]

    @property
    def standing(self) -> str:
        """Met where all evidence is there, partly where some is, missing where none is."""
        holding = sum(e.holds for e in self.evidence)
        return MET if self.evidence and holding == len(self.evidence) else PARTLY if holding else MISSING


@dataclass(frozen=True, slots=True)
class PracticeArea:
    """Requirements that belong together, as one process of a standard."""

    number: str
    title: str
    requirements: tuple[PracticeRequirement, ...]


@dataclass(frozen=True, slots=True)
class PracticeMap:
    """The map of one standard in one snapshot at a moment (UTC). ``note`` says what it is and what it is not."""

    name: str
    title: str
    source: str
    note: str
    areas: tuple[PracticeArea, ...]
    at: datetime

    @property
    def requirements(self) -> list[PracticeRequirement]:
        """All requirements, in order of the standard."""
        return [r for area in self.areas for r in area.requirements]

    def counts(self) -> dict[str, int]:
        """Return how many requirements are met, partly met and missing."""
        standings = [r.standing for r in self.requirements]
        return {standing: standings.count(standing) for standing in STANDINGS}

    @property
    def headline(self) -> str:
        """The result in one line."""
        counts = self.counts()
        return Phrase(
            "{met} of {all} requirements met, {partly} partly, {missing} missing",
            **counts,
            all=len(self.requirements),
        )

    def chosen(self, standings: Iterable[str]) -> PracticeMap:
        """Return the map with the requirements of some standings only; all for none."""
        wanted = frozenset(standings) or frozenset(STANDINGS)
        areas = tuple(
            PracticeArea(a.number, a.title, some)
            for a in self.areas
            if (some := tuple(r for r in a.requirements if r.standing in wanted))
        )
        return PracticeMap(self.name, self.title, self.source, self.note, areas, self.at)

    def as_json(self) -> dict[str, Any]:
        """Return the map as JSON data."""
        return {
            "standard": self.name,
            "title": self.title,
            "source": self.source,
            "note": self.note,
            "at": clock.format_time(self.at),
            "counts": self.counts(),
            "requirements": [
                {
                    "area": area.number,
                    "area_title": area.title,
                    "number": r.number,
                    "asks": r.asks,
                    "standing": r.standing,
                    "evidence": [e.as_json() for e in r.evidence],
                }
                for area in self.areas
                for r in area.requirements
            ],
        }

    def as_report(self) -> Report:
        """Return the map as a report: a table for each area, a row for each requirement."""
        columns = (
            Column("number", "Number", TEXT),
            Column("asks", "What it asks", TEXT),
            Column("standing", "Here", STANDING),
            Column("evidence", "Evidence", EVIDENCE),
        )
        tables = tuple(
            Table(
                f"area_{n}",
                listed([a.number, Phrase(a.title)], " "),
                columns,
                tuple(map(_row, a.requirements)),
            )
            for n, a in enumerate(self.areas, 1)
        )
        counts = self.counts()
        about = Phrase("{note} After {source}.", note=Phrase(self.note), source=Phrase(self.source))
        label = Phrase(
            "of {all} requirements met, {partly} partly, {missing} missing",
            all=len(self.requirements),
            partly=counts[PARTLY],
            missing=counts[MISSING],
        )
        return Report(
            name=self.name,
            title=self.title,
            lead=about,
            headline=self.headline,
            since=self.at,
            until=self.at,
            service="",
            team="",
            measures=(),
            tables=tables,
            main=Key(counts[MET], label),
            keys=(
                Key(len(self.requirements), "Requirements"),
                *(Key(counts[standing], title) for standing, title in _TITLES.items()),
            ),
            note=about,
        )

    def as_table(self) -> Table:
        """Return the whole map as one table, a row for each piece of evidence."""
        names = ("area", "number", "asks", "standing", "form", "subject", "holds", "result", "examples")
        rows: list[Row] = [
            (
                area.title, r.number, r.asks, r.standing, e.form, e.subject, "yes" if e.holds else "no",
                e.result, " ".join(e.examples),
            )
            for area in self.areas
            for r in area.requirements
            for e in r.evidence
        ]  # fmt: skip
        return Table(self.name, self.title, tuple(Column(n, n, TEXT) for n in names), tuple(rows))


def _row(requirement: PracticeRequirement) -> Row:
    lines = listed(map(_line, requirement.evidence), "\n")
    return requirement.number, requirement.asks, requirement.standing, lines


def _line(evidence: PracticeEvidence) -> Phrase:
    """Return evidence as a line; what leads somewhere stands in braces (`model/report.EVIDENCE`)."""
    if evidence.form == GAP:
        return Phrase("- {about}. {result}", about=Phrase(evidence.about), result=_said(evidence))
    subject = f"{{{evidence.form}:{evidence.subject}}}"
    examples = [f"{{{FILE}:{e}}}" if evidence.form == FILE else f"{{{e}}}" for e in evidence.examples]
    shown = f": {', '.join(examples)}" if examples else ""
    return Phrase(
        "{mark} {about}. {subject}, {result}{examples}",
        mark="+" if evidence.holds else "-",
        about=Phrase(evidence.about),
        subject=subject,
        result=_said(evidence),
        examples=shown,
    )


def _said(evidence: PracticeEvidence) -> Phrase:
    """Return what a piece of evidence shows, a gap in the words of its file."""
    return evidence.result if isinstance(evidence.result, Phrase) else Phrase(evidence.result)
