"""``check --shard``: all parts together are the whole, whatever is wrong with the repository."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from itsm_gitops.model.errors import UsageError
from itsm_gitops.repository import Repository
from itsm_gitops.rules import CheckReport, check
from itsm_gitops.rules.report import as_json, github, markdown, text
from itsm_gitops.rules.shard import Shard, read_shard
from tests.support import GitRepo, copy_tree, rounds

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = "2026-12-01T09:00:00Z"
COUNTS = ("files", "records", "unjudged", "history")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The living example, in a folder of its own."""
    monkeypatch.setenv("ITSM_NOW", NOW)
    for name in ("schemas", "cmdb", "records"):
        copy_tree(CHECKOUT / name, tmp_path / name)
    (tmp_path / "itsm.yaml").write_bytes((CHECKOUT / "itsm.yaml").read_bytes())
    return tmp_path


def parts(root: Path, count: int, **how: object) -> list[CheckReport]:
    return [check(Repository.open(root), shard=Shard(n, count), **how) for n in range(1, count + 1)]  # type: ignore[arg-type]


def same(whole: CheckReport, shards: list[CheckReport]) -> None:
    """Hold what all shards say together against what one check of everything says."""
    together = Counter(f for part in shards for f in part.findings)
    assert together == Counter(whole.findings)
    assert {name: sum(getattr(part, name) for part in shards) for name in COUNTS} == {
        name: getattr(whole, name) for name in COUNTS
    }
    assert any(part.fails() for part in shards) == whole.fails()


def _cut(path: Path, chance: random.Random) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: chance.randrange(len(raw))])


def _other_word(path: Path, chance: random.Random) -> None:
    words = path.read_text().split("\n")
    at = chance.randrange(len(words))
    words[at] = words[at].replace(
        words[at].rpartition(" ")[2], chance.choice(["nobody", "12", "INC-261001-ABCDE", "[]"])
    )
    path.write_text("\n".join(words))


def _no_line(path: Path, chance: random.Random) -> None:
    lines = path.read_text().split("\n")
    del lines[chance.randrange(len(lines))]
    path.write_text("\n".join(lines))


def _twice(path: Path, chance: random.Random) -> None:
    target = path.parent.parent / f"{chance.choice(['here', 'there'])}" / path.name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(path.read_bytes())


def _link(path: Path, _: random.Random) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _gone(path: Path, _: random.Random) -> None:
    path.unlink()


def _alias(path: Path, chance: random.Random) -> None:
    path.write_text(f"{path.read_text()}aliases:\n  - OLD{chance.randrange(3)}\n")


FAULTS: tuple[Callable[[Path, random.Random], None], ...] = (_cut, _other_word, _other_word, _no_line, _no_line, _twice, _link, _gone, _alias, _alias)  # fmt: skip


@pytest.mark.parametrize(
    "seed", [2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, rounds(5, 9)))]
)
def test_all_shards_together_find_what_the_whole_check_finds(world: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = sorted(p for folder in ("cmdb", "records") for p in (world / folder).rglob("*.yaml"))
    for path in chance.sample(files, 45):
        chance.choice(FAULTS)(path, chance)
    with (world / "itsm.yaml").open("a") as settings:
        settings.write("cut_over: 2026-11-25\n")
    whole = check(Repository.open(world))
    assert len({f.code for f in whole.findings}) > 8, "not enough is wrong for this to say much"
    for count in range(1, 8):
        same(whole, parts(world, count))
    same(check(Repository.open(world), paths=["records"]), parts(world, 3, paths=["records"]))


def test_a_shard_alone_reads_its_own_records(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsm_gitops.snapshots import WorkingTree

    read: list[str] = []
    before = WorkingTree.read_many

    def noting(self: WorkingTree, paths):  # type: ignore[no-untyped-def]
        listed = list(paths)
        read.extend(listed)
        return before(self, listed)

    monkeypatch.setattr(WorkingTree, "read_many", noting)
    records = {p.relative_to(world).as_posix() for p in (world / "records").rglob("*.yaml")}
    shares = []
    for number in (2, 3):
        read.clear()
        check(Repository.open(world), shard=Shard(number, 3))
        shares.append(records & set(read))
    assert shares[0] | shares[1] == records
    assert not shares[0] & shares[1]


def test_shares_are_even_and_the_same_everywhere() -> None:
    paths = [f"records/incidents/2026/11/INC-261122-{n:05d}.yaml" for n in range(4000)]
    for count in (2, 3, 5):
        sizes = [sum(map(Shard(n, count).owns, paths)) for n in range(1, count + 1)]
        assert sum(sizes) == len(paths)
        rest = sizes[1:]
        assert max(rest) < 1.15 * min(rest)
        assert sizes[0] == 0 if count > 2 else 0.2 * len(paths) < sizes[0] < 0.3 * len(paths)
    # Another number here means that jobs of two versions would leave documents out.
    assert [n for n in range(1, 8) if Shard(n, 7).owns(paths[0])] == [3]
    assert Shard(2, 2).owns("cmdb/a/x.yaml") == Shard(2, 2).owns("cmdb/b/x.yaml")


def test_a_broken_rule_book_is_told_once_and_fails_everywhere(world: Path) -> None:
    (world / "schemas" / "policies" / "links.yaml").write_text("version: [1\n")
    whole, shards = check(Repository.open(world)), parts(world, 4)
    same(whole, shards)
    assert whole.unjudged
    assert all(part.fails() for part in shards)
    assert [bool(part.findings) for part in shards] == [True, False, False, False]
    assert "documents not judged: the rule book comes first" in text(shards[1])


def test_settings_are_told_once(world: Path) -> None:
    with (world / "itsm.yaml").open("a") as settings:
        settings.write("colour: blue\nseverity:\n  D010: error\n")
    shards = parts(world, 3)
    same(check(Repository.open(world)), shards)
    assert [sum(f.path == "itsm.yaml" for f in part.findings) for part in shards] == [1, 0, 0]


def test_a_shard_says_so_in_every_format(world: Path) -> None:
    report = check(Repository.open(world), shard=Shard(2, 3))
    assert all("; shard 2/3)" in form(report) for form in (text, github, markdown))
    assert json.loads(as_json(report))["shard"] == {"number": 2, "count": 3}
    assert json.loads(as_json(check(Repository.open(world))))["shard"] is None


@pytest.mark.parametrize("named", ["0/3", "4/3", "1", "1/0", "a/b", "1/257", "-1/3", "1/3/5", "1 / 3", "١/٣"])
def test_what_is_no_shard(named: str) -> None:
    with pytest.raises(UsageError, match="is not a shard"):
        read_shard(named)


def test_what_is_not_divided(git_repo: GitRepo) -> None:
    for how in ({"base": "HEAD"}, {"fix": True}):
        with pytest.raises(UsageError, match="is not divided into shards") as caught:
            check(git_repo.repo, shard=Shard(1, 2), **how)  # type: ignore[arg-type]
        assert "leave out --shard" in caught.value.hint
    assert check(git_repo.repo, base="HEAD", shard=read_shard("1/1")).findings == ()
