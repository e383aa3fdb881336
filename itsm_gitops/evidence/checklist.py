"""What an auditor looks at in each row of a sample, as Markdown to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itsm_gitops.evidence.population import Row
from itsm_gitops.model.text import safe_text

# (the attribute of the control, the columns that show it)
_ATTRIBUTES = (
    ("The change was described: title, type and risk", ("title", "type", "risk")),
    ("It was asked for by somebody who is named", ("requested_by",)),
    ("The policy that judged it is the approved one", ("policy",)),
    ("Those approved who had to, before the merge", ("result", "required", "approvals", "merged_at")),
    ("Nobody approved their own work", ("authors", "implementers", "kept_apart", "approved_by")),
    ("What was approved is what was merged", ("merge", "statement")),
    ("It was carried out in its window", ("planned_start", "planned_end", "actual_start", "actual_end")),
    ("Its outcome is on record", ("state", "outcome")),
    ("Exceptions were found, reviewed and explained", ("exceptions", "reviewed_afterwards", "review_due")),
)


def checklist(row: Row) -> str:
    """Return the checklist of one row: each attribute with what the evidence says, and room for a conclusion."""
    lines = [f"# {_plain(row['row'])} {_plain(row['changes'] or row['merge'])}", ""]
    for number, (attribute, columns) in enumerate(_ATTRIBUTES, 1):
        lines += [f"## {number}. {attribute}", ""]
        lines += [
            f"- {name.replace('_', ' ')}: {_plain(row[name]) or '(nothing on record)'}" for name in columns
        ]
        lines += ["", "- [ ] met  - [ ] not met  - [ ] not applicable", "- Remark:", ""]
    lines += ["Tested by:", "Date:", ""]
    return "\n".join(lines)


def overview(rows: Sequence[Row], facts: Mapping[str, Any]) -> str:
    """Return the first page of a sample: how it was drawn, what is in it, how to check it."""
    lines = [
        "# Sample",
        "",
        f"- population: {facts['population']} rows ({facts['rows']}), {facts['population_digest']}",
        f"- seed: {_plain(str(facts['seed']))}",
        f"- method: {facts['method']}",
        f"- evidence ends with {facts['ledger'] or '(none)'}",
        "",
        "`manifest.json` has the SHA-256 of every file. `population.csv` is what was drawn from. In each folder:",
        "the checklist, the row, the statements with their signatures, the policy that judged, the record and the difference.",
        "",
        "| Row | Title | Result | Exceptions |",
        "|---|---|---|---|",
    ]
    for row in rows:
        what = _plain(row["changes"] or row["merge"][:12])
        lines.append(
            f"| {row['row']} {what} | {_plain(row['title'])} | {row['result']} | {row['exceptions']} |"
        )
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    """Return text for one line of Markdown, harmless: it comes from records and commits."""
    safe = safe_text(text).replace("\n", " ")
    return "".join(f"\\{c}" if c in "|<>[]`\\" else c for c in safe)
