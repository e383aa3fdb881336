"""The record page beyond its document: history, likeness, approvals, evidence, conflicts, origin; the item's too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hostile_site import TEXTS, write_hostile
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.audience import AUDIENCES, Audience, audience_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.standing import ApprovalNeed, Asking, Course, Promise, Proof
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.conflicts import Conflicts, conflicts
from itsm_gitops.presentation.document_history import FieldHistory
from itsm_gitops.presentation.fields import changed, fields, value
from itsm_gitops.presentation.markup import Html
from itsm_gitops.presentation.pages.dependents import reached, who_depends
from itsm_gitops.presentation.pages.item import item_page
from itsm_gitops.presentation.pages.origin import forge_pages
from itsm_gitops.presentation.pages.over_time import months_of
from itsm_gitops.presentation.pages.reading import measure
from itsm_gitops.presentation.pages.record import _questions, record_page
from itsm_gitops.presentation.pages.steps import stepper
from itsm_gitops.presentation.planned import Plan
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.audience import load
from itsm_gitops.publish.background import add_background, evidence_files
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.config import Config, Hosting
from tests.support import GitRepo

INC, CHG, ITEM = "INC-261120-AAAAA", "CHG-261118-BBBBB", "shop-web"
INC_PATH = f"records/incidents/2026/11/{INC}.yaml"
CHG_PATH = f"records/changes/2026/11/{CHG}.yaml"
ADA = "id: ada\nclass: person\nname: Ada Example\nlifecycle: production\nteams: [web]\ncommit_addresses: [Ada@example.org]\n"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """The sample in Git: an incident was edited by somebody known, a change by somebody unknown."""
    made = GitRepo(tmp_path_factory.mktemp("record-page") / "repo")
    made.root.mkdir()
    write_sample(made.root)
    made.git("init", "-q")
    made.write("cmdb/people/ada.yaml", ADA)
    wanted = {p: (made.root / p).read_text() for p in (INC_PATH, CHG_PATH)}
    made.write(
        INC_PATH,
        wanted[INC_PATH]
        .replace("state: in_progress", "state: new", 1)
        .replace("impact: high", "impact: low"),
    )
    made.write(CHG_PATH, wanted[CHG_PATH].replace("level: medium", "level: low"))
    made.commit("Everything")
    made.write(INC_PATH, wanted[INC_PATH])
    made.commit("Work", author="Ada")
    made.write(CHG_PATH, wanted[CHG_PATH])
    made.git("add", "-A")
    made.git(
        "-c",
        "user.email=nobody@example.org",
        "-c",
        "user.name=Somebody Else",
        "commit",
        "--date=2026-01-02T00:00:00Z",
        "-qm",
        "Risk",
    )
    return made


def view_of(repo: Repository, audience: Audience | None = None, at: str | None = None) -> View:
    reporter = SnapshotReporter()
    view, *_ = load(repo.snapshot(at), repo.book, audience or Audience(), reporter, NOW)
    add_background(view, repo, at, reporter)
    view.conflicts = conflicts(Plan(view).schedule)
    return view


@pytest.fixture
def view(known: GitRepo) -> View:
    return view_of(known.repo)


def page(view: View, identifier: str) -> str:
    entry = view.entries[identifier]
    kind = view.kind(entry)
    make = record_page if kind.is_record else item_page
    return make(view, entry, view.store.data(identifier), fields(kind))


def part(html: str, anchor: str) -> str:
    """The text of one section."""
    found = re.search(rf"<h[23] id={anchor}>.*?</section>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found.group()).split()) if found else ""


def test_the_history_of_a_record_and_who_it_was(view: View) -> None:
    said = part(page(view, INC), "history")
    assert "· Ada Example ·" in said
    assert "Impact Low → High" in said
    assert "State New → In progress" in said
    assert "cmdb/people/ada.html>" in page(view, INC)
    assert "· Somebody Else ·" in part(page(view, CHG), "history")
    assert "Risk › Level Low → Medium" in part(page(view, CHG), "history")
    assert part(page(view, "PRB-261121-DDDDD"), "history") == ""


def test_the_history_ends_at_the_snapshot(known: GitRepo) -> None:
    assert part(page(view_of(known.repo, at="HEAD~1"), CHG), "history") == ""
    assert part(page(view_of(known.repo, at="HEAD~1"), INC), "history") != ""


def test_settings_and_audiences_turn_it_off(known: GitRepo, view: View) -> None:
    staff = audience_of(known.repo.book.policy(AUDIENCES), "staff", ["person"])
    assert view_of(known.repo, staff).history is None
    assert view_of(known.repo, staff).asking is None
    assert view_of(known.repo, Audience(sources=False)).history is None
    view.config = Config(history=False)
    view.history = None
    add_background(view, known.repo, None, None)
    assert view.history is None


def test_a_timeline_that_only_grew_is_not_told_twice(known: GitRepo, view: View) -> None:
    history = view.history
    assert isinstance(history, FieldHistory)
    known_edits = {e.field for e in history.of(INC_PATH)}
    assert known_edits == {"impact", "state"}
    assert history.of("records/nowhere.yaml") == ()


def test_values_in_a_timeline_are_called_as_on_the_page(view: View) -> None:
    entry = view.entries[INC]
    told = {
        "at": "2026-11-20T10:00:00Z",
        "by": "ada",
        "set": {"impact": "high", "assignee": "ada", "major.next_update_by": "2026-11-20T11:00:00Z"},
        "was": {"impact": "low", "on_hold_reason": "awaiting_vendor"},
    }
    data = {**view.store.data(INC), "timeline": [told]}
    said = part(record_page(view, entry, data, fields(view.kind(entry))), "timeline")
    assert "Impact Low → High" in said
    assert "Assignee nothing → Ada Example" in said
    assert "Major incident › Next update by nothing → 20 Nov 2026, 12:00" in said
    assert "On hold reason Awaiting vendor → nothing" in said


def test_a_long_value_has_a_line_of_its_own() -> None:
    short, long = (
        Html("<a class=it-ref href=../../a/very/long/address/of/a/page.html>one</a>"),
        Html("word " * 20),
    )
    assert "it-edits__long" not in changed("Note", short, short)
    assert "it-edits__long" in changed("Note", short, long)


def test_a_request_says_whom_it_waits_for(view: View) -> None:
    view.store.data("laptop")["approval"] = {"required": True, "by": "ada"}
    waiting = of_data(view, "REQ-261121-FFFFF", "awaiting_approval", {})
    head = " ".join(re.sub(r"<[^>]*>", " ", waiting[: waiting.index("</header>")]).split())
    assert "Waiting for Ada Example , since " in head
    decided = {"approval": {"decision": "approved", "by": "ada"}}
    for state, more in (("awaiting_approval", decided), ("in_fulfilment", {}), ("closed", {})):
        assert "Waiting for" not in of_data(view, "REQ-261121-FFFFF", state, more)


def test_what_is_due_stands_at_the_head(view: View) -> None:
    html = of_data(view, "REQ-261121-FFFFF", "awaiting_approval", {"due_by": "2026-11-27"})
    head, _, below = html.partition("</header>")
    assert (
        "Due by<dd><time datetime=2026-11-27>Fri 27 Nov</time> <span data-due=2026-11-27><b class=it-chip--none>in 5 days<"
        in head
    )
    assert "Due by" not in below
    late = of_data(view, "REQ-261121-FFFFF", "awaiting_approval", {"due_by": "2026-11-20"})
    assert "<b class=it-chip--bad>2 days overdue</b>" in late
    near = of_data(view, "REQ-261121-FFFFF", "awaiting_approval", {"due_by": "2026-11-24"})
    assert "<b class=it-chip--soon>in 2 days</b>" in near


def test_a_plan_that_is_kept_is_no_alarm(view: View) -> None:
    plan = {"planned_start": "2026-11-24T20:00:00Z", "planned_end": "2026-11-24T22:00:00Z"}
    assert "<span data-plan=2026-11-24><b class=it-chip--none>in 2 days</b>" in of_data(
        view, CHG, "scheduled", plan
    )


def test_what_users_were_told_stands_once(view: View) -> None:
    told = {"at": "2026-11-20T11:00:00Z", "by": "ada", "comment": "We look at it."}
    entries = [{"at": "2026-11-20T09:00:00Z", "by": "ada", "state": s} for s in ("new", "in_progress")]
    html = of_data(view, INC, "in_progress", {"timeline": [*entries, told]})
    assert "We look at it." not in part(html, "timeline")
    assert "We look at it." in part(html, "updates")
    assert part(html, "timeline").startswith("Timeline In progress 20 Nov 2026, 10:00")
    # When the next word comes is part of what was told; what else changed is not.
    told["set"] = {"major.next_update_by": "2026-11-20T12:00:00Z"}
    html = of_data(view, INC, "in_progress", {"timeline": [*entries, told]})
    assert "Update for users" not in part(html, "timeline")
    told["set"] = {**told["set"], "urgency": "low"}
    said = part(of_data(view, INC, "in_progress", {"timeline": [*entries, told]}), "timeline")
    assert said.startswith(
        "Timeline Update for users 20 Nov 2026, 12:00 Ada Example Urgency nothing → Low In progress"
    )
    # A state that the head has is no timeline, whatever users were told.
    del told["set"]
    assert part(of_data(view, INC, "new", {"timeline": [entries[0], told]}), "timeline") == ""


def test_small_facts_take_a_line(view: View) -> None:
    outage = {
        "outage": {"expected": False, "minutes": 0},
        "cab": {"decision": "recommended", "date": "2026-11-17"},
    }
    html = of_data(view, CHG, "scheduled", outage)
    assert part(html, "plan") == "Plan Implementation plan Stop Start Outage No outage expected"
    assert part(html, "decision").startswith("Decision CAB Recommended, 17 Nov 2026 Approvals")
    # A line that is alone needs no heading above its name.
    alone = of_data(view, CHG, "scheduled", {**outage, "implementation_plan": ""})
    assert part(alone, "plan") == "Outage No outage expected"
    view.asking = None
    view.conflicts = {}
    assert part(of_data(view, CHG, "scheduled", outage), "cab") == "CAB Recommended, 17 Nov 2026"
    expected = {"outage": {"expected": True, "minutes": 90, "services": ["shop"]}}
    assert "Outage Expected · 1 h 30 min · Online shop" in part(
        of_data(view, CHG, "scheduled", expected), "plan"
    )
    happy = {"satisfaction": {"score": 3, "comment": "It took an hour."}}
    assert "Satisfaction 3 of 5 It took an hour." in part(of_data(view, INC, "closed", happy), "details")
    figure = {"name": "Minutes to the alert", "unit": "min", "before": 12, "target": 2, "after": 3}
    assert re.sub(r"<[^>]*>", "", measure(view, figure)) == "12 min → 2 min now 3 minMinutes to the alert"


def test_objects_that_are_missing_are_not_told(known: GitRepo, view: View) -> None:
    assert view.history is not None
    (version, *_) = view.history.versions[INC_PATH]
    broken = FieldHistory(known.repo.history, {INC_PATH: [replace(version, blob="1" * 40)]})
    assert list(broken.of(INC_PATH)) == []


def test_similar_records_say_how_they_ended(view: View) -> None:
    said = part(page(view, "PRB-261121-DDDDD"), "similar")
    assert said.startswith("Similar records Cache of the shop front fills up KE-261121-EEEEE Published")
    assert said.endswith("Workaround: Empty the cache.")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"resolution_code": "fixed", "resolution_notes": "Turned it\noff."},
            "Resolved: fixed. Turned it off.",
        ),
        ({"resolution_notes": "Turned it off."}, "Resolved like this: Turned it off."),
        ({"resolution_code": "fixed", "resolution_notes": "1. Stop it.\n2. Start it."}, ""),
        ({"resolution_code": "fixed", "resolution_notes": "Run it. " * 40}, ""),
        ({"resolution_notes": "- Stop it.\n- Start it."}, ""),
        ({}, ""),
    ],
)
def test_how_a_similar_incident_was_resolved(view: View, columns: Mapping[str, Any], said: str) -> None:
    from itsm_gitops.presentation.pages.similar import _hint

    closed = replace(view.entries["INC-261001-CCCCC"], columns=columns)
    assert re.sub(r"<[^>]*>", "", _hint(view, closed)) == said
    assert _hint(view, replace(closed, state="new")) == ""


def test_outcomes_and_workarounds_that_are_too_long_to_show(view: View) -> None:
    from itsm_gitops.presentation.pages.similar import _hint

    change = replace(view.entries[CHG], state="closed", columns={"outcome": "backed_out"})
    assert "Outcome: backed out." in _hint(view, change)
    assert _hint(view, replace(change, columns={})) == ""
    error = view.entries["KE-261121-EEEEE"]
    assert "It has a workaround." in _hint(view, replace(error, columns={}))
    for steps in ("1. Stop it.\n2. Start it.", "Stop it.\n\nStart it.", "Run it. " * 40):
        told = re.sub(r"<[^>]*>", "", _hint(view, replace(error, columns={"workaround": steps})))
        assert told == "It has a workaround."
    assert _hint(view, replace(error, state="retired")) == ""


def test_who_must_approve_and_why(view: View) -> None:
    said = part(page(view, CHG), "approvals")
    assert "nobody owns shop-web" in said
    assert "1 change manager Nobody can The change manager weighs" in said
    assert "From the rule change-manager." in said
    assert "asks to authorise a change of type normal, risk medium" in said
    risk = part(page(view, CHG), "risk")
    assert risk.startswith("Risk assessment ")
    assert "Set by hand to medium; the answers and the facts give low. Question" in risk
    assert "Question Answer Points Criticality of the affected items and the services they carry" in risk
    assert "Online shop has the highest Critical 4" in risk
    assert "of its questions are not answered." in risk
    assert "Total of the answers" not in risk  # none has points
    assert re.search(r"Total of the facts Low medium from \d+, high from \d+ 4", risk)


def test_needs_in_words(view: View) -> None:
    people = ("ada", *(f"p{n}" for n in range(9)))
    needs = (ApprovalNeed("board", "Together.", "cab", "shop", 2, people, signed=True),)
    view.asking = lambda _entry, _data: Asking("asks", needs)
    assert "2 CAB of Online shop (signed): Ada Example , p0" in part(page(view, CHG), "approvals")
    assert "and 2 more" in part(page(view, CHG), "approvals")
    view.asking = lambda _entry, _data: Asking("asks", ())
    assert "asks for nobody's approval" in part(page(view, CHG), "approvals").replace("&#x27;", "'")
    view.asking = lambda _entry, _data: Asking("", ())
    assert part(page(view, CHG), "approvals") == ""


def test_approvals_are_summed_up_before_the_detail(view: View) -> None:
    needs = (
        ApprovalNeed("board", "Together.", "cab", "", 2, ("ada", "bob", "eve")),
        ApprovalNeed("owner", "It is theirs.", "owner", "shop", 1, ("eve",)),
        ApprovalNeed("nobody", "It is nobody's.", "owner", "shop-web", 1, (), error="nobody owns it"),
    )
    view.asking = lambda _entry, _data: Asking("asks", needs)
    said = part(page(view, CHG), "approvals")
    # It is scheduled: nobody is asked any more.
    assert said.startswith("Approvals Approved. The approver is not recorded. What")
    assert "it-notice" not in page(view, CHG).partition("id=approvals")[2]
    view.asking = lambda _entry, _data: Asking("asks", needs, by_template=True)
    covered = of_data(view, CHG, "scheduled", {"template": "normal-change"})
    title = view.book.template("normal-change")["title"]
    assert part(covered, "approvals").startswith(f"Approvals Covered by the approved template {title}. What")
    four = (*needs, ApprovalNeed("lead", "They lead.", "lead", "", 1, ("joe",)))
    view.asking = lambda _entry, _data: Asking("asks", four)
    waiting = replace(view.entries[CHG], state="authorize")
    html = record_page(view, waiting, view.store.data(CHG), fields(view.kind(waiting)))
    said = part(html, "approvals")
    assert said.startswith(
        "Approvals 0 of 5 approved CAB 2 of 3 people Ada Example , bob , eve Owner of Online shop eve "
        "Owner of Shop front Cannot be asked nobody owns it Lead joe What the policy asks for Together."
    )
    assert html.count("of 5 approved") == html.count("id=approvals") == 1
    view.asking = lambda _entry, _data: Asking("asks", needs)
    proof = Proof(
        "a", b"{}", "", 1, "merge", (CHG,), "SATISFIED", "main", "", "", "", (("ada", "signed"),), ()
    )
    view.proofs = {CHG: [proof]}
    html = page(view, CHG)
    said = part(html, "approvals")
    assert said.startswith(
        "Approvals 1 of 4 approved CAB Approved Ada Example bob or eve Owner of Online shop eve"
    )
    assert html.index("id=approvals") < html.index("<div class=it-main>")
    # What was approved while it was a draft does not count for the work.
    draft = replace(view.entries[CHG], state="draft")
    html = record_page(view, draft, view.store.data(CHG), fields(view.kind(draft)))
    assert "0 of 4 approved" in html
    url = "https://forge.example/acme/infra/pulls/7"
    data = {**view.store.data(CHG), "pull_requests": [url, "javascript:alert(1)"]}
    html = record_page(view, replace(draft, state="scheduled"), data, fields(view.kind(draft)))
    assert f'<a href="{url}" rel="noopener noreferrer nofollow" class=it-ext>Pull request</a>' in html
    assert "javascript:" not in html[html.index("id=approvals") : html.index("<div class=it-main>")]
    assert not re.search(r"href=\W*javascript:", html)


def test_the_head_of_a_change_says_who_can_still_approve_it(view: View) -> None:
    people = ("ada", "bob", "eve", "joe", "kim")
    needs = [
        ApprovalNeed("board", "Why.", "cab", "", 1, people),
        *(ApprovalNeed("owner", "Its.", "owner", name, 1, ("ada",)) for name in ("shop", "shop-web")),
        ApprovalNeed("nobody", "Its.", "owner", "checkout", 1, ()),
    ]
    view.asking = lambda _entry, _data: Asking("asks", tuple(needs))
    url = "https://forge.example/acme/infra/pulls/7"
    data = {**view.store.data(CHG), "pull_requests": [url]}
    assert "it-approved" not in page(view, CHG)  # it is scheduled, and no evidence tells who approved it
    entry = replace(view.entries[CHG], state="authorize")
    html = record_page(view, entry, data, fields(view.kind(entry)))
    said = part(html, "approvals")
    # Many are folded, and who is asked in one role about several items has one line.
    assert said.startswith(
        "Approvals 0 of 4 approved CAB Any of 5 people Ada Example , bob , eve , joe , kim Owner of"
    )
    assert re.search(
        r"Owner of Online shop , [\w -]+ Ada Example Owner of checkout Nobody can Pull request", said
    )
    assert f'href="{url}"' in html
    assert "it-approved" not in page(view, INC)
    proof = Proof(
        "a", b"{}", "", 1, "merge", (CHG,), "SATISFIED", "main", "", "", "", (("ada", "signed"),), ()
    )
    view.proofs = {CHG: [proof]}
    said = part(page(view, CHG), "approvals")
    assert said.startswith("Approvals 3 of 4 approved CAB Approved Ada Example Owner of Online shop")
    view.asking = lambda _entry, _data: Asking("asks", ())
    assert "it-approved" not in page(view, CHG)


def of_data(view: View, identifier: str, state: str, more: Mapping[str, Any]) -> str:
    """The page of a record of the sample in another state, with more in it."""
    entry = replace(view.entries[identifier], state=state)
    data = {**view.store.data(identifier), "state": state, **more}
    return record_page(view, entry, data, fields(view.kind(entry)))


def test_a_finished_change_begins_with_its_outcome(view: View) -> None:
    more = {
        "outcome": "backed_out",
        "close_notes": "The new version did not start.",
        "implementation_plan": "Put it there.",
        "actual_start": "2026-11-28T20:00:00Z",
        "actual_end": "2026-11-28T20:50:00Z",
        "review": {"objective_met": False},
    }
    html = of_data(view, CHG, "closed", more)
    assert part(html, "outcome") == (
        "Outcome Backed out 28 Nov 2026, 21:00 to 21:50 The new version did not start."
    )
    assert html.index("id=outcome") < html.index(">Review<") < html.index(">Implementation plan<")
    details = part(html, "details")
    assert "Actual start" not in details
    assert "Outcome" not in details
    assert html.count("The new version did not start.") == 1
    assert "id=outcome" not in of_data(view, CHG, "implement", {"implementation_plan": "Put it there."})


def test_the_outcome_of_a_problem_has_cause_and_fix(view: View) -> None:
    events = [
        {"at": "2026-11-21T09:00:00Z", "by": "ada", "state": "new"},
        {"at": "2026-11-22T09:00:00Z", "by": "ada", "state": "resolved"},
        {"at": "2026-11-22T19:00:00Z", "by": "ada", "state": "closed"},
    ]
    more = {"resolution_code": "fix_applied", "root_cause": "It leaks.", "fix_notes": "A new version."}
    html = of_data(view, "PRB-261121-DDDDD", "closed", {**more, "timeline": events})
    assert ">Resolved <time datetime=2026-11-22T09:00:00Z>22 Nov, 10:00</time>" in html
    box = html[html.index("<div class=it-outcome>") : html.index("id=timeline")]
    said = " ".join(re.sub(r"<[^>]*>", " ", box).split())
    assert said.startswith("Fix applied Root cause It leaks. Fix notes A new version.")
    # A cause that is known while the work goes on is no outcome.
    assert "it-outcome" not in of_data(
        view, "PRB-261121-DDDDD", "fix_in_progress", {"root_cause": "It leaks."}
    )


def test_what_was_given_up_says_why(view: View) -> None:
    html = of_data(
        view, "REQ-261121-FFFFF", "cancelled", {"cancellation_reason": "It is not needed any more."}
    )
    assert part(html, "outcome").endswith("It is not needed any more.")
    assert "it-outcome__end><b" not in html
    rejected = {"approval": {"decision": "rejected", "reason": "There is one already."}}
    html = of_data(view, "REQ-261121-FFFFF", "rejected", rejected)
    assert html.index("There is one already.") < html.index(">Answers<")
    # A word that says neither that it is good nor that it is bad has no colour.
    html = of_data(view, "REQ-261121-FFFFF", "closed", {"fulfilment": "skipped"})
    assert "it-outcome__end><b class=it-chip--none>Skipped</b>" in html


def test_the_history_of_fields_stands_last(view: View) -> None:
    html = page(view, INC)
    assert html.index("id=details") < html.index("class=it-source") < html.index("id=history")


def test_what_was_done_after_the_moment_of_the_build_is_not_told(known: GitRepo) -> None:
    assert part(page(view_of(known.repo), CHG), "history") != ""
    at_last = datetime(2026, 1, 1, tzinfo=UTC)
    early, *_ = load(known.repo.snapshot(None), known.repo.book, Audience(), SnapshotReporter(), at_last)
    add_background(early, known.repo, None, SnapshotReporter())
    assert isinstance(early.history, FieldHistory)
    assert early.history.of(INC_PATH) == []
    assert early.history.is_ahead(INC_PATH)


def test_answers_are_shown_by_the_names_of_what_they_name(view: View) -> None:
    schema = {
        "type": "object",
        "properties": {
            "where": {"title": "Where?"},
            "who": {"title": "Who?"},
            "word": {"title": "Which word?"},
        },
    }
    view.store.data("laptop")["form"] = schema
    questions = _questions(
        view, "laptop", {"where": "shop-web", "who": ["shop-web", "nobody-here"], "word": "shop"}
    )
    assert questions["properties"] == {
        "where": {"title": "Where?", "x-ref": []},
        "who": {"title": "Who?"},  # one of them names nothing
        "word": {"title": "Which word?"},  # a single word may be just a word
    }
    assert value(view, "shop-web", questions["properties"]["where"]) == view.link("shop-web")


def test_a_known_error_says_whether_there_is_a_workaround(view: View) -> None:
    name = "KE-261121-EEEEE"
    html = page(view, name)
    assert "it-chip--done>Workaround available<" in html[: html.index("</header>")]
    more = {"symptom": "Slow.", "root_cause": "Full.", "workaround": "Empty it."}
    html = of_data(view, name, "published", more)
    # By its symptom a reader knows the fault; then comes what helps, in the place of an outcome.
    assert (
        html.index(">Symptom<")
        < html.index(">Workaround</h2><div class=it-outcome>")
        < html.index(">Root cause<")
    )
    assert "it-outcome--draft" not in html
    draft = of_data(view, name, "draft", more)
    assert draft[: draft.index("</header>")].count("Draft") == 1
    assert '>Workaround</h2><div class="it-outcome it-outcome--draft">' in draft
    view.store.data(name)["workaround"] = ""
    assert "it-chip--waiting>No workaround yet<" in page(view, name)
    assert "orkaround" not in (html := of_data(view, name, "retired", {}))[: html.index("</header>")]


def test_records_stand_in_their_part_of_the_site(view: View) -> None:
    sections = {i: urls.section(view.kind(view.entries[i])) for i in (INC, CHG, "KE-261121-EEEEE", ITEM)}
    assert sections == {
        INC: urls.RECORDS, CHG: urls.CHANGES, "KE-261121-EEEEE": urls.KNOWN_ERRORS, ITEM: urls.CMDB,
    }  # fmt: skip
    way = {i: re.sub(r"<[^>]*>", " ", page(view, i).partition("</nav>")[0]).split() for i in sections}
    assert way[CHG] == ["Changes", "List", "of", "changes", CHG]
    assert way["KE-261121-EEEEE"] == ["Known", "errors", "KE-261121-EEEEE"]
    assert way[INC] == ["Records", "Incidents", INC]


def test_the_head_of_a_record_says_its_service_level_and_its_age(view: View) -> None:
    late = Promise("resolution", "missed", "sla", "", 3600, 9000)
    view.course = lambda _identifier: Course((late,))
    html = page(view, INC)
    head = html[: html.index("</header>")]
    assert "<b class=it-chip--bad>Missed by 1 h 30 min</b>" in head
    assert "Opened" not in head
    # What the timeline says is no detail.
    assert part(html, "details").endswith("Opened 20 Nov 2026, 10:00")
    bare = of_data(view, INC, "in_progress", {"timeline": []})
    assert part(bare, "details").endswith(
        "Opened 20 Nov 2026, 10:00 State changed 20 Nov 2026, 10:10 Last change 20 Nov 2026, 10:30"
    )
    closed = page(view, "INC-261001-CCCCC")
    life = closed[closed.index("<p class=it-life>") : closed.index("<div class=it-cols>")]
    assert " ".join(re.sub(r"<[^>]*>", " ", life).split()).startswith("Opened 1 Oct 2026, 11:00 → ")
    assert "it-chip--bad>Missed" not in closed[: closed.index("</header>")]
    assert "Opened" not in part(closed, "details")


def test_the_head_of_an_open_record_says_when_and_whose_it_is(view: View) -> None:
    change, incident, closed = (
        (html := page(view, name))[: html.index("</header>")] for name in (CHG, INC, "INC-261001-CCCCC")
    )
    assert "<dt>Planned<dd><time datetime=2026-11-28T20:00:00Z>Sat 28 Nov, 21:00</time> to <time " in change
    assert ">23:00</time> <span data-plan=2026-11-28><b class=it-chip--none>in 6 days</b></span>" in change
    assert (
        f"<dt>Service<dd>{view.link('shop')} <b class=it-chip--outage>Outage</b></div><div><dt>Team<dd>{view.link('web')}</div>"
        in incident
    )
    assert "Planned" not in incident
    assert "<dt>Team" not in closed


def test_what_users_were_told_stands_apart_from_internal_notes(view: View) -> None:
    html = page(view, INC)
    assert part(html, "updates") == "Updates 20 Nov 2026, 10:30 · Ada Example We are working on it."
    timeline = part(html, "timeline")
    assert "Internal note The cache is full." in timeline
    assert "We are working on it." not in timeline


def test_evidence_with_the_statement_itself(view: View) -> None:
    proof = Proof(
        "00000007-merge-abc.json", b'{"_type":"x"}', "ab12", 7, "merge", (CHG,), "SATISFIED", "main", "abc", "sha256:99",
        "2026-11-19T09:00:00Z", (("ada", "signed"), ("somebody", "github")), (("change-manager: x", "SATISFIED"),),
    )  # fmt: skip
    again = replace(
        proof, kind="retroactive", result="OVERRIDDEN", review_due="2026-11-21T09:00:00Z", approvers=()
    )
    view.proofs = {CHG: [proof, again]}
    said = part(page(view, CHG), "evidence")
    assert "Approved Merged 19 Nov 2026, 10:00" in said
    assert "Ada Example (signed), somebody (github)" in said
    assert "itsm audit verify" in said
    assert "sha256:ab12" in said
    assert "Allowed in an emergency Reviewed afterwards" in said
    assert "To be reviewed by 21 Nov 2026" in said
    assert "Approved by nobody" in said
    assert "api/evidence/00000007-merge-abc.json>" in page(view, CHG)
    assert list(evidence_files(view)) == [("api/evidence/00000007-merge-abc.json", b'{"_type":"x"}')]
    view.proofs = {"CHG-260101-NOONE": [proof]}
    assert list(evidence_files(view)) == []


def test_statements_come_by_their_change(known: GitRepo, view: View) -> None:
    proof = Proof("a.json", b"{}", "", 1, "merge", (CHG, "CHG-2"), "ERROR", "main", "", "", "", (), ())

    class Told(SnapshotReporter):
        def proofs(self, repo: Repository) -> list[Proof]:
            return [proof]

    add_background(view, known.repo, None, Told())
    assert view.proofs == {CHG: [proof], "CHG-2": [proof]}


def test_a_freeze_is_a_conflict(view: View) -> None:
    assert "Freeze Winter freeze nothing may change then" in part(page(view, CHG), "conflicts")
    assert part(page(view, INC), "conflicts") == ""


def test_collisions_and_windows_are_conflicts(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    other = CHG_PATH.replace("BBBBB", "GGGGG")
    text = (
        (tmp_path / CHG_PATH).read_text().replace(CHG, "CHG-261118-GGGGG").replace("20:00:00Z", "21:00:00Z")
    )
    (tmp_path / other).write_text(text.replace("New version", "Another version"))
    (tmp_path / "cmdb/calendars/sundays.yaml").write_text(
        "id: sundays\nclass: calendar\nname: Sundays\ntype: maintenance_window\nlifecycle: production\n"
        "hours: [{days: [sun], from: '01:00', to: '05:00'}]\napplies_to: [shop-web]\n"
    )
    path = tmp_path / CHG_PATH
    path.write_text(path.read_text() + "maintenance_window: sundays\n")
    view = view_of(repo)
    said = part(page(view, CHG), "conflicts")
    assert "CHG-261118-GGGGG Another version" in said
    assert "both change shop-web, 28 Nov 2026, 22:00 to 28 Nov 2026, 23:00" in said
    assert "Outside the maintenance windows of Sundays" in said
    assert CHG in part(page(view, "CHG-261118-GGGGG"), "conflicts")
    assert isinstance(view.conflicts[CHG], Conflicts)


def test_what_follows_from_a_record(view: View) -> None:
    hits = part(page(view, INC), "worked-out")
    assert "Affected now" in hits
    assert "Shop front Outage" in hits
    due = int(datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp())
    promises = (
        Promise("response", "missed", "gold", "", 1800, 5400),
        Promise("resolution", "running", "gold", "winter", 14400, 60, due),
        Promise("other", "running", "gold", "", 60, 1),
    )
    view.course = lambda _: Course(promises, 7200, 600)
    said = part(page(view, INC), "worked-out")
    assert "Response Missed by 1 h 30 min promised" in said
    assert "Resolution Until 23 Nov 2026, 09:00 4 h promised" in said
    assert "Other Running 1 min promised" in said
    assert "Agreed in gold , around the clock gold ( Winter freeze )" in said
    assert "Time to resolve 2 h , 10 min of it waiting" in said
    # The head of the page has until when the clock runs that matters most.
    view.course = lambda _: Course((promises[1],))
    head = " ".join(re.sub(r"<[^>]*>", " ", page(view, INC)).split())
    assert "Resolve by Mon 23 Nov, 09:00 3 h 59 min left ( Winter freeze )" in head
    assert "Resolution Running 4 h promised" in part(page(view, INC), "worked-out")
    view.course = None
    assert part(page(view, "PRB-261121-DDDDD"), "worked-out") == ""


@pytest.mark.parametrize(
    ("forge", "pages"),
    [
        ("github", ("edit/a/b", "raw/a/b", "commits/a/b")),
        ("gitlab", ("-/edit/a/b", "-/raw/a/b", "-/commits/a/b")),
        ("gitea", ("_edit/a/b", "raw/branch/a/b", "commits/branch/a/b")),
    ],
)
def test_the_pages_of_a_file_on_each_forge(forge: str, pages: tuple[str, ...]) -> None:
    found = forge_pages(Hosting("https://forge.example/x", forge, "a/b"), "f.yaml")
    assert found == tuple(f"https://forge.example/x/{p}/f.yaml" for p in pages)
    assert forge_pages(Hosting(), "f.yaml") == ()


def test_links_to_the_file_its_data_and_the_command(view: View, known: GitRepo) -> None:
    html = page(view, INC)
    assert f'href="https://forge.example/acme/itsm/edit/main/{INC_PATH}"' in html
    assert f"/api/records/{INC}.json>This record as JSON" in html.replace("\x01", "/")
    assert f"<code>itsm show {INC}</code>" in html
    assert "Raw" not in html
    view.config = view.config._replace(
        repository=Hosting("https://forge.example/acme/itsm", "gitea"), edit_url=""
    )
    html = page(view, ITEM)
    assert "/acme/itsm/_edit/main/cmdb/applications/shop-web.yaml" in html
    assert ">Raw</a>" in html
    assert ">History on the forge</a>" in html
    assert "This item as JSON" in html
    outside = page(view_of(known.repo, Audience(sources=False)), INC)
    assert "This record as JSON" in outside
    assert "itsm show" not in outside
    assert INC_PATH not in outside


def test_who_depends_on_an_item_class_by_class(view: View) -> None:
    assert reached(view, "shop-db-1") == ["shop-web", "shop"]
    said = " ".join(re.sub(r"<[^>]*>", " ", who_depends(view, "shop-db-1")).split())
    assert said == "Who depends on it Applications Shop front Outage Services Online shop Outage"
    assert who_depends(view, "index") == ""


def test_relations_of_an_item_are_told_in_one_list_below_their_picture(view: View) -> None:
    html = page(view, "shop-web")
    said = part(html, "map")
    assert "As a list What it needs Depends on 2 Shop database 1 Shop database 2" in said
    assert "Who depends on it Services Online shop Outage" in said
    assert "Shop database 1" not in part(html, "links")
    # Who depends on it through others is in the list, where a picture has no room for them.
    assert "Services Online shop Outage" in part(page(view, "shop-db-1"), "map")


def test_long_lists_of_dependents_are_cut(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    for n in range(320):
        (tmp_path / f"cmdb/applications/app-{n:03d}.yaml").write_text(
            f"id: app-{n:03d}\nclass: application\nname: App {n:03d}\nlifecycle: production\n"
            "links: [{type: depends_on, target: shop-db-1}]\n"
        )
    view = view_of(repo)
    html = who_depends(view, "shop-db-1")
    assert "and 292 more" in html
    assert "The nearest 300 are shown." in html


def test_incidents_and_changes_month_by_month(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    table = months_of(view, [t for i in (INC, CHG, "INC-261001-CCCCC") if (t := view.traits(i))])
    assert [row[0] for row in table.rows][:2] == ["2025-12", "2026-01"]
    assert {row[0]: row[1:] for row in table.rows if any(row[1:])} == {"2026-10": (1, 0), "2026-11": (1, 1)}
    assert part(page(view, ITEM), "over-time") == ""  # so few are better listed
    monkeypatch.setattr("itsm_gitops.presentation.pages.over_time._FEWEST", 2)
    html = page(view, ITEM)
    said = part(html, "over-time")
    assert "Figures" in said
    assert '<figure class="it-chart">' in html
    assert part(page(view, "index"), "over-time") == ""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, book: RuleBook) -> View:
    """The hostile site with a hostile past: every field of every document was something else once."""
    root = tmp_path_factory.mktemp("hostile-past") / "repo"
    root.mkdir()
    repo = write_hostile(root, book)
    made = GitRepo(root)
    made.git("init", "-q")
    now = {p: p.read_text() for p in sorted(root.rglob("*HH?HH.yaml"))}
    for number, (path, text) in enumerate(now.items()):
        data = json.loads(text)
        old = {key: TEXTS[(n + number) % len(TEXTS)] for n, key in enumerate(data)}
        path.write_text(json.dumps({**old, TEXTS[number % len(TEXTS)][:60]: TEXTS[0]}, ensure_ascii=False))
    made.commit("Before")
    for path, text in now.items():
        path.write_text(text)
    made.git("add", "-A")
    author = '"><img src=x onerror=alert(20)> <script>alert(21)</script>'
    made.git(
        "-c",
        f"user.name={author}",
        "-c",
        "user.email=x@example.org",
        "commit",
        "--date=2026-01-02T00:00:00Z",
        "-qm",
        TEXTS[0],
    )
    return view_of(repo)


def test_a_hostile_past_is_text(hostile: View) -> None:
    # An offering's page has a form and its script; the browser looks at those.
    wanted = [e for e in hostile.entries.values() if "HH" in e.id.upper() or "hostile" in e.id]
    records = [e.id for e in wanted if hostile.url(e.id) and e.kind != "offering"]
    shown = {i: page(hostile, i) for i in records}
    live = re.compile(r"<(script|img|iframe|base|meta|math|form|button|object|style)\b")
    for identifier, html in shown.items():
        assert not live.search(html), identifier
        for tag in re.findall(r"<[a-z][^>]*>", html):
            assert not re.search(r"\son[a-z]+\s*=", re.sub(r'"[^"]*"', '""', tag)), (identifier, tag)
            # An address stands in quotes or without: both begin behind the sign.
            assert not re.search(r"""href=["']?\s*javascript:""", tag, re.IGNORECASE), (identifier, tag)
    assert sum("id=history>" in html for html in shown.values()) > 5
    assert "alert(21)" in shown["INC-261120-HH0HH"]


def test_hostile_titles_can_be_similar(hostile: View) -> None:
    first, second = (hostile.entries[f"INC-261120-HH{n}HH"] for n in (0, 1))
    hostile.entries = {
        **hostile.entries,
        first.id: replace(first, title="<script>alert(1)</script> quarantine zeppelin"),
        second.id: replace(second, title="<img src=x onerror=alert(1)> quarantine zeppelin"),
    }
    for derived in ("similar", "paged"):
        hostile.__dict__.pop(derived, None)
    html = page(hostile, first.id)
    assert "id=similar>" in html
    assert "&lt;img src=x onerror=alert(1)&gt; quarantine zeppelin" in html


def test_what_is_out_of_use_for_good_is_no_good_news(view: View, book: RuleBook) -> None:
    error, incident = book.kinds["known-error"], book.kinds["incident"]
    assert view.state_name(error, "retired") == "<b class=it-chip--none>Retired</b>"
    assert view.state_name(error, "published") == "<b class=it-chip--none>Published</b>"
    assert view.state_name(incident, "closed") == "<b class=it-chip--done>Closed</b>"
    entry = next(iter(view.of_kind("incident")))
    steps = {"timeline": [{"state": s} for s in ("new", "in_progress", "resolved")]}
    assert "<li class=end aria-current=step>Closed" in stepper(
        incident, replace(entry, state="closed"), steps
    )
    # A known error has no end to work towards.
    assert stepper(error, replace(entry, state="published"), {}) == ""


@pytest.mark.parametrize(
    ("kind", "field", "text", "look"),
    [
        ("request", "fulfilment", "incomplete", "waiting"),
        ("incident", "resolution_code", "workaround", "waiting"),
        ("incident", "resolution_code", "fixed", "done"),
        ("deployment", "outcome", "rolled_back", "bad"),
        ("change", "outcome", "successful_with_issues", "waiting"),
    ],
)
def test_how_it_ended_has_a_colour(
    view: View, book: RuleBook, kind: str, field: str, text: str, look: str
) -> None:
    assert f"it-chip--{look}>" in value(view, text, book.kinds[kind].fields[field])


def test_a_change_says_first_which_open_incidents_it_caused(view: View, tmp_path: Path) -> None:
    html = page(view, CHG)
    notice = html[html.index("This change caused an open incident") : html.index("<div class=it-main>")]
    assert INC in notice
    assert html.count(f">{INC}<") == 1  # it is not among what is linked once more
    write_sample(tmp_path)
    incident = tmp_path / f"records/incidents/2026/11/{INC}.yaml"
    incident.write_text(re.sub(r"(?m)^state: \w+", "state: cancelled", incident.read_text()))
    assert "This change caused" not in page(view_of(Repository.open(tmp_path)), CHG)


def test_what_stands_in_the_main_column_of_a_record(view: View) -> None:
    """On a phone the details stand below what a record says, above what is looked up; what few need comes last."""
    html = page(view, INC)
    order = [">Updates<", "id=details", ">Timeline<", "class=it-source"]
    assert [html.index(one) for one in order] == sorted(html.index(one) for one in order)
    risk = page(view, CHG)
    assert risk.count(">Risk assessment<") == 1
    assert "<h2>Risk</h2>" not in risk
