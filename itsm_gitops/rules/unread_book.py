"""Rule S034: a file that looks like one of the rule book, and that nothing reads.

A rule, a life cycle or a policy under such a name controls nothing, and nobody would notice. Files that are like none of
the rule book (a policy of one's own, a folder of another tool, notes) are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model.errors import did_you_mean, is_slip
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.book import ENDINGS, META, POLICIES, BookContext
from itsm_gitops.rules.rule import RULEBOOK, Hit, Rule

_LIKE = (".yaml", ".yml", ".json")
_ROOT = "schemas/"


def file_is_read(ctx: BookContext) -> Iterator[Hit]:
    """Look for files in the folders of the rule book, or in folders nearly called so, that nothing reads."""
    policies = [p.removeprefix(META).partition(".")[0] for p in ctx.files if p.startswith(META)]
    for path in sorted([*ctx.files, *ctx.others]):
        if not path.startswith(_ROOT) or path.startswith(META) or not path.endswith(_LIKE):
            continue
        folder, _, name = path.removeprefix(_ROOT).rpartition("/")
        ending = ENDINGS.get(folder)
        if ending and not name.endswith(ending):
            yield _unread(path, f"files of {_ROOT}{folder}/ end in {ending}")
        elif folder == POLICIES:
            stem = name.removesuffix(ending or "")
            if stem not in policies and is_slip(stem, policies):
                yield _unread(path, did_you_mean(stem, policies, 1))
        elif not ending and folder and is_slip(folder, ENDINGS):
            yield _unread(path, did_you_mean(folder, ENDINGS, 1))


def _unread(path: str, hint: str) -> Hit:
    return Hit("nothing reads this file", (), hint, path, line=1, column=1)


RULES = (
    Rule(
        "S034",
        "File that looks like a rule and is none",
        scope=RULEBOOK,
        severity=WARNING,
        why="A rule, a life cycle or a policy under a name that nothing reads controls nothing.",
        hint="give it the name that its folder wants, or take it out of schemas/",
        bad="# schemas/rules/no-friday.yml",
        good="# schemas/rules/no-friday.yaml",
        check=file_is_read,
    ),
)
