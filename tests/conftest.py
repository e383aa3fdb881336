"""Guards around every test, and real repositories to test with."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.publish import engine
from itsm_gitops.publish import site as publishing
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook
from tests.complete import CHROMIUM, CORPUS, need
from tests.frames import REAL, remembering
from tests.support import SAME_EXAMPLES, GitRepo, copy_tree, pack, run_apart
from tests.warm import Warm

# A loaded machine or the coverage tracer must not decide a test. Where one commit is judged (.ci/run), properties are
# tried on the same examples each time; everywhere else each run tries new ones.
settings.register_profile("itsm", deadline=None, derandomize=SAME_EXAMPLES)
settings.load_profile("itsm")

CHECKOUT = Path(__file__).resolve().parent.parent

CONFIG_TEXT = """\
version: 1
organisation: Example Ltd
timezone: Europe/Berlin
site:
  name: Example IT
"""

GITCONFIG = """\
[user]
  name = Ada Example
  email = ada@example.org
[init]
  defaultBranch = main
  templateDir =
[commit]
  gpgSign = false
[gc]
  auto = 0
[maintenance]
  auto = false
[protocol "file"]
  allow = always
"""


TRACED = 8  # cases of one test
UNTRACED = pytest.StashKey[bool]()
RAM = Path("/dev/shm")
ROOM = 4 << 30  # bytes; twice what all tests together ever wrote


def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders into memory, where there is room: repositories are hundreds of small files."""
    if config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ or not RAM.is_dir():
        return
    disk = os.statvfs(RAM)
    if os.access(RAM, os.W_OK) and not disk.f_flag & os.ST_NOEXEC and disk.f_bavail * disk.f_frsize > ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(RAM)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each of two workers begin with a half of the slow tests, so that none ends with one; say what is traced.

    The tracer of coverage takes as long as what it watches. It measures the quick tests, which call the package in
    this process, and of those that differ in a value only the first few; a browser, or hundreds of random cases,
    show it nothing new.
    """
    cases: Counter[str] = Counter()
    for item in items:
        generated = hasattr(getattr(item, "obj", None), "hypothesis")
        function = item.nodeid.partition("[")[0]
        cases[function] += 1
        untraced = item.get_closest_marker("slow") or item.get_closest_marker("browser")
        if generated or untraced or cases[function] > TRACED:
            item.stash[UNTRACED] = True
    slow, quick = ([i for i in items if bool(i.get_closest_marker("slow")) is s] for s in (True, False))
    half, middle = len(slow) // 2, len(quick) // 2
    items[:] = [*slow[:half], *quick[:middle], *slow[half:], *quick[middle:]]


@contextmanager
def untraced(config: pytest.Config) -> Iterator[None]:
    """Coverage, where it is measured, does not look at what happens until the block ends."""
    controller = getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller is None:
        yield
        return
    controller.pause()
    try:
        yield
    finally:
        controller.resume()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test that shows the tracer nothing new without it, its fixtures, too."""
    with untraced(item.config) if UNTRACED in item.stash else nullcontext():
        return (yield)


def pytest_collection_finish() -> None:
    """Keep what was collected out of the search for circles of objects: it stays to the end, and is most there is.

    An import looks for circles after each round. Among ten thousand tests each look takes a third of a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees this machine's settings, and none can reach the network."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # Started in the background of a script: children would inherit that Ctrl-C does nothing.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(GITCONFIG)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "ITSM_")) and name != "ITSM_CORPUS":
                patch.delenv(name)
        for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PAGER", "CI"):
            patch.delenv(name, raising=False)
        # Without compiled bytecode each start of the command line costs several times as much.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("TZ", "UTC")
        patch.setenv("COLUMNS", "80")
        # Git calls `itsm` by its name, as the merge driver.
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setattr(socket.socket, "connect", _loopback_only(socket.socket.connect))
        # A build freezes all objects for its forks and thaws all of them, those of the tests, too.
        patch.setattr(publishing, "gc", SimpleNamespace(freeze=lambda: None, unfreeze=lambda: None))
        # It waits for every disk of the machine, and what it is good for shows after a power cut only.
        patch.setattr(os, "sync", lambda: None)
        yield


def _loopback_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    return guarded


@pytest.fixture(scope="session")
def book() -> RuleBook:
    """The rule book that the package ships."""
    return read_rulebook(WorkingTree(packaged_rulebook_root()))


@pytest.fixture(scope="session")
def first_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the shipped rule book, an ``itsm.yaml`` and a first commit; only to be copied."""
    made = GitRepo(tmp_path_factory.mktemp("first") / "repo")
    made.root.mkdir()
    made.git("init", "-q")
    copy_tree(packaged_rulebook_root() / "schemas", made.root / "schemas")
    made.write("itsm.yaml", CONFIG_TEXT)
    made.commit("Rule book")
    pack(made.root)
    return made.root


@pytest.fixture
def make_repo(tmp_path: Path, first_repo: Path) -> Callable[..., GitRepo]:
    """Make repositories with the shipped rule book, an ``itsm.yaml`` and a first commit."""

    def make(name: str = "repo", *, committed: bool = True) -> GitRepo:
        made = GitRepo(tmp_path / name)
        if committed:
            copy_tree(first_repo, made.root)
            made.minutes = 1
            return made
        made.root.mkdir()
        made.git("init", "-q")
        copy_tree(packaged_rulebook_root() / "schemas", made.root / "schemas")
        made.write("itsm.yaml", CONFIG_TEXT)
        return made

    return make


@pytest.fixture
def git_repo(make_repo: Callable[..., GitRepo]) -> GitRepo:
    """One new repository."""
    return make_repo()


@pytest.fixture
def write(git_repo: GitRepo) -> Callable[[str, str | bytes], Path]:
    """Write a file into ``git_repo``."""
    return git_repo.write


@pytest.fixture
def commit(git_repo: GitRepo) -> Callable[..., str]:
    """Commit everything in ``git_repo``."""
    return git_repo.commit


@pytest.fixture(scope="session")
def example_repo() -> Repository:
    """This checkout, which is the living example."""
    return Repository.open(CHECKOUT)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real data that ``ITSM_CORPUS`` names; the test is left out where it names none."""
    need("corpus")
    assert Path(CORPUS).is_dir(), f"ITSM_CORPUS names no folder: {CORPUS}"
    return Path(CORPUS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser of this machine. A process can drive one only, so all tests of a worker share it."""
    from tests.publish.browsing import ARGUMENTS

    need("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def _frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sites that are built in this process share what the engine rendered, with those of the other workers too."""
    folder = tmp_path_factory.getbasetemp()
    store = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "frames"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_started", remembering(store))
        yield


@pytest.fixture
def real_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine itself runs, whatever was rendered before."""
    monkeypatch.setattr(engine, "_started", REAL)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Runs `itsm` in processes that need no start-up; for what runs it many times from outside."""
    server = Warm()
    yield server
    server.close()


@pytest.fixture
def run_itsm() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own: ``run_itsm(["check"], cwd)``."""

    return run_apart
