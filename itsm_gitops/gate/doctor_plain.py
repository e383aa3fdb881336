"""`itsm doctor` for a plain Git server: the hooks and settings of a bare repository that can be read here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.git import Git, transfer
from itsm_gitops.git.rehearsal import Stage, rehearsal
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, ItsmError
from itsm_gitops.repository import Repository

PLAIN = "plain"
_HOOKS = {
    "pre-receive": "every push is taken, approved or not",
    "post-receive": "no evidence is written",
}
_SETTINGS = {
    "receive.denyNonFastForwards": "history can be rewritten",
    "receive.denyDeletes": "branches can be deleted",
}
_FREE = "itsm-rehearsal"  # a branch that nobody has
_TRUE = ("true", "yes", "on", "1", "")


class ServerCheck(NamedTuple):
    """One thing that was looked at: whether it is good, what is so, what to do."""

    subject: str
    good: bool
    message: str
    hint: str = ""


def server_folder(repo: Repository) -> Path | None:
    """Return the bare repository that ``origin`` is; None where it is not on this machine."""
    url = transfer.remote_url(repo.history).removeprefix("file://")
    folder = Path(repo.root, url) if url else None
    return folder if folder and (folder / "objects").is_dir() and (folder / "HEAD").is_file() else None


def look(git: Git, folder: Path) -> Iterator[ServerCheck]:
    """Look at the server's hooks and at what it refuses by itself; ``git`` is any repository's."""
    for name, otherwise in _HOOKS.items():
        hook = folder / "hooks" / name
        runs = hook.is_file() and os.access(hook, os.X_OK)
        ours = runs and f"itsm hook {name}" in hook.read_text("utf-8", "replace")
        said = "runs itsm" if ours else "does not run itsm" if runs else "is missing or not executable"
        hint = "" if ours else f"copy hooks/{name} there and make it executable: else {otherwise}"
        yield ServerCheck(f"{name} hook", ours, said, hint)
    for key, otherwise in _SETTINGS.items():
        on = _setting(git, folder / "config", key)
        yield ServerCheck(
            key, on, "is on" if on else f"is off: {otherwise}", "" if on else f"git config {key} true"
        )


def rehearse(folder: Path, branch: str) -> Iterator[ServerCheck]:
    """Try on a scratch copy of the server what ``branch`` has to refuse, and a push that it has to take."""
    try:
        with rehearsal(folder) as stage:
            tip = stage.tip(branch)
            if not tip:
                hint = (
                    f"git push origin {branch}; HEAD of the server has to name the branch that people push to"
                )
                yield ServerCheck(
                    f"rehearsal on {branch}", False, f"the server has no branch '{branch}'", hint
                )
                return
            yield from _tried(stage, branch, tip)
    except ItsmError as error:
        yield ServerCheck(f"rehearsal on {branch}", False, error.message, error.hint)


def _tried(stage: Stage, branch: str, tip: str) -> Iterator[ServerCheck]:
    where = f"git symbolic-ref HEAD refs/heads/{branch} on the server, or git config --add itsm.protected {branch}"
    lawless = stage.push(f"{stage.without(tip, POLICY)}:refs/heads/{branch}")
    text = f"a push to {branch} that takes the rules of approval away is "
    yield ServerCheck(
        "unapproved push",
        not lawless.taken,
        text + ("taken" if lawless.taken else "refused"),
        "" if not lawless.taken else where,
    )
    gone = stage.push(f":refs/heads/{branch}")
    text = f"deleting {branch} is {'taken' if gone.taken else 'refused'}"
    yield ServerCheck("deletion", not gone.taken, text, where if gone.taken else "")
    free = stage.push(f"{tip}:refs/heads/{_FREE}")
    text = "a new branch is taken" if free.taken else f"a new branch is refused: {free.message}"
    yield ServerCheck(
        "harmless push", free.taken, text, "" if free.taken else "itsm has to run there: see the hook"
    )


def _setting(git: Git, file: Path, key: str) -> bool:
    try:
        return (
            git.run("config", "--file", os.fspath(file), "--get", key)
            .decode("utf-8", "replace")
            .strip()
            .lower()
            in _TRUE
        )
    except GitError:
        return False
