"""Recurring work: the records that rules of ``schemas/policies/recurring.yaml`` ask for, each made once.

Everything about such a record follows from the rule and the day: its identifier, its opening, its text. So whoever
runs it, and how often, makes the same file; where it is there already, nothing is done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from itsm_gitops.editing.change import Written
from itsm_gitops.editing.create import finish, start_derived
from itsm_gitops.graph.recurrence import occurrences
from itsm_gitops.model import clock
from itsm_gitops.model.errors import ItsmError, RuleBookError, UsageError
from itsm_gitops.model.findings import ERROR, sort_key
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RECURRING, RuleBook
from itsm_gitops.model.words import counted
from itsm_gitops.snapshots.archived import read_archived

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

# Records missed for longer are not made later, unless the rule says so.
CATCH_UP_DAYS = 31
_WORDS = re.compile(r"\{(date|month|year|quarter|week)\}")
_USUAL_TIME = "09:00"


@dataclass(frozen=True, slots=True)
class RecurringWork:
    """One record of a rule. ``occurs`` and ``opens`` are moments in UTC; ``exists`` says whether it has been made."""

    rule: str
    kind: Kind
    identifier: str
    path: str
    occurs: datetime
    opens: datetime
    exists: bool


def recurring_rules(book: RuleBook) -> list[Mapping[str, Any]]:
    """Return the rules of recurring work, in order of the file."""
    return list(book.policy(RECURRING).get("rules", []))


def _require_right(repo: Repository) -> None:
    """Raise RuleBookError where `itsm check` finds an error in the rules of recurring work.

    What a job makes that nobody watches would go on under a rule that everybody else is told is wrong.
    """
    from itsm_gitops.rules import book_errors
    from itsm_gitops.rules.locating import locate

    snapshot = repo.snapshot(None)
    wrong = (f for f in book_errors(snapshot) if f.path == RECURRING and f.severity == ERROR)
    errors = sorted(locate(snapshot, wrong), key=sort_key)
    for first in errors[:1]:
        more = f", and {counted(len(errors) - 1, 'more error')}" if len(errors) > 1 else ""
        place = f"{RECURRING}:{first.line}:{first.column}"
        raise RuleBookError(f"{place}: {first.message} ({first.code}){more}", first.hint or _HELP)


_HELP = "itsm check says where; schemas/meta/recurring.schema.json says how it is written"


def recurring_work(repo: Repository, now: datetime) -> list[RecurringWork]:
    """Return the records of all rules that are due by a moment, including those that exist already.

    A record is due ``lead_days`` before its day. Raises RuleBookError, which names the place, where a rule is wrong.
    """
    _require_right(repo)
    archived, _ = read_archived(repo.snapshot(None))
    return [work for rule in recurring_rules(repo.book) for work in _of_rule(repo, rule, now, archived)]


def _of_rule(
    repo: Repository, rule: Mapping[str, Any], now: datetime, archived: Collection[str]
) -> Iterator[RecurringWork]:
    name, lead = rule["name"], timedelta(days=rule.get("lead_days", 0))
    zone = ZoneInfo(repo.config.timezone)
    first, at = date.fromisoformat(rule["start"]), time.fromisoformat(rule.get("time", _USUAL_TIME))
    begin = now + lead - timedelta(days=rule.get("catch_up_days", CATCH_UP_DAYS))
    try:
        kind = repo.book.kind(rule["kind"])
        moments = list(occurrences(rule["rule"], first, at, zone, begin, now + lead))
    except ItsmError as error:
        raise UsageError(f"{RECURRING}, rule '{name}': {error.message}", error.hint) from error
    for occurs in moments:
        opens = occurs - lead
        identifier = derived_identifier(name, kind, occurs, opens)
        path = repo.book.path_for(kind, identifier)
        exists = identifier in archived or (repo.root / path).exists()
        yield RecurringWork(name, kind, identifier, path, occurs, opens, exists)


def derived_identifier(rule: str, kind: Kind, occurs: datetime, opens: datetime) -> str:
    """Return the identifier of what a rule asks for on a day: its date is that of its opening, the rest a digest."""
    text = f"{rule}\0{kind.prefix}\0{clock.format_time(occurs)}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return f"{kind.prefix}-{opens:%y%m%d}-{clock.encode_suffix(number)}"


def make_recurring(repo: Repository, work: RecurringWork) -> Written:
    """Write one record; raises as `create.finish` does, naming the rule."""
    rule = next(r for r in recurring_rules(repo.book) if r["name"] == work.rule)
    local = work.occurs.astimezone(ZoneInfo(repo.config.timezone))
    values = {k: _filled(v, local) for k, v in rule.get("values", {}).items()}
    for field, days in rule.get("dates", {}).items():
        values[field] = _day(work, field, days, local)
    try:
        draft = start_derived(
            repo,
            work.kind,
            work.identifier,
            rule["by"],
            work.opens,
            template=rule.get("template"),
            values=values,
        )
        return finish(draft)[0]
    except UsageError as error:
        raise UsageError(f"{RECURRING}, rule '{work.rule}': {error.message}", error.hint) from error


def _day(work: RecurringWork, field: str, days: int, local: datetime) -> str:
    """Return the day ``days`` days after the occurrence, as a date-time where the field holds one."""
    schema = work.kind.fields.get(field, {})
    if schema.get("format") == "date-time":
        return clock.format_time(local + timedelta(days=days))
    return (local + timedelta(days=days)).date().isoformat()


def _filled(value: Any, local: datetime) -> Any:
    """Return a value with the words for the day of the occurrence in their places."""
    if isinstance(value, list):
        return [_filled(v, local) for v in value]
    if isinstance(value, dict):
        return {k: _filled(v, local) for k, v in value.items()}
    if not isinstance(value, str):
        return value
    words = {
        "date": local.date().isoformat(),
        "month": f"{local:%B} {local.year}",
        "year": str(local.year),
        "quarter": f"Q{(local.month + 2) // 3} {local.year}",
        "week": f"{local.isocalendar().year}-W{local.isocalendar().week:02d}",
    }
    return _WORDS.sub(lambda m: words[m[1]], value)
