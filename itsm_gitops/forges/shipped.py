"""What `itsm init` writes for a forge: its workflows, or the hooks of a plain Git server, and the robots it commits by."""

from __future__ import annotations

from pathlib import Path

from itsm_gitops import __version__
from itsm_gitops.model.errors import UsageError

_FILES = Path(__file__).parent / "files"
# What each forge needs is kept in a folder of its name; this is where it goes in a repository.
_FORGES = {
    "github": {"": ".github/"},
    "gitlab": {"gitlab-ci.yml": ".gitlab-ci.yml", "": ".gitlab/"},
    "gitea": {"": ".gitea/"},
    "plain": {"": ""},
}
FORGES = tuple(_FORGES)

# What a forge commits as where somebody edits, merges or reverts on its pages. Copilot writes as author or
# co-author; the others only commit. Forges of one's own use the same names at their own host.
_ROBOTS = {
    "github": (
        "noreply@github.com",
        "175728472+copilot@users.noreply.github.com",
        "198982749+copilot@users.noreply.github.com",
    ),
    "gitlab": ("noreply@gitlab.com",),
    "gitea": ("gitea@fake.local", "forgejo@fake.local"),
    "plain": (),
}
_AT_HOST = {"github": ("noreply",), "gitlab": ("noreply", "gitlab"), "gitea": ("gitea", "forgejo", "noreply")}
_EDITORS = ("github", "github enterprise", "gitlab", "gitea", "forgejo", "codeberg")
_MAILBOXES = frozenset(m for boxes in _AT_HOST.values() for m in boxes) | {"no-reply"}


def forge_files(forge: str) -> dict[str, bytes]:
    """Return the files that a forge needs, by their path in a repository; raises UsageError."""
    if forge not in _FORGES:
        raise UsageError(f"there is no forge '{forge}'", f"one of: {', '.join(FORGES)}")
    files = {}
    for source in sorted(p for p in (_FILES / forge).rglob("*") if p.is_file()):
        name = source.relative_to(_FILES / forge).as_posix()
        places = _FORGES[forge]
        path = places.get(name) or places[""] + name
        files[path] = source.read_bytes().replace(b"{version}", __version__.encode())
    return files


def deploy_templates() -> tuple[str, ...]:
    """Return the names of what the repository of an application may need, sorted."""
    return tuple(sorted(p.stem for p in (_FILES / "deploy").iterdir() if p.is_file()))


def deploy_template(name: str) -> str:
    """Return what the repository of an application needs on a forge, in a cluster or on a plain server, by its name."""
    (file,) = (_FILES / "deploy").glob(f"{name}.*")
    return file.read_text("utf-8").replace("{version}", __version__)


def robots(forge: str, host: str = "") -> tuple[str, ...]:
    """Return the addresses that a forge commits by on somebody's behalf, in lower case, sorted.

    ``host`` is that of a forge of one's own (GitHub Enterprise Server, GitLab, Gitea or Forgejo), else empty.
    """
    known = _ROBOTS[forge]
    own = [f"{box}@{host.lower()}" for box in _AT_HOST.get(forge, ())] if host else []
    return tuple(sorted({*known, *own}))


def is_web_editor(shown: str, address: str) -> bool:
    """Whether ``Name <address>`` looks like a forge's own committer: a hint for a message, nothing is decided by it."""
    name, box = shown.partition(" <")[0].strip().lower(), address.lower().partition("@")[0]
    return any(address.lower() in known for known in _ROBOTS.values()) or (
        name in _EDITORS or box in _MAILBOXES
    )
