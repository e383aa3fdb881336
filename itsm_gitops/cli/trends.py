"""`itsm problems` and `itsm articles`: what patterns in incidents call for."""

from __future__ import annotations

import sys

from itsm_gitops.cli.base import App, at_option, json_option, pass_app, print_json
from itsm_gitops.cli.command import command, group_with_help
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles, wrap
from itsm_gitops.cli.width import terminal_width
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import counted


@group_with_help("problems")
def problems_command() -> None:
    """Find problems in what happened."""


@command(
    "suggest",
    [
        ("itsm problems suggest", "recurring incidents that have no problem yet"),
        ("itsm problems suggest --json", "for programs"),
    ],
)
@at_option
@json_option
@pass_app
def suggest_command(app: App, at: str | None, as_json: bool) -> None:
    """Propose problems by patterns in incidents.

    schemas/policies/trends.yaml lists the patterns: a number of incidents of one item, category or
    service within some days, or again after a fix. Subjects with an open problem are left out.
    """
    from itsm_gitops.commands.trends import suggest_problems

    found = suggest_problems(app.repo, at)
    if as_json:
        print_json([p.as_json() for p in found])
        return
    style, columns = styles(sys.stdout), terminal_width()
    lines: list[str] = []
    for one in found:
        again = f", again after {one.fixed}" if one.fixed else ""
        head = f"{counted(len(one.incidents), 'incident')} of the {one.by} {one.subject}{again}"
        lines += [
            style.bold(safe_text(head)),
            *(f"  {line}" for line in wrap(safe_text(one.why), columns - 2)),
        ]
        ids = ", ".join(one.incidents[:8])
        more = f" and {len(one.incidents) - 8} more" if len(one.incidents) > 8 else ""
        lines += [f"  {line}" for line in wrap(safe_text(ids + more), columns - 2)]
        lines += [style.dim(f"  {safe_text(one.command(f'Repeated: {one.subject}'))}"), ""]
    lines.append(f"{counted(len(found), 'problem')} proposed" if found else "no pattern calls for a problem")
    echo("\n".join(lines), color=style.on)


@group_with_help("articles")
def articles_command() -> None:
    """Find out which knowledge is missing, and which is used."""


@command("wanted", [("itsm articles wanted", "categories with incidents and without an article")])
@at_option
@json_option
@pass_app
def wanted_command(app: App, at: str | None, as_json: bool) -> None:
    """Show for what an article is wanted, and how often articles helped.

    'articles' in schemas/policies/trends.yaml says how many incidents of a category within how
    many days call for one. An article of a category covers the levels below it.
    """
    from itsm_gitops.commands.trends import wanted_articles

    wanted, used = wanted_articles(app.repo, at)
    if as_json:
        rows = [{"category": w.category, "incidents": list(w.incidents)} for w in wanted]
        print_json({"wanted": rows, "used": [{"id": u.id, "title": u.title, "count": u.count} for u in used]})
        return
    style = styles(sys.stdout)
    lines = [style.bold("Articles wanted")]
    lines += [
        f"  {style.name(safe_text(w.category))}  {counted(len(w.incidents), 'incident')}, latest {w.incidents[0]}"
        for w in wanted
    ] or ["  none"]
    lines += ["", style.bold("Published articles, by how often they helped")]
    lines += [f"  {u.count:>4}  {style.name(safe_text(u.id))}  {safe_text(u.title)}" for u in used] or [
        "  none"
    ]
    echo("\n".join(lines), color=style.on)


problems_command.add_command(suggest_command)
articles_command.add_command(wanted_command)
