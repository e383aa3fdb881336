"""The network as data for the map, and the page in which a script draws it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_site import DOCUMENTS, NOW
from test_pages import view_of

from itsm_gitops.graph.status import DEGRADED, Health
from itsm_gitops.presentation import urls
from itsm_gitops.presentation.pages.topology import map_page
from itsm_gitops.presentation.topology import LOOKS, Topology, data_file, look_of
from itsm_gitops.presentation.view import View
from itsm_gitops.snapshots import Store

# Both databases down is the shop down; one of two in maintenance, one part that has no life of its own.
MORE = {
    "cmdb/servers/rack-1.yaml": """\
id: rack-1
class: server
name: Rack "1" <b>
owner: web
lifecycle: production
links:
- {type: connects_to, target: rack-0}
- {type: part_of, target: shop-web}
- {type: connects_to, target: rack-1}
- {type: depends_on, target: nowhere}
""",
    "cmdb/servers/rack-0.yaml": "id: rack-0\nclass: server\nname: Rack 0\nlifecycle: planned\n",
    "records/incidents/2026/11/INC-261122-JJJJJ.yaml": """\
id: INC-261122-JJJJJ
kind: incident
title: A disk is full
cis: [shop-db-1]
impact: high
urgency: low
state: new
timeline:
- {at: 2026-11-22T09:00:00Z, by: ada, state: new}
""",
    # The other incident would make the shop front a cause itself.
    "records/incidents/2026/11/INC-261120-AAAAA.yaml": DOCUMENTS[
        "records/incidents/2026/11/INC-261120-AAAAA.yaml"
    ].replace("state: in_progress", "state: closed"),
}


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Topology:
    return Topology(view_of(tmp_path_factory.mktemp("topology"), MORE))


@pytest.fixture(scope="module")
def data(topology: Topology) -> Any:
    """What the script reads: the file without the call around it."""
    name, content = data_file(topology)
    assert name == urls.MAP_DATA
    text = content.decode()
    assert text.startswith("itsmMap({")
    assert text.endswith("});\n")
    return json.loads(text.removeprefix("itsmMap(").removesuffix(");\n"))


def edges(data: Any) -> set[tuple[str, str, str]]:
    flat = data["edges"]
    name = [item[0] for item in data["items"]].__getitem__
    return {(name(flat[i]), name(flat[i + 1]), data["ways"][flat[i + 2]][0]) for i in range(0, len(flat), 3)}


def test_every_operational_item_is_on_the_map_and_nothing_else(data: Any) -> None:
    ids = [item[0] for item in data["items"]]
    assert ids == ["index", "rack-0", "rack-1", "shop", "shop-db-1", "shop-db-2", "shop-web"]
    assert [c[0] for c in data["classes"]] == ["application", "database", "server", "service"]
    folders = {c[0]: c[3] for c in data["classes"]}
    assert folders["service"] == "services"
    assert folders["server"] == "cmdb/servers"


def test_edges_run_from_who_suffers_to_the_cause_and_once_where_they_have_no_direction(data: Any) -> None:
    assert edges(data) == {
        ("shop", "shop-web", "depends_on"),
        ("shop-web", "shop-db-1", "depends_on"),
        ("shop-web", "shop-db-2", "depends_on"),
        ("shop-web", "rack-1", "part_of"),
        ("rack-0", "rack-1", "connects_to"),
    }
    ways = {name: (title, inverse, impact) for name, title, inverse, impact in data["ways"]}
    assert ways["part_of"] == ("Contains", "Part of", True)
    assert ways["connects_to"] == ("Connects to", "Connects to", False)


def test_the_status_the_reason_and_the_records_behind_it_are_there(data: Any) -> None:
    rows = {item[0]: row for row, item in enumerate(data["items"])}
    looks = {i: data["looks"][data["items"][row][3]][0] for i, row in rows.items()}
    assert looks["shop-db-1"] == "outage"
    assert looks["shop-db-2"] == "operational"
    assert looks["shop-web"] == "risk"  # one of two databases is enough
    assert looks["rack-0"] == ""
    reason, causes = data["reasons"][str(rows["shop-web"])]
    assert reason == "1 of 2 running, 1 needed"
    assert [data["others"][c][0] for c in causes] == ["INC-261122-JJJJJ"]
    assert data["others"][causes[0]][2] == "records/incidents/2611/INC-261122-JJJJJ.html"
    owner = data["items"][rows["rack-1"]][5]
    assert data["others"][owner] == ["web", "Web team", "cmdb/teams/web.html"]
    assert data["states"][data["items"][rows["rack-0"]][4]] == "Planned"


def test_redundancy_says_how_many_of_whom(data: Any) -> None:
    name = [item[0] for item in data["items"]].__getitem__
    (group,) = data["groups"]
    assert (name(group[0]), group[1], group[2]) == ("shop-web", "databases", 1)
    assert [name(m) for m in group[3]] == ["shop-db-1", "shop-db-2"]


def test_names_cannot_leave_the_file_they_are_in(topology: Topology) -> None:
    _, content = data_file(topology)
    assert b"<" not in content
    assert data_file(topology)[1] == content
    assert data_file(Topology(topology._view))[1] == content


def test_every_look_has_words_and_a_sign(data: Any, topology: Topology) -> None:
    assert [look for look, _, _ in data["looks"]] == list(LOOKS)
    assert all(title and sign for _, title, sign in data["looks"])
    body = map_page(topology).body
    assert all(f"</svg>{title}</li>" in body for title in LOOKS.values())


def test_the_page_offers_the_classes_and_relations_there_are(topology: Topology) -> None:
    body = map_page(topology).body
    assert '<option value="server">Servers (2)</option>' in body
    assert 'name="way" value="depends_on" checked' in body
    assert 'name="way" value="connects_to">' in body
    assert "alternative_to" not in body


def test_without_items_there_is_a_page_that_says_so(tmp_path: Path) -> None:
    full = view_of(tmp_path, {}).store
    page = map_page(Topology(View(Store(full.snapshot, full.book, full.config), [], NOW)))
    assert "There are no configuration items yet." in page.body
    assert "<script" not in page.body


def test_what_is_not_well_is_drawn_first(tmp_path: Path) -> None:
    """Thirty databases do not fit into a picture; the one that is down does, whatever its name."""
    names = [f"db-{n:02}" for n in range(30)] + ["zz-down"]
    databases = {
        f"cmdb/databases/{n}.yaml": f"id: {n}\nclass: database\nname: {n}\nlifecycle: production\n"
        for n in names
    }
    links = "".join(f"- {{type: depends_on, target: {n}}}\n" for n in names)
    hub = {
        "cmdb/applications/hub.yaml": f"id: hub\nclass: application\nname: Hub\nlifecycle: production\nlinks:\n{links}"
    }
    incident = MORE["records/incidents/2026/11/INC-261122-JJJJJ.yaml"].replace("shop-db-1", "zz-down")
    view = view_of(
        tmp_path, {**databases, **hub, "records/incidents/2026/11/INC-261122-JJJJJ.yaml": incident}
    )
    assert look_of(view, "zz-down") == "outage"
    from itsm_gitops.presentation.pages.surroundings import item_map

    picture = item_map(view, "hub")
    figure = picture[: picture.index("</figure>")]
    assert "zz-down" in figure
    assert "db-29" not in figure
    assert "Databases (30)" in figure  # what is alike is one box, which leads to the map
    assert "db-29" in picture  # the list has everything
    assert f'href="\x01{urls.map_of("hub")}"' in picture


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("2 of 2 up, 1 needed, 2 degraded", "none of 2 fully operational, 1 needed"),
        ("3 of 4 up, 2 needed, 2 degraded", "1 of 4 fully operational, 2 needed"),
        ("1 of 2 up, 2 needed", "1 of 2 running, 2 needed"),
    ],
)
def test_what_a_redundant_group_suffers_is_a_sentence(tmp_path: Path, reason: str, said: str) -> None:
    assert view_of(tmp_path, {}).reason(Health("shop-web", DEGRADED, (), reason)) == said
