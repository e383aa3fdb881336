"""Runs the site engine (MkDocs with Material) on the handbook and the empty pages of the navigation.

The engine sees the handbook and one empty page for each entry of the navigation, never text from a
record, and of ``mkdocs.yml`` only what ``engine_settings`` lists. So its output depends only on ``site/``, the
rule book, the settings and the tool, and is reused until one of them changes. Other engines that read ``mkdocs.yml``
can take over: ``site.engine`` in ``itsm.yaml`` names one of ``ENGINES``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any, NamedTuple

from itsm_gitops.git import Git
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.presentation.markup import Html
from itsm_gitops.publish.chrome import TITLE
from itsm_gitops.publish.engine_sources import published
from itsm_gitops.publish.engine_start import EXTENSION
from itsm_gitops.publish.tool import digest_of_files
from itsm_gitops.snapshots.seal import SealedNote

SHELL = "_itsm/shell/page"
SHELL_ROOT = "../../"
_STAMP = "frame.bin"
_TIMEOUT = 600
_NOTHING = (
    "---\nhide: [navigation, toc]\ntitle: {title}\n---\n\nThis page is filled in when the site is built.\n"
)
# Nothing in the output may tell when it was built.
_FIXED_DATE = "315532800"


class Engine(NamedTuple):
    """A program that renders ``mkdocs.yml``: its Python module and arguments, and what it is made of.

    ``packages`` are those whose versions decide the output; ``theme`` is added to the theme's settings.
    """

    module: str
    arguments: tuple[str, ...]
    packages: tuple[str, ...]
    theme: Mapping[str, Any]


_ALIKE = ("build", "--strict", "--config-file", "mkdocs.yml")
_PLUGINS = ("mkdocs-material", "markdown", "pymdown-extensions")
ENGINES: Mapping[str, Engine] = {
    "mkdocs": Engine("mkdocs", _ALIKE, ("mkdocs", *_PLUGINS), {}),
    "properdocs": Engine("properdocs", _ALIKE, ("properdocs", *_PLUGINS), {}),
    # The look that the style sheet of this site is made for is an option there.
    "zensical": Engine(
        "zensical",
        ("build", "--strict", "--clean", "--config-file", "mkdocs.yml"),
        ("zensical", "markdown", "pymdown-extensions"),
        {"variant": "classic"},
    ),
}


@dataclass(frozen=True)
class Sources:
    """What the engine renders.

    ``folder`` holds ``docs/``, of which ``left_out`` (paths inside ``docs``) are not published; ``look`` is what of
    its ``mkdocs.yml`` the engine is told; ``pages`` are further Markdown pages by path
    inside ``docs``; ``nav`` is the navigation as MkDocs has it; ``name``, ``url`` and ``footer``
    (HTML) are the site's; ``engine`` is the name of one of ``ENGINES``.
    """

    folder: Path
    look: Mapping[str, Any]
    pages: Mapping[str, str]
    nav: list[Any]
    name: str
    url: str
    footer: Html
    left_out: frozenset[str] = frozenset()
    engine: str = "mkdocs"


@contextmanager
def rendering(
    made_of: str, sources: Callable[[], Sources], work: Path, git: Git | None
) -> Iterator[Callable[[], Path]]:
    """Let the engine render while the block goes on, where something changed; yields what waits for it.

    That returns the folder with the rendered pages, and raises ItsmError with the engine's words when
    it failed. ``made_of`` is the digest of all that the ``sources`` are made of, and of the engine; they are asked for
    only where it is not the last one. ``work`` is a folder of the build's own. The engine is stopped where the block ends first.
    What was rendered is used again only with a seal of ``git``'s clone: a repository can bring any file.
    """
    # One of the engines writes only below its configuration.
    source, built = work / "src", work / "src" / "site"
    note = SealedNote(git, work / _STAMP) if git else None
    if note and note.says(f"{made_of} {digest_of_files(built)}"):
        yield lambda: built
        return
    if note:
        note.drop()
    found = sources()
    engine = _engine_of(found.engine)
    _write_sources(found, source, _configuration(found, engine))
    with tempfile.TemporaryFile() as log, _started(source, engine, log) as process:

        def wait() -> Path:
            _wait(process, engine, log, source)
            if note:
                note.write(f"{made_of} {digest_of_files(built)}")
            return built

        yield wait


def _engine_of(name: str) -> Engine:
    if name not in ENGINES:
        raise ItsmError(f"there is no site engine '{name}'", f"site.engine can be: {', '.join(ENGINES)}")
    return ENGINES[name]


def _configuration(sources: Sources, engine: Engine) -> str:
    look = sources.look
    settings: dict[str, Any] = {
        **look,
        "theme": {**look["theme"], **engine.theme},
        "markdown_extensions": [*look.get("markdown_extensions", ()), EXTENSION],
        "plugins": [],
        "use_directory_urls": False,
        "site_name": sources.name,
        "docs_dir": "docs",
        "site_dir": "site",
        "nav": sources.nav,
        "copyright": sources.footer,
    }
    if sources.url:
        settings["site_url"] = sources.url
    return json.dumps(settings, indent=1, ensure_ascii=True)


def _write_sources(sources: Sources, source: Path, configuration: str) -> None:
    if source.exists():
        shutil.rmtree(source)
    docs = source / "docs"
    for path, content in published(sources.folder / "docs", sources.left_out):
        _write(docs / path, content)
    pages = {f"{SHELL}.md": _NOTHING.format(title=TITLE), **sources.pages}
    for path, text in pages.items():
        _write(docs / path, text.encode())
    _write(source / "mkdocs.yml", configuration.encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@contextmanager
def _started(source: Path, engine: Engine, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the engine beside the block; its output goes to a file, as nobody reads a pipe meanwhile.

    Isolated from the environment, the current folder and the user's own settings of Python.
    """
    start = Path(__file__).with_name("engine_start.py")
    folders = os.pathsep.join(dict.fromkeys(map(_folder_of, engine.packages)))
    command = [sys.executable, "-I", "-X", "utf8", str(start), folders, engine.module, *engine.arguments]
    environment = {**{name: os.environ[name] for name in _PASSED_ON if name in os.environ}, **_ENVIRONMENT}
    try:
        process = subprocess.Popen(
            command, cwd=source, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    except OSError as error:
        raise _cannot_run(engine, error) from error
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _folder_of(package: str) -> str:
    """Return where a package is installed; raises ItsmError when it is not."""
    try:
        return str(metadata.distribution(package).locate_file(""))
    except metadata.PackageNotFoundError as error:
        raise ItsmError(f"the site engine needs {error.name}", f"pip install {error.name}") from error


# What Python itself may need to start; nothing else of the environment reaches the engine.
_PASSED_ON = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ENVIRONMENT: Mapping[str, str] = {
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "NO_MKDOCS_2_WARNING": "1",
    "SOURCE_DATE_EPOCH": _FIXED_DATE,
    "TZ": "UTC",
}


def _wait(process: subprocess.Popen[bytes], engine: Engine, log: IO[bytes], source: Path) -> None:
    try:
        failed = process.wait(_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise _cannot_run(engine, error) from error
    if failed:
        log.seek(0)
        lines = log.read().decode("utf-8", "replace").strip().splitlines()[-12:]
        raise ItsmError(
            "the site engine failed:\n" + "\n".join(lines), "the pages it reads are in " + str(source)
        )


def _cannot_run(engine: Engine, error: Exception) -> ItsmError:
    return ItsmError(f"the site engine could not run: {error}", f"pip install {engine.packages[0]}")
