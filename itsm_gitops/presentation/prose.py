"""Prose from records, as HTML that cannot do anything but be read.

Most prose has no markup: it is escaped and cut into paragraphs. The rest goes through
markdown-it-py with HTML off and images off, then through nh3 with a short list of elements; links
may only be http, https or mailto. Identifiers of documents that exist become links to their pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import unescape
from typing import TYPE_CHECKING

from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import Html, esc, scrollable, visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

Resolve = Callable[[str], Html | None]

LONGEST = 20_000

# Anything that Markdown could read as markup: then the slow way is needed. Three patterns, for one that begins
# with a set or a letter is found many times faster than alternatives of all sorts.
_MARKS = re.compile(r"[*_`\[\]<>|~\\&]")
_ADDRESS = re.compile(r"https?://")
_MARKED_LINE = re.compile(r"\n(?:\s*(?:[-+#=>]|\d+[.)]\s)| {4}|\t)")  # with the end of the line before
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_RECORD = re.compile(r"\b[A-Z]{2,6}-\d{6}-[0-9A-HJKMNP-TV-Z]{5}\b", re.ASCII)
_TAG_OR_RECORD = re.compile(
    r'<(/?)(a|code|pre)\b(?:[^>"]|"[^"]*")*>|<(?:[^>"]|"[^"]*")*>'
    r"|\b[A-Z]{2,6}-\d{6}-[0-9A-HJKMNP-TV-Z]{5}\b",
    re.ASCII,
)
_BLOCKS = re.compile(
    r"</?(?:br|hr|pre|blockquote|ul|ol|li|h[1-6]|table|thead|tbody|tr|th|td)\b[^>]*>|</?p>(?=<)"
)
_INSIDE = re.compile(r"</?[a-z][^>]*>")
_TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip


def render(text: str, resolve: Resolve) -> Html:
    """Return prose as HTML; ``resolve`` gives the link for an identifier that exists.

    At most 20,000 characters are rendered; a note says so where the rest is cut off.
    """
    cut = len(text) > LONGEST
    text = text[:LONGEST].replace("\r\n", "\n")
    escaped = esc(text)
    if escaped is not text:
        text = visible(text)
    body = _marked(text, resolve) if _is_marked(text) else _plain(escaped, resolve)
    return (
        Html(f'{body}<p class="it-muted">{esc(t("(shortened; the file has the rest)"))}</p>') if cut else body
    )


def _is_marked(text: str) -> bool:
    if _MARKS.search(text) or ("://" in text and _ADDRESS.search(text)):
        return True
    breaks = text.endswith("  ") or "  \n" in text
    return breaks or _MARKED_LINE.search(f"\n{text}") is not None


def plain(text: str) -> str:
    """Return prose as plain text without any marks of Markdown, for excerpts; not escaped."""
    text = text[:LONGEST].replace("\r\n", "\n")
    if not _is_marked(text):
        return text
    return unescape(_INSIDE.sub("", _BLOCKS.sub(" ", _parser().render(visible(text)))))


def line(text: str, resolve: Resolve) -> Html:
    """Return one line of plain text with identifiers linked."""
    return link_ids(esc(text), resolve)


def link_ids(escaped: Html, resolve: Resolve) -> Html:
    """Link the record identifiers in escaped text that has no elements in it."""
    if "-" not in escaped:
        return escaped
    return Html(_RECORD.sub(lambda m: resolve(m.group()) or m.group(), escaped))


def _plain(escaped: Html, resolve: Resolve) -> Html:
    text = escaped.strip()
    parts = _PARAGRAPHS.split(text) if "\n" in text else (text,)
    return link_ids(Html("\n".join([f"<p>{p}</p>" for p in parts if p])), resolve)


def _marked(text: str, resolve: Resolve) -> Html:
    import nh3

    dirty = _demote(_parser().render(text))
    clean = nh3.clean(
        dirty,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return _link_between_tags(scrollable(clean.strip()), resolve)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    parser.disable(["image", "reference"])
    return parser


def _demote(html: str) -> str:
    """Move headings two levels down: a page's own headings stay the first ones."""
    for level in range(4, 0, -1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    return html


def _link_between_tags(html: str, resolve: Resolve) -> Html:
    """Link identifiers in sanitised HTML, except inside links and code."""
    inside = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal inside
        piece = match.group()
        if match.group(2):
            inside += -1 if match.group(1) else 1
            return piece
        if piece[0] == "<" or inside:
            return piece
        return resolve(piece) or piece

    return Html(_TAG_OR_RECORD.sub(replace, html))
