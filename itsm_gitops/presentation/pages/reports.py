"""The pages of reports: key figures, charts with their tables behind them, data to download, and what each figure means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from itsm_gitops.model.local_time import in_zone
from itsm_gitops.model.report import Key, Report, as_csv
from itsm_gitops.model.trend import BETTER, Trend
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.bars import sparkline
from itsm_gitops.presentation.groups import OTHER_REPORTS, REPORTS, STANDARDS, anchor_of, report_group
from itsm_gitops.presentation.language import WRITER, t, told, within
from itsm_gitops.presentation.markup import EMPTY, Html, esc, join, link
from itsm_gitops.presentation.moments import full_day
from itsm_gitops.presentation.pages.lists import ListPage
from itsm_gitops.presentation.pages.parts import Crumb, heading, section
from itsm_gitops.presentation.pages.report_tables import head_table, tables_of, tiles, tiles_of
from itsm_gitops.presentation.view import View

_WHENCE = "{since} to {until}, from the timelines of the records."


def report_pages(view: View, reports: Sequence[Report]) -> Iterator[ListPage]:
    """Yield the page that leads to the reports, and the page of each; none where there are none."""
    if not reports:
        return
    head = heading([], t("Reports"), lead=Html(f'<p class="it-trend">{_time(view, reports[0], _WHENCE)}</p>'))
    cards = Html(f'<div class="it-digest">{_cards(view, reports)}</div>')
    yield ListPage(urls.REPORTS, t("Reports"), urls.REPORTS, Html(f"{head}{cards}"))
    for report in reports:
        yield ListPage(urls.report(report.name), t(report.title), urls.REPORTS, _body(view, report))


def _cards(view: View, reports: Sequence[Report]) -> Html:
    """Return a section of cards for each group of reports."""
    groups: dict[str, list[Html]] = {title: [] for title in (*REPORTS, OTHER_REPORTS, STANDARDS)}
    for report in reports:
        groups[report_group(report.name, view.book)].append(_card(report))
    parts = (
        section(title, Html(f'<ul class="it-cards">{join(some)}</ul>'), anchor_of(title))
        for title, some in groups.items()
        if some
    )
    return join(list(parts))


def _card(report: Report) -> Html:
    """Return a report in short: its title, its main figure and what that is, and how it went."""
    title = link(urls.report(report.name), esc(t(report.title)))
    if report.main is None:
        said = f'<p class="it-card__about">{esc(_sentence(t(report.headline)))}</p>'
    else:
        named = any(report.main.label == table.title for table in report.tables[:1])  # there may be none
        label = esc(t(report.main.label) if named else within(t(report.main.label)))
        figure = _value(report.main)
        said = f'<p class="it-card__figure">{figure}</p><p class="it-card__about{" it-card__about--name" if named else ""}">{label}</p>'
    return Html(f'<li class="it-card"><h3>{title}</h3>{said}{_brief(report.trend)}</li>')


def _value(key: Key) -> Html:
    return esc(key.said(WRITER))


def _brief(trend: Trend | None) -> Html:
    """Return how the main figure of a report went, at the foot of its card."""
    if trend is None:
        return EMPTY
    words = t(trend.brief)
    said = Html(f"{_verdict(trend, first=True)}, {esc(words)}") if trend.verdict else esc(_sentence(words))
    return Html(f'<p class="it-trend">{sparkline(trend)}<span>{said}</span></p>')


def _verdict(trend: Trend, *, first: bool = False) -> Html:
    """Return whether it went better or worse, in a word and a colour; ``first`` begins a sentence."""
    css = "it-trend__better" if trend.verdict == BETTER else "it-trend__worse"
    word = t("better") if trend.verdict == BETTER else t("worse")
    return Html(f'<b class="{css}">{esc(_sentence(word) if first else word)}</b>')


def data_files(reports: Sequence[Report]) -> Iterator[tuple[str, bytes]]:
    """Yield the data of every report: one JSON, and a CSV for each of its tables."""
    for report in reports:
        text = json.dumps(report.as_json(), indent=1, ensure_ascii=True)
        yield urls.report_json(report.name), f"{text}\n".encode()
        for table in report.tables:
            # A byte-order mark tells spreadsheets that this is UTF-8.
            yield urls.report_csv(report.name, table.name), as_csv(table).encode("utf-8-sig")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _time(view: View, report: Report, said: str = "{since} to {until}.") -> Html:
    """Return the days that a report is about, and which of its records count."""
    if report.since == report.until:
        return told("As of {until}.", until=view.moment(report.until))
    since, until = (
        esc(full_day(in_zone(moment, view.zone).date())) for moment in (report.since, report.until)
    )
    scope = "" if view.audience.everything else f" {esc(t('Only what is shown here is counted.'))}"
    return Html(f"{told(said, since=since, until=until)}{scope}")


def _body(view: View, report: Report) -> Html:
    data = link(urls.report_json(report.name), esc(t("All tables as JSON")))
    return join(
        [
            heading([Crumb(urls.REPORTS, "Reports")], t(report.title), lead=_head(view, report)),
            tables_of(view, report),
            section("What the figures mean", _definitions(report), "definitions")
            if report.measures
            else EMPTY,
            Html(f'<p class="it-next">{data}</p>'),
        ]
    )


def _head(view: View, report: Report) -> Html:
    """Return the result of a report: its key figures or one sentence, and below it how it went and over which time."""
    whole = head_table(report)
    if report.keys:
        result = tiles([(_value(key), esc(t(key.label))) for key in report.keys])
    elif whole:
        result = tiles_of(whole, first=1)
    else:
        result = Html(f'<p class="it-headline">{esc(_sentence(t(report.headline)))}.</p>')
    small = []
    if report.trend is not None:
        verdict = Html(f", {_verdict(report.trend)}") if report.trend.verdict else ""
        small.append(Html(f"{esc(t(report.trend.text))}{verdict}."))
    small += [esc(t(note)) for note in (whole.note if whole else "", report.note) if note]
    spark = sparkline(report.trend) if report.trend else EMPTY
    how = f'<p class="it-trend">{spark}<span>{join(small, " ")}</span></p>' if small else ""
    return Html(f'<p class="it-period">{_time(view, report)}</p>{result}{how}')


def _definitions(report: Report) -> Html:
    items = "".join(
        f"<dt>{esc(t(m.name))}</dt><dd>{esc(t(m.definition))} "
        f'<span class="it-muted">{esc(t("After {source}", source=t(m.source)))}</span></dd>'
        for m in report.measures
    )
    return Html(f'<dl class="it-meanings">{items}</dl>')
