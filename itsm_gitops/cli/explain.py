"""`itsm explain`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, facts, styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.explaining import ExplainedSection, Topic, explain
from itsm_gitops.model.errors import NotFound
from itsm_gitops.model.text import safe_text


@command(
    "explain",
    [
        ("itsm explain", "all rules"),
        ("itsm explain K003", "why a rule exists, wrong and right"),
        ("itsm explain change", "the fields and states of a kind"),
        ("itsm explain change scheduled", "a state: what it demands, what follows"),
        ("itsm explain change risk", "a field and its parts"),
        ("itsm explain depends_on", "a link type"),
    ],
)
@click.argument(
    "words", metavar="[CODE|KIND|STATE|LINK|TOPIC] [FIELD]", nargs=-1, shell_complete=lazily("explainable")
)
@at_option
@json_option
@pass_app
def explain_command(app: App, words: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Explain a rule, kind, state or link type.

    Topics: rules, kinds, links, states, templates. Everything but the rules comes from the
    repository's own rule book (outside of one, from the packaged one).
    """
    try:
        repo = app.repo
    except NotFound:
        if at is not None:
            raise
        topic = explain(None, list(words))
    else:
        topic = explain(repo, list(words), at=at)
    if as_json:
        parts = [{**p._asdict(), "rows": [list(r) for r in p.rows]} for p in topic.parts]
        print_json({**topic._asdict(), "parts": parts})
        return
    style = styles(sys.stdout)
    echo("\n".join(_lines(topic, style, terminal_width())), color=style.on)


def _lines(topic: Topic, style: Style, columns: int) -> Iterator[str]:
    head = (
        topic.title
        if topic.kind in ("topic", "state", "field")
        else f"{style.name(topic.name)}  {topic.title}"
    )
    yield style.bold(head)
    for part in topic.parts:
        yield from _part(part, style, columns)


def _part(part: ExplainedSection, style: Style, columns: int) -> Iterator[str]:
    if part.title:
        yield ""
        yield style.bold(safe_text(part.title))
    if part.text:
        yield from (f"  {line}" for line in wrap(safe_text(part.text, lines=True), columns - 2))
    if part.rows:
        if part.text:
            yield ""
        yield from facts([(safe_text(n), safe_text(v)) for n, v in part.rows], columns, style)
    yield from (f"  {style.paint(safe_text(line), 'cyan')}" for line in part.code.splitlines())
