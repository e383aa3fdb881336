"""What a reader of a page sees or hears: texts and the attributes that are read out, without what is in another language."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_SAID = {"title", "aria-label", "placeholder", "alt"}
_CODE = {"script", "style", "code", "pre"}
_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class _Reader(HTMLParser):
    """Collects the texts; an element with a language of its own is skipped with everything in it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = self._is_hidden() or tag in _CODE or (tag != "html" and "lang" in given)
        if tag not in _EMPTY:
            self._open.append((tag, hidden))
        if not hidden:
            names = _SAID | ({"content"} if given.get("name") == "description" else set())
            self.texts += [value for name, value in attrs if name in names and value]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self._is_hidden():
            self.texts.append(text)

    def _is_hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def texts_of(html: str) -> Iterator[str]:
    """Yield the texts of a page in its own language."""
    reader = _Reader()
    reader.feed(html.replace("<wbr>", ""))  # it parts no words
    yield from reader.texts
