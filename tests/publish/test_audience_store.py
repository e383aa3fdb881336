"""The snapshot as an audience sees it: entries, documents, links, people and the health of services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from sample_site import DOCUMENTS, view_for

from itsm_gitops.model.audience import AUDIENCES, audience_of
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.presentation.view import View
from itsm_gitops.snapshots import read_config
from tests.support import GitRepo

INCIDENT = "INC-261120-AAAAA"


@pytest.fixture
def shop(git_repo: GitRepo) -> GitRepo:
    for path, text in DOCUMENTS.items():
        git_repo.write(path, text)
    return git_repo


def policy(made: GitRepo, **about: Any) -> View:
    """Load what an audience with these settings sees."""
    named = {"title": "Some", "description": "Some.", **about}
    made.write(AUDIENCES, yaml.safe_dump({"audiences": {"some": named}}))
    return view_for(made, "some")


def plain(entry: Entry) -> Entry:
    """Return an entry without the places of its edges: lists get shorter."""
    return replace(entry, edges=tuple(e._replace(pointer=e.pointer[:1]) for e in entry.edges))


@pytest.mark.parametrize("audience", ["public", "staff"])
def test_an_entry_is_that_of_the_document_that_is_shown(shop: GitRepo, audience: str) -> None:
    store = view_for(shop, audience).store
    found = list(store.documents())
    assert [e.id for e, _ in found] == list(store.entries)
    for entry, data in found:
        assert data == store.data(entry.id)
        assert plain(summarise(store.book.kinds[entry.kind], entry.path, data)) == plain(entry)


def test_internal_is_the_whole_store_and_costs_nothing(shop: GitRepo) -> None:
    assert type(view_for(shop, "internal").store).__name__ == "Store"
    (shop.root / AUDIENCES).unlink()
    assert type(view_for(shop, "internal").store).__name__ == "Store"
    with pytest.raises(NotFound, match="no audience 'staff'") as raised:
        view_for(shop, "staff")
    assert "itsm init" in raised.value.hint  # where the file can be had


def test_the_public_sees_a_major_incident_without_people_notes_and_links(shop: GitRepo) -> None:
    view = view_for(shop, "public")
    store = view.store
    assert store.data(INCIDENT) == {
        "id": INCIDENT,
        "kind": "incident",
        "title": "Shop front shows an error",
        "service": "shop",
        "state": "in_progress",
        "major": {"state": "accepted"},
        "timeline": [
            {"at": "2026-11-20T09:00:00Z", "state": "new"},
            {"at": "2026-11-20T09:10:00Z", "state": "in_progress"},
            {"at": "2026-11-20T09:30:00Z", "comment": "We are working on it."},
        ],
    }
    entry = store.entries[INCIDENT]
    assert entry.columns == {k: v for k, v in store.data(INCIDENT).items() if k not in ("timeline", "major")}
    assert [(e.relation, e.target) for e in entry.edges] == [("affects", "shop")]
    assert (entry.aliases, store.aliases, store.files, store.broken) == ((), {}, [], {})
    kinds = {
        "incident",
        "change",
        "known-error",
        "article",
        "service",
        "offering",
        "calendar",
        "announcement",
    }
    assert set(store.book.kinds) == kinds
    assert {e.kind for e in store.entries.values()} <= set(store.book.kinds)
    assert (view.major(entry), view.priority(entry)) == ("accepted", None)
    for identifier in ("ada", "shop-db-1", "INC-261001-CCCCC", "nothing"):
        with pytest.raises(NotFound, match="nothing is called"):
            store.data(identifier)
    with pytest.raises(NotFound):
        store.raw(entry.path)


def test_times_are_those_of_what_is_shown(shop: GitRepo) -> None:
    path = f"records/incidents/2026/11/{INCIDENT}.yaml"
    shop.write(path, DOCUMENTS[path] + "- at: 2026-11-21T23:59:00Z\n  by: ada\n  note: Nobody slept.\n")
    entry = view_for(shop, "public").store.entries[INCIDENT]
    assert (entry.opened, entry.updated) == ("2026-11-20T09:00:00Z", "2026-11-20T09:30:00Z")
    assert entry.entered == "2026-11-20T09:10:00Z"
    assert view_for(shop, "internal").store.entries[INCIDENT].updated == "2026-11-21T23:59:00Z"


def test_the_status_is_true_for_everybody_and_its_cause_is_named_where_it_is_shown(shop: GitRepo) -> None:
    incident = f"records/incidents/2026/11/{INCIDENT}.yaml"
    text = (
        DOCUMENTS[incident]
        .replace("cis: [shop-web]", "cis: [shop-db-1, shop-db-2]")
        .replace("service: shop\n", "")
    )
    shop.write(incident, text)
    health = view_for(shop, "public").health
    assert set(health) == {"shop", "index"}
    assert health["shop"] == ("shop", "outage", (INCIDENT,), "")
    today = view_for(shop, "public").past["shop"][-1]
    assert today == ("2026-11-22", "outage", (INCIDENT,))
    shop.write(incident, text.replace("state: accepted", "state: proposed"))
    assert view_for(shop, "public").health == {**health, "shop": ("shop", "outage", (), "")}
    assert view_for(shop, "public").past["shop"][-1] == today._replace(causes=())
    assert set(view_for(shop, "public").past) == {"shop", "index"}
    staff = view_for(shop, "staff").health
    assert staff["shop"].reason == "depends on shop-web"
    assert "shop-db-1" not in staff


@pytest.mark.parametrize(("people", "by"), [("names", "ada"), ("teams", "web"), ("none", None)])
def test_people_appear_by_name_as_their_team_or_not(shop: GitRepo, people: str, by: str | None) -> None:
    kinds = {
        "incident": {"fields": ["timeline.*", "reported_by", "priority_override.*"]},
        "team": {"fields": ["name", "lead"]},
        "person": {"fields": ["name"]},
    }
    store = policy(shop, people=people, kinds=kinds).store
    events = store.data(INCIDENT)["timeline"]
    assert [e.get("by") for e in events] == [by] * 3
    assert store.data(INCIDENT).get("reported_by") == ("somebody-outside" if people == "names" else None)
    assert ("ada" in store.entries) == (people == "names")
    assert store.data("web").get("lead") == by
    override = store.data("INC-261001-CCCCC")["priority_override"]
    assert override == {"priority": "P1", "reason": "The director asked", **({"by": by} if by else {})}


def test_names_of_people_without_a_shown_file_stay_out(shop: GitRepo) -> None:
    store = policy(shop, people="names", kinds={"incident": {"fields": ["timeline.*"]}}).store
    assert all("by" not in e for e in store.data(INCIDENT)["timeline"])
    assert len(store.data(INCIDENT)["timeline"]) == 3


def test_two_people_of_one_team_are_one_team(shop: GitRepo) -> None:
    shop.write("cmdb/people/bob.yaml", "id: bob\nclass: person\nname: Bob\nteams: [web]\n")
    path = f"records/incidents/2026/11/{INCIDENT}.yaml"
    shop.write(path, DOCUMENTS[path] + "watchers: [ada, bob, stranger]\n")
    kinds = {"incident": {"fields": ["watchers"]}, "team": {"fields": ["name"]}}
    assert policy(shop, people="teams", kinds=kinds).store.data(INCIDENT)["watchers"] == ["web"]


def test_a_redundant_group_goes_when_one_of_its_members_is_withheld(shop: GitRepo) -> None:
    both = {"application": {"fields": ["*"]}, "database": {"fields": ["*"]}}
    assert "redundancy" in policy(shop, kinds=both).store.data("shop-web")
    gone = policy(shop, kinds=both, never={"name": ["Shop database 2"]}).store
    assert "redundancy" not in gone.data("shop-web")
    assert [link["target"] for link in gone.data("shop-web")["links"]] == ["shop-db-1"]
    assert "shop-db-2" not in gone.entries


def test_a_record_that_is_named_in_a_text_and_withheld_is_not_named(shop: GitRepo) -> None:
    kinds = {"incident": {"fields": ["*"], "never": {"category": ["security"]}}}
    text = policy(shop, kinds=kinds).store.data(INCIDENT)["description"]
    assert text == "Nobody can buy. See also (withheld) and (withheld).\n\nIt began at nine.\n"
    kinds["change"] = {"fields": ["title"]}
    store = policy(shop, kinds=kinds).store
    assert "See also CHG-261118-BBBBB and (withheld)." in store.data(INCIDENT)["description"]
    assert ("caused_by", "CHG-261118-BBBBB") in {
        (e.relation, e.target) for e in store.entries[INCIDENT].edges
    }


def test_links_need_their_type(shop: GitRepo) -> None:
    kinds = {"incident": {"fields": ["links.target"]}, "change": {"fields": ["title"]}}
    assert policy(shop, kinds=kinds).store.entries[INCIDENT].edges == ()


def test_only_and_never_choose_by_the_values_of_fields(shop: GitRepo) -> None:
    def chosen(**about: Any) -> set[str]:
        store = policy(shop, kinds={"incident": {"fields": ["title"], **about}}).store
        return set(store.entries)

    assert chosen() == {INCIDENT, "INC-261001-CCCCC"}
    assert chosen(only={"major.state": ["accepted"]}) == {INCIDENT}
    assert chosen(never={"major.state": ["accepted"]}) == {"INC-261001-CCCCC"}
    assert chosen(only={"cis": ["shop-web"], "impact": ["high", "low"]}) == {INCIDENT}
    assert chosen(only={"impact": [True]}) == set()
    assert chosen(never={"links.type": ["caused_by"]}) == {"INC-261001-CCCCC"}


def test_answers_to_internal_questions_are_withheld(shop: GitRepo) -> None:
    offering = DOCUMENTS["cmdb/offerings/laptop.yaml"]
    shop.write(
        "cmdb/offerings/laptop.yaml", offering.replace("title: Why?", "title: Why?\n      x-internal: true")
    )
    request = (
        "id: REQ-261120-AAAAA\nkind: request\ntitle: A laptop\noffering: laptop\nstate: new\n"
        "answers: {model: light, reason: Dismissal, other: Unasked}\n"
        "timeline:\n- {at: 2026-11-20T09:00:00Z, by: ada, state: new}\n"
    )
    shop.write("records/requests/2026/11/REQ-261120-AAAAA.yaml", request)
    kinds = {"request": {"fields": ["answers.*"]}, "offering": {"fields": ["name"]}}
    assert policy(shop, kinds=kinds).store.data("REQ-261120-AAAAA")["answers"] == {"model": "light"}
    inside = policy(shop, kinds=kinds, internal=True).store.data("REQ-261120-AAAAA")["answers"]
    assert inside == {"model": "light", "reason": "Dismissal", "other": "Unasked"}
    shop.write(
        "records/requests/2026/11/REQ-261120-AAAAA.yaml", request.replace("laptop\nstate", "lap\nstate")
    )
    assert policy(shop, kinds=kinds).store.data("REQ-261120-AAAAA")["answers"] == {}


def test_a_value_of_the_wrong_shape_is_withheld(shop: GitRepo) -> None:
    path = f"records/incidents/2026/11/{INCIDENT}.yaml"
    text = DOCUMENTS[path].replace("title: Shop front shows an error", "title: {deep: secret}")
    shop.write(path, text.replace("cis: [shop-web]", "cis: shop-web\ndocuments: [plain, [nested]]"))
    kinds = {
        "incident": {"fields": ["title", "cis", "documents.*", "labels.*"]},
        "application": {"fields": ["name"]},
    }
    store = policy(shop, kinds=kinds).store
    assert store.data(INCIDENT) == {"id": INCIDENT, "kind": "incident"}
    assert store.entries[INCIDENT].title == ""


def test_the_policy_says_where_it_is_wrong(book: RuleBook) -> None:
    broken = RuleBook(
        [AUDIENCES], lambda _: {"audiences": {"some": {"kinds": {"incident": {}}, "title": "S"}}}
    )
    with pytest.raises(ItsmError, match=r"audiences\.yaml: missing or wrong: 'fields'"):
        audience_of(broken.policy(AUDIENCES), "some", ["person"])
    assert audience_of(book.policy(AUDIENCES), "internal", ["person"]).everything
    assert audience_of(book.policy(AUDIENCES), "public", ["person"]).handbook is False
    some = RuleBook(
        [AUDIENCES], lambda _: {"audiences": {"some": {"title": "S", "handbook": ["a.md"], "kinds": {}}}}
    )
    assert audience_of(some.policy(AUDIENCES), "some", ["person"]).handbook == ("a.md",)


def test_the_reference_is_for_those_who_see_names(book: RuleBook) -> None:
    found = {
        name: audience_of(book.policy(AUDIENCES), name, ["person"])
        for name in ("internal", "staff", "public")
    }
    assert [a.reference for a in found.values()] == [True, True, False]
    assert not replace(found["staff"], people="none").reference
    assert not replace(found["staff"], handbook=("a.md",)).reference


def test_the_usual_audience_is_a_setting(git_repo: GitRepo) -> None:
    assert read_config(git_repo.repo.snapshot()).audience == "internal"
    git_repo.write("itsm.yaml", "version: 1\nsite: {audience: staff}\n")
    assert read_config(git_repo.repo.snapshot()).audience == "staff"


@pytest.mark.parametrize("audience", ["staff", "public"])
def test_a_known_error_is_shown_once_it_is_published(shop: GitRepo, audience: str) -> None:
    path = "records/known-errors/2026/11/KE-261121-EEEEE.yaml"
    text = DOCUMENTS[path]
    assert "KE-261121-EEEEE" in view_for(shop, audience).entries
    shop.write(path, text.replace("state: published", "state: draft"))
    view = view_for(shop, audience)
    assert "KE-261121-EEEEE" not in view.entries
    assert not any("KE-261121-EEEEE" in some for some in view.offers.values())
    assert not any(a.id == "KE-261121-EEEEE" for e in view.entries.values() for a in view.similar.of(e))
    internal = view_for(shop, "internal")
    assert "KE-261121-EEEEE" in internal.entries  # its writers have to find it
    assert not any("KE-261121-EEEEE" in some for some in internal.offers.values())


def test_people_under_any_name_stay_out_where_no_names_are_shown(shop: GitRepo) -> None:
    renamed = shop.root / "schemas/cmdb/person.schema.json"
    renamed.write_text(renamed.read_text().replace('"class": "person"', '"class": "employee"'))
    policy = {"audiences": {"some": {"title": "S", "kinds": {"employee": {"fields": ["*"]}}}}}
    assert audience_of(policy, "some", ["employee"]).kinds == {}
    assert "employee" in view_for(shop, "internal").book.playing(PERSON)
