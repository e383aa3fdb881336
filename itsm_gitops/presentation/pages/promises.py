"""What the page of a service level shows: how its services kept the targets, the targets, and who is called when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itsm_gitops.model import meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.report import EXACT_SHARE, ITEM, SHARE, Cell, Column, Row, Table
from itsm_gitops.model.wording import business_time, exact_percent
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.language import WRITER, counted, digits, t, told
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link, words
from itsm_gitops.presentation.moments import said
from itsm_gitops.presentation.pages.figures import shortfall
from itsm_gitops.presentation.pages.lists import ListPage, class_list
from itsm_gitops.presentation.pages.on_call import metric_title, person
from itsm_gitops.presentation.pages.parts import section
from itsm_gitops.presentation.pages.past import REPORT, measured
from itsm_gitops.presentation.pages.tables import ListColumn, columns
from itsm_gitops.presentation.view import View

_PAUSED, _WARN, _HOURS = "pause_states", "warn_at_percent", meaning.CALENDAR
_CALLED = (meaning.TEAM, meaning.PERSON)  # the fields of a step
# Told by the sections and the rows here.
FIELDS = frozenset({"targets", "escalations", _PAUSED, _WARN, _HOURS})
_TYPES = {
    "sla": "Service level agreement",
    "ola": "Operational level agreement",
    "uc": "Underpinning contract",
}
_SERVICE = Column("service", "Service", ITEM)
_AVAILABILITY = "availability"
_PROMISED = tuple(
    (Column(name, title, form, f"{name}_goal"), Column(f"{name}_goal", "Goal", form))
    for name, title, form in (
        ("response", "Response", SHARE),
        ("resolution", "Resolution", SHARE),
        (_AVAILABILITY, "Available", EXACT_SHARE),
    )
)


def services_under(view: View, level: Entry) -> dict[str, Mapping[str, Cell]]:
    """Return how each service under a service level kept it, as far as that was measured, by name."""
    near = {r.other for r in view.network.related(level.id)}
    kept = {s: row for s in near if (row := view.kept.get(s)) and row["level"] == level.id}
    return {s: kept[s] for s in sorted(kept, key=lambda s: (view.title(s).lower(), s))}


def kept_of(view: View, level: Entry) -> Html:
    """Return how many of the targets of a service level its services kept, in words; nothing where nothing was measured."""
    rows = services_under(view, level).values()
    pairs = [(row[c.name], row[goal.name]) for row in rows for c, goal in _PROMISED]
    known = [(share, goal) for share, goal in pairs if isinstance(share, float) and isinstance(goal, float)]
    if not known:
        return EMPTY
    met = sum(share >= goal for share, goal in known)
    figure = esc(t("{count} of {all}", count=digits(met), all=digits(len(known))))
    shown = shortfall(figure) if met < len(known) else figure
    return Html(f"{shown} <span class=it-kept__said>{esc(t('targets kept by services'))}</span>")


def kept_under(view: View, level: Entry) -> Html:
    """Return the section of a service level's page with the services under it, those with a missed goal first.

    Nothing for another item, and where no service stands under it.
    """
    if meaning.SERVICE_LEVEL not in view.kind(level).plays:
        return EMPTY
    kept = services_under(view, level)
    # What the level does not promise has no columns.
    pairs = [pair for pair in _PROMISED if any(row[pair[1].name] is not None for row in kept.values())]
    if not pairs:
        return EMPTY
    columns = (_SERVICE, *(column for pair in pairs for column in pair))
    table = Table("kept", "Performance against targets", columns, ())
    rows: list[Row] = [(service, *(kept[service][c.name] for c in columns[1:])) for service in kept]
    rows.sort(key=lambda row: not any(table.falls_short(row)))
    missed = sum(any(table.falls_short(row)) for row in rows)
    sentence = (
        counted(
            len(rows),
            "{missed} of {count} service missed a target",
            "{missed} of {count} services missed a target",
            missed=digits(missed),
        )
        if missed
        else t("No service missed a target")
    )
    told_first = Html(f"<p>{esc(sentence)} <span class=it-span-of>({measured(view, list(kept))}).</span></p>")
    note = t("The goal of a service is the lowest of the targets below, whatever the priority.")
    way = f" {link(urls.report(REPORT), esc(t('How this is measured')))}" if view.audience.reports else ""
    shown = _figures(view, table, rows)
    return section(table.title, Html(f"{told_first}{shown}<p class=it-muted>{esc(note)}{way}</p>"), "kept")


def _figures(view: View, table: Table, rows: Sequence[Row]) -> Html:
    """Return one column for each promise: its share, and in the head its goal where all services have the same."""
    places = range(1, len(table.columns), 2)
    alike = {n: rows[0][n + 1] for n in places if len({row[n + 1] for row in rows}) == 1}
    head = "".join(f"<th scope=col>{_head(table, n, alike)}</th>" for n in (0, *places))
    body = "".join(_row(view, table, row, alike) for row in rows)
    return Html(
        f'<div class=it-scroll><table class="it-plain it-kept"><caption class=it-vh>{esc(t(table.title))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _head(table: Table, place: int, alike: Mapping[int, Cell]) -> str:
    goal = f" <small>{_goal(table, place, alike[place])}</small>" if alike.get(place) is not None else ""
    return f"{esc(t(table.columns[place].title))}{goal}"


def _goal(table: Table, place: int, goal: Cell) -> str:
    # Of times to respond and to resolve there is a target for each priority; the lowest one is the goal.
    name = "goal" if table.columns[place].name == _AVAILABILITY else "lowest goal"
    return f"{esc(t(name))} {esc(said(table.columns[place + 1], goal))}"


def _unmeasured() -> Html:
    return Html(f"<span class=it-muted>{esc(t('not measured'))}</span>")


def _row(view: View, table: Table, row: Row, alike: Mapping[int, Cell]) -> str:
    short = table.falls_short(row)
    cells = [f"<th scope=row>{view.link(str(row[0]))}</th>"]
    for place in range(1, len(table.columns), 2):
        share = esc(said(table.columns[place], row[place])) if row[place] is not None else _unmeasured()
        goal = row[place + 1]
        own = (
            f" <small>{_goal(table, place, goal)}</small>" if place not in alike and goal is not None else ""
        )
        cells.append(f"<td>{shortfall(share) if short[place] else share}{own}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def targets(view: View, data: Mapping[str, Any]) -> Html:
    """Return the section of what was promised: a row for each priority, a column for what is measured."""
    listed = data.get("targets")
    some = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    periods = {str(one["period"]) for one in some if "period" in one}
    period = periods.pop() if len(periods) == 1 else ""
    metrics = list(
        dict.fromkeys(str(one.get("metric")) for one in some if one.get("metric") != _AVAILABILITY)
    )
    records = {one.get("record") for one in some if one.get("metric") != _AVAILABILITY}
    rows: dict[str, dict[str, str]] = {}
    for one in some:
        if one.get("metric") != _AVAILABILITY:
            # The first one that fits counts.
            rows.setdefault(_what(view, one, several=len(records) > 1), {}).setdefault(
                str(one.get("metric")), _target(one, period)
            )
    head = "".join(f"<th scope=col>{esc(t(metric_title(metric)))}</th>" for metric in metrics)
    body = "".join(
        f"<tr><th scope=row>{name}</th>{''.join(f'<td>{row.get(m, _NONE)}</td>' for m in metrics)}</tr>"
        for name, row in rows.items()
    )
    promised = [_target(one, period) for one in some if one.get("metric") == _AVAILABILITY]
    name = esc(t("Availability"))
    wide = f" colspan={len(metrics)}" if len(metrics) > 1 else ""
    body += "".join(f"<tr><th scope=row>{name}</th><td{wide}>{share}</td></tr>" for share in promised)
    available = join([Html(f"<p>{name}: {share}</p>") for share in promised])
    about = esc(t(_ABOUT.get(period, ""))) if period in _ABOUT else EMPTY
    note = Html(f"<p class=it-muted>{about}</p>") if about else EMPTY
    shown = Html(
        f'<table class="it-plain it-targets"><caption class=it-vh>{esc(t("Targets"))}</caption>'
        f"<thead><tr><th scope=col>{_scope(view, records)}</th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    return section("Targets", Html(f"{shown if rows else available}{note}"), "targets") if some else EMPTY


_NONE = "<span class=it-muted>–</span>"
_ABOUT = {
    "week": "The share of records within the time is measured over each week.",
    "month": "The share of records within the time is measured over each month.",
    "quarter": "The share of records within the time is measured over each quarter.",
    "year": "The share of records within the time is measured over each year.",
}


def _scope(view: View, records: set[Any]) -> Html:
    """Return what the rows are about: the kind of record where all are of one, else the kinds are in the rows."""
    kind = view.book.kinds.get(str(next(iter(records)))) if len(records) == 1 else None
    return esc(kind.title) if kind else esc(t("Priority"))


def _what(view: View, target: Mapping[str, Any], *, several: bool) -> str:
    kind = view.book.kinds.get(str(target.get("record"))) if several else None
    priority = str(target.get("priority") or t("Any priority"))
    return f"{esc(kind.title)}, {esc(priority)}" if kind else str(esc(priority))


def _target(target: Mapping[str, Any], period: str) -> str:
    """Return a promise in one cell: 95% within 15 min."""
    minutes, percent = target.get("minutes"), target.get("percent")
    time = business_time(60 * minutes, WRITER) if isinstance(minutes, int) else ""
    share = exact_percent(percent / 100, WRITER) if isinstance(percent, int | float) else ""
    parts = [share, t("within {time}", time=time) if time else ""]
    if not period and isinstance(target.get("period"), str):
        parts.append(t("per " + target["period"]) if any(parts) else "")
    return " ".join(f"<span>{esc(part)}</span>" for part in parts if part) or _NONE


def escalations(view: View, data: Mapping[str, Any]) -> Html:
    """Return the section of who is called at which part of the time."""
    steps = data.get("escalations")
    rows = [
        (_share(one.get("at_percent")), _about(one), _called(view, one))
        for one in (steps if isinstance(steps, list) else ())
        if isinstance(one, dict)
    ]
    head = "".join(
        f"<th scope=col>{esc(t(title))}</th>" for title in ("Time used", "Target", "Who is called")
    )
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    shown = Html(
        f'<table class="it-plain it-escalations"><caption class=it-vh>{esc(t("Escalations"))}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    return section("Escalations", shown, "escalations") if rows else EMPTY


def _share(percent: object) -> Html:
    return esc(exact_percent(percent / 100, WRITER)) if isinstance(percent, int | float) else EMPTY


def _about(step: Mapping[str, Any]) -> Html:
    metric, priority = step.get("metric"), step.get("priority")
    parts = [t(metric_title(str(metric)))] if metric else []
    parts += [str(priority)] if priority else []
    return esc(", ".join(parts) or t("Any"))


def _called(view: View, step: Mapping[str, Any]) -> Html:
    named = (step.get(name) for name in _CALLED)
    return join([person(view, one) for one in named if isinstance(one, str)], ", ")


def level_lists(view: View) -> Iterator[ListPage]:
    """Yield the page that lists all service levels, for each class of them: with whom, and how they were kept."""
    for kind in (k for k in view.book.kinds.values() if meaning.SERVICE_LEVEL in k.plays):
        shown = [
            *columns(view, "name", "state"),
            ListColumn("Type", lambda e: type_of(view.store.data(e.id))),
            ListColumn("Targets kept by services", lambda e: kept_of(view, e) or _unmeasured()),
            *columns(view, "owner"),
        ]
        yield class_list(view, kind, shown)


def type_of(data: Mapping[str, Any]) -> Html:
    """Return what kind of agreement a service level is."""
    kind = data.get("kind")
    return esc(t(_TYPES[kind])) if isinstance(kind, str) and kind in _TYPES else EMPTY


def rows(view: View, data: Mapping[str, Any]) -> Iterator[tuple[str, Html]]:
    """Yield what else was agreed, in words: of which type it is, when its clock runs, stands still and warns."""
    yield "Type", type_of(data)
    calendar, warn = data.get(_HOURS), data.get(_WARN)
    yield "Clock runs", view.link(calendar) if isinstance(calendar, str) else esc(t("Around the clock"))
    yield "Clock pauses in", paused(view, data)
    if isinstance(warn, int):
        yield "Warning", told("When {share} of the time is used", share=_share(warn))


def paused(view: View, level: Mapping[str, Any]) -> Html:
    """Return the states in which the clock of a service level stands still, as the workflows of its records call them."""
    states, listed = level.get(_PAUSED), level.get("targets")
    records = {one.get("record") for one in listed or () if isinstance(one, dict)}
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
