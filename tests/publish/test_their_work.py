"""Pages of people and teams begin with what they have to do: open work, approvals, what is due; what is over stands last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sample_site import NOW
from test_pages import ROTA, view_of

from itsm_gitops.model.standing import ApprovalNeed, Asking
from itsm_gitops.presentation.fields import fields
from itsm_gitops.presentation.pages.directory import directory
from itsm_gitops.presentation.pages.item import item_page
from itsm_gitops.presentation.view import View

AT = "2026-11-22T09:00:00Z"


def record(identifier: str, kind: str, title: str, state: str, more: str = "") -> tuple[str, str]:
    """Return the path and the text of a record that was opened at the time its identifier says."""
    opened = f"20{identifier[4:6]}-{identifier[6:8]}-{identifier[8:10]}T09:00:00Z"
    path = f"records/{kind}s/{opened[:4]}/{opened[5:7]}/{identifier}.yaml"
    steps = [f"- {{at: {opened}, by: ada, state: new}}", f"- {{at: {AT}, by: ada, state: {state}}}"]
    if "touched last" in title:
        steps.append(f"- {{at: {AT[:-3]}30Z, by: ada, comment: Filed.}}")
    timeline = "\n".join(steps[state == "new" :])
    return path, (
        f"id: {identifier}\nkind: {kind}\ntitle: {title}\nstate: {state}\n{more}timeline:\n{timeline}\n"
    )


MORE = {
    "cmdb/people/bob.yaml": "id: bob\nclass: person\nname: Bob Example\nrole: Engineer\nteams: [web]\n",
    "cmdb/people/eve.yaml": "id: eve\nclass: person\nname: Eve Elsewhere\n",
    "cmdb/teams/web.yaml": "id: web\nclass: team\nname: Web team\nlead: ada\non_call: web-rota\n",
    "cmdb/rotas/web-rota.yaml": ROTA,
    "cmdb/contracts/hosting.yaml": (
        "id: hosting\nclass: contract\nname: Hosting of the shop\nowner: web\nlifecycle: production\nend: 2026-12-10\n"
    ),
    "cmdb/contracts/later.yaml": (
        "id: later\nclass: contract\nname: Domain names\nowner: web\nlifecycle: production\nend: 2027-09-10\n"
    ),
    **dict(
        [
            record("INC-261110-S10WW", "incident", "A slow report", "new", "impact: low\nurgency: low\nassigned_team: web\nassignee: bob\n"),
            record("INC-261121-TXGHH", "incident", "No sales", "new", "impact: high\nurgency: high\nassigned_team: web\nwatchers: [eve]\n"),
            record("INC-261102-PASTT", "incident", "Once it rained in", "closed", "impact: low\nurgency: low\nassigned_team: web\nassignee: bob\n"),
            record("INC-261015-PASTA", "incident", "Old and touched last", "closed", "impact: low\nurgency: low\nassigned_team: web\nassignee: bob\n"),
            record("PRB-261112-M1DDD", "problem", "It rains in", "new", "impact: medium\nurgency: medium\nassigned_team: web\nassignee: bob\n"),
        ]
    ),
    "records/changes/2026/11/CHG-261122-NNNNN.yaml": (
        "id: CHG-261122-NNNNN\nkind: change\ntitle: A new cache\ntype: normal\ncis: [shop-web]\nimplementers: [bob]\nstate: authorize\n"
        f"timeline:\n- {{at: {AT}, by: bob, state: authorize}}\n"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    view = view_of(tmp_path_factory.mktemp("work"), MORE)
    need = ApprovalNeed("a rule", "it is so", "service_owner", "shop", 1, ("ada",), False, "")
    view.asking = lambda entry, data: Asking("it is", (need,))
    return view


def page_of(view: View, name: str) -> str:
    entry = view.entries[name]
    return item_page(view, entry, view.store.data(name), fields(view.kind(entry)))


def sections(html: str) -> dict[str, str]:
    """Return the text below each heading of a page, in the order of the page."""
    parts = re.split(r"<h2[^>]*>(.*?)</h2>", html)
    return {title: text_of(body) for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_team_begins_with_its_members_and_open_work_and_ends_with_what_is_over(view: View) -> None:
    found = list(sections(page_of(view, "web")))
    assert found[:4] == ["Members", "Open work", "Will need approval from this team", "Due soon"]
    assert found.index("Due soon") < found.index("Responsible for") < found.index("Finished")


def test_open_work_is_in_order_of_urgency_whatever_its_kind(view: View) -> None:
    work = sections(page_of(view, "web"))["Open work"]
    titles = ["Shop front shows an error", "No sales", "It rains in", "A slow report"]
    assert [work.index(title) for title in titles] == sorted(work.index(title) for title in titles)
    assert "Once it rained in" not in work


def test_the_work_of_a_team_says_who_has_it_and_what_nobody_has(view: View) -> None:
    work = sections(page_of(view, "web"))["Open work"]
    assert re.search(r"A slow report .*? Bob Example", work)
    assert "Unassigned" in work.partition("No sales")[2].partition("PRB-")[0]


def test_the_head_counts_what_is_to_be_done(view: View) -> None:
    work = page_of(view, "web").partition(">Open work<")[2]
    counts = work[work.index("<ul class=it-counts>") :].partition("</ul>")[0]
    assert text_of(counts) == "Open 4 Unassigned 2 To approve 1 Due 1"
    assert re.findall(r"href=\"?#(\w+)", counts) == ["work", "work", "approve", "due"]


def test_what_is_due_soon_is_named_and_what_is_far_is_not(view: View) -> None:
    due = sections(page_of(view, "web"))["Due soon"]
    assert "Hosting of the shop" in due
    assert "Domain names" not in due


def test_a_team_says_which_of_its_members_can_approve(view: View) -> None:
    waiting = sections(page_of(view, "web"))["Will need approval from this team"]
    assert "A new cache" in waiting
    assert waiting.endswith("Ada Example")


def test_members_stand_with_what_they_do_and_how_much_they_have(view: View) -> None:
    members = sections(page_of(view, "web"))["Members"]
    assert "Ada Example On call now" in members
    assert re.search(r"Bob Example Engineer 2\b", members)


def test_a_person_begins_with_their_own_work(view: View) -> None:
    found = sections(page_of(view, "bob"))
    assert next(iter(found)) == "Open work"
    assert found["Open work"].index("It rains in") < found["Open work"].index("A slow report")
    assert "No sales" not in found["Open work"]
    assert found["Finished"].index("Old and touched last") < found["Finished"].index("Once it rained in")
    assert "Will need approval from this person" not in found
    approves = sections(page_of(view, "ada"))
    assert "A new cache" in approves["Will need approval from this person"]
    assert "Open work" not in approves  # that nothing is open is said where nothing is to be done


def test_what_a_person_only_watches_is_no_work_of_theirs(view: View) -> None:
    found = sections(page_of(view, "eve"))
    assert found["Open work"] == "Nothing is open."
    assert re.search(r"No sales .*?Watches", found["Also involved in"])


def test_a_person_says_when_they_are_on_call(view: View) -> None:
    strips = {name: text_of(page_of(view, name).partition("</dl>")[0]) for name in ("ada", "bob", "eve")}
    assert "On call now, until 23 Nov 2026, 09:00 Web on call" in strips["ada"]
    assert "On call from 23 Nov 2026, 09:00 to 30 Nov 2026, 09:00 Web on call" in strips["bob"]
    assert "On call" not in strips["eve"]


def test_what_is_not_well_stands_first_among_what_a_team_owns(tmp_path: Path) -> None:
    items = {
        f"cmdb/services/{name}.yaml": f"id: {name}\nclass: service\nname: {name}\nowner: web\nlifecycle: production\n"
        for name in ("aaa", "zzz")
    }
    path, text = record(
        "INC-261121-TXGHH", "incident", "No sales", "new", "impact: high\nurgency: high\nservice: zzz\n"
    )
    view = view_of(tmp_path, {**items, path: text})
    owned = sections(page_of(view, "web"))["Responsible for"]
    assert owned.index("zzz") < owned.index("aaa")


def test_a_long_list_of_work_leads_to_the_rest(tmp_path: Path) -> None:
    letters = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
    many = dict(
        record(f"INC-261110-AAAA{c}", "incident", f"Number {c}", "new", "impact: low\nurgency: low\nassigned_team: web\n")
        for c in letters
    )  # fmt: skip
    html = page_of(view_of(tmp_path, many), "web")
    work = html[html.index("id=work") :].partition("</section>")[0]
    assert work.count("<tr") == 1 + 25
    assert "explore.html?team=web" in work
    assert "All 33 open records of this team" in work


def test_other_items_have_no_list_of_work(view: View) -> None:
    assert "Open work" not in sections(page_of(view, "shop"))
    assert NOW.year == 2026


def test_the_list_of_teams_says_who_leads_who_is_on_call_and_how_much_is_open(view: View) -> None:
    pages = {page.title: text_of(page.body) for page in directory(view)}
    assert pages["Teams"].endswith(
        "Name Lead On call now Open records Unassigned Web team Ada Example Ada Example 4 2"
    )
    assert "Bob Example Engineer Web team 3" in pages["People"]
    assert "Ada Example Web team On call now" in pages["People"]


def test_the_list_of_rotas_says_who_is_called_now_and_who_follows(view: View) -> None:
    pages = {page.title: text_of(page.body) for page in directory(view)}
    assert pages["Rotas"].endswith(
        "Name Now Next Owner Web on call Ada Example until 23 Nov, 09:00 Bob Example from 23 Nov, 09:00 Web team"
    )


def test_the_last_turn_in_the_table_of_a_rota_has_its_own_end(view: View) -> None:
    turns = sections(page_of(view, "web-rota"))["Next turns"]
    assert "Mon 14 Dec, 09:00 to Mon 21 Dec, 09:00" in turns
    assert "21 Dec, 00:00" not in turns
