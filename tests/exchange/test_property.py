"""Whatever table is imported by whatever mapping: `check` has no new error, and every row is accounted for."""

from __future__ import annotations

import csv
import io
import os
import shutil

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from itsm_gitops.exchange import import_csv
from itsm_gitops.exchange.report import ROW_RESULTS
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.rules import check
from tests.exchange.test_drafts import SERVICE, TEAM

EXAMPLES = 60 if os.environ.get("ITSM_FULL") == "1" else 12  # about 1.5 s each
COLUMNS = ("key", "title", "when", "then", "state", "who", "other", "more", "more", "word")
NASTY = (
    "",
    "?",
    "T1",
    "T2",
    "T3",
    "t1",
    "ops",
    "mail",
    "a b",
    "=1+1",
    "'-x",
    "Zoë",
    "Zoe",
    "測試",
    "x" * 300,
    "a\nb",
    "\0",
    "high",
)
TIMES = (
    "2024-01-01",
    "2024-01-02T10:00",
    "2023-05-05T05:05:05",
    "2026-03-01",
    "01/02/2024",
    "",
    "never",
    "2999-01-01",
)
STATES = ("New", "Active", "Waiting", "Done", "Closed", "Gone", "", "closed", "-100")
WORDS = ("relates_to", "depends_on", "child_of", "runs", "caused_by", "nonsense", "")

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
rows = st.lists(
    st.tuples(
        st.sampled_from(("T1", "T2", "T3", "T4", "Web 1", "web-1", "", "ops", "é")),
        texts,
        st.sampled_from(TIMES),
        st.sampled_from(TIMES),
        st.sampled_from(STATES),
        texts,
        texts,
        texts,
        texts,
        st.sampled_from(WORDS),
    ),
    max_size=8,
)
STATE = {
    "column": "state",
    "map": {
        "New": "new",
        "Active": "in_progress",
        "Waiting": "on_hold",
        "Done": "resolved",
        "Closed": "closed",
        "Gone": "cancelled",
    },
    "default": "new",
}
FIELDS = {
    "title": {"column": "title", "default": "None"},
    "reported_by": {"column": "who", "slug": True, "default": "nobody"},
    "service": st.sampled_from(({"value": "mail"}, "other", {"column": "other", "default": "mail"})),
    "category": {"value": "IT"},
    "impact": {"column": "more#1", "default": "low"},
    "urgency": {"value": "low"},
    "assigned_team": {"column": "who", "slug": True, "ensure": "team"},
    "cis": {"column": "more", "separator": ","},
    "watchers": {"column": "more", "slug": True},
    "description": {"template": "{title}: {other|}"},
    "major": "other",
    "on_hold_reason": {"value": "awaiting_vendor", "states": ["on_hold"]},
    "resolution_code": {"value": "other", "states": ["resolved", "closed"]},
    "resolution_notes": {"value": "Done.", "states": ["resolved", "closed"]},
    "x.old.word": "word",
    "labels.floor": "title",
}
DEMANDED = ("title", "reported_by", "service", "category", "impact", "urgency")


@st.composite
def incidents(draw) -> dict[str, object]:
    """A mapping that makes incidents, of rows or of events."""
    chosen = [n for n in FIELDS if n in DEMANDED or draw(st.booleans())]
    fields = {n: draw(f) if isinstance(f := FIELDS[n], st.SearchStrategy) else f for n in chosen}
    line: dict[str, object] = {"opened": {"at": "when"}, "state": STATE, "fill_steps": draw(st.booleans())}
    if draw(st.booleans()):
        line["steps"] = [{"state": "resolved", "at": "then"}, {"state": "closed", "at": "then"}]
    elif draw(st.booleans()):
        line["events"] = {
            "at": "then",
            "by": {"column": "who", "slug": True},
            "track": [{"column": "title", "label": "Title"}],
        }
    if draw(st.booleans()):
        line["comments"] = [{"column": "more", "form": draw(st.sampled_from(("text", "jira", "servicenow")))}]
    return {
        "kind": "incident",
        "key": "key",
        "times": {"format": "iso", "time_zone": "Etc/UTC"},
        "columns": fields,
        "timeline": line,
        "links": draw(
            st.sampled_from(
                ([], [{"type": t, "column": "other"} for t in ("relates_to", "child_of", "parent_of")])
            )
        ),
    }


SERVERS = {
    "kind": "server",
    "key": {"column": "key"},
    "columns": {
        "name": {"column": "title", "default": "None"},
        "owner": {"column": "who", "slug": True, "ensure": "team"},
        "lifecycle": {"value": "production"},
    },
    "links": [{"type": t, "column": "other"} for t in ("runs_on", "depends_on", "connects_to", "runs")],
}
RELATIONS = {"relations": {"from": "key", "type": "word", "to": "other"}}
mappings = st.one_of(incidents(), st.just(SERVERS), st.just(RELATIONS))


@pytest.fixture
def place(make_repo):
    """A repository that each example begins anew."""
    repo = make_repo("repo")
    repo.write("itsm.yaml", (repo.root / "itsm.yaml").read_text() + 'cut_over: "2024-01-02"\n')
    return repo


def begin(place) -> None:
    for folder in ("records", "cmdb", "imports", "build"):
        shutil.rmtree(place.root / folder, ignore_errors=True)
    place.write("cmdb/teams/ops.yaml", TEAM)
    place.write("cmdb/services/mail.yaml", SERVICE)


def errors(place) -> set[tuple[str, str, str]]:
    return {(f.code, f.path, f.message) for f in check(place.repo).findings if f.severity == "error"}


def written(place) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for f in ("records", "cmdb") for p in (place.root / f).rglob("*.yaml")}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(rows, mappings, st.booleans()), min_size=1, max_size=3))
def test_what_is_imported_passes_the_check(place, tmp_path, imports) -> None:
    begin(place)
    for table, mapping, update in imports:
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerows([COLUMNS, *table])
        source, rules = tmp_path / "t.csv", tmp_path / "m.yaml"
        source.write_text(out.getvalue(), encoding="utf-8", errors="surrogatepass", newline="")
        rules.write_text(yaml.safe_dump(mapping, sort_keys=False))
        before = written(place)
        try:
            planned = import_csv(place.repo, source, rules, True, update=update)
            report = import_csv(place.repo, source, rules, update=update)
        except ItsmError:
            assert written(place) == before
            continue
        assert (planned.counts, planned.notes, planned.skipped) == (
            report.counts,
            report.notes,
            report.skipped,
        )
        assert sum(report.results[name] for name in ROW_RESULTS) == report.rows
        assert errors(place) == set(), (table, mapping)
        after = written(place)
        again = import_csv(place.repo, source, rules, update=update)
        assert {p: v for p, v in written(place).items() if after.get(p) != v} == {}
        assert not again.written
