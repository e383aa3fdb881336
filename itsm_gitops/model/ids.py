"""Identifiers: minting, reading and finding them by a fragment.

A record's identifier is ``PREFIX-YYMMDD-XXXXX``: the kind's prefix, the UTC date it was opened
(years 2000 to 2099) and five characters of Crockford base32. A CMDB item's identifier is a
lower-case name of at most 63 characters that is unique over the whole CMDB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache

from itsm_gitops.model import clock
from itsm_gitops.model.errors import Ambiguous, NotFound, did_you_mean

RECORD_ID = re.compile(r"([A-Z]{2,6})-(\d\d)(\d\d)(\d\d)-([0-9A-HJKMNP-TV-Z]{5})", re.ASCII)
ITEM_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
ITEM_ID_MAX = 63
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)

# Names that Windows reserves: a repository with such a file cannot be checked out there.
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))]
)


def mint(prefix: str, opened: datetime | None = None) -> str:
    """Return a new record identifier for ``prefix``, dated ``opened`` (default: now) in UTC."""
    moment = (opened or clock.now()).astimezone(UTC)
    return f"{prefix}-{moment:%y%m%d}-{clock.random_suffix()}"


def derive(prefix: str, opened: datetime, source: str, attempt: int = 0) -> str:
    """Return the identifier that importing ``source`` (an old number) always gives.

    ``attempt`` counts up when the identifier is already taken by another source.
    """
    import hashlib

    digest = hashlib.sha256(f"{prefix}\0{source}\0{attempt}".encode()).digest()
    suffix = clock.encode_suffix(int.from_bytes(digest[:8], "big"))
    return f"{prefix}-{opened.astimezone(UTC):%y%m%d}-{suffix}"


@lru_cache(maxsize=64)  # several rules ask for the same one in turn
def parse_record_id(text: str) -> tuple[str, date] | None:
    """Split a record identifier into prefix and date; None when it is not one."""
    match = RECORD_ID.fullmatch(text)
    if not match:
        return None
    prefix, year, month, day, _ = match.groups()
    try:
        return prefix, date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None


def is_word(text: str) -> bool:
    """Whether ``text`` may name a state, a field or a type of link."""
    return WORD.fullmatch(text) is not None


def is_item_id(text: str) -> bool:
    """Whether ``text`` may name a CMDB item."""
    return len(text) <= ITEM_ID_MAX and bool(ITEM_ID.fullmatch(text)) and text not in _RESERVED


def slug(text: str) -> str:
    """Turn any text into an identifier for a CMDB item, as near to the text as the rules allow.

    Letters of other scripts are transliterated (``Müller`` becomes ``muller``). Different texts can give
    the same identifier: who makes several of them tells the texts apart (`fingerprint`).
    """
    if not text.isascii():
        from anyascii import anyascii

        text = anyascii(text)
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:ITEM_ID_MAX].strip("-")
    if not name or not name[0].isalpha():
        name = f"x-{name}".strip("-")
    return f"{name}-x" if name in _RESERVED else name


def fingerprint(text: str) -> str:
    """Return five lower-case characters that tell ``text`` from others with the same `slug`."""
    import hashlib

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return clock.encode_suffix(int.from_bytes(digest[:8], "big")).lower()


def find(fragment: str, known: Iterable[str], aliases: dict[str, str] | None = None) -> str:
    """Return the one identifier that ``fragment`` means, in any case.

    An exact identifier or alias wins, then the only identifier that contains the fragment.
    Raises NotFound (with the nearest names) or Ambiguous (with the candidates).
    """
    pool = list(known)
    wanted = fragment.strip().lower()
    exact = [k for k in pool if k.lower() == wanted]
    if exact:
        return exact[0]
    for alias, target in (aliases or {}).items():
        if alias.lower() == wanted:
            return target
    hits = sorted(k for k in pool if wanted and wanted in k.lower())
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise Ambiguous(fragment, hits)
    hint = (
        did_you_mean(fragment, [*pool, *(aliases or {})])
        or "itsm list and itsm list items show what there is"
    )
    raise NotFound(f"nothing is called '{fragment}'", hint)
