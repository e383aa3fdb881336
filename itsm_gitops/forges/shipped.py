"""The files that `itsm init` writes for a forge: its workflows, or the hooks of a plain Git server."""

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
