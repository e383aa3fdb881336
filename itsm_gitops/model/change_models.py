"""Models of change as data: what each type must have and from when (policies/change-models.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from itsm_gitops.model.rulebook import CHANGE_MODELS, RuleBook
from itsm_gitops.model.workflow import Workflow

ALWAYS = "always"
WHEN_OUTAGE = "when_outage"
NEVER = "never"


@dataclass(frozen=True, slots=True)
class ChangeModel:
    """One model of change.

    ``templated`` models are authorised by an approved template, ``assessed`` ones have their risk
    computed. The ``*_from`` fields name the state from which something is demanded, None for never.
    ``plans`` are fields by level of risk; ``keeps_windows`` is always, when_outage or never.
    """

    name: str
    title: str
    description: str
    templated: bool = False
    assessed: bool = True
    content_from: str | None = None
    plans_from: str | None = None
    window_from: str | None = None
    plans: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keeps_windows: str = NEVER


_READ: WeakKeyDictionary[RuleBook, dict[str, ChangeModel]] = WeakKeyDictionary()


def read_models(book: RuleBook) -> dict[str, ChangeModel]:
    """Return the models of a rule book by name, read once; empty where it has none."""
    known = _READ.get(book)
    if known is None:
        raw = book.policy(CHANGE_MODELS).get("models")
        named = raw.items() if isinstance(raw, Mapping) else ()
        known = {name: _model(name, about) for name, about in named if isinstance(about, Mapping)}
        _READ[book] = known
    return known


def _model(name: str, about: Mapping[str, Any]) -> ChangeModel:
    plans = about.get("plans")
    return ChangeModel(
        name=name,
        title=str(about.get("title", name)),
        description=str(about.get("description", "")),
        templated=about.get("template") == "required",
        assessed=about.get("risk", "assessed") == "assessed",
        content_from=about.get("content_from"),
        plans_from=about.get("plans_from"),
        window_from=about.get("window_from"),
        plans={k: tuple(v) for k, v in plans.items()} if isinstance(plans, Mapping) else {},
        keeps_windows=str(about.get("maintenance_window", NEVER)),
    )


def reached(flow: Workflow, state: str, since: str | None) -> bool:
    """Whether a document in ``state`` is in ``since`` or later on its way (a cancelled one is nowhere)."""
    states = flow.states
    if since is None or state not in states or since not in states:
        return False
    order = list(states)
    return not flow.is_cancelled(state) and order.index(state) >= order.index(since)
