"""The only source of the current time and of randomness, so that tests and builds can fix both."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from itsm_gitops.model.errors import UsageError

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# RFC 3339 date-time with a mandatory offset. Seconds are required, fractions allowed. Hours and
# the offset's minutes are bounded here because datetime reads 24:00 and +01:99 as other moments.
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:[0-5]\d)", re.ASCII
)


def now() -> datetime:
    """Return the current time in UTC, whole seconds.

    ``ITSM_NOW`` (an RFC 3339 date-time) fixes it: builds and tests are then reproducible. Raises UsageError where it is
    none: whoever asked for a moment does not get another.
    """
    fixed = os.environ.get("ITSM_NOW")
    moment = parse_time(fixed) if fixed else datetime.now(UTC)
    if moment is None:
        raise UsageError(
            f"ITSM_NOW is not a time: {fixed}", "write it like 2026-11-22T09:30:00Z, or unset it"
        )
    return moment.astimezone(UTC).replace(microsecond=0)


def random_suffix(length: int = 5) -> str:
    """Return ``length`` characters of Crockford base32 from the system's secure generator."""
    return "".join(_CROCKFORD[byte % 32] for byte in os.urandom(length))  # 256 is a multiple of 32


def encode_suffix(number: int, length: int = 5) -> str:
    """Write ``number`` as the last ``length`` digits of Crockford base32."""
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        digits.append(_CROCKFORD[rest])
    return "".join(reversed(digits))


def parse_time(text: str) -> datetime | None:
    """Read an RFC 3339 date-time with an offset; None when it is not one (a 30 February included)."""
    return _moment(text) if isinstance(text, str) else None


@lru_cache(maxsize=1024)  # the summary of a document, its row of the index and the rules read the same few
def _moment(text: str) -> datetime | None:
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text if text[-1] == "Z" and text[10] == "T" else text.upper())
    except ValueError:
        return None
    return moment if 1 < moment.year < 9999 or _sane(moment) else None


def _sane(moment: datetime) -> bool:
    """Whether the moment survives conversion to UTC (year 1 and 9999 with an offset do not)."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def parse_day(text: object) -> date | None:
    """Read a calendar day as ``2026-11-22``; None for anything else (a 30 February, ``20261122``, a date-time)."""
    if not isinstance(text, str) or len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with a ``Z``, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def age(since: datetime, until: datetime) -> str:
    """Say a duration in its largest unit: ``3 d``, ``5 h``, ``12 min``."""
    return span(max(0, int((until - since) / timedelta(seconds=1))))


def span(seconds: int) -> str:
    """Say a number of seconds in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
