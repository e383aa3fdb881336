"""A small, suspicious HTTP client for the application interfaces of forges, on the standard library.

The other side is not trusted more than it must be: only https (or http on the loopback interface,
for tests), no redirect to another place (the token would travel along), pages only from the server
that was asked, and a bound on time, size, pages and attempts. Every failure is a ForgeError whose
hint says what to do; the token is in none of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError

TIMEOUT = 30.0  # seconds for one answer, from the first byte asked to the last one read
SIZE_MAX = 16 << 20  # bytes of one answer
PAGES_MAX = 100  # of 100 entries each
ATTEMPTS = 5
PATIENCE = 90.0  # seconds after which, with all waiting, nothing is tried again
_CHUNK = 1 << 16
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REDIRECTS = (301, 302, 307, 308)
_TRANSIENT = (500, 502, 503, 504)
_MINUTE, _HOUR = 60.0, 3600.0
_FAR = 7 * 24 * _HOUR  # no limit asks for more than a day; what is beyond a week is a mistake in a header
_DIGITS = 8
# As GitHub words its limits against bursts, today and formerly.
_BURST = ("secondary rate limit", "abuse detection", "abuse rate limit")


class ForgeError(ItsmError):
    """A forge could not be asked, or its answer cannot be used; ``status`` is HTTP's, 0 without one."""

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class Answer(NamedTuple):
    """What a server said: status, headers and JSON data (None for an empty body)."""

    status: int
    headers: Message
    data: Any


class _NoRedirect(HTTPRedirectHandler):
    """Leave redirects to the client, which knows whom it may follow."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


@dataclass
class Client:
    """Questions to one server below ``base`` (``https://api.github.com``).

    ``headers`` are sent with every request; ``secret`` is the value of the Authorization (or
    other) header named by ``secret_header``. ``sleep`` waits between attempts.
    """

    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_header: str = "Authorization"  # noqa: S105 - a name, no secret
    secret: str = field(default="", repr=False)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Refuse an address or a token that must not be used."""
        parts = urlsplit(self.base)
        loopback = parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ForgeError(f"'{self.base}' is not an https address", "a token is never sent in the clear")
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ForgeError(f"'{self.base}' is not the address of a server", "https://HOST/PATH")
        if not (self.secret.isascii() and self.secret.isprintable()):
            raise ForgeError("the forge's token has characters no token has", "look for a line break in it")
        self.base = self.base.rstrip("/")
        handlers = [_NoRedirect(), *([ProxyHandler({})] if loopback else [])]
        self._opener: OpenerDirector = build_opener(*handlers)

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON that ``GET path`` answers; raises ForgeError."""
        return self.request("GET", self._url(path, query)).data

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Send JSON and return the JSON of the answer; raises ForgeError.

        Only a refusal that says that nothing was done (a rate limit) is tried again: a second
        comment is worse than none.
        """
        return self.request(method, self._url(path, {}), body).data

    def pages(self, path: str, query: Mapping[str, object] | None = None, *, key: str = "") -> Iterator[Any]:
        """Yield the entries of all pages of a list (or of the list under ``key``); raises ForgeError."""
        asked = {"per_page": 100, **(query or {})}
        size = int(str(asked.get("limit", asked["per_page"])))
        url: str | None = self._url(path, asked)
        previous: list[Any] = []
        for number in range(1, PAGES_MAX + 1):
            answer = self.request("GET", str(url))
            entries = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if not isinstance(entries, list):
                raise ForgeError(
                    f"{_without_query(str(url))} did not answer with a list", "is the address right?"
                )
            if entries and entries == previous:
                raise ForgeError(
                    f"{_without_query(str(url))} answers the same page again and names no next one",
                    "a proxy may take away the header 'Link'",
                )
            yield from entries
            url, previous = self._next(str(url), answer.headers), entries
            if url is None and (answer.headers.get("Link") or len(entries) < size):
                return
            # A full page without any link: only the next page tells whether it was the last.
            url = url or self._url(path, {**asked, "page": number + 1})
        raise ForgeError(f"{path} has more than {PAGES_MAX} pages", "this cannot be a real list")

    def _next(self, url: str, headers: Message) -> str | None:
        for link in ", ".join(headers.get_all("Link") or ()).split(","):
            target, *parameters = (part.strip() for part in link.split(";"))
            if 'rel="next"' in parameters or "rel=next" in parameters:
                following = urljoin(url, target.strip("<>"))
                self._require_same_server(following)
                return following
        return None

    def _url(self, path: str, query: Mapping[str, object]) -> str:
        return f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "")

    def _require_same_server(self, url: str) -> None:
        ours, theirs = urlsplit(self.base), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise ForgeError(
                f"{ours.hostname} points to another server, {theirs.hostname}",
                "nothing was sent there; is the repository's address right?",
            )

    def request(self, method: str, url: str, body: Mapping[str, object] | None = None) -> Answer:
        """Ask until there is an answer, patience ends or the answer cannot change; raises ForgeError."""
        waited, begun = 0.0, self.monotonic()
        for attempt in range(1, ATTEMPTS + 1):
            problem, pause = "", 2.0 ** (attempt - 1)
            try:
                answer = self._follow(method, url, body)
            except (URLError, OSError) as error:
                problem = f"cannot be reached: {getattr(error, 'reason', error)}"
                if method != "GET":
                    raise ForgeError(f"{_without_query(url)} {problem}", "try again") from error
            else:
                if answer.status < 300:
                    return answer
                limit = _rate_limit(answer)
                if limit is None and not (method == "GET" and answer.status in _TRANSIENT):
                    raise refusal(method, url, answer)
                pause = max(pause, limit or _retry_after(answer.headers) or 0.0)
                problem = f"fails ({answer.status})" if limit is None else _limited(answer)
            waited += pause
            spent = max(waited, self.monotonic() - begun + pause)
            if attempt == ATTEMPTS or spent > PATIENCE:
                tried = f"{attempt} attempt{'s' if attempt > 1 else ''}"
                raise ForgeError(f"{_without_query(url)} {problem} ({tried})", _later(max(pause, 60)))
            self.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, method: str, url: str, body: Mapping[str, object] | None) -> Answer:
        """Ask once, following redirects of a GET within this server (a renamed repository)."""
        for _ in range(4):
            answer = self._once(method, url, body)
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or method != "GET" or not target:
                return answer
            url = urljoin(url, target)
            self._require_same_server(url)
        raise ForgeError(f"{_without_query(url)} redirects in a circle", "is the repository's address right?")

    def _once(self, method: str, url: str, body: Mapping[str, object] | None) -> Answer:
        request = Request(url, method=method)  # noqa: S310 - the scheme was checked
        for name, value in self.headers.items():
            request.add_header(name, value)
        if self.secret:
            # Unredirected headers are never repeated to another place by the library itself.
            request.add_unredirected_header(self.secret_header, self.secret)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        deadline = self.monotonic() + TIMEOUT
        try:
            response = self._opener.open(request, timeout=TIMEOUT)
        except HTTPError as error:
            response = error
        with response:
            raw = bytearray()
            while chunk := response.read(_CHUNK):
                raw += chunk
                if len(raw) > SIZE_MAX:
                    raise ForgeError(f"{_without_query(url)} answers with more than {SIZE_MAX >> 20} MiB")
                if self.monotonic() > deadline:
                    raise TimeoutError("it answers too slowly")
            return Answer(
                response.status or 0, response.headers, _decoded(bytes(raw), url, response.status or 0)
            )


def _decoded(raw: bytes, url: str, status: int) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        if status >= 300:
            return None  # proxies explain themselves in HTML; the status says enough
        raise ForgeError(
            f"{_without_query(url)} did not answer with JSON", "is the address right?"
        ) from error


def _retry_after(headers: Message) -> float | None:
    """Return the seconds that a server asks to wait, whichever of HTTP's two forms it uses."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < _DIGITS else _FAR
    try:
        at = parsedate_to_datetime(text)
        return max((at - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None


def _rate_limit(answer: Answer) -> float | None:
    """Return how long a rate limit asks to wait (0: it does not say); None for another answer.

    GitHub refuses with 403 as well as 429; a secondary limit may come without any header and says so in its message,
    and then asks to wait for a minute at least (GitHub, "Rate limits for the REST API").
    """
    if answer.status not in (403, 429):
        return None
    after = _retry_after(answer.headers)
    if after is not None:
        return after
    if (answer.headers.get("X-RateLimit-Remaining") or "").strip() == "0":
        reset = (answer.headers.get("X-RateLimit-Reset") or "").strip()
        if not (reset.isascii() and reset.isdigit()):
            return 0.0
        # Milliseconds or nonsense: no limit lasts for years.
        left = int(reset[: _DIGITS * 2]) - clock.now().timestamp()
        return min(max(left, 0.0), _FAR)
    if _secondary(answer):
        return _MINUTE
    return 0.0 if answer.status == 429 else None


def _secondary(answer: Answer) -> bool:
    """Whether a refusal says of itself that it is one of the limits against bursts."""
    said = answer.data.get("message") if isinstance(answer.data, dict) else None
    return isinstance(said, str) and any(words in said.lower() for words in _BURST)


def _limited(answer: Answer) -> str:
    if _secondary(answer) or (answer.status == 403 and answer.headers.get("Retry-After")):
        return "asks to wait: a secondary rate limit, against too many requests at once"
    return "asks to wait: too many requests"


def _later(seconds: float) -> str:
    """Say when to try again, in the unit that people count such a time in."""
    if seconds >= _FAR:
        return "try again later; the server does not say sensibly when"
    if seconds < 2 * _MINUTE:
        return f"try again in {ceil(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"try again in {ceil(seconds / _MINUTE)} minutes"
    moment = clock.now() + timedelta(seconds=seconds)
    return f"try again in {ceil(seconds / _HOUR)} hours, after {clock.format_time(moment)}"


_HINTS = {
    401: "the token is missing, expired or revoked",
    403: "the token may not do this: give it the permission, or run it where the workflow has it",
    404: "the repository or pull request does not exist, or the token may not see it",
}


def refusal(method: str, url: str, answer: Answer) -> ForgeError:
    """Make a ForgeError of an answer that will not change by asking again."""
    reason = answer.data.get("message") if isinstance(answer.data, dict) else None
    detail = f": {' '.join(reason.split())[:200]}" if isinstance(reason, str) and reason.strip() else ""
    message = f"{method} {_without_query(url)} answers {answer.status}{detail}"
    return ForgeError(message, _HINTS.get(answer.status, ""), answer.status)


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
