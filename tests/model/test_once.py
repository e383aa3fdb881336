"""What is worked out once stays true for the things it was worked out for."""

from __future__ import annotations

from itsm_gitops.model.once import Once


def test_the_same_things_are_asked_once_and_equal_ones_again() -> None:
    calls: list[list[int]] = []

    def length(of: list[int]) -> int:
        calls.append(of)
        return len(of)

    once: Once[int] = Once()
    first, second = [1, 2], [1, 2]
    assert [once(x, make=lambda x=x: length(x)) for x in (first, second, first, second)] == [2] * 4
    assert len(calls) == 2
    assert once(first, second, make=lambda: 9) == 9, "both things count, and their order"
    assert once(second, first, make=lambda: 8) == 8


def test_an_identity_is_never_taken_for_that_of_a_thing_that_is_gone() -> None:
    once: Once[int] = Once()
    for number in range(100):
        assert once([number], make=lambda number=number: number) == number


def test_the_oldest_answers_are_forgotten() -> None:
    once: Once[int] = Once(most=2)
    things = [[n] for n in range(3)]
    for number, thing in enumerate(things):
        once(thing, make=lambda number=number: number)
    assert once(things[2], make=lambda: -1) == 2
    assert once(things[0], make=lambda: -1) == -1
