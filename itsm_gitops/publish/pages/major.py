"""Major incidents on pages: since when, what was last said, and when the next word comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from itsm_gitops.model.entry import Entry
from itsm_gitops.model.major import RUNNING, MajorStatus
from itsm_gitops.publish.markup import EMPTY, Html, esc, join, shorten
from itsm_gitops.publish.pages.parts import section
from itsm_gitops.publish.view import View, chip

_WORDS = 400  # characters of the last word


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
    rows = [Html(f"Affects {view.link(service)}")] if linked and isinstance(service, str) else []
    rows += _lines(view, status) if status is not None else []
    body = "".join(f"<p>{row}</p>" for row in rows)
    return Html(f"<div class=it-major>{head}{body}</div>")


def _lines(view: View, status: MajorStatus) -> list[Html]:
    rows = []
    if status.began is not None:
        rows.append(Html(f"Since {_time(view, status.began)}"))
    if status.said and status.said_at is not None:
        said = shorten(" ".join(status.said.split()), _WORDS)
        rows.append(Html(f"<b>Last word</b>, {_time(view, status.said_at)}: {esc(said)}"))
    elif status.stage == RUNNING:
        rows.append(esc("Users have not been told anything yet."))
    if status.stage != RUNNING:
        return rows
    if status.next_by is None:
        rows.append(esc("Nobody says when the next word comes."))
    elif status.is_late(int(view.now.timestamp())):
        rows.append(Html(f"The next word was promised for {_time(view, status.next_by)} and is late."))
    else:
        rows.append(Html(f"Next word by {_time(view, status.next_by)}"))
    return rows


def _time(view: View, at: int) -> Html:
    return view.moment(datetime.fromtimestamp(at, UTC))
