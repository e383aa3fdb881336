"""A made-up plan, large enough to measure conflict detection: 2,000 changes over 5,000 items.

    python benchmarks/plan.py FOLDER

writes the documents into FOLDER (which must hold a rule book) where they are not there yet, then reads them,
looks for conflicts once and prints the figures as JSON. Nothing here decides a test: that the answer is right is
proved in tests/gate/test_collisions.py, against a comparison of every change with every other.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsm_gitops.graph.impact import ImpactGraph
from itsm_gitops.graph.network import Network
from itsm_gitops.graph.schedule import collide
from itsm_gitops.model.clock import encode_suffix
from itsm_gitops.repository import Repository

ITEMS, CHANGES, DAYS = 5_000, 2_000, 14
START = datetime(2026, 12, 1, tzinfo=UTC)

SERVER = "id: {name}\nclass: server\nname: {name}\nowner: ops\nlifecycle: production\n"
CHANGE = (
    "id: {id}\nkind: change\ntitle: Change {number}\ntype: normal\nrequested_by: person-0\ncis: [{cis}]\n"
    "justification: It must be.\nstate: draft\nimplementers: [{person}]\n"
    "planned_start: {start:%Y-%m-%dT%H:%M:%SZ}\nplanned_end: {end:%Y-%m-%dT%H:%M:%SZ}\n"
    "timeline:\n- at: 2026-11-20T10:00:00Z\n  by: person-0\n  state: draft\n"
)


def write(root: Path) -> None:
    """Write items that need others below them, some as redundant groups, and changes over two weeks."""
    dice = random.Random(20261201)
    names = [f"server-{n:04d}" for n in range(ITEMS)]
    folders = root / "cmdb/servers", root / "records/changes/2026/11"
    for folder in folders:
        folder.mkdir(parents=True)
    for number, name in enumerate(names):
        below = names[number + 1 : number + 500]
        needs = dice.sample(below, min(len(below), dice.randrange(4)))
        text = SERVER.format(name=name)
        if len(needs) > 1 and dice.random() < 0.5:
            text += f"redundancy:\n- name: group\n  members: [{', '.join(needs)}]\n  min_up: 1\n"
        if needs:
            text += "links:\n" + "".join(f"- type: depends_on\n  target: {n}\n" for n in needs)
        (folders[0] / f"{name}.yaml").write_text(text)
    for number in range(CHANGES):
        start = START + timedelta(minutes=15 * dice.randrange(DAYS * 96))
        identifier = f"CHG-261120-{encode_suffix(number)}"
        text = CHANGE.format(
            id=identifier,
            number=number,
            cis=", ".join(dice.sample(names, dice.randrange(1, 5))),
            person=f"person-{dice.randrange(200)}",
            start=start,
            end=start + timedelta(minutes=dice.choice([30, 60, 120, 240, 480])),
        )
        (folders[1] / f"{identifier}.yaml").write_text(text)


def measure(root: Path) -> dict[str, float]:
    """Read the plan and look for conflicts; the graph is part of that, reading the files is not."""
    network = Network(Repository.open(root).store())
    started = time.perf_counter()
    found = collide(network, ImpactGraph(network))
    return {"seconds": time.perf_counter() - started, "collisions": len(found)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if not (folder / "cmdb/servers").is_dir():
        write(folder)
    print(json.dumps(measure(folder)))
