"""`itsm init`: a new repository with the rule book, one example of everything, and its workflow."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops import __version__
from itsm_gitops.commands.init_people import NOBODY, Founders, refuse_bad_handles
from itsm_gitops.forges.shipped import forge_files, robots
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, Refused, UsageError

if TYPE_CHECKING:
    from itsm_gitops.gate.doctor_people import Unsatisfiable

_FILES = Path(__file__).parent / "init_files"
# Files that would mean something where they are kept, and their names in a repository.
_NAMES = {
    "editorconfig": ".editorconfig",
    "gitattributes": ".gitattributes",
    "gitignore": ".gitignore",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "vscode": ".vscode",
}
_FILLED = ("itsm.yaml", "README.md", "cmdb/calendars/office-hours.yaml")
_EXAMPLES = ("cmdb/", "records/")
_README = "README.md"
_MARK = re.compile(r"<!-- (with examples|without examples|end) -->\n")
DEFAULT_ORGANISATION = "Our organisation"


class Started(NamedTuple):
    """What `itsm init` wrote: the folder, the files by path, whether Git holds them in a commit.

    ``note`` says why there is no commit, where one was wanted. ``waiting`` are the rules of the policy that ask for
    more people who decide than were named, each with what is so and what to do.
    """

    root: Path
    files: tuple[str, ...]
    commit: str
    note: str
    waiting: tuple[Unsatisfiable, ...] = ()


def init(
    folder: Path,
    *,
    organisation: str = "",
    timezone: str = "",
    examples: bool = True,
    git: bool = True,
    forge: str = "github",
    founders: Founders = NOBODY,
) -> Started:
    """Write a new repository into ``folder``, which must be empty or not exist.

    A folder that holds nothing but a ``.git`` counts as empty. ``examples`` False leaves out the
    example documents. ``forge`` is one of FORGES: whose workflows are written. ``founders`` are people who
    decide from the first day. Raises Refused for a folder with files or, with ``git``, inside another Git
    repository, UsageError for a time zone, a forge or a handle that cannot be.
    """
    root = folder.absolute()
    _refuse_full(root)
    if git:
        _refuse_inside(root)
    refuse_zone(timezone or "UTC")
    refuse_bad_handles(founders)
    files = dict(contents(_values(organisation, timezone), examples=examples, forge=forge, host=_host(root)))
    for path, content in files.items():
        _write(root / path, content)
    for family in _EXAMPLES:
        (root / family).mkdir(exist_ok=True)
    usable = git and shutil.which("git") is not None
    if usable:
        _begin_history(root)
    more, waiting = _people(root, founders, forge)
    paths = sorted({*files, *more})
    lack = "git is not installed, so nothing was committed" if git else ""
    commit, note = _commit(root, paths) if usable else ("", lack)
    return Started(root, tuple(paths), commit, note, waiting)


def _values(organisation: str, timezone: str) -> dict[str, str]:
    """Return what is filled into the files of a new repository."""
    from itsm_gitops.snapshots.identity import new_identity

    named = organisation or DEFAULT_ORGANISATION
    return {
        "organisation": named,
        "organisation_yaml": _scalar(named),
        "timezone": timezone or "UTC",
        "version": __version__,
        "identity": new_identity(),
        "today": clock.now().date().isoformat(),
    }


def _people(root: Path, founders: Founders, forge: str) -> tuple[list[str], tuple[Unsatisfiable, ...]]:
    """Write the founders and whom a forge asks for reviews; return the paths, and the rules that wait for more people."""
    from itsm_gitops.commands.init_people import settle, waiting_rules
    from itsm_gitops.gate.codeowners import codeowners
    from itsm_gitops.graph.ownership import PLACES
    from itsm_gitops.repository import Repository

    repo = Repository.open(root)
    paths = settle(repo, founders)
    if forge in PLACES:
        paths.append(codeowners(repo, forge=forge, write=True).path)
    return paths, tuple(waiting_rules(repo)) if founders.handles else ()


def _begin_history(root: Path) -> None:
    from itsm_gitops.git import merge_driver, porcelain

    if not porcelain.is_repository(root):
        porcelain.init_repository(root)
    porcelain.configure(root, merge_driver.SETTINGS)


def _refuse_full(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise Refused(f"{root} is a file", "itsm init FOLDER")
    found = sorted(p.name for p in root.iterdir() if p.name != ".git") if root.exists() else []
    if found:
        shown = ", ".join(found[:4]) + (", …" if len(found) > 4 else "")
        raise Refused(f"{root} is not empty: {shown}", "itsm init NEW-FOLDER, or move these files away first")


def _refuse_inside(root: Path) -> None:
    """Raise Refused in another Git repository: Git would keep one inside the other as an empty reference."""
    around = next((f for f in root.parents if (f / ".git").exists()), None)
    if around and not (root / ".git").exists():
        raise Refused(
            f"{root} is inside the Git repository {around}",
            "itsm init FOLDER somewhere else; or --no-git: the files are written, and you commit them there",
        )


def refuse_zone(zone: str) -> None:
    """Raise UsageError for a time zone that does not exist, with the nearest name."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        from itsm_gitops.model.errors import did_you_mean

        hint = did_you_mean(zone, available_timezones()) or "an IANA name, for example Europe/Berlin"
        raise UsageError(f"there is no time zone '{zone}'", hint) from error


def add_forge(root: Path, forge: str) -> Started:
    """Write a forge's files into a repository that exists, leaving files that are there as they are.

    Nothing is committed; ``note`` names the files that differ from ours. Raises UsageError for an
    unknown forge.
    """
    wanted = forge_files(forge)
    missing = [p for p in wanted if not (root / p).exists()]
    other = [p for p in wanted if p not in missing and (root / p).read_bytes() != wanted[p]]
    for path in missing:
        _write(root / path, wanted[path])
    note = f"left as they are, though they differ from ours: {', '.join(other)}" if other else ""
    return Started(root, tuple(missing), "", note)


def _write(target: Path, content: bytes) -> None:
    from itsm_gitops.documents import write_atomic

    write_atomic(target, content, expected=None, durable=False, executable=content.startswith(b"#!"))


def contents(
    values: Mapping[str, str], *, examples: bool = True, forge: str = "github", host: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a new repository: its path and its bytes, sorted by path.

    ``host`` is that of a forge of one's own, whose pages commit by addresses of that host.
    """
    files = {**_rule_book(), **forge_files(forge), **_own_files(values, examples)}
    files[POLICY] = _with_robots(files[POLICY], robots(forge, host))
    from itsm_gitops.editing.upgrade import MANIFEST, manifest, shipped_files
    from itsm_gitops.rules import editor_settings

    files[MANIFEST] = manifest(shipped_files())
    files[editor_settings.PLACE] = editor_settings.text_of(editor_settings.settings_of(files))
    yield from sorted(files.items())


def _with_robots(policy: bytes, addresses: tuple[str, ...]) -> bytes:
    """Return the policy with the addresses that the pages of a forge commit by."""
    line = f"robots: [{', '.join(addresses)}]" if len(addresses) < 2 else "\n- ".join(["robots:", *addresses])
    return re.sub(rb"(?m)^robots: .*$", line.encode(), policy, count=1)


def _host(root: Path) -> str:
    """Return the host that the remote of a folder names, where it is a forge of one's own; else empty."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return ""
    from itsm_gitops.forges import remotes
    from itsm_gitops.git import Git, transfer

    url = transfer.remote_url(Git(root))
    remote = remotes.parse(url) if url else None
    host = remote.host.partition(":")[0] if remote else ""
    return "" if host in ("github.com", "gitlab.com") else host


def _own_files(values: Mapping[str, str], examples: bool) -> dict[str, bytes]:
    found = {}
    for source in sorted(p for p in _FILES.rglob("*") if p.is_file()):
        first, _, rest = source.relative_to(_FILES).as_posix().partition("/")
        path = _NAMES.get(first, first) + (f"/{rest}" if rest else "")
        if path.startswith(_EXAMPLES) and not examples:
            continue
        raw = source.read_bytes()
        if path in _FILLED:
            for name, value in values.items():
                raw = raw.replace(b"{%s}" % name.encode(), value.encode())
        if path == _README:
            raw = _chosen(raw, "with examples" if examples else "without examples")
        found[path] = raw
    return found


def _chosen(raw: bytes, wanted: str) -> bytes:
    """Return a text with those of its parts that are for such a repository, without the marks around them."""
    lines, skipping = [], False
    for line in raw.decode().splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        if mark is None and not skipping:
            lines.append(line)
        elif mark is not None:
            skipping = mark[1] not in (wanted, "end")
    return "".join(lines).encode()


def _rule_book() -> dict[str, bytes]:
    from itsm_gitops.snapshots import packaged_rulebook_root

    root = packaged_rulebook_root()
    paths = (p for p in (root / "schemas").rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths}


def _scalar(text: str) -> str:
    """Return text as it stands in YAML: quoted where it would not be read as that text."""
    from itsm_gitops.documents import dump

    return dump({"k": text}).removeprefix("k: ").strip()


def _commit(root: Path, files: list[str]) -> tuple[str, str]:
    """Make the first commit; without an author the files stay uncommitted."""
    from itsm_gitops.git import committing

    try:
        return committing.commit(root, files, "Start the ITSM repository"), ""
    except GitError as error:
        return "", f"not committed yet: {error.message}" + (f"\n{error.hint}" if error.hint else "")


def shown_path(root: Path) -> str:
    """Return a folder as a person would type it from here."""
    relative = os.path.relpath(root)
    return str(root) if relative.startswith("..") else relative
