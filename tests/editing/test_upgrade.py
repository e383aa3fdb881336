"""itsm upgrade: what a newer tool ships is merged into what a repository made of an older one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from itsm_gitops.editing.migrate import migrate, planned
from itsm_gitops.editing.upgrade import (
    CONFLICT,
    GONE,
    KEPT,
    MANIFEST,
    MERGED,
    NEW,
    OTHER,
    UPDATED,
    UpgradePlan,
    manifest,
    plan_upgrade,
    shipped_files,
    upgrade,
)
from itsm_gitops.model.errors import Refused
from itsm_gitops.rules import check
from tests.support import GitRepo, run_here

FLOW = "schemas/workflows/incident.yaml"
KNOWN = "schemas/workflows/known-error.yaml"


@pytest.fixture
def new() -> dict[str, bytes]:
    """What is shipped now."""
    return shipped_files()


def older(new: dict[str, bytes]) -> dict[str, bytes]:
    """Return what an older tool shipped: one title was another one, one policy was not there, one file is gone now."""
    old = dict(new)
    old[FLOW] = old[FLOW].replace(b"title: In progress", b"title: Under way")
    old[KNOWN] = old[KNOWN].replace(b"title: Known error", b"title: A known error")
    del old["schemas/policies/risk.yaml"]
    old["schemas/templates/fax.yaml"] = new["schemas/templates/incident.yaml"].replace(
        b"template: incident", b"template: fax"
    )
    return old


@pytest.fixture
def made(
    make_repo: Callable[..., GitRepo], new: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> GitRepo:
    """A repository that an older tool began."""
    monkeypatch.setenv("ITSM_USER", "duty-agent")
    repo = make_repo("old", committed=False)
    old = older(new)
    for path, content in {**old, MANIFEST: manifest(old, "0.0.9")}.items():
        repo.write(path, content)
    (repo.root / "schemas/policies/risk.yaml").unlink(missing_ok=True)  # what is shipped now is there already
    repo.write("itsm.yaml", "version: 1\norganisation: O\ntimezone: UTC\n")
    repo.write("records/.keep", "")
    repo.commit("began")
    return repo


def fates(plan: UpgradePlan) -> dict[str, str]:
    return {f.path: f.fate for f in plan.files}


def test_untouched_files_are_updated_and_new_ones_come(made: GitRepo, new: dict[str, bytes]) -> None:
    plan = upgrade(made.repo)
    assert fates(plan) == {
        FLOW: UPDATED,
        KNOWN: UPDATED,
        "schemas/policies/risk.yaml": NEW,
        "schemas/templates/fax.yaml": GONE,
    }
    assert {p: (made.root / p).read_bytes() for p in new} == new
    assert (made.root / "schemas/templates/fax.yaml").exists()
    made.commit("upgraded")
    assert fates(plan_upgrade(made.repo)) == {}


def test_local_edits_and_comments_stay(made: GitRepo, new: dict[str, bytes]) -> None:
    text = (made.root / FLOW).read_text()
    edited = text.replace("title: Cancelled", "title: Called off   # as we say it")
    made.write(FLOW, edited)
    made.commit("ours")
    plan = upgrade(made.repo)
    assert fates(plan)[FLOW] == MERGED
    expected = new[FLOW].decode().replace("title: Cancelled", "title: Called off   # as we say it")
    assert (made.root / FLOW).read_text() == expected
    made.commit("upgraded")
    assert fates(plan_upgrade(made.repo)) == {}
    # The next version merges from this one, although no commit has its text as it was shipped.
    newer = {**new, FLOW: new[FLOW].replace(b"title: On hold", b"title: Waits")}
    upgrade(made.repo, newer)
    assert (made.root / FLOW).read_text() == expected.replace("title: On hold", "title: Waits")


def test_a_true_conflict_is_marked_and_the_exit_code_says_so(made: GitRepo) -> None:
    made.write(FLOW, (made.root / FLOW).read_text().replace("title: Under way", "title: At work"))
    made.commit("ours")
    before = (made.root / FLOW).read_text()
    dry = run_here(["upgrade", "--dry-run", "--diff"], made.root)
    assert dry.returncode == 1
    assert "+<<<<<<< yours" in dry.stdout
    assert (made.root / FLOW).read_text() == before
    done = run_here(["upgrade"], made.root)
    assert done.returncode == 1
    text = (made.root / FLOW).read_text()
    marks = ("<<<<<<< yours", "||||||| shipped before", "=======", ">>>>>>> shipped now")
    assert [line for line in text.splitlines() if line.startswith(("<<<", "|||", "===", ">>>"))] == list(
        marks
    )
    assert all(f"    title: {word}\n" in text for word in ("At work", "Under way", "In progress"))


def test_what_was_deleted_here_stays_deleted_and_is_named(made: GitRepo) -> None:
    (made.root / KNOWN).unlink()
    made.commit("ours")
    assert fates(upgrade(made.repo))[KNOWN] == KEPT
    assert not (made.root / KNOWN).exists()


def test_a_file_of_the_same_name_is_nobodys_to_overwrite(made: GitRepo) -> None:
    made.write("schemas/policies/risk.yaml", "# ours\nlevels: {}\n")
    made.commit("ours")
    plan = plan_upgrade(made.repo)
    found = next(f for f in plan.files if f.path.endswith("risk.yaml"))
    assert (found.fate, found.conflicts) == (OTHER, 1)
    assert b"# ours\nlevels: {}\n" in (found.after or b"")


def test_a_renamed_word_is_no_conflict(made: GitRepo, new: dict[str, bytes]) -> None:
    migrate(made.repo, planned("state", "incident:in_progress", "working"))
    made.commit("renamed")
    plan = upgrade(made.repo)
    assert fates(plan)[FLOW] == UPDATED
    text = (made.root / FLOW).read_text()
    assert text == new[FLOW].decode().replace("in_progress", "working")
    assert [f for f in check(made.repo).findings if f.severity == "error"] == []


def test_without_a_manifest_the_first_commit_of_a_file_is_the_base(
    made: GitRepo, new: dict[str, bytes]
) -> None:
    (made.root / MANIFEST).unlink()
    made.write(FLOW, (made.root / FLOW).read_text().replace("title: Cancelled", "title: Called off"))
    made.commit("ours")
    plan = upgrade(made.repo)
    assert fates(plan)[FLOW] == MERGED
    assert (made.root / FLOW).read_bytes() == new[FLOW].replace(b"title: Cancelled", b"title: Called off")


def test_the_addresses_of_the_forge_are_no_conflict(made: GitRepo, new: dict[str, bytes]) -> None:
    path = "schemas/policies/approvals.yaml"
    text = new[path].replace(
        b"robots: [noreply@github.com]", b"robots:\n- web@forge.example\n- gitea@fake.local"
    )
    assert text != new[path]
    made.write(path, text)
    made.write(MANIFEST, manifest({**older(new), path: text}))
    made.commit("as init wrote it for another forge")
    assert path not in fates(plan_upgrade(made.repo))


def test_nothing_begins_with_uncommitted_changes(made: GitRepo) -> None:
    made.write(FLOW, "x: 1\n")
    with pytest.raises(Refused, match="uncommitted"):
        upgrade(made.repo)


def test_a_conflict_of_ours_with_ours_is_none(made: GitRepo, new: dict[str, bytes]) -> None:
    made.write(FLOW, new[FLOW])
    made.commit("the same by hand")
    assert CONFLICT not in fates(plan_upgrade(made.repo)).values()
    assert FLOW not in fates(plan_upgrade(made.repo))
