"""A process that asks the index, or edits documents, until it is told to stop; for tests of several at once.

python index_process.py ROOT read|write SECONDS SEED
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from itsm_gitops.documents.files import write_atomic
from itsm_gitops.repository import Repository

# Each writer makes both of its documents say the same number, the second one before the first. Documents are read
# in order of their names, so whoever reads the first number must not find a lower second one.
FIRST, SECOND = "cmdb/applications/one-{}.yaml", "cmdb/applications/two-{}.yaml"


def text(name: str, number: int) -> bytes:
    return f"id: {name}\nclass: application\nname: '{number:06d}'\nlifecycle: production\n".encode()


def write(root: Path, until: float, seed: str) -> None:
    number = 0
    before: dict[str, bytes] = {}
    while time.monotonic() < until:
        number += 1
        for place in (SECOND.format(seed), FIRST.format(seed)):
            content = text(Path(place).stem, number)
            old = before.get(place) or ((root / place).read_bytes() if (root / place).exists() else None)
            write_atomic(root / place, content, expected=old, durable=False)
            before[place] = content
        time.sleep(random.random() / 50)


def read(root: Path, until: float) -> None:
    last: dict[str, int] = {}
    while time.monotonic() < until:
        entries = Repository(root).store().entries
        numbers = {name: int(entry.title) for name, entry in entries.items() if name[:3] in ("one", "two")}
        for name, number in numbers.items():
            assert number >= last.get(name, 0), f"{name} went back from {last[name]} to {number}"
            if name.startswith("one"):
                second = numbers["two" + name[3:]]
                assert number <= second, f"{name} is {number}, but the second is {second}"
        last = numbers


if __name__ == "__main__":
    place, what, seconds, own = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
    end = time.monotonic() + seconds
    if what == "write":
        write(place, end, own)
    else:
        read(place, end)
