"""Figures and days are written as the readers of each language write them; the English text stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from itsm_gitops.model.report import BUSINESS, COUNT, DURATION, EXACT_SHARE, MONEY, MONTH, SHARE, WEEK, Column
from itsm_gitops.model.wording import Figure, Phrase, duration, listed, percent, plural
from itsm_gitops.presentation.language import spoken, t
from itsm_gitops.presentation.moments import MONTH_NAMES, day_title, full_day, said


def cell(form: str, value: str | float) -> Callable[[], str]:
    return lambda: said(Column("x", "X", form), value)


@pytest.mark.parametrize(
    ("say", "english", "german", "french"),
    [
        (cell(DURATION, 187_200), "2 d 4 h", "2\u00a0d 4\u00a0h", "2\u00a0j 4\u00a0h"),
        (cell(BUSINESS, 4_446_000), "1,235 h", "1.235\u00a0h", "1\u202f235\u00a0h"),
        (cell(SHARE, 0.75), "75%", "75\u00a0%", "75\u202f%"),
        (cell(EXACT_SHARE, 0.99954), "99.95%", "99,95\u00a0%", "99,95\u202f%"),
        (cell(COUNT, 2.25), "2.25", "2,25", "2,25"),
        (cell(MONEY, 1350.5), "1,350.50", "1.350,50", "1\u202f350,50"),
        (cell(WEEK, "2026-06-01"), "1 Jun", "1. Juni", "1er juin"),
        (cell(MONTH, "2026-11"), "Nov 2026", "Nov. 2026", "nov. 2026"),
        (lambda: full_day(date(2026, 11, 22)), "22 Nov 2026", "22. Nov. 2026", "22 nov. 2026"),
        (lambda: full_day(date(2026, 3, 1), MONTH_NAMES), "1 March 2026", "1. März 2026", "1er mars 2026"),
        (
            lambda: day_title(date(2026, 11, 28)),
            "Saturday 28 November",
            "Samstag, 28. November",
            "samedi 28 novembre",
        ),
    ],
)
def test_figures_and_days(say: Callable[[], str], english: str, german: str, french: str) -> None:
    assert say() == english
    for language, expected in (("de", german), ("fr", french)):
        with spoken(language):
            assert say() == expected


def resolved(count: int) -> Phrase:
    one, several = "{count} incident resolved, median {time}", "{count} incidents resolved, median {time}"
    return plural(count, one, several, time=Figure(duration, 5_820))


def test_a_phrase_is_its_english_text_and_can_be_said_in_another_language() -> None:
    assert [resolved(1), resolved(1234)] == [
        "1 incident resolved, median 1 h 37 min",
        "1,234 incidents resolved, median 1 h 37 min",
    ]
    with spoken("de"):
        assert t(resolved(1234)) == "1.234 Störungen gelöst, Median 1\u00a0h 37\u00a0min"
    with spoken("fr"):
        assert t(resolved(0)) == "0 incident résolu, médiane 1\u00a0h 37\u00a0min"


def test_phrases_stand_in_phrases() -> None:
    part = Phrase(
        "{caused} of {all} incidents caused by a change ({share})",
        caused=1,
        all=20,
        share=Figure(percent, 0.05),
    )
    both = listed([Phrase("no contract"), part])
    assert both == "no contract, 1 of 20 incidents caused by a change (5%)"
    with spoken("de"):
        assert t(both) == "kein Vertrag, 1 von 20 Störungen durch einen Change verursacht (5\u00a0%)"


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{", "{0}", "{% raw %}"])
def test_what_somebody_wrote_is_no_template(text: str) -> None:
    assert Phrase(text) == text
    assert Phrase("no contract {name}", name=Phrase(text)) == f"no contract {text}"
    with spoken("de"):
        assert t(Phrase(text)) == text
