"""Whether a signed approval was used already: it allows one merge, and the merge that it allowed uses it up.

Which merge that was is read from the first-parent history of the target branch alone, so a plain server without
evidence knows it as well as an audit years later. An approval names the tip on which it was signed (its base), and
the content that it is about. It belongs to the first merge of that content behind its base. As soon as the branch has
held exactly that content, the same content is a new decision, however often it goes back and forth.

Statements of older programs name no base. Theirs is where the commit that was signed left the branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from itsm_gitops.forges.reviews import Review
from itsm_gitops.git import mainline
from itsm_gitops.git.changeset import Changed, exists, first_parent_changes
from itsm_gitops.git.client import Git
from itsm_gitops.model.errors import GitError

SPENT = "SPENT"
OTHER_HISTORY = "OTHER_HISTORY"

_State = tuple[str, str]  # mode and blob of a path


@dataclass(frozen=True)
class ApprovalUse:
    """Tells which approvals of one request are used up. ``tip`` is the present one of its branch, ``target`` its name."""

    git: Git
    tip: str
    target: str
    changes: Mapping[str, Changed]
    _seen: dict[str, tuple[str, str]] = field(default_factory=dict)

    def refuse(self, review: Review) -> tuple[str, str]:
        """Return code and reason where a signed approval of this very content counts no more; empty where it does."""
        key = review.base or f"{review.commit} "
        if key not in self._seen:
            self._seen[key] = self._since(review.base) if review.base else self._undated(review.commit or "")
        return self._seen[key]

    def _since(self, base: str) -> tuple[str, str]:
        if base == self.tip:
            return "", ""
        if not exists(self.git, base):
            return OTHER_HISTORY, self._strange(base)
        if mainline.on_line(self.git, base, self.tip):
            return self._used(self._landing(base))
        # An approval may be younger than the tip: where the merge is judged again, or by a clone that is behind.
        if mainline.on_line(self.git, self.tip, base):
            landed = self._landing_before(base)
            return (SPENT, self._later(landed, base)) if landed else ("", "")
        return OTHER_HISTORY, self._strange(base)

    def _undated(self, commit: str) -> tuple[str, str]:
        """Judge a statement that names no base by the commit that was signed."""
        if not exists(self.git, commit):
            return self._used(self._landing(""))
        if mainline.is_ancestor(self.git, commit, self.tip):
            return self._used(commit)
        try:
            return self._used(self._landing(self.git.merge_base(self.tip, commit)))
        except GitError:  # a history of its own
            return OTHER_HISTORY, self._strange(commit)

    def _used(self, landed: str) -> tuple[str, str]:
        if not landed:
            return "", ""
        return SPENT, (
            f"it was used: {self._branch} held exactly this content at {landed[:12]}, and an approval counts for "
            "one merge; whoever wants it again asks again"
        )

    def _later(self, landed: str, base: str) -> str:
        return (
            f"it was given later, on {self._branch} at {base[:12]}; this content had come in before, "
            f"at {landed[:12]}, and it does not count backwards"
        )

    def _strange(self, commit: str) -> str:
        return (
            f"it was signed on commit {commit[:12]}, which is not on the first-parent line of {self._branch}: "
            "it is for another repository or another history; fetch, and sign again"
        )

    @property
    def _branch(self) -> str:
        return self.target or "the branch"

    def _landing(self, since: str) -> str:
        """Return the newest commit behind ``since`` (empty: of all) after which the branch held the content; empty for none."""
        state = {p: (c.old_mode, c.old_blob) for p, c in self.changes.items()}
        wanted = {p: (c.new_mode, c.new_blob) for p, c in self.changes.items()}
        away = {p for p in wanted if state[p] != wanted[p]}
        for commit, changes in self._steps(since, self.tip):
            if not away:
                return commit
            for change in changes:
                _note(away, wanted, change.path, (change.old_mode, change.old_blob))
        return ""

    def _landing_before(self, base: str) -> str:
        """Return the first commit from the tip on up to ``base`` after which the branch held the content."""
        wanted = {p: (c.new_mode, c.new_blob) for p, c in self.changes.items()}
        away = set(wanted)
        for commit, changes in reversed(list(self._steps(self.tip, base))):
            for change in changes:
                _note(away, wanted, change.path, (change.new_mode, change.new_blob))
            if not away:
                return commit
        return ""

    def _steps(self, older: str, newer: str) -> Iterator[tuple[str, list[Changed]]]:
        return first_parent_changes(self.git, older, newer, list(self.changes))


def _note(away: set[str], wanted: Mapping[str, _State], path: str, state: _State) -> None:
    """Keep book of the paths that are not (yet) as they are wanted."""
    if path in wanted:
        (away.discard if state == wanted[path] else away.add)(path)
