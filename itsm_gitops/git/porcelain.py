"""Commands that write to a repository (init, switch, push), through GitPython. Imported only when needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.model.errors import GitError

if TYPE_CHECKING:
    from git import Repo


@contextmanager
def _opened(root: Path, command: str) -> Iterator[Repo]:
    """Open the repository that ``root`` is in; GitPython's errors become GitError with a hint."""
    from git import Repo
    from git.exc import GitError as PythonGitError
    from git.exc import InvalidGitRepositoryError

    try:
        with Repo(root, search_parent_directories=True) as repo:
            yield repo
    except InvalidGitRepositoryError as error:
        raise GitError(
            f"{root} is not in a Git repository", "git init, or itsm init for a new one"
        ) from error
    except PythonGitError as error:
        raise _explained(command, error) from error


def init_repository(root: Path, branch: str = "main") -> None:
    """Make ``root`` a Git repository whose first branch is ``branch``; raises GitError."""
    from git import Repo
    from git.exc import GitError as PythonGitError

    try:
        Repo.init(root, mkdir=True, initial_branch=branch).close()
    except (PythonGitError, OSError) as error:
        raise _explained("git init", error) from error


def is_repository(root: Path) -> bool:
    """Whether ``root`` itself (not a folder above it) is the top of a Git work tree."""
    return (root / ".git").exists()


def configure(root: Path, settings: Mapping[str, str]) -> None:
    """Write settings (``section.name.key``) into the configuration of this clone; raises GitError."""
    with _opened(root, "git config"):
        from git import Git

        for name, value in settings.items():
            Git(str(root)).config("--local", name, value)  # GitPython's own writer quotes nothing


def stage(root: Path, paths: Iterable[str]) -> None:
    """Add ``paths`` (relative to ``root``) to Git's index; raises GitError."""
    with _opened(root, "git add"):
        from git import Git

        Git(str(root)).add("--", *paths)


def switch(root: Path, branch: str) -> None:
    """Begin a branch at HEAD, or go to it where it exists; edits come along. Raises GitError."""
    with _opened(root, "git switch") as repo:
        from git import Git

        exists = any(head.name == branch for head in repo.heads)
        Git(str(root)).switch("-q", *([] if exists else ["-c"]), branch)


_GO_ON = {
    "a merge": ("commit", "-q", "--no-edit"),
    "a rebase": ("rebase", "--continue"),
    "a cherry-pick": ("cherry-pick", "--continue"),
    "a revert": ("revert", "--continue"),
}


def go_on(root: Path, what: str) -> str:
    """Let Git finish what it has begun (see ``shared_branch.under_way``); returns that. Raises GitError."""
    with _opened(root, f"git {_GO_ON[what][0]}"):
        from git import Git

        command, *words = _GO_ON[what]
        getattr(Git(str(root)), command.replace("-", "_"))(*words, env={"GIT_EDITOR": "true"})
    return what


def step_back(root: Path, commit: str) -> None:
    """Take the commit that is checked out off its branch; files and Git's index stay. Raises GitError."""
    with _opened(root, "git reset") as repo:
        from git import Git

        if str(repo.head.commit.hexsha) != commit:
            raise GitError("another commit was made meanwhile", "git log")
        Git(str(root)).reset("--soft", f"{commit}^")


def push(root: Path, branch: str, remote: str = "origin") -> None:
    """Push a branch and remember where it went; raises GitError with what the server said."""
    with _opened(root, "git push") as repo:
        from git import Git

        if remote not in [r.name for r in repo.remotes]:
            raise GitError(f"this repository has no remote '{remote}'", f"git remote add {remote} ADDRESS")
        spec = f"refs/heads/{branch}:refs/heads/{branch}"
        from git.exc import GitCommandError

        try:
            Git(str(root)).push("-q", "--set-upstream", "--", remote, spec, env={"GIT_TERMINAL_PROMPT": "0"})
        except GitCommandError as error:
            raise _refused(branch, str(error.stderr)) from error


def _refused(branch: str, output: str) -> GitError:
    """Return why a push failed: the server's messages, else the line of Git that names the cause."""
    lines = [line.strip() for line in output.strip().removeprefix("stderr:").strip(" \n'").splitlines()]
    if any("(non-fast-forward)" in line or "(fetch first)" in line for line in lines):
        return GitError(f"{branch} has commits on the server that are not here", "git pull --rebase")
    remote = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    reason = " ".join(filter(None, remote)) or next((w for w in lines if w and not w.startswith("To ")), "")
    return GitError(f"git push failed: {reason or 'no reason given'}")


def _explained(command: str, error: Exception) -> GitError:
    output = str(getattr(error, "stderr", "") or error).strip().removeprefix("stderr:").strip(" \n'")
    return GitError(
        f"{command} failed: {output.splitlines()[0] if output else 'no reason given'}", "git status"
    )
