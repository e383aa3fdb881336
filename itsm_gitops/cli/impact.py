"""`itsm impact`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from itsm_gitops.cli.base import App, at_option, json_option, lazily, pass_app, print_json
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import Style, styles, words
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.commands.impact import BOTH, Impact, impact, mermaid
from itsm_gitops.graph.impact import DOWN, UP, Branch, Effect
from itsm_gitops.model.text import safe_text, shorten, width

_EFFECT_STYLES = {Effect.OUTAGE: "bold red", Effect.DEGRADED: "yellow", Effect.AT_RISK: "magenta"}


@command(
    "impact",
    [
        ("itsm impact mail-db", "what its failure hits, and what it needs"),
        ("itsm impact mail --direction up --depth 2", "what a service needs, two levels"),
        ("itsm impact mail-db --format mermaid > impact.mmd", "a diagram"),
    ],
)
@click.argument("identifier", metavar="CI", shell_complete=lazily("cis"))
@click.option(
    "--direction",
    type=click.Choice([UP, DOWN, BOTH]),
    default=BOTH,
    show_default=True,
    help="down: what it hits; up: what it needs.",
)
@click.option("--depth", type=click.IntRange(min=0), default=0, help="Levels to walk; 0 is all.")
@click.option(
    "--format", "form", type=click.Choice(["tree", "mermaid", "json"]), default="tree", show_default=True
)
@at_option
@json_option
@pass_app
def impact_command(
    app: App, identifier: str, direction: str, depth: int, form: str, at: str | None, as_json: bool
) -> None:
    """Show what a failure would hit, and why.

    Failure travels along depends_on and runs_on; redundancy (min_up) holds it back. Only items in
    production take part.
    """
    result = impact(app.repo, identifier, direction=direction, depth=depth, at=at)
    if as_json or form == "json":
        print_json(result.as_json())
        return
    if form == "mermaid":
        echo(mermaid(result), nl=False)
        return
    style = styles(sys.stdout)
    echo("\n".join(_render(result, style, terminal_width())), color=style.on)


def _render(result: Impact, style: Style, columns: int) -> Iterator[str]:
    if result.down:
        yield style.bold("If it fails")
        yield from _tree(result, result.down, style, columns, downward=True)
        yield style.dim(_summary(result))
    if result.down and result.up:
        yield ""
    if result.up:
        yield style.bold("What it needs")
        yield from _tree(result, result.up, style, columns, downward=False)


def _tree(result: Impact, root: Branch, style: Style, columns: int, *, downward: bool) -> Iterator[str]:
    yield _line(result, root, "", style, columns, downward=downward)
    yield from _children(result, root, "", style, columns, downward=downward)


def _children(
    result: Impact, branch: Branch, lead: str, style: Style, columns: int, *, downward: bool
) -> Iterator[str]:
    for index, child in enumerate(branch.children):
        last = index == len(branch.children) - 1
        yield _line(result, child, lead + ("└─ " if last else "├─ "), style, columns, downward=downward)
        yield from _children(
            result, child, lead + ("   " if last else "│  "), style, columns, downward=downward
        )


def _line(result: Impact, branch: Branch, lead: str, style: Style, columns: int, *, downward: bool) -> str:
    entry = result.entries.get(branch.id)
    notes: list[tuple[str, str]] = []
    if downward and branch.effect and branch.id != result.entry.id:
        hit = result.hits[branch.id]
        notes.append((branch.effect.label, _EFFECT_STYLES.get(branch.effect, "")))
        if "needed" in hit.reason:
            notes.append((hit.reason, "dim"))
    elif not downward:
        notes += [
            (f"{g.min_up} of {len(g.members)} needed: {', '.join(g.members)}", "dim")
            for g in result.groups.get(branch.id, ())
        ]
    if branch.id in result.roots:
        notes.append((f"root {result.roots[branch.id]}", "dim"))
    if branch.repeated:
        notes.append(("see above", "dim"))
    elif entry is not None and branch.id not in result.used:
        notes.append((words(entry.state), "dim"))
    return _fit(lead, branch, safe_text(entry.title) if entry else "not here", notes, style, columns)


def _fit(
    lead: str, branch: Branch, title: str, notes: list[tuple[str, str]], style: Style, columns: int
) -> str:
    """Put one line together, cutting the title first and then the last note."""
    name = safe_text(branch.id)
    relation = f"{words(branch.relation)} " if branch.relation else ""
    used = width(lead) + width(relation) + width(name)
    note_text = "  ".join(safe_text(n) for n, _ in notes)
    room = columns - used - (width(note_text) + 2 if note_text else 0) - 2
    title_text = f"  {shorten(title, room)}" if room >= 8 and title.lower() != name else ""
    tail = ""
    left = columns - used - width(title_text)
    for text, look in notes:
        part = shorten(safe_text(text), max(0, left - 2)) if left > 5 else ""
        left -= width(part) + 2
        tail += f"  {style.paint(part, look)}" if part else ""
    return f"{style.dim(lead)}{style.dim(relation)}{style.name(name)}{title_text}{tail}"


def _summary(result: Impact) -> str:
    hits = [h for h in result.hits.values() if h.id != result.entry.id]
    if not hits:
        return "nothing else would be hit"
    parts = []
    for effect in sorted(Effect, reverse=True):
        of_kind = [h for h in hits if h.effect == effect]
        services = sum(h.id in result.services for h in of_kind)
        if of_kind:
            parts.append(
                f"{effect.label}: {len(of_kind)}" + (f" ({services} of them services)" if services else "")
            )
    return "; ".join(parts)
