"""What the function of a report returns, before it is dressed with title, time and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from itsm_gitops.model.report import Key, Table
from itsm_gitops.model.trend import Trend


class ReportDraft(NamedTuple):
    """A report's result in one line, the functions whose docstrings define its measures, its tables, and its trend.

    ``main`` is its figure among other reports, ``keys`` are those at its head, ``note`` says how they are taken.
    """

    headline: str
    measures: tuple[Callable[..., Any], ...]
    tables: tuple[Table, ...]
    trend: Trend | None = None
    main: Key | None = None
    keys: tuple[Key, ...] = ()
    note: str = ""
