"""The door: the files that decide what the gate does, and which other spellings of a path mean or imitate them.

Whoever may write the hook, the workflow or the attributes may let everything pass, so these files are protected
whether the policy of a repository names them or not. Git compares names byte by byte; file systems do not. Windows and
macOS take letters of both cases for one, macOS skips invisible characters, Windows drops dots and blanks at the end
and has short names (Git's own list: ``is_hfs_dot_generic`` and ``is_ntfs_dot_generic`` in path.c and utf8.c). What
only looks like a protected name deceives the reviewer instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice, product
from typing import NamedTuple

from itsm_gitops.model.paths import glob
from itsm_gitops.model.text import without_accents

SAME = "same"  # the very path, or one that some file system holds for the same
ALIKE = "alike"  # a path that looks like it


class DoorFile(NamedTuple):
    """One kind of file of the door: a pattern of paths, and what such a file decides.

    ``mentions`` is a pattern of text; where it is given, the file counts only if it holds that text.
    """

    pattern: str
    decides: str
    mentions: str = ""


_PIN = r"itsm[-_.]gitops"
_CALL = r"\bitsm\b"
_JUDGE = r"\bitsm(?:_gitops)? (?:gate|hook|comment|audit record)\b"
# A leading slash counts from the top of the Git repository, where the ITSM repository is a folder of a larger one.
DOOR = (
    DoorFile("schemas/**", "the rule book"),
    DoorFile("itsm.yaml", "the settings"),
    DoorFile("hooks/**", "the hooks of a plain server"),
    DoorFile(".git/**", "Git's own folder"),
    DoorFile(".github/**", "workflows, actions and owners on GitHub"),
    DoorFile("/.github/**", "workflows, actions and owners on GitHub"),
    DoorFile(".gitlab/**", "pipelines and owners on GitLab"),
    DoorFile("/.gitlab/**", "pipelines and owners on GitLab"),
    DoorFile(".gitlab-ci.yml", "the pipeline on GitLab"),
    DoorFile("/.gitlab-ci.yml", "the pipeline on GitLab"),
    DoorFile(".gitea/**", "workflows and owners on Gitea"),
    DoorFile("/.gitea/**", "workflows and owners on Gitea"),
    DoorFile(".forgejo/**", "workflows and owners on Forgejo"),
    DoorFile("/.forgejo/**", "workflows and owners on Forgejo"),
    DoorFile("**/CODEOWNERS", "who is asked for a review"),
    DoorFile("/CODEOWNERS", "who is asked for a review"),
    DoorFile("**/.gitattributes", "how Git compares, merges and rewrites files"),
    DoorFile("/.gitattributes", "how Git compares, merges and rewrites files"),
    DoorFile("**/.gitmodules", "which other repositories are taken in"),
    DoorFile("/.gitmodules", "which other repositories are taken in"),
    # What a CI installs and runs: only where this toolkit is named there.
    *(
        DoorFile(pattern, "which version of the gate a CI installs", _PIN)
        for pattern in (
            "pyproject.toml", "setup.cfg", "setup.py", "requirements*.txt", "requirements*.in", "requirements/*",
            "constraints*.txt", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "tox.ini",
        )
    ),
    *(
        DoorFile(pattern, "when a CI runs the gate", _CALL)
        for pattern in (
            "Jenkinsfile", ".circleci/**", ".woodpecker*", ".woodpecker/**", ".drone.yml", ".buildkite/**",
            ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".builds/**", ".build.yml", ".onedev-buildspec.yml",
        )
    ),
    # What such a pipeline may call in turn: only where the gate itself is called there.
    *(
        DoorFile(pattern, "how the gate is called", _JUDGE)
        for pattern in (
            "Makefile", "GNUmakefile", "justfile", "Taskfile.yml", "Taskfile.yaml", "noxfile.py", "Dockerfile*", "package.json",
            ".pre-commit-config.yaml", "ci/**", ".ci/**", "scripts/**", "script/**", "bin/**", "tools/**",
        )
    ),
)  # fmt: skip

# Characters drawn like ASCII letters: what a reviewer cannot tell apart. Compatibility forms (full width, mathematical
# alphabets, ligatures) are not here, as normalisation form KC already turns them into letters.
_LOOKS = {
    "a": "\u0430\u03b1\u0251\u1d00",
    "b": "\u0432\u044c\u03b2\u0253\u0299",
    "c": "\u0441\u03f2\u1d04\u217d",
    "d": "\u0501\u0257\u1d05",
    "e": "\u0435\u03b5\u0454\u04bd\u1d07\u212e",
    "g": "\u0261\u0262\u0581",
    "h": "\u04bb\u043d\u0570\u029c",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba\u1d0b",
    "l": "i1|\u0456\u0131\u03b9\u0269\u04cf\u04c0\u01c0\u0627\u217c",
    "m": "\u043c\u1d0d",
    "n": "\u0578\u03b7\u057c\u0274",
    "o": "\u043e\u03bf\u0585\u03c3\u1d0f\u04e90",
    "p": "\u0440\u03c1\u1d18",
    "q": "\u051b\u0566",
    "r": "\u0433\u0280",
    "s": "\u0455\u01bd\ua731",
    "t": "\u0442\u03c4\u1d1b",
    "u": "\u03c5\u057d\u028b\u1d1c",
    "v": "\u0475\u03bd\u1d20",
    "w": "\u051d\u0461\u0561\u1d21",
    "x": "\u0445\u03c7\u00d7",
    "y": "\u0443\u04af\u03b3\u028f",
    "z": "\u1d22",
    ".": "\u3002\u06d4\u0660\u00b7\u0701",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212\u2043\u02d7",
    "/": "\\\u2044\u2215\u29f8\u2571",
}  # fmt: skip
_ENDS = re.compile(r"[. ](?:/|$)|[: ]|//")  # what is left out at the ends of names
_WILD = re.compile(r"[*?]")
_SHORT = re.compile(r"([^~]{1,8})~\d{1,6}(?:\.[^.]{0,3})?", re.ASCII)
_HASHED = re.compile(
    r"..[0-9a-f]{4}", re.ASCII
)  # what Windows makes of a short name that is taken four times
_SPELLINGS_MAX = 64
# Controls, marks of format, halves of characters, what is for private use or means nothing.
_UNSEEN = frozenset(["Cc", "Cf", "Cs", "Cn", "Co"])
# Joiners, variation selectors and fillers: letters or marks by their category, and yet nothing is drawn.
_BLANK = frozenset([0x34F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0x180B, 0x180F), *range(0xFE00, 0xFE10)])


@cache
def _drawn() -> dict[int, str]:
    """Return the characters of ``_LOOKS`` by number, all that look alike as one of them."""
    return {ord(c): plain for plain, looks in _LOOKS.items() for c in looks}


@lru_cache(maxsize=4096)
def folded(path: str) -> str:
    """Return the form in which file systems hold paths for the same: no case, one composition, no blank end."""
    if path.isascii():
        text = path.lower()
    else:
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
    return "/".join(part.rstrip(" .") or part for part in text.split("/")) if _ENDS.search(text) else text


@lru_cache(maxsize=4096)
def drawn(path: str) -> str:
    """Return the form in which paths that look alike are equal, without what cannot be seen."""
    text = path.lower() if path.isascii() else _visible(path)
    text = text.translate(_drawn()).replace("rn", "m").replace("vv", "w")
    if not _ENDS.search(text):
        return text
    head = "/" if text.startswith("/") else ""
    # What follows a colon names a stream of the same file on Windows.
    parts = (part.partition(":")[0].strip().rstrip(" .") for part in text.split("/"))
    return head + "/".join(part for part in parts if part)


@lru_cache(maxsize=4096)
def lookalike(text: str) -> str:
    """Return the form in which texts that people take for each other are equal: no accents, no other alphabet, nothing unseen."""
    return _visible(without_accents(text)).translate(_drawn())


def _visible(text: str) -> str:
    """Return text in one form and case, without controls, marks of format, and other characters that nobody sees."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN and ord(c) not in _BLANK)


class _Forms:
    """Patterns in one spelling; the usual ones (a file, a folder, a name in any folder) are only looked up."""

    def __init__(self, patterns: Iterable[str]) -> None:
        exact, folders, names, others = set(), [], set(), []
        for pattern in dict.fromkeys(patterns):
            stem = pattern.removesuffix("/**")
            name = pattern.removeprefix("**/")
            if not _WILD.search(stem):
                # Whatever stands in the place of a folder (a link, a file, a module) is that folder.
                exact.add(stem)
                folders += [f"{stem}/"] if stem != pattern else []
            elif not _WILD.search(name) and "/" not in name:
                names.add(name)
            else:
                others += [glob(pattern), *([glob(stem)] if stem != pattern else [])]
        self._exact, self._folders, self._names = frozenset(exact), tuple(folders), frozenset(names)
        self._others = tuple(others)

    def match(self, path: str) -> bool:
        """Whether one of the patterns describes a path of the same spelling."""
        # A leading slash counts from further up: only patterns that say so reach there.
        inside = not path.startswith("/")
        return (
            path in self._exact
            or path.startswith(self._folders)
            or (inside and path.rpartition("/")[2] in self._names)
            or any(p.fullmatch(path) for p in self._others)
        )


class PathsOf:
    """Patterns of paths, matched in every spelling of a path."""

    def __init__(self, patterns: Iterable[str]) -> None:
        some = tuple(patterns)
        self._same, self._alike = _Forms(map(folded, some)), _Forms(map(drawn, some))
        parts = (part for pattern in some for part in pattern.split("/"))
        self._names = tuple(dict.fromkeys(p for p in parts if p and not _WILD.search(p)))

    def match(self, path: str) -> str:
        """Return SAME or ALIKE where a path is or imitates one of these; empty for any other."""
        if self._same.match(folded(path)):
            return SAME
        spellings = self._long(path) if "~" in path else (path,)
        return ALIKE if any(self._alike.match(drawn(p)) for p in spellings) else ""

    def _long(self, path: str) -> Iterator[str]:
        """Yield a path with every short name of Windows in it written out as one of our names."""
        parts = [self._long_names(part) for part in path.split("/")]
        yield from ("/".join(p) for p in islice(product(*parts), _SPELLINGS_MAX))

    def _long_names(self, part: str) -> Sequence[str]:
        short = _SHORT.fullmatch(_visible(part).strip())
        if short is None:
            return (part,)
        begins = short[1][:2] if _HASHED.fullmatch(short[1]) else short[1]
        return (*(n for n in self._names if folded(n).replace(".", "").startswith(begins)), part)


@cache
def _rows() -> tuple[PathsOf, tuple[tuple[DoorFile, PathsOf], ...]]:
    return PathsOf(row.pattern for row in DOOR), tuple((row, PathsOf([row.pattern])) for row in DOOR)


def door_files(path: str) -> list[DoorFile]:
    """Return the rows of DOOR that a path belongs to, however it is spelt."""
    every, rows = _rows()
    return [row for row, paths in rows if paths.match(path)] if every.match(path) else []


def in_roots(path: str) -> bool:
    """Whether a path lies below the folders of documents or the rule book, however it is spelt."""
    return bool(_roots().match(path))


@cache
def _roots() -> PathsOf:
    return PathsOf(["records/**", "cmdb/**", "schemas/**", "itsm.yaml"])


def plain_name(path: str) -> str:
    """Return a path with what cannot be seen, and what is not ASCII, as ``<U+200C>``: to be compared by eye."""
    return "".join(c if c.isascii() and c.isprintable() else f"<U+{ord(c):04X}>" for c in path)
