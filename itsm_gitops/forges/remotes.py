"""Parses the address of a Git remote: which forge it is on, and where its interface and its pages are."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from itsm_gitops.forges.http import ForgeError

_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?!/)(?P<path>[^\s]+)", re.ASCII)
_SCHEMES = ("https", "http", "ssh", "git")
# A word of the host's name, and the forge that has it there.
_HOSTS = (
    ("github", "github"),
    ("gitlab", "gitlab"),
    ("codeberg", "forgejo"),
    ("forgejo", "forgejo"),
    ("gitea", "gitea"),
)
# A file that `itsm init --forge` writes, for hosts whose name says nothing.
_FILES = (
    (".gitlab-ci.yml", "gitlab"),
    (".gitea/workflows/itsm-gate.yml", "gitea"),
    (".github/workflows/itsm-gate.yml", "github"),
)


class Remote(NamedTuple):
    """Where a repository is: host (with a port, if it is a web address), and path without ``.git``."""

    host: str
    path: str
    scheme: str = "https"

    @property
    def site(self) -> str:
        """The address of the web site. A port of ssh says nothing about it."""
        web = self.scheme in ("https", "http")
        return f"{self.scheme if web else 'https'}://{self.host if web else self.host.partition(':')[0]}"

    @property
    def names(self) -> tuple[str, str]:
        """Owner and repository; raises ForgeError for a path of another shape."""
        parts = self.path.split("/")
        if len(parts) != 2:
            raise ForgeError(f"'{self.path}' is not OWNER/REPOSITORY", "git remote set-url origin ADDRESS")
        return parts[0], parts[1]


def parse(url: str) -> Remote | None:
    """Read a remote's address; None for a folder or anything else that is no forge."""
    parts = urlsplit(url)
    if parts.scheme in _SCHEMES and parts.hostname:
        host = parts.hostname + (f":{parts.port}" if parts.port else "")
        return _remote(host, parts.path, parts.scheme)
    match = _SCP.fullmatch(url)
    return _remote(match["host"], match["path"], "ssh") if match else None


def _remote(host: str, path: str, scheme: str) -> Remote | None:
    plain = path.strip("/").removesuffix(".git")
    return Remote(host, plain, scheme) if plain and ".." not in plain.split("/") else None


def kind(remote: Remote | None, files: Collection[str] = ()) -> str:
    """Return which forge this is, by its host's name, else by the files there are; empty if unknown."""
    by_name = (forge for word, forge in _HOSTS if remote and word in remote.host.lower())
    by_file = (forge for file, forge in _FILES if file in files)
    return next(by_name, "") or next(by_file, "")


def interface(remote: Remote, forge: str) -> str:
    """Return the address of the forge's interface for programs."""
    if forge == "github":
        return "https://api.github.com" if remote.host == "github.com" else f"{remote.site}/api/v3"
    return f"{remote.site}/api/v4" if forge == "gitlab" else f"{remote.site}/api/v1"


def pull_request_page(remote: Remote, forge: str, branch: str, target: str) -> str:
    """Return the page on which a person opens the pull request; empty for an unknown forge."""
    home = f"{remote.site}/{quote(remote.path)}"
    if forge == "gitlab":
        query = {"merge_request[source_branch]": branch, "merge_request[target_branch]": target}
        return f"{home}/-/merge_requests/new?{urlencode(query)}"
    if forge == "github":
        return f"{home}/compare/{quote(target)}...{quote(branch)}?expand=1"
    return f"{home}/compare/{quote(target)}...{quote(branch)}" if forge in ("gitea", "forgejo") else ""


FILES = tuple(file for file, _ in _FILES)
