"""Random steps of people and of Git in a small repository, for tests that compare a short way with a long one."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import GitRepo

ITEMS = ("payments", "payments-db", "db-host-1", "mail", "web", "lonely")
STATES = ("new", "in_progress", "on_hold", "resolved", "closed")


def item(name: str, *, needs: str = "", title: str = "") -> str:
    """Return the document of an application."""
    links = f"links:\n  - {{type: depends_on, target: {needs}}}\n" if needs else ""
    return f"id: {name}\nclass: application\nname: {title or name}\nlifecycle: production\n{links}"


def incident(name: str, *, service: str, state: str = "new", title: str = "Slow", alias: str = "") -> str:
    """Return the document of an incident with a timeline of two entries."""
    aliases = f"aliases: [{alias}]\n" if alias else ""
    return (
        f"id: {name}\nkind: incident\ntitle: {title}\nstate: {state}\n{aliases}service: {service}\n"
        "impact: low\nurgency: high\n"
        "timeline:\n  - {at: 2026-11-20T10:00:00Z, by: ada, state: new}\n"
        f"  - {{at: 2026-11-21T10:00:00+01:00, by: ada, state: {state}}}\n"
    )


class Steps:
    """Takes random steps; the same ones for the same seed."""

    def __init__(self, repo: GitRepo, seed: int) -> None:
        self.repo = repo
        self.root = repo.root
        self.dice = random.Random(seed)
        self.log: list[str] = []
        self._count = 0
        for name in ITEMS:
            self._write(f"cmdb/applications/{name}.yaml", item(name, needs=self.dice.choice(("", *ITEMS))))
        for _ in range(6):
            self._add_record()
        repo.commit("Begin")

    def take(self) -> str:
        """Take one step; return its name."""
        step = self.dice.choice(self._all)
        name = step.__name__.strip("_")
        self.log.append(name)
        step(self)
        return name

    def _write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()
        place.write_text(text, encoding="utf-8")

    def documents(self) -> list[Path]:
        """Return the files of the data roots, sorted."""
        found = [p for f in ("cmdb", "records") for p in (self.root / f).rglob("*.yaml")]
        return sorted(p for p in found if p.is_file() and not p.is_symlink())

    def _any(self) -> Path | None:
        files = self.documents()
        return self.dice.choice(files) if files else None

    def _git(self, *words: str) -> None:
        """Run Git, which may refuse: that is a step, too."""
        subprocess.run(
            ["git", *words], cwd=self.root, check=False, capture_output=True, stdin=subprocess.DEVNULL
        )

    def _add_record(self) -> None:
        self._count += 1
        name = f"INC-2611{self.dice.randint(10, 28)}-{self.dice.randint(0, 9)}{self._count:04d}"
        alias = f"OLD-{self.dice.randint(1, 9)}" if self.dice.random() < 0.3 else ""
        text = incident(name, service=self.dice.choice(ITEMS), state=self.dice.choice(STATES), alias=alias)
        self._write(f"records/incidents/2026/11/{name}.yaml", text)

    def _add_item(self) -> None:
        name = f"app-{self.dice.randint(1, 30)}"
        self._write(f"cmdb/applications/{name}.yaml", item(name, needs=self.dice.choice(ITEMS)))

    def _edit(self) -> None:
        place = self._any()
        if place:
            text = place.read_text(encoding="utf-8", errors="replace")
            for state in STATES:
                text = text.replace(f"state: {state}\n", f"state: {self.dice.choice(STATES)}\n", 1)
            place.write_text(
                text.replace("title: S", "title: Very s") + f"description: {self.dice.random()}\n"
            )

    def _edit_in_place(self) -> None:
        """Change one letter and set the file's times back, as careless tools do; not within the second, as Git cannot see that."""
        place = self._any()
        if place:
            time.sleep(1.01)
            times = place.stat()
            text = place.read_text(encoding="utf-8", errors="replace")
            place.write_text(
                text.replace("low", "LOW", 1) if "low" in text else text.replace("LOW", "low", 1)
            )
            os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _touch(self) -> None:
        place = self._any()
        if place:
            os.utime(place)

    def _delete(self) -> None:
        place = self._any()
        if place:
            place.unlink()

    def _rename(self) -> None:
        place = self._any()
        if place:
            place.rename(place.with_name(f"moved-{self.dice.randint(1, 20)}.yaml"))

    def _swap(self) -> None:
        """Let two files change places."""
        one, other = self._any(), self._any()
        if one and other and one != other:
            spare = one.with_name(".spare")
            one.rename(spare)
            other.rename(one)
            spare.rename(other)

    def _break(self) -> None:
        place = self._any()
        if place:
            place.write_text("<<<<<<< HEAD\nid: x\n=======\n>>>>>>> other\n")

    def _duplicate(self) -> None:
        place = self._any()
        if place and place.parent.name != "databases":
            self._write(f"cmdb/databases/{place.name}", item(place.stem))

    def _link(self) -> None:
        """Put a symbolic link in the place of a document, or take one away."""
        links = [p for p in (self.root / "cmdb").rglob("*.yaml") if p.is_symlink()]
        place = self._any()
        if links:
            links[0].unlink()
        elif place and not place.with_name("linked.yaml").exists() and self.dice.random() < 0.3:
            place.with_name("linked.yaml").symlink_to(place.name)

    def _folder(self) -> None:
        """Make an empty folder with the name of a document, or take it away."""
        place = self.root / "cmdb" / "applications" / "folder.yaml"
        if place.is_dir():
            place.rmdir()
        elif place.parent.is_dir() and self.dice.random() < 0.3:
            place.mkdir()

    def _notes(self) -> None:
        """Write files among the documents that are none."""
        name = self.dice.choice(("records/README.md", "cmdb/applications/.hidden.yaml", "cmdb/notes.txt"))
        self._write(name, f"# Notes\n- [ {self.dice.random()}\n")

    def _ignore(self) -> None:
        place = self.root / ".gitignore"
        if place.exists() and self.dice.random() < 0.6:
            place.unlink()
        else:
            place.write_text(self.dice.choice(("app-*.yaml\n", "INC-*\n", "cmdb/databases/\n")))

    def _rule_book(self) -> None:
        place = self.root / "schemas/cmdb/application.schema.json"
        if place.is_file():
            place.write_text(place.read_text().replace('"name"', '"name" ', 1))

    def _label(self) -> None:
        """Let another field be the title of an application."""
        place = self.root / "schemas/cmdb/application.schema.json"
        if place.is_file():
            text = place.read_text()
            other = ('"label": "name"', '"label": "lifecycle"')
            one, two = other if other[0] in text else other[::-1]
            place.write_text(text.replace(one, two))

    def _stage(self) -> None:
        self._git("add", "-A")

    def _commit(self) -> None:
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "Work", "--allow-empty")

    def _commit_some(self) -> None:
        place = self._any()
        if place:
            self._git("add", str(place))
            self._git("commit", "-q", "-m", "Some")

    def _branch(self) -> None:
        self._git("checkout", "-q", "-f", "-B", self.dice.choice(("one", "two", "main")))

    def _switch(self) -> None:
        self._git("checkout", "-q", "-f", self.dice.choice(("one", "two", "main", "HEAD~1")))

    def _merge(self) -> None:
        self._git("merge", "-q", "-X", "ours", "-m", "Merge", self.dice.choice(("one", "two", "main")))

    def _restore(self) -> None:
        place = self._any()
        if place:
            self._git("checkout", "-q", "HEAD", "--", str(place))

    def _reset(self) -> None:
        self._git("reset", "-q", self.dice.choice(("--hard", "--mixed", "--soft")), "HEAD~1")

    def _stash(self) -> None:
        self._git("stash", *self.dice.choice((("push", "-q", "-u"), ("pop", "-q"))))

    def _untrack(self) -> None:
        place = self._any()
        if place:
            self._git("rm", "-q", "--cached", "--", str(place))

    def _clean(self) -> None:
        self._git("clean", "-q", "-f", "-d")

    def _status(self) -> None:
        self._git("status")

    _all: tuple[Callable[[Steps], None], ...] = (
        *(_edit, _edit, _edit, _edit_in_place, _touch, _delete, _rename, _swap, _break, _duplicate, _link),
        *(
            _folder,
            _notes,
            _ignore,
            _rule_book,
            _label,
            _stage,
            _commit,
            _commit,
            _commit_some,
            _branch,
            _switch,
        ),
        *(_merge, _restore, _reset, _stash, _untrack, _clean, _status, _add_record, _add_record, _add_item),
    )
