"""Serves the site for authors: on the loopback address only, and built again when a file changes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.presentation.handbook import RuleText
from itsm_gitops.publish.build import Given, SiteReport, build_site
from itsm_gitops.publish.reporter import Reporter
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.gaps import warning

HOST = "127.0.0.1"
_WATCHED = ("itsm.yaml", "cmdb", "records", "schemas", "site")
_POLL_SECONDS = 1.0
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_METHODS = frozenset({"GET", "HEAD"})

Stamp = dict[str, tuple[int, int]]


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder, to this machine's own browser, never cached."""

    def parse_request(self) -> bool:
        """Judge a request before any method answers it.

        A host that is not this machine's is refused whatever is asked (DNS rebinding), and so is what only proxies
        and forms use: whole addresses as targets, more than one host, other methods than reading.
        """
        if not super().parse_request():
            return False
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _is_own(hosts[0]):
            self.send_error(421, "This server answers to 127.0.0.1 and localhost only")
        elif not self.path.startswith("/"):
            self.send_error(400, "The target must be a path")
        elif self.command not in _METHODS:
            self.send_error(405, "Files can only be read", "GET and HEAD are answered")
        else:
            return True
        self.close_connection = True
        return False

    def send_head(self) -> Any:
        """Open a file below the folder, not through links and nothing whose name begins with a dot."""
        if not _is_plain(Path(self.translate_path(self.path)), Path(self.directory)):
            self.send_error(404, "Not found")
            return None
        return super().send_head()

    def list_directory(self, path: str | os.PathLike[str]) -> None:  # noqa: ARG002 - the base class's
        """Refuse to list a folder that has no index page."""
        self.send_error(404, "Not found")

    def end_headers(self) -> None:
        """Forbid caching: the next build changes the files."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


def _is_own(host: str) -> bool:
    """Whether a Host header names this machine; the port may be that of a tunnel."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or port.endswith("]"):  # no port: the last colon is that of an address, if there is one
        name, port = host.strip().lower(), "0"
    return name in _LOCAL_NAMES and port.isascii() and port.isdigit()


def _is_plain(path: Path, root: Path) -> bool:
    """Whether a path is at or below a folder, without links and hidden names on the way to what is read."""
    steps = path.relative_to(root).parts if path.is_relative_to(root) else (os.pardir,)
    if any(step.startswith(".") or "\0" in step for step in steps):
        return False
    places = [root.joinpath(*steps[: n + 1]) for n in range(len(steps))]
    try:
        return not any(p.is_symlink() for p in (*places, path / "index.html"))
    except OSError:  # a name that is too long
        return False


class _Server(ThreadingHTTPServer):
    """A server that ignores browsers which close the connection before they have the answer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a fault, but not a connection that the other side closed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def stamp(root: Path) -> Stamp:
    """Return time and size of every watched file, to tell whether anything changed."""
    files: Stamp = {}
    for name in _WATCHED:
        top = root / name
        if top.is_file():
            files[name] = _stamp_of(top)
        for folder, folders, names in os.walk(top):
            folders.sort()
            files.update({f"{folder}/{n}": _stamp_of(Path(folder, n)) for n in names})
    return files


def _stamp_of(path: Path) -> tuple[int, int]:
    try:
        info = path.lstat()
    except OSError:
        return (0, 0)
    return (info.st_mtime_ns, info.st_size)


@contextmanager
def listening(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on the loopback address in the background and yield its address.

    ``port`` 0 takes a free one. Raises UsageError when the port is taken.
    """
    try:
        server = _Server((HOST, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}", "choose another with --port"
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(
    repo: Repository,
    *,
    port: int = 8000,
    output_folder: Path | None = None,
    audience: str | None = None,
    cli_reference: Given[str | None] = None,
    rules: Given[Sequence[RuleText]] = (),
    reporter: Given[Reporter | None] = None,
    say: Callable[[str], object],
    stop: threading.Event | None = None,
) -> None:
    """Build, serve and build again whenever a document, the rule book or ``site/`` changes.

    ``say`` gets the address, each rebuild and each failure as text. Ends when ``stop`` is set or on
    Ctrl-C. The other parameters are those of build_site.
    """

    def build() -> SiteReport:
        report = build_site(
            repo,
            output_folder=output_folder,
            audience=audience,
            cli_reference=cli_reference,
            rules=rules,
            reporter=reporter,
        )
        if repo.gaps:
            say(f"warning: {warning(repo.gaps.values())[0]}")
            repo.gaps = {}
        return report

    ended = stop or threading.Event()
    before = stamp(repo.root)
    say("Building the site")
    with listening(build().output, port) as address, suppress(KeyboardInterrupt):
        say(f"{address} (Ctrl-C ends)")
        while not ended.wait(_POLL_SECONDS):
            now = stamp(repo.root)
            if now != before:
                before = now
                say(_rebuilt(build))


def _rebuilt(build: Callable[[], SiteReport]) -> str:
    """Build again and report the result; a mistake in a file must not end the server."""
    try:
        return f"rebuilt in {build().seconds:.1f} s"
    except ItsmError as error:
        return f"not rebuilt: {error.message}"
