"""The export for analytics: what is in it, that it is stable, and that it stays in its folder."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.commands.exchanging import export_parquet
from itsm_gitops.exchange.export_folder import MANIFEST, ExportFolder
from itsm_gitops.exchange.typed_columns import field_columns, type_of
from itsm_gitops.model.errors import ItsmError, NotFound, Refused
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots.config import read_audience
from tests.complete import need
from tests.publish.canary_site import WORD, write_canaries
from tests.support import GitRepo, incident, path_of, run_here, service

need("pyarrow")

NOW = "2026-04-01T12:00:00Z"
FIRST, SECOND = "INC-260304-AAAAA", "INC-250304-BBBBB"
IN_2025 = f"records/incidents/2025/03/{SECOND}.yaml"
LEVEL = (
    "id: gold\nclass: service-level\nname: Gold\nowner: desk\nlifecycle: production\nkind: sla\n"
    "targets:\n  - {record: incident, metric: resolution, minutes: 60}\n"
)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_NOW", NOW)
    monkeypatch.setenv("ITSM_INDEX", "always")


@pytest.fixture
def shop(git_repo: GitRepo) -> GitRepo:
    git_repo.write("cmdb/services/print.yaml", service("print", extra="service_level: gold\n"))
    git_repo.write("cmdb/service-levels/gold.yaml", LEVEL)
    git_repo.write(path_of(FIRST), incident(FIRST))
    closed = incident(SECOND, title="Paper jam").replace("state: new\nlinks", "state: resolved\nlinks", 1)
    closed += (
        "  - at: 2026-03-04T12:00:00+01:00\n    by: ada\n    state: resolved\n    note: Pulled it out.\n"
    )
    git_repo.write(IN_2025, closed)
    return git_repo


def export(made: GitRepo, folder: Path, **options: Any) -> Any:
    report, _ = export_parquet(made.repo, folder, **{"audience": None, "at": None, **options})
    return report


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    from pyarrow import parquet

    found = []
    for path in sorted(folder.glob(f"{table}/**/*.parquet")):
        with path.open("rb") as file:
            found += parquet.ParquetFile(file).read().to_pylist()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_each_table_has_a_file_for_each_kind_and_year(shop: GitRepo, tmp_path: Path) -> None:
    report = export(shop, tmp_path / "out")
    assert report.rows == {"records": 2, "items": 2, "timeline": 3, "links": 7, "clocks": 2}
    none = "year=__HIVE_DEFAULT_PARTITION__"
    assert sorted(contents(tmp_path / "out")) == [
        MANIFEST,
        "clocks/kind=incident/year=2025/part-0.parquet",
        "clocks/kind=incident/year=2026/part-0.parquet",
        "items/kind=service-level/part-0.parquet",
        "items/kind=service/part-0.parquet",
        "links/kind=incident/year=2025/part-0.parquet",
        "links/kind=incident/year=2026/part-0.parquet",
        f"links/kind=service-level/{none}/part-0.parquet",
        f"links/kind=service/{none}/part-0.parquet",
        "records/kind=incident/year=2025/part-0.parquet",
        "records/kind=incident/year=2026/part-0.parquet",
        "timeline/kind=incident/year=2025/part-0.parquet",
        "timeline/kind=incident/year=2026/part-0.parquet",
    ]


def test_a_record_is_a_row_with_derived_columns_and_times_in_utc(shop: GitRepo, tmp_path: Path) -> None:
    shop.write(path_of(FIRST), incident(FIRST, extra="time_spent: 15\nconfidential: true\nx: {a: [1]}\n"))
    export(shop, tmp_path / "out")
    old, new = rows(tmp_path / "out", "records")
    assert (old["id"], old["state"], old["state_category"], old["open"]) == (
        SECOND,
        "resolved",
        "done",
        False,
    )
    assert old["opened"] == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert old["resolved"] == old["updated"] == datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert (old["closed"], new["resolved"], new["open"], new["other"]) == (None, None, True, None)
    assert (new["priority"], new["time_spent"], new["confidential"], new["x"]) == (
        "P4",
        15,
        True,
        '{"a": [1]}',
    )
    assert "timeline" not in new
    assert "links" not in new
    assert new["path"] == path_of(FIRST)


def test_steps_links_and_clocks_are_tables(shop: GitRepo, tmp_path: Path) -> None:
    export(shop, tmp_path / "out")
    steps = [(s["id"], s["step"], s["state"], s["note"]) for s in rows(tmp_path / "out", "timeline")]
    assert steps == [
        (SECOND, 0, "new", None),
        (SECOND, 1, "resolved", "Pulled it out."),
        (FIRST, 0, "new", None),
    ]
    assert [(r["relation"], r["target"], r["field"]) for r in rows(tmp_path / "out", "links")[:2]] == [
        ("affects", "print", "service"),
        ("relates_to", "INC-260304-00000", "links"),
    ]
    clocks = [
        (c["id"], c["metric"], c["within_s"], c["used_s"], c["verdict"])
        for c in rows(tmp_path / "out", "clocks")
    ]
    whole = int((datetime(2026, 4, 1, 12, tzinfo=UTC) - datetime(2026, 3, 4, 10, tzinfo=UTC)).total_seconds())
    assert clocks == [(SECOND, "resolution", 3600, 3600, "met"), (FIRST, "resolution", 3600, whole, "missed")]


def test_types_are_those_of_the_schema() -> None:
    assert [
        type_of(s) for s in ({"type": "string"}, {"type": "string", "format": "date"}, {"enum": ["a"]})
    ] == [
        "text",
        "date",
        "text",
    ]
    assert type_of({"type": ["string", "null"], "format": "date-time"}) == "time"
    assert type_of({"type": ["string", "integer"]}) == type_of({}) == type_of({"type": "object"}) == "json"
    assert type_of({"type": "array", "items": {"type": "string"}}) == "texts"
    assert type_of({"type": "array", "items": {"type": "integer"}}) == "json"


def test_kinds_that_disagree_about_a_field_make_it_json_and_no_name_is_taken_twice() -> None:
    text, number = {"type": "string"}, {"type": "integer"}
    found = field_columns([{"a": text, "b": text}, {"a": number, "Path": text, "path": text}], ["path"])
    assert [(c.name, c.type, c.field) for c in found] == [
        ("a", "json", "a"),
        ("b", "text", "b"),
        ("field_Path", "text", "Path"),
        ("field_field_path", "text", "path"),
    ]


def test_a_new_kind_and_field_become_a_partition_and_a_column(shop: GitRepo, tmp_path: Path) -> None:
    schema = json.loads((shop.root / "schemas/cmdb/facility.schema.json").read_text())
    schema["x-itsm"] |= {"class": "gadget", "plural": "gadgets", "folder": "cmdb/gadgets"}
    schema["properties"]["bought"] = {"description": "When.", "type": "string", "format": "date"}
    schema["properties"]["kind"] = {"description": "Make.", "type": "string"}
    shop.write("schemas/cmdb/gadget.schema.json", json.dumps(schema))
    text = "id: lamp\nclass: gadget\nname: Lamp\nbought: 2026-01-02\nkind: led\n"
    shop.write("cmdb/gadgets/lamp.yaml", text)
    export(shop, tmp_path / "out")
    assert (tmp_path / "out/items/kind=gadget/part-0.parquet").is_file()
    lamp = next(r for r in rows(tmp_path / "out", "items") if r["id"] == "lamp")
    assert (lamp["bought"], lamp["field_kind"], lamp["other"]) == (date(2026, 1, 2), "led", None)


def test_what_does_not_fit_is_kept_in_other(shop: GitRepo, tmp_path: Path) -> None:
    wrong = "time_spent: long\nwatchers: ada\nof_no_schema: 1\n"
    shop.write(path_of(FIRST), incident(FIRST, extra=wrong).replace("by: ada", "by: ada\n    mood: [bad]"))
    export(shop, tmp_path / "out")
    row = next(r for r in rows(tmp_path / "out", "records") if r["id"] == FIRST)
    assert row["time_spent"] is row["watchers"] is None
    assert json.loads(row["other"]) == {"time_spent": "long", "watchers": "ada", "of_no_schema": 1}
    step = next(r for r in rows(tmp_path / "out", "timeline") if r["id"] == FIRST)
    assert (step["by"], step["other"]) == ("ada", '{"mood": ["bad"]}')


@pytest.mark.parametrize(
    "timeline", ["timeline: none\n", "timeline: [just text]\n", "timeline: {at: 1}\n", ""]
)
def test_a_broken_timeline_stops_nothing_and_is_not_lost(
    shop: GitRepo, tmp_path: Path, timeline: str
) -> None:
    text = incident(FIRST)
    shop.write(path_of(FIRST), text[: text.index("timeline")] + timeline)
    export(shop, tmp_path / "out")
    row = next(r for r in rows(tmp_path / "out", "records") if r["id"] == FIRST)
    steps = [r for r in rows(tmp_path / "out", "timeline") if r["id"] == FIRST]
    held = f"{row['other']}{steps}"
    assert row["opened"] is None
    assert all(word in held for word in timeline.removeprefix("timeline: ").strip("[]{}\n").split(": ")[:1])


def test_a_second_export_writes_only_what_changed(shop: GitRepo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export(shop, out).written == 12
    before = contents(out)
    again = export(shop, out)
    assert (again.written, again.removed, again.files) == (0, 0, 12)
    assert contents(out) == before
    shop.write(IN_2025, (shop.root / IN_2025).read_text().replace("Paper jam", "Paper jammed"))
    assert export(shop, out).written == 1
    changed = {p for p, raw in contents(out).items() if raw != before[p]}
    assert changed == {MANIFEST, "records/kind=incident/year=2025/part-0.parquet"}
    (shop.root / IN_2025).unlink()
    gone = export(shop, out)
    assert (gone.written, gone.removed) == (0, 4)
    assert not list(out.glob("*/*/year=2025"))


def test_a_file_that_somebody_changed_is_written_again(shop: GitRepo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(shop, out)
    before = contents(out)
    (out / "items/kind=service/part-0.parquet").write_bytes(b"PAR1")
    (out / "records/kind=incident/year=2025/part-0.parquet").unlink()
    assert export(shop, out).written == 2
    assert contents(out) == before


def test_a_clock_that_runs_is_read_again(
    shop: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(shop, tmp_path / "out")
    monkeypatch.setenv("ITSM_NOW", "2026-04-01T12:00:09Z")
    assert export(shop, tmp_path / "out").written == 1
    used = [c["used_s"] for c in rows(tmp_path / "out", "clocks")]
    monkeypatch.setenv("ITSM_NOW", NOW)
    export(shop, tmp_path / "out")
    assert used == [3600, rows(tmp_path / "out", "clocks")[1]["used_s"] + 9]


def test_many_exports_leave_what_one_export_leaves(
    shop: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way (what did not change is not read) and the long way (into a new folder) give the same bytes."""
    dice = random.Random(5)
    out = tmp_path / "out"
    written = 0
    for number in range(9):
        name = f"INC-{dice.choice((24, 25, 26))}0304-{dice.randrange(6):05d}"
        path = f"records/incidents/20{name[4:6]}/03/{name}.yaml"
        match dice.randrange(5):
            case 0 if (shop.root / path).exists():
                (shop.root / path).unlink()
            case 1:
                extra = f"service_level: gold\ndescription: Round {number}\n"
                shop.write("cmdb/services/print.yaml", service("print", extra=extra))
            case 2:
                shop.write("cmdb/service-levels/gold.yaml", LEVEL.replace("60", str(60 + number)))
            case 3:
                monkeypatch.setenv("ITSM_NOW", f"2026-05-{number + 1:02d}T00:00:00Z")
            case _:
                shop.write(path, incident(name, title=f"Round {number}"))
        written += export(shop, out).written
        export(shop, fresh := tmp_path / f"fresh-{number}")
        assert contents(out) == contents(fresh)
        shutil.rmtree(fresh)
    assert 0 < written < 9 * len(contents(out))


def test_a_revision_gives_the_bytes_that_its_files_gave(shop: GitRepo, tmp_path: Path) -> None:
    export(shop, tmp_path / "files")
    commit = shop.commit()
    shop.write(path_of(FIRST), incident(FIRST, title="Later"))
    export(shop, tmp_path / "commit", at=commit)
    files, revision = contents(tmp_path / "files"), contents(tmp_path / "commit")
    assert json.loads(revision.pop(MANIFEST))["commit"] == commit
    assert json.loads(files.pop(MANIFEST))["commit"] is None
    assert files == revision


def test_the_index_makes_no_difference(
    shop: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("records/incidents/2026/04/" + f"{FIRST}.yaml", incident(FIRST, title="The same name again"))
    shop.write(path_of("INC-260305-EEEEE"), "id: [\n")
    shop.write("cmdb/teams/print.yaml", "id: print\nclass: team\nname: A name twice\n")
    found = []
    for setting in ("off", "always", "always"):
        monkeypatch.setenv("ITSM_INDEX", setting)
        export(shop, tmp_path / f"out-{len(found)}")
        found.append(contents(tmp_path / f"out-{len(found)}"))
    assert found[0] == found[1] == found[2]
    assert [r["title"] for r in rows(tmp_path / "out-0", "records")] == ["Paper jam", "Printer is broken"]


def test_what_cannot_be_read_is_named(shop: GitRepo, tmp_path: Path) -> None:
    shop.write(path_of(FIRST), "id: [\n")
    done = run_here(["export", "parquet", "--to", str(tmp_path / "out")], shop.root)
    assert done.returncode == 1
    assert FIRST in done.stderr
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["unreadable"] == [FIRST]
    assert [r["id"] for r in rows(tmp_path / "out", "records")] == [SECOND]


def test_the_command_says_what_it_did(shop: GitRepo, tmp_path: Path) -> None:
    words = ["export", "parquet", "--to", str(tmp_path / "out")]
    done = run_here(words, shop.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "records   2 rows" in done.stdout
    assert "12: 12 written, 0 unchanged, 0 removed" in done.stdout
    told = json.loads(run_here([*words, "--json"], shop.root).stdout)
    assert (told["rows"]["links"], told["files"], told["written"]) == (7, 12, 0)


def test_nothing_is_nothing(git_repo: GitRepo, tmp_path: Path) -> None:
    report = export(git_repo, tmp_path / "out")
    assert (report.files, set(report.rows.values())) == (0, {0})
    assert list(contents(tmp_path / "out")) == [MANIFEST]


def _foreign_file(out: Path, _: Path) -> None:
    (out / "records/kind=incident/mine.parquet").write_bytes(b"mine")


def _foreign_folder(out: Path, _: Path) -> None:
    shutil.rmtree(out)
    out.mkdir()
    (out / "diary.txt").write_text("mine")


def _link_inside(out: Path, elsewhere: Path) -> None:
    shutil.rmtree(out / "records")
    (out / "records").symlink_to(elsewhere)


def _linked_file(out: Path, elsewhere: Path) -> None:
    (elsewhere / "precious").write_text("mine")
    path = out / "items/kind=service/part-0.parquet"
    path.unlink()
    path.symlink_to(elsewhere / "precious")


def _foreign_list(out: Path, _: Path) -> None:
    (out / MANIFEST).write_text('{"format": "another"}')


def _linked_list(out: Path, elsewhere: Path) -> None:
    shutil.move(out / MANIFEST, elsewhere / "list")
    (out / MANIFEST).symlink_to(elsewhere / "list")


@pytest.mark.parametrize("spoil", [_foreign_file, _foreign_folder, _link_inside, _foreign_list, _linked_list])
def test_a_folder_with_something_else_is_refused_and_left_alone(
    shop: GitRepo, tmp_path: Path, spoil: Any
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    export(shop, out)
    elsewhere.mkdir()
    spoil(out, elsewhere)
    before = contents(out), contents(elsewhere)
    shop.write(path_of(FIRST), incident(FIRST, title="Later"))
    with pytest.raises(Refused):
        export(shop, out)
    assert (contents(out), contents(elsewhere)) == before


def test_a_link_in_place_of_a_file_of_ours_is_replaced_and_not_followed(
    shop: GitRepo, tmp_path: Path
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    export(shop, out)
    before = contents(out)
    elsewhere.mkdir()
    _linked_file(out, elsewhere)
    export(shop, out)
    assert contents(out) == before
    assert contents(elsewhere) == {"precious": b"mine"}
    assert not any(p.is_symlink() for p in out.rglob("*"))


@pytest.mark.parametrize("place", ["records/out", ".git/out", "linked/out"])
def test_folders_of_the_repository_and_links_in_it_are_refused(
    shop: GitRepo, tmp_path: Path, place: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shop.root / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ItsmError):
        export(shop, shop.root / place)
    assert not (shop.root / place).exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("steps", range(3))
def test_an_export_that_is_killed_is_put_right_by_the_next(
    shop: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    out = tmp_path / "out"
    export(shop, out)
    before = contents(out)
    shop.write(
        path_of(FIRST),
        incident(FIRST, title="Later", extra="watchers: [bob]\n").replace("by: ada", "by: eve"),
    )
    (shop.root / IN_2025).unlink()
    left = iter(range(steps))
    place, real = "_place" if steps else "commit", ExportFolder._place

    def killed(self: Any, *arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ExportFolder, place, killed)
        patch.setattr(ExportFolder, "_clear_staging", lambda self: None)  # as after kill -9
        with pytest.raises(KeyboardInterrupt):
            export(shop, out)
    half = {p: raw for p, raw in contents(out).items() if not p.startswith(".staging")}
    if not steps:
        assert half == before
    else:
        assert json.loads(half[MANIFEST])["complete"] is False
    export(shop, out)
    export(shop, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


def test_two_exports_do_not_write_into_one_folder(shop: GitRepo, tmp_path: Path) -> None:
    with (
        ExportFolder.claim(tmp_path / "out", "internal", shop.root),
        pytest.raises(Refused, match="another export"),
    ):
        export(shop, tmp_path / "out")


def test_a_folder_is_of_one_audience(shop: GitRepo, tmp_path: Path) -> None:
    export(shop, tmp_path / "out", audience="public")
    with pytest.raises(Refused, match=r"another audience \(public\)"):
        export(shop, tmp_path / "out")
    with pytest.raises(NotFound, match="no audience 'nobody'"):
        export(shop, tmp_path / "other", audience="nobody")


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("canaries")
    write_canaries(root)
    return root


def words_of(value: Any) -> Iterator[str]:
    yield from WORD.findall(json.dumps(value, default=str))


@pytest.mark.parametrize("audience", ["public", "staff", "internal"])
def test_an_audience_gets_what_it_may_see_and_all_of_that(
    canaries: Path, tmp_path: Path, audience: str
) -> None:
    from itsm_gitops.commands.exchanging import _exposed

    repo = Repository.open(canaries)
    export_parquet(repo, tmp_path / "out", audience=audience, at=None)
    store = _exposed(repo, audience, None)[0]
    may = {w for _, data in store.documents() for w in words_of({**data, "path": ""})}
    got = Counter(
        w
        for table in ("records", "items", "timeline", "links", "clocks")
        for row in rows(tmp_path / "out", table)
        for w in words_of({**row, "path": ""})
    )
    notes = {
        w
        for _, data in store.documents()
        for link in data.get("links", ())
        for w in words_of(link.get("note"))
    }
    assert set(got) - may == set()
    assert may - set(got) - notes == set()
    assert len(may) > 20
    columns = json.loads((tmp_path / "out" / MANIFEST).read_text())["tables"]
    names = {c["name"] for c in columns["timeline"]}
    assert ("note" in names, "added_later" in names) == (audience == "internal", audience != "public")
    may_see = read_audience(repo.snapshot(), repo.book, audience)
    assert ("clocks" in columns) == may_see.reports
    assert ("path" in {c["name"] for c in columns["records"]}) == may_see.sources
