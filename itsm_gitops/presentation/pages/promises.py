"""How the promises of a service level were kept: for each service that stands under it, beside what was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import EXACT_SHARE, ITEM, SHARE, Column, Row, Table
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import t
from itsm_gitops.presentation.markup import EMPTY, Html, esc, link, words
from itsm_gitops.presentation.pages.figures import figures
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.past import REPORT
from itsm_gitops.presentation.view import View

PAUSED = "pause_states"
_SERVICE = Column("service", "Service", ITEM)
_PROMISED = (
    (Column("response", "Resp. met", SHARE, "response_goal"), Column("response_goal", "Resp. goal", SHARE)),
    (
        Column("resolution", "Resol. met", SHARE, "resolution_goal"),
        Column("resolution_goal", "Resol. goal", SHARE),
    ),
    (
        Column("availability", "Available", EXACT_SHARE, "availability_goal"),
        Column("availability_goal", "Avail. goal", EXACT_SHARE),
    ),
)


def kept_under(view: View, level: Entry) -> Html:
    """Return the section of a service level's page with the services under it, those with a missed goal first.

    Nothing for another item, and where no service stands under it.
    """
    if meaning.SERVICE_LEVEL not in view.kind(level).plays:
        return EMPTY
    near = {r.other for r in view.network.related(level.id)}
    kept = {s: row for s in near if (row := view.kept.get(s)) and row["level"] == level.id}
    # What the level does not promise has no columns.
    pairs = [pair for pair in _PROMISED if any(row[pair[1].name] is not None for row in kept.values())]
    if not pairs:
        return EMPTY
    columns = (_SERVICE, *(column for pair in pairs for column in pair))
    rows: list[Row] = [
        (service, *(kept[service][c.name] for c in columns[1:]))
        for service in sorted(kept, key=lambda s: (view.title(s).lower(), s))
    ]
    table = Table("kept", "How it is kept", columns, ())
    rows.sort(key=lambda row: not any(table.falls_short(row)))
    goal = t("Each goal is the lowest one of the targets below, whatever the priority.")
    shown = figures(view, Table(table.name, table.title, columns, tuple(rows)))
    way = link(urls.report(REPORT), esc(t("How this is measured")))
    more = Html(f"<p class=it-next>{way}") if view.audience.reports else EMPTY
    return section(table.title, Html(f"<p class=it-muted>{esc(goal)}</p>{shown}{more}"), "kept")


def paused(view: View, level: Mapping[str, Any]) -> Html:
    """Return the states in which the clock of a service level stands still, as the workflows of its records call them."""
    states, targets = level.get(PAUSED), level.get("targets")
    records = {one.get("record") for one in targets or () if isinstance(one, dict)}
    flows = [
        kind.workflow.states for kind in view.book.kinds.values() if kind.workflow and kind.name in records
    ]
    return esc(
        ", ".join(
            next((flow[state].title for flow in flows if state in flow), words(state))
            for state in (states if isinstance(states, list) else ())
            if isinstance(state, str)
        )
    )
