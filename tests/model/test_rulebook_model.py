from __future__ import annotations

import copy
from typing import Any

import pytest

from itsm_gitops.model.errors import NotFound, RuleBookError
from itsm_gitops.model.rulebook import LINKS, RuleBook

FLOW = {
    "workflow": "ticket",
    "title": "Ticket",
    "initial": "new",
    "states": {"new": {"title": "New", "category": "new", "terminal": True}},
    "transitions": [],
}


def schema(about: dict[str, Any], title: str, **properties: Any) -> dict[str, Any]:
    return {"title": title, "x-itsm": about, "properties": {"id": {}, **properties}}


FILES: dict[str, Any] = {
    "schemas/common.schema.json": {"definitions": {"name": {"type": "string"}}},
    "schemas/records/ticket.schema.json": schema(
        {"kind": "ticket", "plural": "tickets", "prefix": "TKT", "folder": "records/tickets", "workflow": "ticket"},
        "Ticket",
        service={"$ref": "#/definitions/name", "x-ref": {"to": ["ci"], "relation": "affects"}},
    ),
    "schemas/cmdb/network-device.schema.json": schema(
        {"class": "network-device", "plural": "network-devices", "folder": "cmdb/network-devices", "operational": True},
        "Network device",
    ),
    "schemas/cmdb/team.schema.json": schema(
        {"class": "team", "plural": "teams", "plural_title": "Our teams", "folder": "cmdb/teams"}, "Team"
    ),
    "schemas/workflows/ticket.yaml": FLOW,
    "schemas/policies/links.yaml": {
        "links": {
            "affects": {
                "title": "Affects", "inverse": "affected_by", "inverse_title": "Affected by",
                "from": ["record"], "to": ["ci"], "description": "Hits.", "acyclic": True, "max": 2,
                "impact": "from_target", "in_links": False,
            },
            "connects_to": {"title": "Connects to", "from": ["ci"], "to": ["ci"], "symmetric": True},
        }
    },
    "schemas/templates/ticket.yaml": {"template": "ticket", "values": {}},
    "schemas/README.md": None,
}  # fmt: skip


def book(changes: dict[str, Any] | None = None, *, without: str = "") -> RuleBook:
    files = {**copy.deepcopy(FILES), **(changes or {})}
    files.pop(without, None)
    return RuleBook(files, files.__getitem__)


def altered(path: str, **changes: Any) -> dict[str, Any]:
    return {path: {**FILES[path], **changes}}


def test_kinds_are_read_records_first() -> None:
    kinds = book().kinds
    assert list(kinds) == ["ticket", "network-device", "team"]
    ticket, device, team = kinds.values()
    assert (ticket.prefix, ticket.folder, ticket.plural_title) == ("TKT", "records/tickets", "Tickets")
    assert (device.plural_title, team.plural_title) == ("Network devices", "Our teams")
    assert (ticket.operational, device.operational, team.operational) == (False, True, False)
    assert ticket.fields["service"]["type"] == "string"
    assert [r.relation for r in ticket.references] == ["affects"]
    assert ticket.workflow is not None
    assert ticket.workflow.initial == "new"
    assert team.workflow is None


def test_files_are_read_when_they_are_first_needed() -> None:
    asked: list[str] = []

    def load(path: str) -> Any:
        asked.append(path)
        return FILES[path]

    lazy = RuleBook(FILES, load)
    assert asked == []
    assert lazy.template("ticket")["template"] == "ticket"
    assert asked == ["schemas/templates/ticket.yaml"]
    assert lazy.kinds is lazy.kinds
    assert asked.count("schemas/records/ticket.schema.json") == 1
    lazy.workflow("ticket")
    assert asked.count("schemas/workflows/ticket.yaml") == 1


def test_a_rule_book_without_kinds_is_none() -> None:
    with pytest.raises(RuleBookError, match="no rule book") as caught:
        _ = RuleBook([], FILES.__getitem__).kinds
    assert caught.value.hint.startswith("git checkout -- schemas")


def test_shared_definitions_are_optional() -> None:
    plain = schema({"class": "team", "plural": "teams", "folder": "cmdb/teams"}, "Team")
    assert list(RuleBook(["schemas/cmdb/team.schema.json"], lambda _: plain).kinds) == ["team"]


TICKET = "schemas/records/ticket.schema.json"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (schema({"kind": "ticket"}, "Ticket"), "plural"),
        (schema({"class": "ticket", "plural": "tickets"}, "Ticket"), "kind"),
        ({"title": "Ticket"}, "x-itsm"),
        (schema({"kind": "ticket", "plural": "tickets", "folder": "records/tickets"}, "Ticket"), "prefix"),
        ({**FILES[TICKET], "properties": {"a": {"$ref": "#/definitions/gone"}}}, "gone"),
        ({**FILES[TICKET], "properties": {"a": {"x-ref": {"to": ["ci"]}}}}, "relation"),
        (
            schema({"kind": {}, "plural": "tickets", "prefix": "TIC", "folder": "records/tickets"}, "Ticket"),
            "not text",
        ),
        ([], "wrong"),
        (None, "wrong"),
    ],
)
def test_a_kind_that_cannot_be_used_says_what_is_missing(content: Any, complaint: str) -> None:
    with pytest.raises(RuleBookError, match=complaint) as caught:
        list(book({TICKET: content}).kinds.values())
    assert TICKET in caught.value.message


@pytest.mark.parametrize(
    ("clash", "word"),
    [
        ({"kind": "ticket", "prefix": "TK", "folder": "records/tk"}, "'ticket'"),
        ({"kind": "tk", "prefix": "TKT", "folder": "records/tk"}, "'TKT'"),
        ({"kind": "tk", "prefix": "TK", "folder": "records/tickets"}, "'records/tickets'"),
        ({"kind": "record", "prefix": "TK", "folder": "records/tk"}, "'record'"),
    ],
)
def test_names_prefixes_and_folders_are_used_once(clash: dict[str, str], word: str) -> None:
    other = schema({"plural": "others", "workflow": "ticket", **clash}, "Other")
    with pytest.raises(RuleBookError, match=f"{word} is already taken"):
        _ = book({"schemas/records/zz.schema.json": other}).kinds


def test_life_cycles_that_cannot_be_used() -> None:
    with pytest.raises(RuleBookError, match="there is no life cycle 'ticket'"):
        list(book(without="schemas/workflows/ticket.yaml").kinds.values())
    for broken in ({**FLOW, "states": {"new": {}}}, [], {**FLOW, "transitions": [{}]}):
        with pytest.raises(RuleBookError, match=r"schemas/workflows/ticket\.yaml: missing or wrong"):
            book({"schemas/workflows/ticket.yaml": broken}).workflow("ticket")


def test_link_types() -> None:
    links = book().links
    affects, connects = links["affects"], links["connects_to"]
    assert (affects.inverse, affects.inverse_title, affects.sources, affects.targets) == (
        "affected_by", "Affected by", ("record",), ("ci",),
    )  # fmt: skip
    assert (affects.acyclic, affects.max, affects.impact, affects.in_links) == (True, 2, "from_target", False)
    assert (connects.inverse, connects.inverse_title, connects.symmetric) == (
        "connects_to",
        "Connects to",
        True,
    )
    assert (connects.acyclic, connects.max, connects.impact, connects.in_links) == (False, 0, "", True)
    assert book().inverses == {"affected_by": affects}


def test_a_vocabulary_that_cannot_be_used() -> None:
    assert book(without=LINKS).links == {}
    with pytest.raises(RuleBookError, match="inverse"):
        _ = book({LINKS: {"links": {"a": {"title": "A", "from": [], "to": []}}}}).links
    with pytest.raises(RuleBookError, match=LINKS):
        _ = book({LINKS: []}).links


def test_templates() -> None:
    assert book().templates == ["ticket"]
    with pytest.raises(NotFound, match="there is no template 'tickt'") as caught:
        book().template("tickt")
    assert caught.value.hint == "did you mean ticket?"


@pytest.mark.parametrize("word", ["ticket", "tickets", "TKT", "tkt", "Ticket"])
def test_kinds_by_any_of_their_names(word: str) -> None:
    assert book().kind(word).name == "ticket"


def test_kinds_by_a_name_with_an_underscore_or_none() -> None:
    assert book().kind("network_devices").name == "network-device"
    for word in ("", "tikcet"):
        with pytest.raises(NotFound):
            book().kind(word)
    with pytest.raises(NotFound) as caught:
        book().kind("tikcet")
    assert caught.value.hint == "did you mean ticket?"


def test_paths_follow_from_identifiers() -> None:
    made = book()
    ticket, team = made.kind("ticket"), made.kind("team")
    path = made.path_for(ticket, "TKT-260105-K7QF3")
    assert path == "records/tickets/2026/01/TKT-260105-K7QF3.yaml"
    assert made.path_for(team, "service-desk") == "cmdb/teams/service-desk.yaml"
    assert made.kind_at(path) is ticket
    assert made.kind_at("cmdb/teams/service-desk.yaml") is team
    assert made.kind_at("cmdb/teamsters/service-desk.yaml") is None
    assert made.kind_at("README.md") is None
    assert made.by_prefix == {"TKT": ticket}


@pytest.mark.parametrize("identifier", ["INC-260105-K7QF3", "TKT-260132-K7QF3", "../../etc/passwd", ""])
def test_no_path_for_a_record_with_a_wrong_identifier(identifier: str) -> None:
    with pytest.raises(NotFound) as caught:
        book().path_for(book().kind("ticket"), identifier)
    assert caught.value.hint == "it looks like TKT-261122-K7QF3"


@pytest.mark.parametrize("identifier", ["Service Desk", "../x", "con", ""])
def test_no_path_for_an_item_with_a_wrong_identifier(identifier: str) -> None:
    with pytest.raises(NotFound, match="cannot name a team"):
        book().path_for(book().kind("team"), identifier)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["record"], {"ticket"}),
        (["item"], {"network-device", "team"}),
        (["ci"], {"network-device"}),
        (["any"], {"ticket", "network-device", "team"}),
        (["team", "record"], {"team", "ticket"}),
        (["unheard"], {"unheard"}),
        ([], set()),
    ],
)
def test_groups_of_kinds(names: list[str], expected: set[str]) -> None:
    assert book().members(names) == expected
