"""Which incidents of a snapshot are major ones: for pages, feeds and the status file alike."""

from __future__ import annotations

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.major import PROPOSED, RUNNING
from itsm_gitops.publish.view import View


def major_entries(view: View) -> list[Entry]:
    """Return the open incidents that are a major one or were proposed as one, by identifier."""
    return [view.entries[i] for i in view.majors]


def is_major(view: View, entry: Entry) -> bool:
    """Whether an incident is a running major incident, or was proposed as one."""
    return view.major_stage(entry) in (RUNNING, PROPOSED)
