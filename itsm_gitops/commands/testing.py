"""`itsm test`: every example of the rule book, tried: bad ones must be found, good ones must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itsm_gitops.model import clock
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import ERROR, Finding

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository
    from itsm_gitops.rules.trials import Trial


@dataclass(frozen=True, slots=True)
class TriedExamples:
    """How the examples came out; ``findings`` are the mistakes of the rule book, which come first."""

    trials: tuple[Trial, ...]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> int:
        """How many examples came out otherwise than they say."""
        return sum(bool(t.wrong) for t in self.trials)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return {
            "examples": [
                {
                    "of": t.name,
                    "title": t.title,
                    "side": t.side,
                    "found": list(t.said),
                    "wrong": t.wrong,
                    "path": t.path,
                }
                for t in self.trials
            ],
            "wrong": self.wrong,
            "findings": [{"code": f.code, "path": f.path, "message": f.message} for f in self.findings],
        }


def try_examples(repo: Repository, names: Sequence[str] = ()) -> TriedExamples:
    """Try all examples, or those of some rules (by code) and life cycles (by name).

    Raises NotFound for a name that has none. Where the rule book itself has errors, they are returned and nothing
    is tried.
    """
    from itsm_gitops.rules.judge import rulebook_findings
    from itsm_gitops.rules.locating import locate
    from itsm_gitops.rules.trials import trials

    now = clock.now()
    snapshot = repo.snapshot(None)
    faults = [f for f in rulebook_findings(snapshot, repo.config, now) if f.severity == ERROR]
    if faults:
        return TriedExamples((), tuple(locate(snapshot, faults)))
    found = list(trials(repo.book, now))
    known = {t.name.lower() for t in found}
    for name in names:
        if name.lower() not in known:
            hint = did_you_mean(name, known) or "itsm test without a name tries all of them"
            raise NotFound(f"no rule and no life cycle with examples is called '{name}'", hint)
    wanted = {n.lower() for n in names}
    return TriedExamples(tuple(t for t in found if not wanted or t.name.lower() in wanted), ())
