"""Reviews from a JSON file: for forges without an adapter, for tests and for `itsm approvals --reviews`.

The file is as trustworthy as whoever wrote it: in CI a trusted job must have, from a forge's answer.
``{"version": 1, "opened_by": "github:41", "reviews": [{"identity": "github:42", "state": "approved",
"commit": "…", "at": "2026-11-22T10:00:00Z"}]}``; `person` may stand for `identity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.forges.reviews import REVIEW_STATES, Review
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError

SOURCE = "json"
_TEXTS = ("person", "identity", "commit", "id", "target", "note", "login")
_KEYS = frozenset([*_TEXTS, "state", "at", "bot"])
_HINT = "itsm approvals --help shows the format"


class ReviewFile(NamedTuple):
    """What a file says: its reviews in order, and the account that opened the request (or empty)."""

    reviews: list[Review]
    opened_by: str


def read_reviews(raw: bytes, name: str = "the file") -> ReviewFile:
    """Read a file of reviews; raises ItsmError with the place of the first mistake.

    Nothing in it counts as signed: a signature is checked, not claimed.
    """
    loaded = documents.load_json(raw)
    if loaded.problems:
        first = loaded.problems[0]
        raise ItsmError(f"{name}:{first.line}:{first.column}: {first.message}", first.hint)
    data = loaded.data
    if not isinstance(data, dict) or data.get("version") != 1 or not isinstance(data.get("reviews"), list):
        raise ItsmError(f"{name} is not a file of reviews: it needs version 1 and a list of reviews", _HINT)
    opened_by = data.get("opened_by", "")
    if not isinstance(opened_by, str):
        raise ItsmError(f"{name}: opened_by must be text such as github:42", _HINT)
    return ReviewFile(
        [_review(entry, f"{name}: reviews/{i}") for i, entry in enumerate(data["reviews"])], opened_by
    )


def _review(data: Any, place: str) -> Review:
    if not isinstance(data, dict):
        raise ItsmError(f"{place} is not an object", _HINT)
    unknown = sorted(data.keys() - _KEYS)
    if unknown:
        raise ItsmError(
            f"{place} has an unknown key '{unknown[0]}'", f"known are: {', '.join(sorted(_KEYS))}"
        )
    for key in _TEXTS:
        if not isinstance(data.get(key), str | None):
            raise ItsmError(f"{place}/{key} must be text", _HINT)
    at = clock.parse_time(data["at"]) if isinstance(data.get("at"), str) else None
    if at is None:
        raise ItsmError(f"{place}/at must be a date-time with an offset", _HINT)
    if data.get("state") not in REVIEW_STATES:
        raise ItsmError(f"{place}/state must be one of {', '.join(REVIEW_STATES)}", _HINT)
    if data.get("bot", False) not in (True, False):
        raise ItsmError(f"{place}/bot must be true or false", _HINT)
    return Review(
        person=data.get("person"),
        identity=data.get("identity") or "",
        source=SOURCE,
        state=data["state"],
        commit=data.get("commit"),
        at=at,
        review_id=data.get("id") or "",
        bot=data.get("bot", False),
        target=data.get("target"),
        note=data.get("note") or "",
        login=data.get("login") or "",
    )


def write_reviews(reviews: Iterable[Review], opened_by: str = "") -> dict[str, Any]:
    """Return the data of a file that says the same, without what is empty."""
    return {"version": 1, "opened_by": opened_by, "reviews": [_entry(r) for r in reviews]}


def _entry(review: Review) -> Mapping[str, Any]:
    entry = {
        "person": review.person,
        "identity": review.identity,
        "state": review.state,
        "commit": review.commit,
        "at": clock.format_time(review.at),
        "id": review.review_id,
        "bot": review.bot,
        "target": review.target,
        "note": review.note,
        "login": review.login,
    }
    return {k: v for k, v in entry.items() if v or (k == "target" and v is not None)}
