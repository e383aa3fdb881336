"""Two different names never become one identifier, whichever table they come in and in whatever order."""

from __future__ import annotations

import re
import shutil

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from itsm_gitops.exchange import import_csv
from itsm_gitops.exchange.report import ADJUSTED
from itsm_gitops.model.errors import Refused
from tests.exchange.test_drafts import SERVERS, SERVICE, TEAM

LONG = "Reporting database of the department of finance " * 4
# Names in groups that lose their difference somewhere: in a slug, a cut, another script or form, a title.
ALIKE = (
    ("Web 01", "Web-01", "web-01", "Web_01", "Web 01.", "Web (01)", "WEB 01"),
    ("C", "C#", "C++", "c"),
    ("Zoë Müller", "Zoe Muller", "Zoé Müller", "zoe-muller"),
    ("Weiß", "Weiss", "WEISS"),
    ("ABC", "\uff21\uff22\uff23", "abc"),
    ("Server 2", "Server ²", "Server ②"),
    ("iOS", "IOS", "i OS"),
    ("office", "o\ufb03ce"),
    ("張偉", "章偉", "zhangwei"),
    (f"{LONG}north", f"{LONG}south", LONG.strip(), f"{LONG[:119].rstrip()}…"),
    (f"{'x' * 63}", f"{'x' * 64}", f"{'x' * 65}"),
    ("Ann\u200bLee", "AnnLee", "Ann Lee"),
    ("group-9", "Group 9", "Group 9!"),
)
APPLICATIONS = """\
kind: incident
key: id
times: {format: iso, time_zone: Etc/UTC}
columns:
  title: {value: Broken}
  reported_by: {column: who, slug: true}
  service: {value: mail}
  category: {value: IT}
  impact: {value: low}
  urgency: {value: low}
  cis: {column: what, type: list, slug: true, ensure: application}
timeline: {opened: {at: opened}, state: {value: new}}
items:
  application: {owner: ops, lifecycle: production}
"""
names = st.sampled_from(ALIKE).flatmap(lambda group: st.permutations(group).map(lambda g: g[:4]))


def whole(text: str, *, person: bool) -> str:
    """The name as far as it tells apart: people and teams are the same in any case of their letters."""
    text = " ".join(text.split())
    return text.lower() if person else text


@pytest.fixture
def place(make_repo):
    return make_repo("repo")


def begin(place) -> None:
    for folder in ("records", "cmdb", "imports", "build"):
        shutil.rmtree(place.root / folder, ignore_errors=True)
    place.write("cmdb/teams/ops.yaml", TEAM)
    place.write("cmdb/services/mail.yaml", SERVICE)


def import_names(place, tmp_path, batch: list[str], number: int):
    source, rules = tmp_path / f"t{number}.csv", tmp_path / "m.yaml"
    rules.write_text(APPLICATIONS)
    lines = [f'T{number}-{i},2024-01-01,"{n}","{n}"\n' for i, n in enumerate(batch)]
    source.write_text("id,opened,who,what\n" + "".join(lines), encoding="utf-8")
    return import_csv(place.repo, source, rules)


def tree(place) -> dict[str, bytes]:
    return {
        str(p): p.read_bytes()
        for f in ("records", "cmdb", "imports")
        for p in (place.root / f).rglob("*")
        if p.is_file()
    }


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([list(ALIKE[0][:4]), list(ALIKE[0][4:])])
@example([[name] for name in ALIKE[9]])
@example([["zoe-muller"], ["Zoe Muller", "Zoë Müller"]])
@given(st.lists(names, min_size=1, max_size=3))
def test_no_two_names_are_ever_one(place, tmp_path, batches: list[list[str]]) -> None:
    begin(place)
    people: dict[str, set[str]] = {}
    things: dict[str, set[str]] = {}
    for number, batch in enumerate(batches):
        report = import_names(place, tmp_path, batch, number)
        assert len(report.created) == len(batch), report.skipped
        before = tree(place)
        again = import_names(place, tmp_path, batch, number)
        assert (again.counts["unchanged"], tree(place)) == (len(batch), before)
        store = place.repo.store()
        for i, name in enumerate(batch):
            record = store.data(store.aliases[f"T{number}-{i}"])
            people.setdefault(whole(name, person=True), set()).add(record["reported_by"])
            things.setdefault(whole(name, person=False), set()).add(record["cis"][0])
    for table in (people, things):
        assert all(len(ids) == 1 for ids in table.values()), table
        assert len({next(iter(ids)) for ids in table.values()}) == len(table), table


def test_a_name_that_begins_like_one_that_was_cut_is_another(place, tmp_path) -> None:
    begin(place)
    import_names(place, tmp_path, [f"{LONG}north"], 1)
    report = import_names(place, tmp_path, [f"{LONG}south", LONG], 2)
    assert len(report.items) == 2


def test_where_a_spelling_is_taken_for_the_same_person_the_report_says_so(place, tmp_path) -> None:
    begin(place)
    report = import_names(place, tmp_path, ["Ann Lee", "ann  lee"], 1)
    remarks = [(n.column, n.value) for n in report.notes if n.outcome == ADJUSTED and "Ann Lee" in n.reason]
    assert ("who", "ann  lee") in remarks


def test_an_alias_says_that_two_names_are_one_item(place, tmp_path) -> None:
    begin(place)
    place.write(
        "cmdb/applications/outlook.yaml",
        "id: outlook\nclass: application\nname: Outlook\nowner: ops\nlifecycle: production\n"
        "aliases: [MS Outlook 2016]\n",
    )
    report = import_names(place, tmp_path, ["MS Outlook 2016", "outlook"], 1)
    assert report.items == []


HOSTS = "host\n"


def host_import(place, tmp_path, name: str, rules: str = SERVERS):
    (tmp_path / "h.csv").write_text(f"host\n{name}\n", encoding="utf-8")
    (tmp_path / "h.yaml").write_text(rules)
    return import_csv(place.repo, tmp_path / "h.csv", tmp_path / "h.yaml", update=True)


@pytest.mark.parametrize(("first", "second"), [("wëb", "web"), ("Web_01", "web-01"), ("WEB01", "web01")])
def test_a_host_of_a_later_table_is_never_taken_for_another(place, tmp_path, first: str, second: str) -> None:
    begin(place)
    made = host_import(place, tmp_path, first).created
    before = tree(place)
    later = host_import(place, tmp_path, second)
    assert (later.counts["updated"], later.counts["kept"], later.counts["unchanged"]) == (0, 0, 0)
    assert made[0] not in later.created
    assert {p: c for p, c in tree(place).items() if p in before and "cmdb" in p} == {
        p: c for p, c in before.items() if "cmdb" in p
    }


def test_a_table_of_our_own_export_names_items_by_their_identifiers(place, tmp_path) -> None:
    begin(place)
    host_import(place, tmp_path, "Web 01")
    rules = SERVERS.replace("key: host", "key: host\nsource: {escaped: true}")
    report = host_import(place, tmp_path, "web-01", rules.replace("name: host", "name: {value: Front}"))
    assert report.updated == ["web-01"]


def test_a_handle_of_the_table_of_people_is_nobody_elses(place, tmp_path) -> None:
    begin(place)
    (tmp_path / "m.yaml").write_text(APPLICATIONS + "people: {Ann Lee: alee}\n")
    (tmp_path / "t.csv").write_text(
        "id,opened,who,what\nT1,2024-01-01,Ann Lee,\nT2,2024-01-01,A.Lee,\nT3,2024-01-01,ALEE,\n"
    )
    import_csv(place.repo, tmp_path / "t.csv", tmp_path / "m.yaml")
    store = place.repo.store()
    handles = [store.data(store.aliases[f"T{i}"])["reported_by"] for i in (1, 2, 3)]
    assert handles[0] == "alee"
    assert len(set(handles)) == 3


@pytest.mark.parametrize("people", ["{Ann Lee: alee, ann  lee: ann-l}", "people.csv"])
def test_a_person_with_two_handles_is_refused(place, tmp_path, people: str) -> None:
    begin(place)
    (tmp_path / "people.csv").write_text("name,handle\nAnn Lee,alee\nAnn Lee,ann-l\n")
    (tmp_path / "m.yaml").write_text(APPLICATIONS + f"people: {people}\n")
    (tmp_path / "t.csv").write_text("id,opened,who,what\n")
    with pytest.raises(Exception, match=re.compile("two handles", re.IGNORECASE)):
        import_csv(place.repo, tmp_path / "t.csv", tmp_path / "m.yaml")


def test_an_unreadable_register_of_names_stops_the_import(place, tmp_path) -> None:
    begin(place)
    import_names(place, tmp_path, ["Ann Lee"], 1)
    register = place.root / "imports/identifiers.tsv"
    register.write_text("<<<<<<< HEAD\n" + register.read_text())
    with pytest.raises(Refused, match=r"imports/identifiers.tsv:1:1"):
        import_names(place, tmp_path, ["Ann Lee"], 2)
