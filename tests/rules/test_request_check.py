"""The request check reads what a change reaches, and says what the check of everything says with the same base."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops import rules
from itsm_gitops.model import clock
from itsm_gitops.repository import Repository
from itsm_gitops.repository.lazy_store import LazyStore
from itsm_gitops.repository.request_files import RequestFiles
from itsm_gitops.rules import context
from itsm_gitops.rules.registry import RULES
from itsm_gitops.rules.registry import rules as table
from itsm_gitops.rules.request import RequestReport, judge_request
from itsm_gitops.rules.rule import DOCUMENT, NETWORK, REACHES
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.rules.request_world import Edits, World
from tests.support import GitRepo, copy_tree, rounds

SETTINGS = "version: 1\norganisation: Example Ltd\ntimezone: Europe/Berlin\nsite:\n  name: Example IT\n"
HOW = ("tree", "tree", "index", "commit", "merge")


def repository(root: Path, dice: random.Random) -> tuple[GitRepo, World]:
    """Write a random world and commit it, with some of its documents edited at random already."""
    made = GitRepo(root)
    copy_tree(packaged_rulebook_root() / "schemas", root / "schemas")
    made.write("itsm.yaml", SETTINGS + ("directory: closed\n" if dice.random() < 0.5 else ""))
    world = World(dice)
    world.write(made)
    Edits(world, made).some(dice.randint(0, 4))
    made.git("init", "-q", "-b", "main")
    made.commit("base")
    return made, world


def request(made: GitRepo, world: World, how: str) -> tuple[str, str | None, list[str]]:
    """Edit at random; return base and head to be compared, and what was done."""
    dice, edits = world.dice, Edits(world, made)
    if how == "merge":
        made.git("switch", "-q", "-c", "side")
    edits.some(dice.choice((1, 1, 1, 2, 3, 6)))
    if how == "tree":
        return "HEAD", None, edits.done
    if how == "index":
        made.git("add", "-A")
        return "HEAD", ":", edits.done
    made.commit("head")
    if how == "commit":
        return "HEAD~1", "HEAD", edits.done
    made.git("switch", "-q", "main")
    Edits(world, made).note()
    made.commit("meanwhile")
    if subprocess.run(
        ["git", "merge", "-q", "side"], cwd=made.root, capture_output=True, check=False
    ).returncode:
        made.git("merge", "--abort")
        return "main", "side", edits.done
    return "HEAD~1", "HEAD", edits.done


def compare(root: Path, seed: int) -> bool:
    """Check one random request both ways; return whether only a part was read."""
    dice = random.Random(seed)
    made, world = repository(root, dice)
    base, at, done = request(made, world, dice.choice(HOW))
    part = rules.check(made.repo, base=base, at=at)
    whole = rules.check(made.repo, base=base, at=at, whole=True)
    assert part.findings == whole.findings, f"seed {seed}: {done}"
    assert part.fails() == whole.fails()
    return part.part


def judged(made: GitRepo) -> RequestReport | None:
    """Judge what is not committed yet."""
    files = RequestFiles.between(made.repo, "HEAD", None)
    try:
        return judge_request(files, clock.now())
    finally:
        files.close()


@pytest.mark.parametrize("seed", range(12))
def test_the_part_says_what_the_whole_says(tmp_path: Path, seed: int) -> None:
    assert compare(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(rounds(1, 16)))
def test_the_part_says_what_the_whole_says_of_many_requests(tmp_path: Path, block: int) -> None:
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        assert compare(tmp_path / str(seed), seed)


def test_nothing_is_read_that_the_change_does_not_concern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request of records goes through all entries, and few documents are parsed."""
    dice = random.Random(5)
    made, world = repository(tmp_path, dice)
    edits = Edits(world, made)
    for name in ("note", "add", "delete", "rename", "move_window", "item_field"):
        getattr(edits, name)()
    asked: list[str] = []
    monkeypatch.setattr(LazyStore, "whole", lambda self: asked.append(self.side.name) or [])
    report = judged(made)
    assert report is not None
    assert asked == []


def test_an_edit_of_one_record_parses_few_documents(tmp_path: Path) -> None:
    made, world = repository(tmp_path, random.Random(7))
    before = Edits(world, made)
    path, data = before.pick("records/incidents")
    before.put(path, {**data, "title": "Another title"})
    report = judged(made)
    assert report is not None
    named = {data.get("service"), data.get("assigned_team"), data.get("reported_by"), *data.get("cis", ())}
    parsed = {p for _, p in report.store.pool.parsed}
    assert path in parsed
    assert len(parsed) <= 15 + len(named)  # with what those items name
    assert report.paths[0] in parsed


def test_the_report_counts_what_it_read(tmp_path: Path) -> None:
    made, world = repository(tmp_path, random.Random(3))
    Edits(world, made).note()
    part, whole = (rules.check(made.repo, base="HEAD", whole=w) for w in (False, True))
    assert part.part
    assert not whole.part
    assert part.files < whole.files
    assert part.base == whole.base


def test_a_request_that_edits_the_rule_book_is_judged_as_a_whole(tmp_path: Path) -> None:
    made, _ = repository(tmp_path, random.Random(2))
    path = tmp_path / "schemas/policies/risk.yaml"
    path.write_text(path.read_text() + "# a word\n")
    report = rules.check(made.repo, base="HEAD")
    assert not report.part
    assert [f.code for f in report.findings if f.path.startswith("schemas/")] == ["S101"]


def test_a_network_rule_that_does_not_say_what_it_depends_on_makes_the_check_read_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from itsm_gitops.rules import request as judging

    made, world = repository(tmp_path, random.Random(2))
    Edits(world, made).note()
    silent = tuple(replace(r, reach=None) if r.code == "K001" else r for r in table(NETWORK))
    monkeypatch.setattr(judging, "rules", lambda scope=None: silent if scope == NETWORK else table(scope))
    assert not rules.check(made.repo, base="HEAD").part


def test_every_network_rule_says_what_it_depends_on() -> None:
    assert [r.code for r in RULES.values() if r.scope == NETWORK and r.reach is None] == []
    assert {word for r in RULES.values() for word in r.reach or ()} == set(REACHES)


class _Alone:
    """A store in which a rule that depends on its document alone finds nothing to ask."""

    def __init__(self, store: Any) -> None:
        self.book, self.config = store.book, store.config

    @property
    def entries(self) -> Any:
        raise AssertionError("a rule without `reach` looked at other documents")


def test_document_rules_without_reach_look_at_their_document_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs over every document of some worlds without a CMDB to look at."""
    from itsm_gitops.snapshots.loading import load_store

    def forbidden(*_: object) -> Any:
        raise AssertionError("a rule without `reach` looked at an item")

    alone = [r for r in table(DOCUMENT) if r.check is not None and not r.reach]
    seen = 0

    def visit(store: Any, document: Any) -> list[None]:
        nonlocal seen
        if document.kind is None or not isinstance(document.data, dict):
            return []
        lone: Any = _Alone(store)
        ctx = context.DocumentContext.of(
            document, document.kind, document.data, frozenset(), lone, clock.now(), forbidden
        )
        for rule in alone:
            fits = not rule.kinds or any(role in document.kind.plays for role in rule.kinds)
            if fits and (not rule.stateful or document.kind.workflow is not None):
                check: Callable[[Any], Any] = rule.check  # type: ignore[assignment]
                try:
                    list(check(ctx))
                except (KeyError, TypeError, AttributeError):
                    continue  # a field that the schema refuses, which a check would have hidden
                seen += 1
        return []

    made, _ = repository(tmp_path, random.Random(11))
    load_store(made.repo.snapshot(), jobs=1, visit=visit)
    assert seen > 500


def edited(made: GitRepo, path: str, old: str, new: str) -> None:
    target = made.root / path
    text = target.read_text()
    assert old in text
    target.write_text(text.replace(old, new))


INCIDENT = (
    "id: {id}\nkind: incident\ntitle: Mail is slow\nreported_by: ada\nservice: mail\ncategory: mail\nimpact: low\n"
    "urgency: low\nstate: new\nassigned_team: desk\n{more}timeline:\n- {{at: 2026-11-01T09:00:00Z, by: ada, state: new}}\n"
)


def small(root: Path, documents: dict[str, str]) -> GitRepo:
    """Commit a small repository: a team, a person, a service, and some documents."""
    made = GitRepo(root)
    copy_tree(packaged_rulebook_root() / "schemas", root / "schemas")
    made.write("itsm.yaml", SETTINGS)
    made.write("cmdb/teams/desk.yaml", "id: desk\nclass: team\nname: Desk\nlifecycle: production\n")
    made.write(
        "cmdb/people/ada.yaml", "id: ada\nclass: person\nname: Ada\nlifecycle: production\nteams: [desk]\n"
    )
    made.write(
        "cmdb/services/mail.yaml",
        "id: mail\nclass: service\nname: Mail\nowner: desk\nlifecycle: production\n",
    )
    for path, text in documents.items():
        made.write(path, text)
    made.git("init", "-q", "-b", "main")
    made.commit("base")
    return made


def place(name: str) -> str:
    return f"records/incidents/2026/11/{name}.yaml"


ONE, TWO = "INC-261101-AAAAA", "INC-261101-BBBBB"


def codes(made: GitRepo, base: str = "HEAD", at: str | None = None) -> list[tuple[str, str]]:
    """Return code and path of what the request check says, which must be what the whole says."""
    part = rules.check(made.repo, base=base, at=at)
    whole = rules.check(made.repo, base=base, at=at, whole=True)
    assert part.part
    assert part.findings == whole.findings
    return [(f.code, f.path) for f in part.findings]


@pytest.mark.parametrize(
    "target",
    [
        TWO,
        f'"{TWO}"',
        '"INC-26\\x31101-BBBBB"',  # an escape in quotes hides the name from a search
        '"INC-261101-\\\n    BBBBB"',  # a line that goes on hides it too
    ],
)
def test_a_deleted_document_is_missed_however_its_name_is_written(tmp_path: Path, target: str) -> None:
    link = f"links:\n- type: relates_to\n  target: {target}\n"
    documents = {place(ONE): INCIDENT.format(id=ONE, more=link), place(TWO): INCIDENT.format(id=TWO, more="")}
    made = small(tmp_path, documents)
    (tmp_path / place(TWO)).unlink()
    assert codes(made) == [("W106", place(ONE))]


def test_a_retired_item_is_found_in_open_records_that_name_it(tmp_path: Path) -> None:
    made = small(tmp_path, {place(ONE): INCIDENT.format(id=ONE, more="")})
    edited(made, "cmdb/services/mail.yaml", "lifecycle: production", "lifecycle: retired")
    assert ("K009", place(ONE)) in codes(made)


def test_an_alias_in_other_letters_is_found_far_away(tmp_path: Path) -> None:
    documents = {
        place(ONE): INCIDENT.format(id=ONE, more=""),
        place(TWO): INCIDENT.format(id=TWO, more="aliases: [INC0010023]\n"),
    }
    made = small(tmp_path, documents)
    edited(made, place(ONE), "timeline:", "aliases: [inc0010023]\ntimeline:")
    assert codes(made) == [("I007", place(TWO))]


def test_a_second_file_of_a_name_is_found_where_the_first_one_cannot_be_read(tmp_path: Path) -> None:
    """The first file is broken: the second is reported all the same, and no rule stumbles."""
    made = small(tmp_path, {place(ONE): "id: [\n"})
    other = f"records/problems/2026/11/{ONE}.yaml"
    made.write(other, "id: x\n")
    found = codes(made)
    assert ("I006", other) in found
    assert "S013" not in {code for code, _ in found}


def test_what_was_wrong_with_the_second_file_of_a_name_is_no_news_when_the_first_one_goes(
    tmp_path: Path,
) -> None:
    """In base the name means the incident, in head the file that is left: both sides judge that one."""
    other = f"records/problems/2026/11/{ONE}.yaml"
    document = INCIDENT.format(id=ONE, more="")
    made = small(tmp_path, {place(ONE): document, other: document})
    (tmp_path / place(ONE)).unlink()
    assert codes(made) == []


def test_a_name_in_other_letters_is_found(tmp_path: Path) -> None:
    made = small(tmp_path, {})
    made.write("cmdb/services/Mail.yaml", "id: Mail\n")
    assert ("I008", "cmdb/services/mail.yaml") in codes(made)


def test_a_change_that_looks_closed_is_still_in_the_way(tmp_path: Path) -> None:
    """In a document in braces a line may stand at the left edge that reads like its state."""
    text = (
        '{{id: {id}, kind: change, title: Move, type: normal, requested_by: ada, description: "x\n{fake}\ny",\n'
        "justification: Needed., service: mail, risk: {{level: low, reason: Known.}}, impact_statement: None.,\n"
        "state: scheduled, assigned_team: desk, implementation_plan: Do it., test_plan: See it.,\n"
        "backout_plan: Undo it., implementers: [ada], planned_start: '2099-12-01T{hour}:00:00Z',\n"
        "planned_end: '2099-12-01T20:00:00Z', timeline: [{{at: '2026-11-01T09:00:00Z', by: ada, state: draft}}]}}\n"
    )
    one, two = "CHG-261101-AAAAA", "CHG-261101-BBBBB"
    paths = [f"records/changes/2026/11/{name}.yaml" for name in (one, two)]
    made = small(tmp_path, {paths[0]: text.format(id=one, fake="state: closed", hour="18")})
    made.write(paths[1], text.format(id=two, fake="z", hour="19"))
    assert ("C014", paths[1]) in codes(made)


def test_a_bad_revision_is_a_clear_error(tmp_path: Path) -> None:
    from itsm_gitops.model.errors import GitError

    made = small(tmp_path, {})
    with pytest.raises(GitError, match="no revision"):
        rules.check(made.repo, base="nowhere")


def test_a_repository_below_the_top_of_its_git_repository(tmp_path: Path) -> None:
    top = tmp_path / "top"
    inner = top / "ops"
    made = small(inner, {place(ONE): INCIDENT.format(id=ONE, more="")})
    import shutil

    shutil.rmtree(inner / ".git")
    outer = GitRepo(top)
    outer.git("init", "-q", "-b", "main")
    outer.commit("base")
    edited(made, place(ONE), "impact: low", "impact: lowest")
    found = codes(GitRepo(inner))
    assert {path for _, path in found} == {place(ONE)}
    outer.commit("head")
    assert codes(GitRepo(inner), "HEAD~1", "HEAD") == found


def test_an_unchanged_index_after_a_copy_is_no_change(tmp_path: Path) -> None:
    """Git no longer trusts the times of copied files; what they hold is compared."""
    made = small(tmp_path / "a", {place(ONE): INCIDENT.format(id=ONE, more="")})
    copy_tree(made.root, tmp_path / "b")
    files = RequestFiles.between(Repository.open(tmp_path / "b"), "HEAD", None)
    assert dict(files.differences) == {}
    files.close()


def test_what_a_sparse_checkout_leaves_out_is_read_from_git(tmp_path: Path) -> None:
    """Nothing that is left out counts as deleted, and links to and from it are known."""
    link = f"links:\n- type: relates_to\n  target: {TWO}\n"
    documents = {
        place(ONE): INCIDENT.format(id=ONE, more=link),
        f"records/problems/2026/11/{ONE.replace('INC', 'PRB')}.yaml": "id: x\n",
        place(TWO): INCIDENT.format(id=TWO, more=""),
    }
    made = small(tmp_path, documents)
    made.git("rm", "-q", place(TWO))
    made.write(
        "cmdb/services/mail.yaml", (tmp_path / "cmdb/services/mail.yaml").read_text() + "description: Post.\n"
    )
    made.commit("head")
    expected = codes(made, "HEAD~1", "HEAD")
    assert ("W106", place(ONE)) in expected
    made.git("sparse-checkout", "set", "--no-cone", "/*", "!/cmdb", f"!/{place(ONE)}")
    assert not (tmp_path / place(ONE)).exists()
    report = rules.check(made.repo, base="HEAD~1")
    assert [(f.code, f.path) for f in report.findings] == expected


def test_a_partial_clone_that_may_not_fetch_says_how_many_objects_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsm_gitops.model.errors import GitError

    monkeypatch.setenv("ITSM_FETCH", "off")
    made = small(tmp_path / "a", {place(ONE): INCIDENT.format(id=ONE, more="")})
    edited(made, place(ONE), "impact: low", "impact: high")
    edited(made, "cmdb/services/mail.yaml", "name: Mail", "name: Post")
    made.commit("head")
    made.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "b"
    made.git("clone", "-q", "--filter=blob:none", f"file://{made.root}", str(clone))
    with pytest.raises(GitError) as error:
        rules.check(Repository.open(clone), base="HEAD~1")
    assert error.value.message == "this partial clone lacks 2 objects of what changed"
    command = error.value.hint.partition(" gets")[0].split()
    GitRepo(clone).git(*command[1:])
    assert rules.check(Repository.open(clone), base="HEAD~1").part
