"""The frame around every page, cut from HTML that the site engine (MkDocs Material) rendered.

The engine renders one ordinary page with placeholders; this module is the only one that knows how
that page's HTML looks. It cuts it where title and article go, makes its links independent of the
page's depth, and adds what the engine does not give: the search box, a skip link, and a content
security policy that allows the engine's own inline scripts by their hash and no others.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import ENGLISH, current, t
from itsm_gitops.presentation.markup import EMPTY, ROOT, Html, esc, scrollable
from itsm_gitops.presentation.navigation import GROUP, PAGE
from itsm_gitops.publish.slim import Slim

TITLE = "ITSMTITLEPLACEHOLDER"

_ROOT = ROOT.encode()
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ARTICLE = re.compile(r'(<article [^>]*\bid="?it-main\b[^>]*>).*?</article>', re.DOTALL)
_SKIP = re.compile(r'<div data-md-component="skip">.*?</div>', re.DOTALL)
_SIDEBAR_EMPTY = re.compile(
    r'<div class="md-sidebar md-sidebar--secondary".*?(?=<div class="md-content")', re.DOTALL
)
# One of the engines shows its own search even where it has nothing to search.
_OWN_SEARCH = re.compile(
    r'<label class="md-header__button md-icon" for="__search">.*?</label>\s*<div class="md-search".*?</div>\s*',
    re.DOTALL,
)
# Where the placeholder page would lie: no page that is stamped into its frame is that one.
_CANONICAL = re.compile(r'<link rel="canonical"[^>]*>')
# Links of written pages to other hosts say nothing about who may follow; the engine's own do.
_OUTSIDE = re.compile(r'<a (?=[^>]*\bhref="https?://)(?![^>]*\brel=)')
# An empty number is none: the engine means that its label takes no place in the order.
_NO_NUMBER = re.compile(r'(?<=<label )([^>]*?) tabindex=""')
# What the engine hides on pages that are no part of the handbook: the way to them, and what stands before and after.
_HIDDEN = re.compile(r'<nav class="md-(?:path|footer__inner)[^>]*\bhidden\b[^>]*>.*?</nav>\s*', re.DOTALL)
_NAMED_TWICE = re.compile(r'(<a [^>]*class="md-footer__link[^"]*") aria-label="[^"]*"')
_BESIDES = '<div class="md-ellipsis">'  # the title of the page before or after a written one
_SPACE = re.compile(r"\s*\n\s*")
# An entry of the menu that names the group of those below it.
_GROUP = re.compile(rf'<li class="md-nav__item">\s*<a href="{GROUP}([^"]*)" class="md-nav__link">')
_UNMARKED, _MARKED = '<li class="md-tabs__item">', '<li class="md-tabs__item md-tabs__item--active">'
_TAB = re.compile(r'<li class="md-tabs__item">(?=\s*<a href="([^"]*)")')
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'"
)

_SEARCH_ICON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9.5 3a6.5 6.5 0 0 1 5.2 10.4l5.9 6-1.5 1.5-5.9-6'
    'A6.5 6.5 0 1 1 9.5 3m0 2a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9"/></svg>'
)

_THEME_ICON = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 2v14a7 7 0 0 1 0-14"/></svg>'


_BESIDE = re.compile(
    r'(<nav class="md-nav" data-md-level="1"[^>]*aria-expanded="true"[^>]*>.*?<ul class="md-nav__list")',
    re.DOTALL,
)
# The engine's main part holds the menu, too; for readers with a screen reader it is what stands beside that.
_MAIN = re.compile(
    r'<main (class="md-main"[^>]*>)(.*?)<div (class="md-content"[^>]*>)(.*?</article>.*?)</div>(.*?)</main>',
    re.DOTALL,
)


def search_box(root: str) -> str:
    """Return the header's search form (without a script it leads to the search page) and theme button."""
    return (
        f'<form class="it-find" role="search" action="{root}{urls.SEARCH}" data-root="{root}">'
        f'<label class="it-find__icon" for="it-q">{_SEARCH_ICON}<span class="it-vh">{esc(t("Search"))}</span></label>'
        '<input id="it-q" name="q" type="search" placeholder="'
        + esc(t("Search records, services, pages"))
        + '"'
        ' autocomplete="off" spellcheck="false" maxlength="100">'
        '<kbd aria-hidden="true">/</kbd></form>'
        '<button type="button" class="it-theme md-header__button md-icon" aria-label="'
        + esc(t("Switch between light and dark"))
        + '">'
        f"{_THEME_ICON}</button>"
    )


def dress(html: str, root: str, scripts: Container[str] | None = None) -> str:
    """Add search box, skip link, feeds and policy to a page as the engine rendered it; tables scroll alone.

    ``scripts`` are the inline scripts that may run: all of them where it is None, for pages without anybody's text.
    """
    html = _SKIP.sub(
        '<div data-md-component="skip"><a href="#it-main" class="md-skip">'
        + esc(t("Skip to content"))
        + "</a></div>",
        html,
        1,
    )
    if 'id="__toc"' not in html:  # the first page of a part has no list of its headings in the menu
        html = html.replace(' for="__toc"', "")
    html = _GROUP.sub(
        rf'<li class="md-nav__item it-group-name"><a href="{root}\1" class="md-nav__link">', html
    )
    html = html.replace(f'<a href="{PAGE}', f'<a href="{root}')
    html = _NAMED_TWICE.sub(r"\1", _HIDDEN.sub("", html))
    html = _NO_NUMBER.sub(r"\1", _OUTSIDE.sub('<a rel="noopener noreferrer" ', html))
    html = scrollable(_OWN_SEARCH.sub("", html, 1)).replace(
        'class="md-content__inner md-typeset"', 'class="md-content__inner md-typeset" id="it-main"'
    )
    html = _MAIN.sub(r"<div \1\2<main \3\4</main>\5</div>", html, 1)
    head, mark, rest = html.partition("</header>")
    inner, closing, tabs = head.rpartition("</nav>") if "md-tabs" not in head else _split_tabs(head)
    return _with_policy(f"{inner}{search_box(root)}{closing}{tabs}{mark}{rest}", _feeds(root), scripts)


def in_language(html: str, written: str) -> str:
    """Mark a handbook page with its language, where that is not the language of the site."""
    if written == current():
        return html
    note = (
        f"<p class=it-muted lang={current()}>{esc(t('The handbook is in English.'))}</p>"
        if written == ENGLISH
        else ""
    )
    html = html.replace("<title>", f'<title lang="{esc(written)}">', 1)
    html = html.replace('id="it-main">', f'id="it-main" lang="{esc(written)}">{note}', 1)
    # Its title in the head, its table of contents, and the list of the pages beside it.
    for part in ("header-topic", "toc"):
        html = html.replace(
            f'data-md-component="{part}"', f'data-md-component="{part}" lang="{esc(written)}"'
        )
    html = html.replace(_BESIDES, f'{_BESIDES[:-1]} lang="{esc(written)}">')
    return _BESIDE.sub(rf'\1 lang="{esc(written)}"', html)


def _split_tabs(head: str) -> tuple[str, str, str]:
    at = head.index('<nav class="md-tabs')
    inner, closing, rest = head[:at].rpartition("</nav>")
    return inner, closing, rest + head[at:]


def _feeds(root: str) -> str:
    """Return what lets a feed reader find the feeds from any page."""
    # "feed", because the theme's script takes what is an alternate and nothing else for another language.
    return "".join(
        f'<link rel="alternate feed" type="application/atom+xml" title="{esc(t(title))}" href="{root}{url}">'
        for title, url in (("Incidents", urls.INCIDENT_FEED), ("Changes", urls.CHANGE_FEED))
    )


def _with_policy(html: str, more: str, scripts: Container[str] | None) -> str:
    hashes = {
        " 'sha256-" + base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() + "'"
        for s in _SCRIPT.findall(html)
        if scripts is None or s in scripts
    }
    policy = _POLICY.format(hashes="".join(sorted(hashes)))
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace('<meta charset="utf-8">', f'<meta charset="utf-8">{tag}{more}', 1)


@dataclass(frozen=True)
class Frame:
    """A page cut at its article: ``before`` is in pieces between which its title goes; ``root`` is its depth."""

    before: tuple[str, ...]
    after: str
    root: str

    def page(self, title: str, body: Html, folder: str = "") -> bytes:
        """Return the whole page around an article, in UTF-8.

        ``title`` is plain text, ``folder`` the page's own one, to which its links need not lead from the top.
        """
        before, after, root = self._encoded
        article = body.encode()
        back, above = b"", folder
        while above:
            article = article.replace(b"%b%b/" % (_ROOT, above.encode()), back)
            back, above = back + b"../", above.rpartition("/")[0]
        return b"".join((esc(title).encode().join(before), article.replace(_ROOT, root), after))

    @cached_property
    def _encoded(self) -> tuple[list[bytes], bytes, bytes]:
        # What is the same for thousands of pages is encoded once.
        return [piece.encode() for piece in self.before], self.after.encode(), self.root.encode()


class Shell:
    """The engine's placeholder page, ready to be cut for any depth and any section."""

    def __init__(self, html: str, root: str, read: Callable[[str], bytes] | None = None) -> None:
        """Take the built page, the way from it to the root of the site, and what reads a file of the engine."""
        self._raw = html
        self._slim = Slim(_compact(html), root)
        self._html = self._slim.html
        self._slim.take_out(dress(self._html, root), TITLE, read)
        self._root = root
        self._frames: dict[tuple[str, str], Frame] = {}

    def scripts(self, root: str) -> frozenset[str]:
        """Return the engine's own inline scripts as they are in a page of some depth."""
        return frozenset(
            script
            for html in (self._raw, _SPACE.sub("\n", self._raw))
            for script in _SCRIPT.findall(_relocate(html, self._root, root))
        )

    def digest(self) -> str:
        """Return the digest of what surrounds every page."""
        return hashlib.sha256("\0".join((self._html, *self._slim.joined)).encode()).hexdigest()

    def shared(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files (name and content) with what every page of this shell shares, where they share it."""
        yield from self._slim.files()

    def styles(self) -> bytes:
        """Return what must be added to the site's style sheet."""
        return self._slim.styles() if self._slim.active else b""

    def frame(self, root: str, section: str) -> Frame:
        """Return the frame for a depth with one section's tab marked as the current one.

        ``section`` is the address of the section's first page, '' for none.
        """
        key = (root, section)
        if key not in self._frames:
            page = dress(_activate(_relocate(self._html, self._root, root), root + section), root)
            self._frames[key] = cut(self._slim.lean(page, root, section), root)
        return self._frames[key]


def _compact(html: str) -> str:
    """Drop the white space between elements, the empty table of contents, and the page's own address."""
    return _SIDEBAR_EMPTY.sub("", _SPACE.sub("\n", _CANONICAL.sub("", html, 1)), 1)


def _relocate(html: str, old: str, new: str) -> str:
    """Rewrite the page's links from one depth to another."""
    old_base, new_base = old.rstrip("/"), new.rstrip("/") or "."
    html = html.replace(f'"{old}', f'"{new}').replace(f'new URL("{old_base}"', f'new URL("{new_base}"')
    return html.replace(f'"base": "{old_base}"', f'"base": "{new_base}"')


def _activate(html: str, address: str) -> str:
    """Mark the tab that leads to an address, instead of the one that the engine marked; without such a tab nothing changes."""

    def mark(match: re.Match[str]) -> str:
        if match.group(1) != address:
            return match.group()
        return _MARKED

    plain = html.replace(_MARKED, _UNMARKED)
    marked = _TAB.sub(mark, plain)
    return html if marked == plain else marked


def cut(page: str, root: str) -> Frame:
    """Cut a dressed page at its titles and its article; raises ItsmError when it looks different."""
    article = _ARTICLE.search(page)
    pieces = page[: article.start()].split(TITLE) if article else []
    if article is None or len(pieces) not in (2, 3):
        raise ItsmError(
            "the site engine's page shell does not look as expected",
            "this version of itsm-gitops works with mkdocs-material 9",
        )
    return Frame((*pieces[:-1], pieces[-1] + article.group(1)), "</article>" + page[article.end() :], root)


def fill(
    html: str, root: str, body: Html = EMPTY, scripts: Container[str] | None = None, tab: str = ""
) -> str:
    """Return a page that the engine rendered, with its article replaced.

    ``tab`` is the address of its part of the site as its links have it: the engine knows that of pages of the navigation
    only.
    """
    dressed = dress(_activate(_SPACE.sub("\n", html), tab), root, scripts)
    return _ARTICLE.sub(lambda m: f"{m.group(1)}{body.replace(ROOT, root)}</article>", dressed, count=1)


_H1 = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")


def title_of(html: str) -> str:
    """Return the text of a rendered page's first heading, without its permanent link."""
    match = _H1.search(html)
    if not match:
        return ""
    return unescape(_TAGS.sub("", re.sub(r'<a class="headerlink".*?</a>', "", match.group(1)))).strip()
