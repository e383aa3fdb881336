"""Writes the pages of documents (in the frame of the site) and their JSON, in the pieces that worker processes take.

The files of a document are its page and, where it has one of its own, its JSON. Finished records share JSON files
(`presentation/finished.py`), so those of one file stand in one piece: whoever makes their pages writes that file too. Of
records whose page is up to date, it takes over the lines that are there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.presentation import finished, urls
from itsm_gitops.presentation.data import api
from itsm_gitops.presentation.fields import Field, fields
from itsm_gitops.presentation.pages import item, offering, record
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.view import View
from itsm_gitops.presentation.wanted import shape_of
from itsm_gitops.publish import output, search
from itsm_gitops.publish.chrome import Shell
from itsm_gitops.publish.page_files import PageFiles
from itsm_gitops.publish.tracing import Tracer, traced

Progress = Callable[[str, int, int], None]

_REPORT_EVERY = 200
_TOGETHER = 100  # documents in a piece without a file in common


class Piece(NamedTuple):
    """Documents whose files are made by one process; ``shard`` is the JSON file of all of them, '' for none.

    ``members`` are the records of that file, in order of key; ``reuse`` says that the lines of those which are not
    among ``entries`` can be taken from the file as it is. ``start`` is how many documents come before this piece.
    """

    start: int
    entries: Sequence[Entry]
    shard: str = ""
    members: Sequence[str] = ()
    reuse: bool = False


class StaleFile(NamedTuple):
    """One JSON file of finished records that is not up to date: its address, its records, whether its lines hold."""

    url: str
    members: Sequence[str]
    reuse: bool


def pieces(todo: Sequence[Entry], stale: Iterable[StaleFile], entries: Mapping[str, Entry]) -> list[Piece]:
    """Return the pieces with the documents of ``todo`` and the files that are ``stale``; nothing is in two of them."""
    waiting = {e.id: e for e in todo}
    together: list[Piece] = []
    for shard in stale:
        if shard.reuse:
            made = [waiting.pop(i) for i in shard.members if i in waiting]
        else:
            made = [waiting.pop(i, entries[i]) for i in shard.members]
        together.append(Piece(0, made, shard.url, shard.members, shard.reuse))
    others = list(waiting.values())
    # Items first: their pages take the longest, and short pieces at the end keep no process waiting.
    alone = [Piece(0, others[n : n + _TOGETHER]) for n in range(0, len(others), _TOGETHER)]
    found: list[Piece] = []
    start = 0
    for piece in (*alone, *together):
        found.append(piece._replace(start=start))
        start += len(piece.entries)
    return found


class Share(NamedTuple):
    """The pages that one worker made, how many files changed, and the words of documents that had none yet."""

    pages: list[PageFiles]
    changed: int
    words: dict[str, str]


class Stamper:
    """Makes the files of some documents at a time. ``tracing`` records the inputs of each page."""

    def __init__(
        self,
        view: View,
        shell: Shell,
        folder: output.SiteFolder,
        total: int,
        with_words: Container[str],
        *,
        tracing: bool,
        progress: Progress,
    ) -> None:
        """Take the folder of the site, how many documents there are in all, and whose words are known."""
        self._progress = progress
        self._tracer = Tracer()
        self._view = traced(view, self._tracer) if tracing else view
        self._shell = shell
        self._folder = folder
        self._target = str(folder.root)
        self._total = total
        self._with_words = with_words
        self._fields: dict[str, tuple[Field, ...]] = {k.name: fields(k) for k in view.book.kinds.values()}
        self._parent = os.getpid()

    def __call__(self, _: int, share: Sequence[Piece]) -> Share:
        """Make the files of some documents."""
        result = Share([], 0, {})
        return result._replace(changed=sum(self._piece(piece, result) for piece in share))

    def _piece(self, piece: Piece, result: Share) -> int:
        """Make the files of one piece and note them in ``result``; return how many changed."""
        tracer, changed = self._tracer, 0
        lines = self._lines_of(piece)
        if self._view.history:
            self._view.history.read(entry.path for entry in piece.entries)
        for count, (entry, data) in enumerate(self._view.store.read_documents(piece.entries), piece.start):
            if count % _REPORT_EVERY == 0 and os.getpid() == self._parent:
                self._progress("Writing pages", count, self._total)
            tracer.begin(entry.id)
            signs = []
            for url, content in self._files(entry, data, lines):
                changed += self._folder.write(url, content)
                signs.append(output.sign(self._target, url))
            result.pages.append(PageFiles.of(entry.id, tracer.keys, signs))
            if entry.id not in self._with_words:
                result.words[entry.id] = search.words_of(data)
        if piece.shard:
            present = [i for i in piece.members if i in lines]
            changed += self._folder.write(piece.shard, api.finished_file(lines[i] for i in present))
            sign = output.sign(self._target, piece.shard)
            result.pages.append(PageFiles.of(piece.shard, (), (sign,), shape_of(present)))
        return changed

    def _lines_of(self, piece: Piece) -> dict[str, bytes]:
        """Return the lines of the piece's file that hold, by record."""
        if not piece.reuse:
            return {}
        return finished.read_lines(Path(self._target, piece.shard).read_bytes())

    def _files(
        self, entry: Entry, data: dict[str, object], lines: dict[str, bytes]
    ) -> list[tuple[str, bytes]]:
        """Return the files that one document has for itself; a finished record's JSON goes into ``lines``."""
        view = self._view
        page = document_page(view, entry, data, self._fields[entry.kind])
        frame = self._shell.frame(urls.root(page.url), page.section)
        files = [(page.url, frame.page(page.title, page.body, urls.folder_of(page.url)))]
        if view.kind(entry).is_record and not view.is_open(entry):
            lines[entry.id] = api.finished_line(view, entry, data)
        else:
            files.append((view.data_url(entry), api.document_file(view, entry, data)))
        return files


def document_page(view: View, entry: Entry, data: dict[str, object], fields: tuple[Field, ...]) -> ListPage:
    """Return the page of one document."""
    kind = view.kind(entry)
    url = view.url(entry.id)
    section = urls.section(kind)
    if kind.is_record:
        return ListPage(
            url, f"{entry.id} {entry.title}", section, record.record_page(view, entry, data, fields)
        )
    page = offering.offering_page if meaning.OFFERING in kind.plays else item.item_page
    return ListPage(url, entry.title or entry.id, section, page(view, entry, data, fields))
