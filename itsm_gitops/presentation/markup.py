"""Building HTML safely: the one type for finished HTML, escaping, and addresses inside the site.

Finished HTML has the type ``Html``; functions that place text into pages take ``Html``, so the
type checker refuses text that nobody escaped. Addresses inside the site start with the character
``ROOT``; it becomes ``../../`` (as deep as the page lies) when a page is written. Escaping removes
control characters, so text can never contain it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from urllib.parse import quote

from itsm_gitops.model.joiners import is_needed
from itsm_gitops.presentation.language import Html as Html  # noqa: PLC0414 - this module is where pages take it from
from itsm_gitops.presentation.language import t

ROOT = "\x01"
EMPTY = Html("")
DOT = "\N{NO-BREAK SPACE}· "  # between names in a sentence, which may have commas; it begins no line

# What a browser may show as something else than it is: controls, bidirectional overrides,
# zero-width characters, line and paragraph separators.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
# Text without any of these is safe as it is; most text is.
_SPECIAL = re.compile(f"[&<>\"'{_UNSAFE.pattern[1:]}")
_URL = re.compile(r"(?:https?://|mailto:)[^\s<>\"'\\\x00-\x20]+", re.ASCII | re.IGNORECASE)
_USER_INFO = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
# What ``quote`` leaves as it is, and HTML lets stand without quotes; most addresses of pages are that.
_PLAIN = re.compile(r"[\w/#%.~-]+", re.ASCII)
_MOST_NAMES = 4_096


def visible(text: str) -> str:
    """Return the text with every invisible or direction-changing character that no script needs as U+FFFD."""
    return text if text.isprintable() else _UNSAFE.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    return match[0] if is_needed(match.string, match.start()) else "\ufffd"


def esc(value: object) -> Html:
    """Escape a value for element content and for quoted attributes."""
    text = value if isinstance(value, str) else str(value)
    return Html(escape(visible(text)) if _SPECIAL.search(text) else text)


_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


def scrollable(html: str) -> str:
    """Put every table that Markdown made into a box of its own, so that a wide one scrolls by itself."""
    return _TABLE.sub(r'<div class="it-scroll"><table class="it-plain">\1</table></div>', html)


def join(parts: Iterable[Html], separator: str = "") -> Html:
    """Join finished pieces; ``separator`` is a constant of the program, never data."""
    return Html(separator.join(parts))


def dots(parts: Iterable[Html], css: str = "it-dots") -> Html:
    """Return a line about something, its parts apart by dots: the style sheet draws them, and none begins or ends a line."""
    shown = " ".join(f"<span>{part}</span>" for part in parts if part)  # read aloud, they are words apart
    name = f'"{css}"' if " " in css else css
    return Html(f"<p class={name}>{shown}</p>") if shown else EMPTY


def safe_url(text: object) -> str:
    """Return the address when it is http, https or mailto without user information, else ''."""
    if not isinstance(text, str) or not _URL.fullmatch(text) or _USER_INFO.match(text):
        return ""
    return text


def external(url: str, text: Html) -> Html:
    """Return a link to another site, or only its text when the address is not a safe one."""
    address = safe_url(url)
    if not address:
        return text
    return Html(f'<a href="{esc(address)}" rel="noopener noreferrer nofollow" class=it-ext>{text}</a>')


def link(url: str, text: Html, css: str = "") -> Html:
    """Return a link to a page of the site; ``url`` is relative to the site's root."""
    style = f" class={css}" if css else ""
    if _PLAIN.fullmatch(url):
        return Html(f"<a{style} href={ROOT}{url}>{text}</a>")
    address = quote(url, safe="/#?=&%.,_-").replace("&", "&amp;")
    return Html(f'<a{style} href="{ROOT}{address}">{text}</a>')


_SHORT = {
    w.lower(): w
    for w in (
        "CI",
        "CIs",
        "CAB",
        "URL",
        "ID",
        "SLA",
        "OLA",
        "IP",
        "OS",
        "CPU",
        "RAM",
        "VPN",
        "GB",
        "TLS",
        "SHA256",
        "API",
        "CDN",
        "DNS",
        "DevOps",
        "GitHub",
        "GitLab",
        "GPG",
        "IPv4",
        "IPv6",
        "KPI",
        "kW",
        "Mbps",
        "SaaS",
        "SPDX",
        "SSH",
        "UC",
        "URI",
        "X509",
    )
}


def words(name: str) -> str:
    """Turn a name used in files (``in_progress``, ``cause_ci``) into words (``In progress``)."""
    return t(_words(name))


@lru_cache(_MOST_NAMES)
def _words(name: str) -> str:
    if name == "e-mail":
        return "E-mail"
    parts = name.replace("_", " ").replace("-", " ").split()
    text = " ".join(_SHORT.get(p, p) for p in parts)
    return text[:1].upper() + text[1:]


# Whether a text looks like a value that the rule book names.
is_named_value = re.compile(r"[a-z]+(?:_[a-z]+)*", re.ASCII).fullmatch


def value_words(text: str) -> str:
    """Return a value without its schema: in the site's language where the catalogue has words for it."""
    if not is_named_value(text):
        return text
    plain, said = _words(text), words(text)
    return text if said == plain else said


def shorten(text: str, width: int) -> str:
    """Cut a line to ``width`` characters, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
