"""Until when do findings hold? Watches what rules ask of the clock while they run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from itsm_gitops.model.findings import Finding
from itsm_gitops.model.watched_time import FOREVER, Watch, WatchedTime
from itsm_gitops.rules.rule import Rule

# Rules that read files which are neither documents nor part of the rule book: nobody notices when these change.
OUTSIDE = frozenset(("A001", "I012"))


class Keeping:
    """Finds out, while rules run, until when the findings of each hold. ``again`` are the codes to be asked each time."""

    def __init__(self, present: datetime) -> None:
        self._watch = Watch(present)
        self.now = WatchedTime.of(present, self._watch)
        self.until = FOREVER
        self.again: set[str] = set(OUTSIDE)

    def settle(self) -> None:
        """Take into account what was asked of the clock since the last call, by what must hold in any case."""
        self.until = min(self.until, self._watch.until)
        self._begin()

    @property
    def watched_until(self) -> datetime:
        """Until when the findings since the last call of ``settle`` or ``of_rule`` hold."""
        return self._watch.until

    def note(self, moment: datetime) -> None:
        """Take into account that findings of another process hold until a moment."""
        self.until = min(self.until, moment)

    def _begin(self) -> None:
        self._watch = Watch(self._watch.since)
        self.now.watch(self._watch)

    def of_rule(self, rule: Rule, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings of one rule, having watched what it asked of the clock."""
        self.settle()
        listed = list(findings)
        if self._watch.until == self._watch.since:
            self.again.add(rule.code)
        elif rule.code not in self.again:
            self.until = min(self.until, self._watch.until)
        self._begin()
        return listed
