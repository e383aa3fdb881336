"""Major incidents on pages: since when, what was last said, and when the next word comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.last_word import LastWord
from itsm_gitops.model.major import RUNNING, MajorStatus
from itsm_gitops.presentation import situation
from itsm_gitops.presentation.chips import chip
from itsm_gitops.presentation.language import told
from itsm_gitops.presentation.markup import EMPTY, Html, join
from itsm_gitops.presentation.pages.going_on import lasting, short, word_lines
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.view import View


def major_section(view: View) -> Html:
    """Return a banner for each open major incident, the declared ones first; nothing where there is none."""
    majors = [view.entries[i] for i in view.majors]
    found = sorted(majors, key=lambda e: (view.major_stage(e) != RUNNING, e.id))
    banners = join([banner(view, e, view.store.data(e.id), linked=True) for e in found])
    return section("Major incidents", banners, "major", css="it-alert") if banners else EMPTY


def record_banner(view: View, entry: Entry, data: Mapping[str, Any]) -> Html:
    """Return the banner of the page of an open major incident; nothing on other pages."""
    if not view.is_open(entry) or not view.is_major(entry):
        return EMPTY
    return banner(view, entry, data, linked=False)


def banner(view: View, entry: Entry, data: Mapping[str, Any], *, linked: bool) -> Html:
    """Return what is known at once: since when, the last word, and when the next one comes."""
    stage = view.major_stage(entry)
    label = chip("Major incident" if stage == RUNNING else "Major incident proposed", "bad")
    status = view.major_status(entry, data)
    # The page of the record has both above.
    head = f"<p class=it-major__head>{label} {view.link(entry.id)}</p>" if linked else ""
    service = data.get("service")
    rows = (
        [told("Affects {services}", services=view.link(service))]
        if linked and isinstance(service, str)
        else []
    )
    rows += _lines(view, status) if status is not None else []
    body = "".join(f"<p>{row}</p>" for row in rows)
    return Html(f"<div class=it-major>{head}{body}</div>")


def _lines(view: View, status: MajorStatus) -> list[Html]:
    rows = []
    if status.began is not None:
        began = situation.moment(status.began)
        rows.append(told("Since {start}, for {time}", start=short(view, began), time=lasting(view, began)))
    word = LastWord(status.said, status.said_at) if status.said else None
    if status.stage != RUNNING:
        return rows + (word_lines(view, word, None, is_promised=False) if word else [])
    next_by = situation.moment(status.next_by) if status.next_by is not None else None
    return rows + word_lines(view, word, next_by, is_promised=True)
