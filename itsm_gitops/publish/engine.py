"""Running the site engine (MkDocs with Material) on the bounded part of the site.

The engine sees the handbook and one empty page for each entry of the navigation, never text from a
record; so its output depends only on ``site/``, the rule book and the navigation, and is kept until
one of them changes. Other engines that read ``mkdocs.yml`` can take over: ``site.engine`` in
``itsm.yaml`` names one of ``ENGINES``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO, Any, NamedTuple

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


class Engine(NamedTuple):
    """A program that renders ``mkdocs.yml``: its Python module and arguments, and what it is made of.

    ``packages`` are those whose versions decide the output; ``settings`` are added to ``mkdocs.yml``.
    """

    module: str
    arguments: tuple[str, ...]
    packages: tuple[str, ...]
    settings: Mapping[str, Any]


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
        {"theme": {"variant": "classic"}},
    ),
}


@dataclass(frozen=True)
class Sources:
    """What the engine renders.

    ``folder`` holds ``mkdocs.yml`` and ``docs/``, of which ``left_out`` (paths inside ``docs``) are not
    published; ``pages`` are further Markdown pages by path
    inside ``docs``; ``nav`` is the navigation as MkDocs has it; ``name``, ``url`` and ``footer``
    (HTML) are the site's; ``engine`` is the name of one of ``ENGINES``.
    """

    folder: Path
    pages: Mapping[str, str]
    nav: list[Any]
    name: str
    url: str
    footer: Html
    left_out: frozenset[str] = frozenset()
    engine: str = "mkdocs"


@contextmanager
def rendering(sources: Sources, work: Path) -> Iterator[Callable[[], Path]]:
    """Let the engine render while the block goes on, where something changed; yields what waits for it.

    That returns the folder with the rendered pages, and raises ItsmError with the engine's words when
    it failed. ``work`` is a folder of the build's own. The engine is stopped where the block ends first.
    """
    # One of the engines writes only below its configuration.
    source, built, stamp = work / "src", work / "src" / "site", work / _STAMP
    engine = _named(sources.engine)
    configuration = _configuration(sources, source, engine)
    digest = _digest(sources, configuration, engine)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest and built.is_dir():
        yield lambda: built
        return
    stamp.unlink(missing_ok=True)
    _write_sources(sources, source, configuration)
    with tempfile.TemporaryFile() as said, _started(source, engine, said) as process:

        def wait() -> Path:
            _wait(process, engine, said, source)
            stamp.write_text(digest, encoding="utf-8")
            return built

        yield wait


def _named(name: str) -> Engine:
    if name not in ENGINES:
        raise ItsmError(f"there is no site engine '{name}'", f"site.engine can be: {', '.join(ENGINES)}")
    return ENGINES[name]


def _configuration(sources: Sources, source: Path, engine: Engine) -> str:
    settings: dict[str, Any] = {
        "INHERIT": os.path.relpath(sources.folder / "mkdocs.yml", source),
        "site_name": sources.name,
        "docs_dir": "docs",
        "site_dir": "site",
        "nav": sources.nav,
        "copyright": sources.footer,
        **engine.settings,
    }
    if sources.url:
        settings["site_url"] = sources.url
    return json.dumps(settings, indent=1, ensure_ascii=True)


def _digest(sources: Sources, configuration: str, engine: Engine) -> str:
    """Return the digest of everything the engine's output depends on."""
    total = hashlib.sha256(_made_of(sources.folder, engine).encode())
    total.update(json.dumps([sorted(sources.pages.items()), sorted(sources.left_out)]).encode())
    total.update(configuration.encode())
    return total.hexdigest()


def made_of(folder: Path, name: str) -> str:
    """Return the digest of what the output of the engine called ``name`` depends on beyond documents."""
    return _made_of(folder, _named(name))


def _made_of(folder: Path, engine: Engine) -> str:
    total = hashlib.sha256(_versions(engine.packages).encode())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


@cache
def _versions(packages: tuple[str, ...]) -> str:
    """Return the versions of some packages; raises ItsmError when one is not installed."""
    try:
        return " ".join(f"{n}={metadata.version(n)}" for n in (*packages, "itsm-gitops"))
    except metadata.PackageNotFoundError as error:
        raise ItsmError(f"the site engine needs {error.name}", f"pip install {error.name}") from error


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


@contextmanager
def _started(source: Path, engine: Engine, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the engine beside the block; what it says goes to a file, as nobody reads a pipe meanwhile."""
    command = [sys.executable, "-m", engine.module, *engine.arguments]
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",
        "SOURCE_DATE_EPOCH": _FIXED_DATE,
        "NO_COLOR": "1",
    }
    try:
        process = subprocess.Popen(
            command, cwd=source, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    except OSError as error:
        raise _cannot_run(engine, error) from error
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], engine: Engine, said: IO[bytes], source: Path) -> None:
    try:
        failed = process.wait(_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise _cannot_run(engine, error) from error
    if failed:
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").strip().splitlines()[-12:]
        raise ItsmError(
            "the site engine failed:\n" + "\n".join(lines), "the pages it reads are in " + str(source)
        )


def _cannot_run(engine: Engine, error: Exception) -> ItsmError:
    return ItsmError(f"the site engine could not run: {error}", f"pip install {engine.packages[0]}")
