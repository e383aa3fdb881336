"""No module names a kind or a state of the rule book: roles (model/meaning.py) are the only words for them.

What is left are words that mean something else, each with what it means and exactly how often it stands there. The
table may only shrink: whoever adds one of these words to a module says here why it is neither a kind nor a state.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import itsm_gitops
from itsm_gitops.model.rulebook import RuleBook

PACKAGE = Path(itsm_gitops.__file__).parent
ROLES = (
    "model/meaning.py"  # the vocabulary of roles, and the names that rule books had before there were roles
)
MOST = 278

FIELD = "name of a field of a schema, as in data.get"
JSON = "key of JSON that the toolkit reads or writes (evidence, API, reports, signed statements)"
TEXT = "word on a screen, name of a column or of a section"
OPTION = "word of the command line"
FORGE = "state of a review or pull request on a forge"
CATEGORY = "category of states, which life cycles assign"
LOOK = "look of a chip, a bar or a mark (class of a style sheet)"
FACT = "fact of the approval policy"
TEMPLATE = "stage of a template, which the toolkit defines"
SETTING = "value of a setting of itsm.yaml"
OTHER = "word of another vocabulary: scope of rules, kind of collision or task, status of a service, name of a check"

MEANT: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    CATEGORY: {
        "cli/render.py": {"cancelled": 1, "new": 1},
        "model/workflow.py": {"cancelled": 1, "new": 1},
    },
    FACT: {
        "gate/conditions.py": {"incident": 1},
        "gate/policy.py": {"incident": 1},
        "gate/summary.py": {"incident": 1},
    },
    FIELD: {
        "commands/deploying.py": {"change": 1, "service": 1},
        "commands/query_views.py": {"closed": 1, "service": 2},
        "editing/major_review.py": {"review": 2},
        "editing/assign.py": {"offering": 1},
        "model/categories.py": {"team": 1},
        "commands/listing.py": {"service": 1},
        "publish/audience.py": {"offering": 1},
        "presentation/pages/forms.py": {"closed": 1, "offering": 1, "service": 5},
        "presentation/pages/record.py": {"offering": 2, "review": 1},
        "presentation/pages/record_head.py": {"offering": 1},
        "rules/approval_policy.py": {"approved": 1},
        "rules/cmdb.py": {"service": 2},
        "graph/licences.py": {"contract": 2},
        "rules/agreements.py": {"calendar": 1, "contract": 1},
        "rules/calendar_sorts.py": {"calendar": 1},
        "rules/engine.py": {"offering": 1},
        "rules/item_reach.py": {"organisation": 1},
        "rules/organisations.py": {"organisation": 1, "supplier": 1},
        "rules/migrations.py": {"offering": 1},
        "rules/rulebook.py": {"offering": 2},
        "reports/log.py": {"offering": 1, "service": 1},
        "service_levels/clocks.py": {"calendar": 1, "offering": 3, "service": 4, "supplier": 1},
        "model/timeline.py": {"supplier": 2},
    },
    FORGE: {
        "cli/approvals.py": {"approved": 1},
        "forges/github.py": {"draft": 2},
        "forges/gitlab.py": {"draft": 1},
        "forges/reviews.py": {"approved": 1},
        "gate/approvals.py": {"approved": 1},
    },
    JSON: {
        "commands/clocks.py": {"calendar": 1},
        "commands/duties.py": {"team": 1},
        "commands/major.py": {"service": 2},
        "cli/audit_text.py": {"person": 2, "request": 3, "review": 1},
        "graph/boards.py": {"meeting": 1, "review": 1},
        "commands/planning.py": {"calendar": 2, "service": 2, "team": 1},
        "commands/suspecting.py": {"incident": 1},
        "editing/change.py": {"new": 1},
        "evidence/audit.py": {"person": 1},
        "evidence/asking_forge.py": {"request": 3},
        "evidence/cells.py": {"person": 1, "rejected": 1, "request": 2, "review": 3},
        "evidence/facts.py": {"person": 1, "rejected": 2, "review": 1},
        "evidence/reading.py": {"person": 1, "rejected": 2, "request": 1, "review": 1},
        "evidence/recheck.py": {"person": 1, "rejected": 1},
        "evidence/statement.py": {"request": 1},
        "gate/explain.py": {"rejected": 1, "review": 1},
        "gate/review_file.py": {"person": 3},
        "gate/signed.py": {"person": 5, "request": 1},
        "model/report.py": {"service": 1, "team": 1},
        "presentation/data/api.py": {"calendar": 1, "organisation": 1, "service": 2},
        "publish/explorer.py": {"service": 5, "team": 5},
        "presentation/pages/explore.py": {"service": 1, "team": 1},
    },
    LOOK: {
        "presentation/agenda.py": {"change": 1, "maintenance": 1},
        "presentation/diagram.py": {"maintenance": 1},
        "presentation/events.py": {"change": 1, "maintenance": 2},
        "presentation/freezes.py": {"maintenance": 1},
        "presentation/fields.py": {"approved": 1, "in_progress": 1, "new": 1, "rejected": 1},
        "presentation/pages/calendar.py": {"change": 1, "service": 1},
        "presentation/pages/calendar_grid.py": {"change": 1},
        "presentation/topology.py": {"maintenance": 1},
    },
    OPTION: {
        "model/filter_words.py": {"closed": 1},
        "cli/app.py": {"new": 2, "test": 1},
        "cli/trying.py": {"test": 1},
        "cli/enrol.py": {"person": 1},
        "cli/major.py": {"review": 1},
        "cli/new.py": {"new": 1},
        "cli/planning.py": {"calendar": 1, "change": 1},
        "editing/create.py": {"team": 1, "test": 1},
    },
    OTHER: {
        "editing/upgrade.py": {"new": 1},
        "commands/trends.py": {"service": 1},
        "documents/syntax.py": {"problem": 1},
        "exchange/candidates.py": {"draft": 1},
        "exchange/export.py": {"closed": 3, "resolved": 3},
        "gate/doctor.py": {"server": 4},
        "gate/separation.py": {"review": 1},
        "graph/collisions.py": {"person": 2},
        "graph/status.py": {"maintenance": 1},
        "graph/announcements.py": {"maintenance": 1},
        "graph/suspects.py": {"change": 1},
        "model/diff.py": {"change": 1},
        "git/modes.py": {"draft": 1},
        "rules/guards.py": {"in_progress": 1},
        "rules/rule.py": {"change": 1},
    },
    SETTING: {
        "commands/init.py": {"organisation": 1},
        "snapshots/config.py": {"closed": 2, "organisation": 1},
        "rules/link_targets.py": {"closed": 1},
    },
    TEMPLATE: {
        "model/templates.py": {"approved": 1, "retired": 1},
    },
    TEXT: {
        "presentation/pages/hubs.py": {"published": 1},
        "presentation/pages/lists.py": {"planned": 1},
        "presentation/pages/their_work.py": {"planned": 1},
        "presentation/pages/work.py": {"planned": 1},
        "presentation/pages/subscribe.py": {"calendar": 1},
        "publish/indexing.py": {"offering": 2, "service": 2},
        "commands/emergency.py": {"review": 1},
        "cli/trends.py": {"incident": 2, "problem": 1},
        "exchange/analytics.py": {"closed": 1, "resolved": 1, "service": 1},
        "cli/agenda.py": {"change": 1, "maintenance": 1},
        "cli/audit_tables.py": {"change": 1, "person": 1, "review": 2},
        "cli/listing.py": {"team": 1},
        "cli/report.py": {"service": 2, "team": 2},
        "evidence/access.py": {"person": 2},
        "evidence/exceptions.py": {"review": 2},
        "evidence/hook.py": {"approved": 1},
        "evidence/population.py": {"change": 1, "request": 1},
        "gate/comment.py": {"change": 1, "review": 1},
        "presentation/pages/home.py": {"service": 2},
        "presentation/pages/major.py": {"service": 1},
        "presentation/pages/asked.py": {"service": 1},
        "presentation/pages/item_records.py": {"service": 3},
        "presentation/pages/offering.py": {"request": 1},
        "presentation/pages/parts.py": {"service": 1, "team": 1},
        "presentation/pages/past.py": {"service-level": 1},
        "presentation/pages/known_errors.py": {"service": 1},
        "presentation/pages/promises.py": {"service": 1},
        "presentation/pages/board.py": {"service": 1},
        "presentation/pages/tables.py": {"offering": 1, "planned": 1, "service": 2},
        "reports/agreements.py": {"calendar": 1},
        "reports/change.py": {"change": 1, "closed": 3, "service": 1},
        "reports/flow.py": {"cancelled": 1, "resolved": 2, "service": 1},
        "reports/customers.py": {"service": 1},
        "reports/deployments.py": {"change": 1, "production": 1, "release": 1, "service": 1},
        "reports/clock_lists.py": {"service": 1},
        "reports/levels.py": {"calendar": 1, "service": 2},
        "reports/quality.py": {"resolved": 2, "service": 2, "team": 2},
        "reports/major.py": {"review": 1, "service": 1},
        "reports/problems.py": {"problem": 1, "resolved": 1, "team": 1},
        "reports/times.py": {"offering": 1, "service": 1},
    },
}


def literals(path: Path, words: frozenset[str]) -> Counter[str]:
    """Return how often each of some words stands in a module as a text of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return Counter(t for t in texts if t in words)


def test_no_module_names_a_kind_or_a_state(book: RuleBook) -> None:
    flows = {kind.workflow.name: kind.workflow for kind in book.kinds.values() if kind.workflow}
    words = frozenset(book.kinds) | {state for flow in flows.values() for state in flow.states}
    paths = {str(p.relative_to(PACKAGE)): p for p in PACKAGE.rglob("*.py")}
    there = {name: dict(literals(path, words)) for name, path in paths.items() if name != ROLES}
    allowed = {name: dict(counts) for some in MEANT.values() for name, counts in some.items()}
    assert {name: counts for name, counts in there.items() if counts} == allowed
    assert sum(sum(counts.values()) for counts in allowed.values()) <= MOST


def test_each_module_stands_once_in_the_table() -> None:
    names = [name for some in MEANT.values() for name in some]
    assert len(names) == len(set(names))


def test_a_word_that_is_compared_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        'def f(e):\n    return e.kind == "incident" or e.state in ("implement", "x")\n', encoding="utf-8"
    )
    assert literals(path, frozenset(["incident", "implement"])) == {"incident": 1, "implement": 1}
