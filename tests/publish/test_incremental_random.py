"""Random work on a repository and on its site: each build equals one that knows of no other, byte for byte."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.publish import build_site
from itsm_gitops.publish.last_build import record_of
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import memory

_STATES = ("new", "in_progress", "resolved", "closed")


class World:
    """A repository with its site, what may be done to both, and the time."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        self.now: datetime = NOW
        self.number = 0

    def records(self, folder: str = "records") -> list[Path]:
        return sorted(p for p in (self.root / folder).rglob("*.yaml") if p.is_file())

    def _rewrite(self, path: Path, change: Callable[[str], str]) -> None:
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    def retitle(self) -> None:
        word = self.chance.choice(("cache", "upload", "shop", "fails", "Ärger"))
        path = self.chance.choice(self.records())
        self._rewrite(path, lambda t: t.replace("\ntitle: ", f"\ntitle: {word} ", 1))

    def rename_item(self) -> None:
        path = self.chance.choice(self.records("cmdb"))
        self._rewrite(path, lambda t: t.replace("\nname: ", "\nname: Other ", 1))

    def progress(self) -> None:
        path = self.chance.choice(self.records("records/incidents"))
        state = self.chance.choice(_STATES)

        def change(text: str) -> str:
            lines = [f"state: {state}" if line.startswith("state: ") else line for line in text.splitlines()]
            step = [f"- at: {self.now:%Y-%m-%dT%H:%M:%SZ}", "  by: ada", f"  state: {state}"]
            return "\n".join([*lines, *step, ""])

        self._rewrite(path, change)

    def open_one(self) -> None:
        source = self.chance.choice(self.records("records/incidents"))
        self.number += 1
        day = self.chance.choice(("2026/11/INC-261121", "2026/10/INC-261003"))
        path = self.root / f"records/incidents/{day}-N{self.number:04}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.read_text(encoding="utf-8").replace(source.stem, path.stem), encoding="utf-8")

    def remove_one(self) -> None:
        self.chance.choice(self.records()).unlink()

    def renumber(self) -> None:
        path = self.chance.choice(self.records())
        self.number += 1
        new = path.with_name(f"{path.stem[:-5]}M{self.number:04}.yaml")
        self._rewrite(path, lambda t: t.replace(path.stem, new.stem))
        path.rename(new)

    def unlink_relation(self) -> None:
        path = self.chance.choice(self.records("cmdb"))
        self._rewrite(path, lambda t: t.replace("type: depends_on", "type: relates_to", 1))

    def commit(self) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        for command in (["add", "-A", "records", "cmdb"], ["commit", "-qm", "Work", "--allow-empty"]):
            subprocess.run(["git", *who, *command], cwd=self.root, check=True)

    def wait(self) -> None:
        self.now += self.chance.choice((timedelta(minutes=1), timedelta(days=9), -timedelta(days=3)))

    def rule_book(self) -> None:
        path = self.root / "schemas/workflows/incident.yaml"
        self._rewrite(path, lambda t: t.replace("title: In progress", "title: In progress now"))

    def spoil(self) -> None:
        site = self.root / "build/warm"
        page = self.chance.choice(sorted(p for p in site.rglob("*") if p.is_file() and p.name[0] != "."))
        self.chance.choice((page.unlink, lambda: page.write_bytes(b"mine"), lambda: None))()
        (site / "records/stray.html").write_text("stray", encoding="utf-8")

    def forget(self) -> None:
        record = record_of(self.root / ".git", self.root / "build/warm")
        for name in self.chance.choice(((".db",), (".json",), (".db", ".json"))):
            record.with_suffix(name).unlink(missing_ok=True)

    def work(self) -> list[str]:
        """Do one to three things; return their names."""
        usual = [self.retitle, self.rename_item, self.progress, self.open_one, self.renumber, self.wait]
        seldom = [self.remove_one, self.unlink_relation, self.commit, self.spoil, self.forget, self.rule_book]
        done = self.chance.choices([*usual, *usual, *seldom], k=self.chance.randint(1, 3))
        for thing in done:
            thing()
        return [thing.__name__ for thing in done]

    def build(self, name: str) -> dict[str, bytes]:
        repo = Repository.open(self.root)
        output = build_site(
            repo, now=self.now, output_folder=Path("build") / name, reporter=SnapshotReporter()
        ).output
        return {p.relative_to(output).as_posix(): p.read_bytes() for p in output.rglob("*") if p.is_file()}

    def cold(self) -> dict[str, bytes]:
        """Build without any knowledge of another build but the engine's pages, which all share."""
        build = self.root / "build"
        for name in ("cold", "cold-parts"):
            shutil.rmtree(build / name, ignore_errors=True)
        record_of(self.root / ".git", build / "cold").with_suffix(".db").unlink(missing_ok=True)
        shutil.copytree(build / "warm-parts", build / "cold-parts")
        return self.build("cold")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 11])
def test_builds_after_random_work_equal_first_ones(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "COARSE", -(10**15))
    world = World(write_sample(tmp_path).root, seed)
    subprocess.run(["git", "init", "-q", str(world.root)], check=True)
    world.build("warm")
    history = []
    for _ in range(6):
        history.append(world.work())
        warm, cold = world.build("warm"), world.cold()
        assert sorted(warm) == sorted(cold), history
        assert [url for url in cold if warm[url] != cold[url]] == [], history
        assert world.build("warm") == cold, history
