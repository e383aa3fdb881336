"""Files over many documents each: the last ones are used again where nothing that they were made from has changed.

A list of records, a page of an index, a chunk of the explorer: whoever makes such files asks for each of them whether it
is wanted, and makes it from a view that notes what is read (see ``tracing``). What a file is about beside that (which
documents, in which order) is its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

from itsm_gitops.publish.build_cache import BuildCache, PageFiles
from itsm_gitops.publish.tracing import Tracer, traced
from itsm_gitops.publish.view import View

# Whether a file is wanted: its address, and its shape.
Wanted = Callable[[str, str], bool]


def every(_url: str, _shape: str) -> bool:
    """Want every file."""
    return True


def shape_of(parts: Iterable[str]) -> str:
    """Return the shape of a file that holds these parts in this order."""
    return blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


class Batch:
    """The files of one site that are over many documents each; ``view`` is what they are to be made from.

    Each file that is wanted must be written, and noted, before the next is asked for.
    """

    def __init__(self, view: View, cache: BuildCache | None = None) -> None:
        """Take the cache of the last build; without one every file is wanted."""
        self._cache = cache if cache and cache.active else None
        self._tracer = Tracer()
        self.view = traced(view, self._tracer) if self._cache else view
        self._url = self._shape = ""
        self.about = (
            ""  # what others need to know of the file that is being made; they get it from ``about_of``
        )
        self.current: dict[str, bytes] = {}  # stamps of the files that were not wanted

    def wants(self, url: str, shape: str) -> bool:
        """Whether a file must be made; if so, this is the one that is being made now."""
        self._url, self._shape, self.about = url, shape, ""
        if self._cache and self._cache.is_current(url, (url,), shape):
            self.current[url] = self._cache.signs(url)[0]
            return False
        self._tracer.begin(url)
        return True

    def about_of(self, url: str) -> str:
        """Return what was said about a file that is not wanted when it was made."""
        page = self._cache.page(url) if self._cache else None
        return page.about if page else ""

    def is_making(self, url: str) -> bool:
        """Whether this is the file that was wanted last."""
        return url == self._url

    def note(self, url: str, sign: bytes) -> None:
        """Take the stamp of the file that was just written."""
        if self._cache:
            self._cache.note([PageFiles.of(url, self._tracer.keys, (sign,), self._shape, self.about)])
