"""Writes the pages of documents (in the frame of the site) and their JSON: the job of one worker process."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

from itsm_gitops.model.entry import Entry
from itsm_gitops.publish import output, search, urls
from itsm_gitops.publish.build_cache import PageFiles
from itsm_gitops.publish.chrome import Shell
from itsm_gitops.publish.data import api
from itsm_gitops.publish.fields import Field, fields
from itsm_gitops.publish.pages import item, record
from itsm_gitops.publish.pages.lists import ListPage
from itsm_gitops.publish.tracing import Tracer, traced
from itsm_gitops.publish.view import View

Progress = Callable[[str, int, int], None]

_REPORT_EVERY = 200


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
        self._same: dict[str, str] = {}  # one object for each key: they are sent and kept once
        self._parent = os.getpid()

    def __call__(self, start: int, share: Sequence[Entry]) -> Share:
        """Make the files of some documents, those from ``start`` on."""
        tracer, same = self._tracer, self._same
        result = Share([], 0, {})
        changed = 0
        if self._view.history:
            self._view.history.read(entry.path for entry in share)
        for count, (entry, data) in enumerate(self._view.store.read_documents(share), start):
            if count % _REPORT_EVERY == 0 and os.getpid() == self._parent:
                self._progress("Writing pages", count, self._total)
            tracer.begin(entry.id)
            signs = []
            for url, content in self._files(entry, data):
                changed += self._folder.write(url, content)
                signs.append(output.sign(self._target, url))
            result.pages.append(
                PageFiles(entry.id, tuple(same.setdefault(k, k) for k in tracer.keys), tuple(signs))
            )
            if entry.id not in self._with_words:
                result.words[entry.id] = search.words_of(data)
        return result._replace(changed=changed)

    def _files(self, entry: Entry, data: dict[str, object]) -> list[tuple[str, bytes]]:
        view = self._view
        page = document_page(view, entry, data, self._fields[entry.kind])
        frame = self._shell.frame(urls.root(page.url), page.section)
        return [(page.url, frame.page(page.title, page.body)), api.document_file(view, entry, data)]


def document_page(view: View, entry: Entry, data: dict[str, object], fields: tuple[Field, ...]) -> ListPage:
    """Return the page of one document."""
    kind = view.kind(entry)
    url = view.url(entry.id)
    if kind.is_record:
        return ListPage(
            url, f"{entry.id} {entry.title}", urls.RECORDS, record.record_page(view, entry, data, fields)
        )
    section = urls.section(kind)
    return ListPage(url, entry.title or entry.id, section, item.item_page(view, entry, data, fields))
