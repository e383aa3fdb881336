"""A watched present: it answers as the present does, and knows until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model.watched_time import FOREVER, watched

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)
EARLIER = datetime(2026, 11, 1, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("question", "answer", "until"),
    [
        (lambda now: now < LATER, True, LATER),
        (lambda now: now <= LATER, True, LATER),
        (lambda now: now >= LATER, False, LATER),
        (lambda now: now > EARLIER, True, FOREVER),
        (lambda now: now == LATER, False, LATER),
        (lambda now: max(now, LATER) is LATER, True, LATER),
        (lambda now: now + timedelta(days=1) < LATER, True, LATER - timedelta(days=1)),
        (lambda now: now - timedelta(days=1) > EARLIER, True, FOREVER),
        (lambda now: now.date(), date(2026, 11, 29), datetime(2026, 11, 30, tzinfo=UTC)),
        (lambda now: now - EARLIER, timedelta(days=28, hours=12), NOW),
        (lambda now: LATER - now, timedelta(days=1, hours=12), NOW),
        (lambda now: f"{now:%Y}", "2026", NOW),
        (str, str(NOW), NOW),
        (lambda now: now.timestamp(), NOW.timestamp(), NOW),
        (lambda now: now.year, 2026, NOW),
        (hash, hash(NOW), NOW),
        (lambda now: now.astimezone(BERLIN) == NOW, True, NOW),
        (lambda _: 1, 1, FOREVER),
    ],
)
def test_it_answers_and_notes(
    question: Callable[[datetime], object], answer: object, until: datetime
) -> None:
    now, watch = watched(NOW)
    assert question(now) == answer == question(NOW)
    assert watch.until == until


def test_the_nearest_moment_counts() -> None:
    now, watch = watched(NOW)
    assert now < LATER
    assert now < LATER + timedelta(days=1)
    assert watch.until == LATER
    assert now.date()
    assert watch.until == datetime(2026, 11, 30, tzinfo=UTC)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda m: m.replace(tzinfo=UTC))  # noqa: DTZ001
shifts = st.timedeltas(timedelta(days=-40), timedelta(days=40))


@given(
    st.lists(st.tuples(moments, shifts, st.sampled_from("<>=[]d")), min_size=1, max_size=5),
    moments,
    st.data(),
)
def test_answers_hold_until_the_noted_moment(
    questions: list[tuple[datetime, timedelta, str]], present: datetime, data: st.DataObject
) -> None:
    def answers(now: datetime) -> list[object]:
        asked: dict[str, Callable[[datetime, datetime], object]] = {
            "<": lambda a, b: a < b,
            ">": lambda a, b: b < a,
            "=": lambda a, b: a == b,
            "[": lambda a, b: a <= b,
            "]": lambda a, b: b <= a,
            "d": lambda a, _: a.date(),
        }
        return [asked[sign](now + shift, moment) for moment, shift, sign in questions]

    now, watch = watched(present)
    first = answers(now)
    assert first == answers(present)
    later = (
        data.draw(moments.filter(lambda m: watch.since <= m < watch.until))
        if watch.until > watch.since
        else present
    )
    assert answers(later) == first
