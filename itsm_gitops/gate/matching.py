"""Gives people to places so that as many places as possible are filled."""

from __future__ import annotations

from collections.abc import Sequence


def match(options: Sequence[Sequence[str]]) -> list[str]:
    """Give each place one of its options, no option twice, filling as many as possible; '' is none.

    Augmenting paths (Kuhn 1955): a taken option is freed if its holder can have another one.
    """
    holder: dict[str, int] = {}

    def place(index: int, tried: set[str]) -> bool:
        for option in options[index]:
            if option in tried:
                continue
            tried.add(option)
            if option not in holder or place(holder[option], tried):
                holder[option] = index
                return True
        return False

    for index in range(len(options)):
        place(index, set())
    found = [""] * len(options)
    for option, index in holder.items():
        found[index] = option
    return found
