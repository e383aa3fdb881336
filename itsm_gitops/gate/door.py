"""Which paths of a request belong to the door (`model/door.py`), and which protected rules are for them.

A policy protects paths by patterns. Here they hold in every spelling that a file system takes for the same path, and
what the table of the door names is protected by whoever decides about the policy itself, where no rule names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from itsm_gitops.gate.policy import ApprovalRule, Policy
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.door import ALIKE, SAME, PathsOf, door_files, in_roots, plain_name
from itsm_gitops.model.paths import glob
from itsm_gitops.model.roles import names

_ROOTS = ("records", "cmdb", "schemas", "itsm.yaml")
Texts = Callable[[str], Iterable[str]]


@dataclass
class Door:
    """The protected paths of a policy. ``texts`` returns what a file holds before and after the request."""

    policy: Policy
    texts: Texts
    _known: dict[str, tuple[tuple[ApprovalRule, ...], str]] = field(default_factory=dict)

    def rules(self, path: str) -> tuple[ApprovalRule, ...]:
        """Return the protected rules that are for a path, however it is spelt."""
        return self._look(path)[0]

    def imitates(self, path: str) -> bool:
        """Whether a path only looks like a protected one: it is refused, as nobody could tell them apart."""
        return self._look(path)[1] == ALIKE

    def respelt(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield in words which paths are protected in another spelling than their own."""
        for path in paths:
            rules = self.rules(path)
            plain = any(rule.covers(path) for rule in rules) or any(
                glob(row.pattern).fullmatch(path) for row in door_files(path)
            )
            if rules and not plain and not self.imitates(path):
                yield (
                    f"{plain_name(path)} is protected although it is written otherwise: "
                    "some file systems hold it for the same file"
                )

    def refusals(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the paths that the request leaves in place and that nobody can judge, with the reason."""
        for path in paths:
            if self.imitates(path):
                yield (
                    path,
                    (
                        f"{plain_name(path)} is nearly the name of a protected file, and people or file systems "
                        "take one for the other; give it another name"
                    ),
                )
            elif not self.rules(path) and in_roots(path) and path.partition("/")[0] not in _ROOTS:
                yield (
                    path,
                    (
                        f"{plain_name(path)} is nearly in a folder of documents, and some file systems take one for the "
                        "other; write the folder as it is"
                    ),
                )
            elif self._of_door(path) and not self.rules(path):
                yield path, f"{path} decides what the gate does, and no protected rule is for {POLICY}"

    def _look(self, path: str) -> tuple[tuple[ApprovalRule, ...], str]:
        known = self._known.get(path)
        if known is None:
            ways = [(rule, paths.match(path)) for rule, paths in self._patterns]
            ours = [rule for rule, way in ways if way]
            spelling = SAME if any(way == SAME for _, way in ways) else ALIKE if ours else ""
            floor = self._of_door(path) if spelling != SAME else ""
            if floor:
                ours += [rule for rule in self._keepers if rule not in ours]
            known = self._known[path] = (
                tuple(ours),
                SAME if SAME in (spelling, floor) else floor or spelling,
            )
        return known

    @cached_property
    def _patterns(self) -> list[tuple[ApprovalRule, PathsOf]]:
        return [(rule, PathsOf(names(rule.when.get("paths")))) for rule in self.policy.protected]

    @cached_property
    def _keepers(self) -> list[ApprovalRule]:
        """The rules that protect the policy itself."""
        return [rule for rule, paths in self._patterns if paths.match(POLICY) == SAME]

    def _of_door(self, path: str) -> str:
        """Return how a path belongs to the table of the door: SAME, ALIKE or not at all."""
        rows = [r for r in door_files(path) if not r.mentions or self._mentions(path, r.mentions)]
        if not rows:
            return ""
        return SAME if any(PathsOf([r.pattern]).match(path) == SAME for r in rows) else ALIKE

    def _mentions(self, path: str, pattern: str) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for text in self.texts(path))
