"""The moment as of which a merge is judged when its evidence is recorded late.

A forge tells when it merged, and a server's hook runs at that moment. Where neither is asked, nobody knows:
the date of a commit is what its author wrote, and a commit may reach the branch days after it was made. It cannot have
been merged properly before the last approval of this very content was given, though, and not before it was made. So it is
judged as of the later of these two, where it passes then. Limits of age, delegations and keys count as they stood
then, and neither an outage of the job that records nor a holiday turns an approval into one that is too old. What does
not pass then is judged as of the recording: the date of a commit must not tell when a key or a role came.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from itsm_gitops.forges.reviews import APPROVED, Review
from itsm_gitops.gate.types import Assessment
from itsm_gitops.git.mainline import Landed

# Who records within a day records in time: judged as of the recording, as a hook does.
IN_TIME = timedelta(days=1)


def moment(assessment: Assessment, landed: Landed) -> datetime | None:
    """Return as of when to judge a merge instead of now (``assessment.at``); None where now will do.

    Only reviews whose author is proved or was told by a forge move it, and never beyond now.
    """
    now = assessment.at
    seen = [r.at for r in _about_this(assessment) if r.at <= now]
    earliest = max([landed.at, *seen])
    return earliest if now - earliest > IN_TIME else None


def _about_this(assessment: Assessment) -> list[Review]:
    """Return the approvals that are about this content, whether they count now or not."""
    reviews = (*assessment.counted, *(r.review for r in assessment.rejected))
    return [r for r in reviews if r.state == APPROVED and _of(r, assessment)]


def _of(review: Review, assessment: Assessment) -> bool:
    if review.source == "ssh" and not review.signed:
        return False
    return review.digest == assessment.digest or (review.digest is None and review.commit == assessment.head)
