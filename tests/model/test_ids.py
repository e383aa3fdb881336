from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.model import ids
from itsm_gitops.model.errors import Ambiguous, NotFound

LATE = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-5)))  # the 23rd in UTC


def test_minting_dates_in_utc_and_reads_back() -> None:
    minted = ids.mint("INC", LATE)
    assert minted.startswith("INC-261123-")
    assert ids.parse_record_id(minted) == ("INC", date(2026, 11, 23))
    assert ids.mint("INC", LATE) != ids.mint("INC", LATE)


def test_minting_uses_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", "2031-01-02T03:04:05Z")
    assert ids.mint("CHG").startswith("CHG-310102-")


def test_deriving_is_always_the_same_and_depends_on_everything() -> None:
    when = datetime(2016, 2, 29, tzinfo=UTC)
    first = ids.derive("INC", when, "INC0000045")
    assert first == ids.derive("INC", when, "INC0000045") == "INC-160229-VNPHZ"
    others = {
        ids.derive("INC", when, "INC0000046"),
        ids.derive("REQ", when, "INC0000045"),
        ids.derive("INC", when, "INC0000045", attempt=1),
    }
    assert len({o[-5:] for o in others} | {first[-5:]}) == 4
    assert ids.derive("INC", LATE, "x").startswith("INC-261123-")


@pytest.mark.parametrize(
    "text",
    [
        "INC-261122-K7QF", "INC-261122-K7QF33", "inc-261122-K7QF3", "INC-261122-k7qf3", "INC-261122-K7QFI",
        "INC-261122-K7QFL", "INC-261122-K7QFO", "INC-261122-K7QFU", "I-261122-K7QF3", "LONGEST-261122-K7QF3",
        "INC-260230-K7QF3", "INC-261322-K7QF3", "INC-261122-K7QF3\n", " INC-261122-K7QF3", "payments-db", "",
    ],
)  # fmt: skip
def test_what_is_no_record_identifier(text: str) -> None:
    assert ids.parse_record_id(text) is None


@pytest.mark.parametrize("text", ["a", "payments-db", "db2", "x" * 63, "a-1-b", "console"])
def test_what_may_name_an_item(text: str) -> None:
    assert ids.is_item_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Payments",
        "1db",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "a.b",
        "a/b",
        "..",
        "é",
        "x" * 64,
        "con",
        "lpt1",
        "nul",
        "a\n",
    ],
)
def test_what_may_not(text: str) -> None:
    assert not ids.is_item_id(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Payments DB (EU)", "payments-db-eu"),
        ("Opened by  8", "opened-by-8"),
        ("42", "x-42"),
        ("--", "x"),
        ("CON", "con-x"),
        ("Ünï", "uni"),
        ("Nguyễn Straße", "nguyen-strasse"),
        ("Проба", "proba"),
        ("a" * 62 + " b", "a" * 62),
    ],
)
def test_slugs(text: str, name: str) -> None:
    assert ids.slug(text) == name


@given(st.text())
def test_every_slug_may_name_an_item(text: str) -> None:
    assert ids.is_item_id(ids.slug(text))


KNOWN = ["INC-261122-K7QF3", "INC-261122-M7QF4", "CHG-261122-K7QZZ", "payments-db", "payments"]


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("INC-261122-K7QF3", "INC-261122-K7QF3"),
        ("inc-261122-k7qf3", "INC-261122-K7QF3"),
        (" k7qf3 ", "INC-261122-K7QF3"),
        ("K7QZ", "CHG-261122-K7QZZ"),
        ("payments", "payments"),  # exact wins over payments-db
        ("Payments-D", "payments-db"),
        ("inc0000045", "payments"),  # an alias, in any case
    ],
)
def test_finding_by_a_fragment(fragment: str, found: str) -> None:
    assert ids.find(fragment, iter(KNOWN), {"INC0000045": "payments"}) == found


def test_an_ambiguous_fragment_lists_candidates() -> None:
    with pytest.raises(Ambiguous) as caught:
        ids.find("7QF", KNOWN)
    assert caught.value.candidates == ["INC-261122-K7QF3", "INC-261122-M7QF4"]


def test_what_is_not_there_suggests_the_nearest_name_or_the_list() -> None:
    with pytest.raises(NotFound, match="nothing is called 'paymnets'") as caught:
        ids.find("paymnets", KNOWN)
    assert caught.value.hint == "did you mean payments, payments-db?"
    with pytest.raises(NotFound) as caught:
        ids.find("INC0000054", KNOWN, {"INC0000045": "payments"})
    assert "INC0000045" in caught.value.hint
    for hopeless in ("zzzzzzzzzz", "", "  "):
        with pytest.raises(NotFound) as caught:
            ids.find(hopeless, KNOWN)
        assert caught.value.hint == "itsm list and itsm list items show what there is"
