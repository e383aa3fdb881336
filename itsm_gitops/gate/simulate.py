"""What if: reviews added or taken away, to see what a request would still need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from itsm_gitops.forges.reviews import APPROVED, DECISIVE, Review
from itsm_gitops.model.errors import UsageError

SOURCE = "simulated"


def parse(text: str) -> tuple[str, str]:
    """Read ``PERSON`` or ``PERSON:STATE``; raises UsageError for an unknown state."""
    person, _, state = text.partition(":")
    state = state or APPROVED
    if state not in DECISIVE or not person:
        raise UsageError(f"'{text}' is not PERSON or PERSON:STATE", f"states: {', '.join(DECISIVE)}")
    return person, state


def simulate(
    reviews: Iterable[Review],
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    accounts: dict[str, str],
    head: str,
    target: str,
    now: datetime,
) -> list[Review]:
    """Return the reviews without those of ``remove`` and with new ones of ``add``, given now for ``head``.

    ``accounts`` maps identities to people. Simulated reviews count as signed.
    """
    gone = set(remove)
    kept = [r for r in reviews if (r.person or accounts.get(r.identity, r.login)) not in gone]
    for text in add:
        person, state = parse(text)
        new = Review(person, f"{SOURCE}:{person}", SOURCE, state, head, now, signed=True, target=target)
        kept.append(new)
    return kept
