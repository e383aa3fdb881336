"""What the documentation shows is what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import console
from tests.warm import Warm


@pytest.mark.parametrize("page", console.PAGES, ids=lambda p: p.name)
def test_the_commands_of_a_page(page: Path, tmp_path: Path, warm: Warm) -> None:
    _, faults = console.play(page, tmp_path.resolve(), warm)
    assert not faults, "\n\n".join(
        [*faults, f"python tests/docs/console.py {page.relative_to(console.ROOT)}"]
    )


def test_output_with_lines_left_out() -> None:
    assert console.matches(["a", "…", "d"], ["a", "b", "c", "d"])
    assert console.matches(["…"], [])
    assert not console.matches(["a", "…", "d"], ["a", "b", "c"])
    assert not console.matches(["a"], ["a", "b"])


def test_commands_go_on_after_a_backslash_and_to_the_end_of_their_text() -> None:
    block = "$ one \\\n  more\nout\n$ two <<'END'\n$ text\nEND\nout\n$ three\n"
    assert list(console.commands(block)) == [
        ("one \\\n  more", ["out"]),
        ("two <<'END'\n$ text\nEND", ["out"]),
        ("three", []),
    ]
