"""`itsm init`: a new repository with the rule book, one example of everything, and its workflow."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from itsm_gitops import __version__
from itsm_gitops.forges.shipped import forge_files, robots
from itsm_gitops.model import clock
from itsm_gitops.model.decisions import POLICY
from itsm_gitops.model.errors import GitError, Refused, UsageError

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_FILES = Path(__file__).parent / "init_files"
# Files that would mean something where they are kept, and their names in a repository.
_NAMES = {
    "gitattributes": ".gitattributes",
    "gitignore": ".gitignore",
    "vscode": ".vscode",
}
_FILLED = ("itsm.yaml", "README.md", "cmdb/calendars/office-hours.yaml")
_EXAMPLES = ("cmdb/", "records/")
DEFAULT_ORGANISATION = "Our organisation"


class Started(NamedTuple):
    """What `itsm init` wrote: the folder, the files by path, whether Git holds them in a commit.

    ``note`` says why there is no commit, where one was wanted.
    """

    root: Path
    files: tuple[str, ...]
    commit: str
    note: str


def init(
    folder: Path,
    *,
    organisation: str = "",
    timezone: str = "",
    examples: bool = True,
    git: bool = True,
    forge: str = "github",
) -> Started:
    """Write a new repository into ``folder``, which must be empty or not exist.

    A folder that holds nothing but a ``.git`` counts as empty. ``examples`` False leaves out the
    example documents. ``forge`` is one of FORGES: whose workflows are written. Raises Refused for
    a folder with files or, with ``git``, inside another Git repository, UsageError for a time zone or a forge that does not exist.
    """
    root = folder.absolute()
    _refuse_full(root)
    if git:
        _refuse_inside(root)
    zone = timezone or "UTC"
    _refuse_zone(zone)
    from itsm_gitops.repository.identity import new_identity

    named = organisation or DEFAULT_ORGANISATION
    values = {
        "organisation": named,
        "organisation_yaml": _scalar(named),
        "timezone": zone,
        "version": __version__,
        "identity": new_identity(),
        "today": clock.now().date().isoformat(),
    }
    files = dict(contents(values, examples=examples, forge=forge, host=_host(root)))
    for path, content in files.items():
        _write(root / path, content)
    for family in _EXAMPLES:
        (root / family).mkdir(exist_ok=True)
    commit, note = _commit(root, list(files)) if git else ("", "")
    return Started(root, tuple(files), commit, note)


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


def _refuse_zone(zone: str) -> None:
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

    files[MANIFEST] = manifest(shipped_files())
    files[".vscode/settings.json"] = _editor_settings([p for p in files if p.endswith(".schema.json")], files)
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
    from itsm_gitops.repository import Git, transfer

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
        found[path] = raw
    return found


def _rule_book() -> dict[str, bytes]:
    from itsm_gitops.repository import packaged_rulebook_root

    root = packaged_rulebook_root()
    paths = (p for p in (root / "schemas").rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths}


def editor_settings(repo: Repository) -> bytes:
    """Return the editor settings for the rule book of a repository as it is now, its own kinds included."""
    files = {p: repo.snapshot().read(p) for p in repo.book.files if p.endswith(".schema.json")}
    return _editor_settings(list(files), files)


def _editor_settings(schemas: list[str], files: Mapping[str, bytes]) -> bytes:
    """Return editor settings that tie each folder of documents to its schema."""
    patterns: dict[str, str] = {}
    for path in sorted(schemas):
        about = json.loads(files[path]).get("x-itsm")
        if isinstance(about, dict):
            patterns[f"./{path}"] = f"{about['folder']}/**/*.yaml"
    patterns["./schemas/meta/config.schema.json"] = "itsm.yaml"
    patterns["./schemas/meta/workflow.schema.json"] = "schemas/workflows/*.yaml"
    patterns["./schemas/meta/template.schema.json"] = "schemas/templates/*.yaml"
    patterns["./schemas/meta/rule.schema.json"] = "schemas/rules/*.yaml"
    patterns["./schemas/meta/categories.schema.json"] = "schemas/policies/categories.yaml"
    patterns["./schemas/meta/report.schema.json"] = "schemas/reports/*.yaml"
    patterns["./schemas/meta/standard.schema.json"] = "schemas/policies/standards/*.yaml"
    patterns["./schemas/meta/search.schema.json"] = "schemas/search.yaml"
    settings = {"yaml.schemas": patterns, "[yaml]": {"editor.tabSize": 2, "editor.insertSpaces": True}}
    return (json.dumps(settings, indent=2) + "\n").encode()


def _scalar(text: str) -> str:
    """Return text as it stands in YAML: quoted where it would not be read as that text."""
    from itsm_gitops.documents import dump

    return dump({"k": text}).removeprefix("k: ").strip()


def _commit(root: Path, files: list[str]) -> tuple[str, str]:
    """Make the first commit; without Git or without an author the files stay uncommitted."""
    if shutil.which("git") is None:
        return "", "git is not installed, so nothing was committed"
    from itsm_gitops.repository import porcelain

    if not porcelain.is_repository(root):
        porcelain.init_repository(root)
    try:
        return porcelain.commit(root, files, "Start the ITSM repository"), ""
    except GitError as error:
        return "", f"not committed yet: {error.message}" + (f"\n{error.hint}" if error.hint else "")


def shown_path(root: Path) -> str:
    """Return a folder as a person would type it from here."""
    relative = os.path.relpath(root)
    return str(root) if relative.startswith("..") else relative
