"""Turns of rotas against a walk in the local clock, minute by minute, that knows nothing of edges."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from itsm_gitops.model.rotas import Rota, Turn, people_on_call, read_rota, uncovered
from itsm_gitops.model.windows import Window

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PEOPLE = ("ada", "ben", "cy", "dee")
MINUTE = timedelta(minutes=1)


def holidays(*days: str) -> Any:
    return lambda name: (
        {"dates": [{"date": d, "name": "Holiday"} for d in days]} if name == "days-off" else None
    )


def rota(zone: str = "UTC", **more: Any) -> dict[str, Any]:
    layer = {
        "name": "First",
        "people": ["ada", "ben"],
        "from": "2026-01-05",
        "turn": {"every": 1, "unit": "week"},
        "hand_over": "09:00",
    }
    return {"time_zone": zone, "layers": [layer | more.pop("layer", {})], **more}


# ---- The oracle: who is called at one minute, by the wall clock ----------------------------------


def wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant(text: str, zone: str) -> datetime:
    """A local time as a moment: one that is skipped is after the gap, one that is twice the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def called(data: Mapping[str, Any], moment: datetime, closed: frozenset[date]) -> tuple[str, ...]:
    zone = data["time_zone"]
    found = [p for layer in data["layers"] if (p := of_layer(data, layer, moment, closed))]
    for over in data.get("overrides", ()):
        if datetime.fromisoformat(over["start"]) <= moment < datetime.fromisoformat(over["end"]):
            mine = over["person"]
            found = [
                mine,
                *[p for layer in data["layers"] if (p := of_layer(data, layer, moment, closed))][1:],
            ]
    assert zone
    return tuple(dict.fromkeys(found))


def of_layer(
    data: Mapping[str, Any], layer: Mapping[str, Any], moment: datetime, closed: frozenset[date]
) -> str:
    zone, local = data["time_zone"], wall(moment, data["time_zone"])
    length = layer["turn"]["every"] * {"day": 1, "week": 7}[layer["turn"]["unit"]]
    # Count the hand-overs that have happened, one by one.
    day, number = date.fromisoformat(layer["from"]), -1
    while instant(f"{day}T{layer['hand_over']}", zone) <= moment:
        day, number = day + timedelta(days=length), number + 1
    if number < 0 or (
        layer.get("until") and instant(f"{layer['until']}T{layer['hand_over']}", zone) <= moment
    ):
        return ""
    mode = layer.get("holidays")
    if mode == "only" and local.date() not in closed:
        return ""
    if layer.get("hours"):
        if not any(inside(h, moment, zone, closed if mode == "off" else frozenset()) for h in layer["hours"]):
            return ""
    elif mode == "off" and local.date() in closed:
        return ""
    away = {a["person"] for a in data.get("absences", ()) if a["from"] <= str(local.date()) <= a["until"]}
    people = layer["people"]
    for step in range(len(people)):
        if people[(number + step) % len(people)] not in away:
            return str(people[(number + step) % len(people)])
    return ""


def inside(hours: Mapping[str, Any], moment: datetime, zone: str, closed: frozenset[date]) -> bool:
    """Whether a moment lies in hours that began today or yesterday."""
    for back in (0, 1):
        day = wall(moment, zone).date() - timedelta(days=back)
        if day in closed or DAYS[day.weekday()] not in hours["days"]:
            continue
        end = day if hours["to"] > hours["from"] else day + timedelta(days=1)
        if instant(f"{day}T{hours['from']}", zone) <= moment < instant(f"{end}T{hours['to']}", zone):
            return True
    return False


def walked(
    data: Mapping[str, Any], start: datetime, end: datetime, closed: frozenset[date]
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    moment = start
    while moment < end:
        yield moment, called(data, moment, closed)
        moment += MINUTE


def made(rng: random.Random) -> tuple[dict[str, Any], frozenset[date], datetime]:
    """Return a rota, its holidays, and a moment near which much changes: often the night of a change of the clocks."""
    zone = rng.choice(ZONES)
    near = rng.choice(
        (
            date(2026, 3, 8),
            date(2026, 3, 29),
            date(2026, 10, 25),
            date(2026, 11, 1),
            date(2026, 4, 5),
            date(2026, 6, 3),
        )
    )
    time = lambda: f"{rng.randrange(24):02}:{rng.choice((0, 0, 30, 15)):02}"  # noqa: E731

    def layer(number: int) -> dict[str, Any]:
        people = [rng.choice(PEOPLE) for _ in range(rng.randint(1, 3))]
        more: dict[str, Any] = {}
        if rng.random() < 0.5:
            days = rng.sample(DAYS, rng.randint(1, 7))
            more["hours"] = [{"days": days, "from": time(), "to": time()} for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.3:
            more["until"] = str(near + timedelta(days=rng.randint(-1, 2)))
        if rng.random() < 0.4:
            more["holidays"] = rng.choice(("off", "only"))
        return {"name": f"l{number}", "people": people, "from": str(near - timedelta(days=rng.randint(-1, 9))),
                "turn": {"every": rng.randint(1, 2), "unit": rng.choice(("day", "week"))}, "hand_over": time(), **more}  # fmt: skip

    begin = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(hours=12)
    span = lambda: begin + timedelta(minutes=15 * rng.randint(0, 200))  # noqa: E731
    overrides = [{"start": s.isoformat(), "end": (s + timedelta(minutes=15 * rng.randint(1, 90))).isoformat(), "person": rng.choice(PEOPLE)}
                 for s in (span() for _ in range(rng.randint(0, 2)))]  # fmt: skip
    absences = [
        {
            "person": rng.choice(PEOPLE),
            "from": str(near),
            "until": str(near + timedelta(days=rng.randint(0, 1))),
        }
        for _ in range(rng.randint(0, 2))
    ]
    closed = frozenset(rng.sample((near, near + timedelta(days=1)), rng.randint(0, 2)))
    data = {
        "time_zone": zone,
        "layers": [layer(n) for n in range(rng.randint(1, 3))],
        "overrides": overrides,
        "absences": absences,
        "holidays": ["days-off"],
    }
    return data, closed, begin


@pytest.mark.parametrize("seed", range(16))
def test_turns_are_what_a_walk_minute_by_minute_finds(seed: int) -> None:
    data, closed, begin = made(random.Random(seed))
    end = begin + timedelta(hours=54)
    known = read_rota(data, holidays(*map(str, closed)))
    turns = known.turns(begin, end)
    assert (turns[0].start, turns[-1].end) == (begin, end)
    assert all(a.end == b.start and a[2:] != b[2:] for a, b in pairwise(turns))
    left = iter(turns)
    turn = next(left)
    for moment, people in walked(data, begin, end, closed):
        while moment >= turn.end:
            turn = next(left)
        assert turn.people == people, (moment, data)
        if moment.minute == 0:
            assert known.at(moment).people == people


# ---- Single facts ---------------------------------------------------------------------------------


def read(**more: Any) -> Rota:
    return read_rota(rota(**more), lambda _: None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_turn_over_the_change_of_the_clocks_hands_over_at_the_same_local_time() -> None:
    turns = read(zone="Europe/Berlin").turns(at("2026-03-23T08:00+00:00"), at("2026-04-06T07:00+00:00"))
    assert [(t.people, t.end - t.start) for t in turns] == [
        (("ben",), timedelta(days=7) - timedelta(hours=1)),
        (("ada",), timedelta(days=7)),
    ]


def test_before_the_first_hand_over_nobody_is_on_call() -> None:
    (gap,) = read().gaps(at("2026-01-04T00:00+00:00"), at("2026-01-06T00:00+00:00"))
    assert (gap.start, gap.end) == (at("2026-01-04T00:00+00:00"), at("2026-01-05T09:00+00:00"))


def test_gaps_count_only_in_the_hours_that_are_wanted() -> None:
    nights = read(layer={"hours": [{"days": list(DAYS), "from": "18:00", "to": "08:00"}]})
    start, end = at("2026-02-02T00:00+00:00"), at("2026-02-03T00:00+00:00")
    assert [(g.start.hour, g.end.hour) for g in uncovered(nights, None, start, end)] == [(8, 18)]
    assert (
        uncovered(nights, [Window(at("2026-02-02T20:00+00:00"), at("2026-02-02T23:00+00:00"))], start, end)
        == []
    )


def test_of_two_overrides_the_later_in_the_file_holds_and_backups_stay() -> None:
    layers = [rota()["layers"][0], rota(layer={"people": ["cy"]})["layers"][0]]
    span = {"start": "2026-02-02T00:00:00Z", "end": "2026-02-03T00:00:00Z"}
    data = rota() | {"layers": layers, "overrides": [{**span, "person": "dee"}, {**span, "person": "ben"}]}
    assert read_rota(data, lambda _: None).at(at("2026-02-02T12:00+00:00"))[2:] == (("ben", "cy"), True)


def test_the_next_in_the_layer_stands_in_for_the_absent_and_nobody_for_all() -> None:
    away = [{"person": "ada", "from": "2026-01-05", "until": "2026-01-06"}]
    known = read(absences=away)
    assert known.at(at("2026-01-06T12:00+00:00")).people == ("ben",)
    assert known.at(at("2026-01-07T12:00+00:00")).people == ("ada",)
    all_away = read(absences=[*away, {"person": "ben", "from": "2026-01-06", "until": "2026-01-06"}])
    assert all_away.at(at("2026-01-06T12:00+00:00")).people == ()


def test_names_that_are_no_rota_stand_for_themselves() -> None:
    items = {"r": rota()}
    moment = at("2026-01-06T12:00+00:00")
    assert list(people_on_call(["zoe", "r"], items.get, moment)) == ["zoe", "ada"]


@pytest.mark.parametrize(
    "broken",
    [
        {"layers": [{}]},
        {"layers": [3]},
        {"overrides": [{"start": "x"}]},
        {"absences": ["x"]},
        {"time_zone": 7},
    ],
)
def test_malformed_parts_call_nobody_and_stop_nobody(broken: dict[str, Any]) -> None:
    turns = read_rota(rota() | broken, lambda _: None).turns(
        at("2026-02-02T00:00+00:00"), at("2026-02-03T00:00+00:00")
    )
    assert isinstance(turns[0], Turn)
