"""Likeness of records: the formula by hand, its caps, its order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log2

from itsm_gitops.graph.similar import CAP, MOST, Similar
from itsm_gitops.model.entry import Edge, Entry
from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook


def entry(number: int, title: str, *items: str, kind: str = "incident") -> Entry:
    edges = tuple(Edge("affects", i, ("cis", n)) for n, i in enumerate(items))
    name = f"INC-260304-{number:05d}"
    opened = f"2026-03-04T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return Entry(name, kind, f"records/{name}.yaml", title, "new", {}, edges, (), opened)


def item(name: str, kind: str) -> Entry:
    return Entry(name, kind, f"cmdb/{name}.yaml", name, "", {}, ())


BOOK = read_rulebook(WorkingTree(packaged_rulebook_root()))
CMDB = (item("mail", "service"), item("host", "server"))


def alike(entries: list[Entry], number: int = 0) -> list[tuple[int, float]]:
    found = Similar(BOOK, [*CMDB, *entries]).of(entries[number])
    return [(int(a.id[-5:]), round(a.likeness, 3)) for a in found]


def test_two_rare_words_or_one_and_an_item() -> None:
    entries = [
        entry(0, "Mailbox quarantine stuck", "mail", "host"),
        entry(1, "Mailbox of the quarantine"),  # two words
        entry(2, "Printer stuck", "host"),  # one word, and an item
        entry(3, "Printer has no toner", "host"),  # an item only
        entry(4, "Toner spilled: mailbox"),  # one word only
        entry(5, "Mailbox is full", "mail"),  # one word, and a service
    ]
    two, four = 1 + log2(CAP / 2), 1 + log2(CAP / 4)
    # "mailbox" is in four titles of six: too many for so small a group.
    assert alike(entries) == [(2, round(two + 2, 3))]
    entries += [entry(n, f"Something else {n}") for n in range(6, 20)]
    expected = [(1, two + four), (2, two + 2), (5, four + 1)]
    assert alike(entries) == [(n, round(likeness, 3)) for n, likeness in expected]


def test_kinds_of_faults_are_one_group_and_changes_another() -> None:
    title = "Quarantine stuck"
    entries = [
        entry(n, title, kind=kind)
        for n, kind in enumerate(["incident", "problem", "known-error", "change", "change", "request"])
    ]
    entries[2] = replace(entries[2], state="published")
    assert {n for n, _ in alike(entries, 0)} == {1, 2}
    drafts = [*entries[:2], replace(entries[2], state="draft"), *entries[3:]]
    assert {n for n, _ in alike(drafts, 0)} == {1}
    assert [n for n, _ in alike(entries, 3)] == [4]
    assert alike(entries, 5) == []


def test_the_newest_of_equal_ones_and_not_more_than_five() -> None:
    entries = [entry(n, "Quarantine stuck") for n in range(9)]
    entries += [entry(n, f"Something else {n}") for n in range(9, 60)]
    assert [n for n, _ in alike(entries)] == [8, 7, 6, 5, 4][:MOST]


def test_words_in_many_titles_numbers_and_small_words_say_nothing() -> None:
    many = [entry(n, f"Quarantine stuck {n}") for n in range(CAP + 1)]
    assert alike(many) == []
    entries = [entry(0, "It is the 42 of an 7"), entry(1, "It is the 42 of an 7")]
    assert alike(entries) == []


def test_accents_and_case_do_not_matter() -> None:
    entries = [entry(0, "Résumé UPLOAD"), entry(1, "resume upload")]
    assert [n for n, _ in alike(entries)] == [1]


def test_the_work_for_one_record_does_not_grow_with_their_number() -> None:
    """However many titles there are, each rare word leads to at most 30 of them."""

    def looked_up(count: int) -> int:
        entries = list(_bulk(count))
        similar = Similar(BOOK, entries)
        return max(len(words) for words in similar._groups["incident"].rare.values())

    assert looked_up(400) <= CAP
    assert looked_up(4000) <= CAP


def _bulk(count: int) -> Iterable[Entry]:
    for number in range(count):
        yield entry(number, f"w{number % 7}x w{number % 97}y w{number // 3}z")
