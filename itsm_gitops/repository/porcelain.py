"""Writing to Git: init and commit, through GitPython. Imported only where something is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from itsm_gitops.model.errors import GitError


def init_repository(root: Path, branch: str = "main") -> None:
    """Make ``root`` a Git repository whose first branch is ``branch``; raises GitError."""
    from git import Repo
    from git.exc import GitCommandError

    try:
        # No template: a machine-wide one could bring hooks along.
        Repo.init(root, mkdir=True, initial_branch=branch, template="").close()
    except GitCommandError as error:
        raise _explained("git init", error) from error


def is_repository(root: Path) -> bool:
    """Whether ``root`` itself (not a folder above it) is the top of a Git work tree."""
    return (root / ".git").exists()


def author(root: Path) -> tuple[str, str]:
    """Return the name and address that commits carry; raises GitError with the commands to set them.

    Git would guess them from the machine's user and host name: an audit trail cannot be a guess.
    """
    from git import Repo

    with Repo(root, search_parent_directories=True) as repo, repo.config_reader() as settings:
        name = str(settings.get_value("user", "name", ""))
        email = str(settings.get_value("user", "email", ""))
    if not name or not email:
        raise GitError(
            "Git does not know who you are",
            'git config --global user.name "Your Name"; git config --global user.email you@example.org',
        )
    return name, email


def commit(root: Path, paths: Iterable[str], message: str) -> str:
    """Add ``paths`` (relative to ``root``) and commit exactly them; returns the new commit's hash.

    Whatever else is staged stays staged. The user's own hooks run and signing applies, as they
    would in a terminal. Raises GitError when the author is unknown or Git refuses.
    """
    from git import Repo
    from git.exc import GitCommandError

    author(root)
    wanted = list(paths)
    with Repo(root, search_parent_directories=True) as repo:
        top = repo.working_tree_dir
        git = repo.git(C=str(root)) if top else repo.git
        try:
            git.add("--", *wanted)
            git.commit("-q", "-m", message, "--", *wanted)
        except GitCommandError as error:
            raise _explained("git commit", error) from error
        return str(repo.head.commit.hexsha)


def current_branch(root: Path) -> str:
    """Return the name of the checked-out branch; empty when HEAD is detached."""
    from git import Repo

    with Repo(root, search_parent_directories=True) as repo:
        return "" if repo.head.is_detached else str(repo.active_branch.name)


def _explained(command: str, error: Exception) -> GitError:
    said = str(getattr(error, "stderr", "") or error).strip().removeprefix("stderr:").strip().strip("'")
    return GitError(f"{command} failed: {said.splitlines()[0] if said else 'no reason given'}", "git status")
