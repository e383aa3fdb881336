"""The branch that is checked out, the one of a remote that it follows, and the one that a remote calls its own."""

from __future__ import annotations

from typing import NamedTuple

from itsm_gitops.git.client import Git, decode
from itsm_gitops.model.errors import Refused

_HEADS, _REMOTES = "refs/heads/", "refs/remotes/"
_FORM = "--format=%(HEAD)%00%(refname)%00%(objectname)%00%(symref)"
_USUAL = ("main", "master")


class Upstream(NamedTuple):
    """A branch here and where it is on a remote; ``remote`` is empty where there is none."""

    branch: str
    remote: str
    ref: str

    @property
    def tracking(self) -> str:
        """The reference that says where the remote's branch was last seen."""
        return f"{_REMOTES}{self.remote}/{self.ref.removeprefix(_HEADS)}"


class ClonePlace(NamedTuple):
    """Where a clone stands: the branch and its upstream, its commit (empty: none yet), and the remote's own branch.

    ``there`` is the commit at which the upstream was last seen, where that is this own branch; else empty.
    """

    place: Upstream
    head: str
    own: str
    there: str


class _Ref(NamedTuple):
    here: bool
    name: str
    commit: str
    aim: str


def standing(git: Git) -> ClonePlace:
    """Say where a clone stands, by one question; raises Refused where no branch is checked out.

    Without settings the upstream is the branch of the same name on ``origin``, or on the only remote.
    """
    refs = _refs(git)
    head = next((ref for ref in refs if ref.here), None)
    branch = head.name.removeprefix(_HEADS) if head else decode(git.run("branch", "--show-current")).strip()
    if not branch:
        raise Refused(
            "no branch is checked out, so nobody knows where to share", f"git switch {_own(refs, 'origin')}"
        )
    place = _upstream(git, branch)
    remote = place.remote or "origin"
    there = (r.commit for r in refs if r.name == f"{_REMOTES}{remote}/HEAD" and r.aim == place.tracking)
    return ClonePlace(place, head.commit if head else "", _own(refs, remote), next(there, ""))


def current(git: Git) -> Upstream:
    """Return the checked out branch and its place on a remote; raises Refused as `standing` does."""
    return standing(git).place


def default_branch(git: Git, remote: str = "origin") -> str:
    """Return the branch that a remote calls its own; else the usual name that is here, or ``main``."""
    return _own(_refs(git), remote)


def _refs(git: Git) -> list[_Ref]:
    out = decode(git.run("for-each-ref", _FORM, _HEADS, f"{_REMOTES}*/HEAD"))
    return [_Ref(here == "*", *rest) for here, *rest in (line.split("\0") for line in out.splitlines())]


def _own(refs: list[_Ref], remote: str) -> str:
    begin = f"{_REMOTES}{remote}/"
    aim = next((ref.aim for ref in refs if ref.name == f"{begin}HEAD"), "")
    if aim:
        return aim.removeprefix(begin)
    there = {ref.name.removeprefix(_HEADS) for ref in refs}
    return next((name for name in _USUAL if name in there), _USUAL[0])


def _upstream(git: Git, branch: str) -> Upstream:
    remote, ref = (git.settings.get(f"branch.{branch}.{name}", "") for name in ("remote", "merge"))
    if not remote or not ref or remote == ".":
        remotes = decode(git.run("remote")).split()
        remote = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
        ref = f"{_HEADS}{branch}"
        if not remote and remotes:
            raise Refused(
                f"{branch} follows none of the remotes {', '.join(remotes)}",
                f"git branch --set-upstream-to={remotes[0]}/{branch}",
            )
    return Upstream(branch, remote, ref)
