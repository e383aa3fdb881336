"""Files made from many documents, or from none: those of the last build are kept while their sources are the same.

A list of records, a page of an index, a chunk of the explorer is one file: whoever makes such files asks for each of them
whether it is wanted, and makes it from a view that notes what is read (see ``tracing``). Files that are made together (the
months of the calendar, the reports) are a unit. What a file is about beside what the view says (which documents, in which
order, what the engine made of the page) is its shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish import output
from itsm_gitops.publish.build_cache import BuildCache
from itsm_gitops.publish.page_files import PageFiles
from itsm_gitops.publish.reasons import OTHER_ROWS
from itsm_gitops.publish.tracing import Tracer, traced


class SiteFile(NamedTuple):
    """A file of the site: its address, its content, and its title where it is a page."""

    url: str
    content: bytes
    title: str = ""


class Unit(NamedTuple):
    """Files that are made together from a view.

    ``shape`` is what else they are made from; where it is not as it was, ``other`` is the reason to make them.
    """

    name: str
    make: Callable[[View], Iterable[SiteFile]]
    shape: str = ""
    other: str = OTHER_ROWS


class Batch:
    """Files that are wanted one by one; ``view`` is what they are to be made from.

    Each file that is wanted must be written, and noted, before the next is asked for.
    """

    def __init__(self, view: View, cache: BuildCache | None = None) -> None:
        """Take the cache of the last build; without one every file is wanted."""
        self._cache = cache if cache and cache.active else None
        self._tracer = Tracer()
        self.view = traced(view, self._tracer) if self._cache else view
        self._making = self._shape = ""
        # What others need to know of the file that is being made; they get it from ``about_of``.
        self.about = ""

    def wants(self, url: str, shape: str) -> bool:
        """Whether a file must be made; if so, this is the one that is being made now."""
        if self._cache and self._cache.is_current(url, (url,), shape):
            return False
        self._begin(url, shape)
        return True

    def _begin(self, name: str, shape: str) -> None:
        self._making, self._shape, self.about = name, shape, ""
        self._tracer.begin(name)

    def about_of(self, url: str) -> str:
        """Return what was noted about a file when it was made; it is not wanted now."""
        page = self._cache.page(url) if self._cache else None
        return page.about if page else ""

    def _note(self, signs: Iterable[bytes]) -> None:
        if self._cache:
            page = PageFiles.of(self._making, self._tracer.keys, tuple(signs), self._shape, self.about)
            self._cache.note([page])


class SiteFiles(Batch):
    """All files of one site that are no document's, on their way into its folder.

    ``written`` has the stamp of every file, ``titles`` the titles of the pages, ``unit_of`` the unit of each file that
    has one, and ``always`` the files that nobody asked for: they are made each time.
    """

    def __init__(
        self, view: View, cache: BuildCache, folder: output.SiteFolder, source: Callable[[str], str]
    ) -> None:
        """Take the folder of the site; ``source`` tells what the engine made of a page, by address, from anything else."""
        super().__init__(view, cache)
        self._folder = folder
        self._source = source
        self._signs: dict[str, bytes] | None = None  # of the files of the unit that is being made
        self.written: dict[str, bytes] = {}
        self.changed = 0
        self.titles: dict[str, str] = {}
        self.unit_of: dict[str, str] = {}
        self.always: set[str] = set()

    def wants(self, url: str, shape: str) -> bool:
        """Whether a file must be made; of one that need not be, note stamp and title."""
        wanted = super().wants(url, shape + self._source(url))
        if not wanted and self._cache:
            self.written[url] = self._cache.signs(url)[0]
            self.titles[url] = self.about_of(url)
        return wanted

    def put(self, url: str, content: bytes, title: str = "") -> None:
        """Write a file."""
        self.changed += self._folder.write(url, content)
        sign = self.written[url] = output.sign(str(self._folder.root), url)
        self.titles[url] = title
        if self._signs is not None:
            self._signs[url] = sign
        elif url == self._making:
            self.about = self.about or title
            self._note([sign])
        else:
            self.always.add(url)

    def add(self, unit: Unit) -> None:
        """Make the files of a unit, or take over the last ones."""
        last = self._cache.last(unit.name) if self._cache else None
        titles: Mapping[str, str] = json.loads(last.about) if last else {}
        shape = self._shape_of(unit, titles)
        if self._cache and self._cache.is_current(unit.name, tuple(titles), shape, unit.other):
            self.written.update(zip(titles, self._cache.signs(unit.name), strict=True))
            self.titles.update(titles)
        else:
            titles = self._made(unit)
        self.unit_of.update(dict.fromkeys(titles, unit.name))

    def _made(self, unit: Unit) -> Mapping[str, str]:
        """Make the files of a unit; return their titles by address."""
        self._begin(unit.name, "")
        self._signs = {}
        for file in unit.make(self.view):
            self.put(*file)
        signs, self._signs = self._signs, None
        titles = {url: self.titles[url] for url in signs}
        self._shape, self.about = self._shape_of(unit, titles), json.dumps(titles)
        self._note(signs.values())
        return titles

    def _shape_of(self, unit: Unit, urls: Iterable[str]) -> str:
        return shape_of((unit.shape, *map(self._source, urls)))
