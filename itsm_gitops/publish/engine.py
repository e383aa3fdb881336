"""Running the site engine (MkDocs with Material) on the bounded part of the site.

The engine sees the handbook and one empty page for each entry of the navigation, never text from a
record; so its output depends only on ``site/``, the rule book and the navigation, and is kept until
one of them changes. Another engine that reads ``mkdocs.yml`` can take over here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.publish.chrome import TITLE
from itsm_gitops.publish.markup import Html

SHELL = "_itsm/shell/page"
SHELL_ROOT = "../../"
_STAMP = "digest.txt"
_TIMEOUT = 600
_NOTHING = (
    "---\nhide: [navigation, toc]\ntitle: {title}\n---\n\nThis page is filled in when the site is built.\n"
)
# Nothing in the output may tell when it was built.
_FIXED_DATE = "315532800"


@dataclass(frozen=True)
class Sources:
    """What the engine renders.

    ``folder`` holds ``mkdocs.yml`` and ``docs/``, of which ``left_out`` (paths inside ``docs``) are not
    published; ``pages`` are further Markdown pages by path
    inside ``docs``; ``nav`` is the navigation as MkDocs has it; ``name``, ``url`` and ``footer``
    (HTML) are the site's.
    """

    folder: Path
    pages: Mapping[str, str]
    nav: list[Any]
    name: str
    url: str
    footer: Html
    left_out: frozenset[str] = frozenset()


def render(sources: Sources, work: Path) -> Path:
    """Return the folder with the rendered pages, rendering only when something changed.

    ``work`` is a folder of the build's own. Raises ItsmError with the engine's words when it fails.
    """
    source, built, stamp = work / "src", work / "engine", work / _STAMP
    configuration = _configuration(sources, source, built)
    digest = _digest(sources, configuration)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest and built.is_dir():
        return built
    stamp.unlink(missing_ok=True)
    _write_sources(sources, source, configuration)
    _run(source)
    stamp.write_text(digest, encoding="utf-8")
    return built


def _configuration(sources: Sources, source: Path, built: Path) -> str:
    work = source.parent
    settings: dict[str, Any] = {
        "INHERIT": os.path.relpath(sources.folder / "mkdocs.yml", source),
        "site_name": sources.name,
        "docs_dir": "docs",
        "site_dir": os.path.relpath(built, work / "src"),
        "nav": sources.nav,
        "copyright": sources.footer,
    }
    if sources.url:
        settings["site_url"] = sources.url
    return json.dumps(settings, indent=1, ensure_ascii=True)


def _digest(sources: Sources, configuration: str) -> str:
    """Return the digest of everything the engine's output depends on."""
    total = hashlib.sha256(_versions().encode())
    for path in sorted(p for p in sources.folder.rglob("*") if p.is_file()):
        total.update(f"\0{path.relative_to(sources.folder).as_posix()}\0".encode())
        total.update(path.read_bytes())
    total.update(json.dumps([sorted(sources.pages.items()), sorted(sources.left_out)]).encode())
    total.update(configuration.encode())
    return total.hexdigest()


@cache
def _versions() -> str:
    names = ("mkdocs", "mkdocs-material", "markdown", "pymdown-extensions", "itsm-gitops")
    return " ".join(f"{n}={metadata.version(n)}" for n in names)


def _write_sources(sources: Sources, source: Path, configuration: str) -> None:
    if source.exists():
        shutil.rmtree(source)
    shutil.copytree(sources.folder / "docs", source / "docs", symlinks=False, ignore=_only_real_files)
    for path in sources.left_out:
        (source / "docs" / path).unlink(missing_ok=True)
    pages = {f"{SHELL}.md": _NOTHING.format(title=TITLE), **sources.pages}
    for path, text in pages.items():
        target = source / "docs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    (source / "mkdocs.yml").write_text(configuration, encoding="utf-8")


def _only_real_files(folder: str, names: list[str]) -> list[str]:
    """Leave out symbolic links: they could publish a file from outside the repository."""
    return [n for n in names if Path(folder, n).is_symlink()]


def _run(source: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "mkdocs.yml"]
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",
        "SOURCE_DATE_EPOCH": _FIXED_DATE,
        "NO_COLOR": "1",
    }
    try:
        done = subprocess.run(
            command,
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ItsmError(f"the site engine could not run: {error}", "pip install mkdocs-material") from error
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines()[-12:]
        raise ItsmError(
            "the site engine failed:\n" + "\n".join(said), "the pages it reads are in " + str(source)
        )
