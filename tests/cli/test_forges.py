"""`submit`, `comment`, `codeowners`, `gate` and `hook rerun`, run as a person or a job runs them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from itsm_gitops.forges import http
from itsm_gitops.gate.comment import MARKER
from tests.cli.conftest import Cli
from tests.fake_github import FakeGitHub, account, running
from tests.hosted import NOW, Hosted
from tests.support import run_here

CHG = "CHG-260115-EXMP4"
BRANCH = f"change/{CHG}"
RECORD = f"records/changes/2026/01/{CHG}.yaml"
LAB = "https://gitlab.example/acme/it/itsm/-/merge_requests/new"
BEN = account(2, "ben")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def forge() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture
def hosted(tmp_path: Path, forge: FakeGitHub) -> Hosted:
    return Hosted(tmp_path, forge)


@pytest.fixture
def itsm(hosted: Hosted, forge: FakeGitHub) -> Run:
    """Run `itsm` in the clone: ``itsm("doctor", code=1)``. ``env`` adds to a good token's environment."""

    def run(
        *words: str, code: int = 0, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        about = {
            "GITHUB_API_URL": forge.url,
            "GITHUB_REPOSITORY": "acme/itsm",
            "ITSM_FORGE_TOKEN": "fake-token",
            "ITSM_NOW": NOW,
            "ITSM_USER": "mail-engineer",
        }
        done = run_here(words, hosted.clone.root, env=about | (env or {}))
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "fake-token" not in done.stdout + done.stderr
        return done

    return run


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


# --- submit


def test_submit_makes_the_branch_the_commit_and_the_push(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=The volume was full twice.")
    hosted.clone.write("runbook.md", "# Runbook\n")
    hosted.clone.write("not-meant.md", "# Draft\n")
    hosted.clone.git("add", "runbook.md")
    done = itsm("submit", CHG)
    assert done.stdout.splitlines() == [
        f"{CHG} committed 2 files, pushed on {BRANCH}",
        f"  {RECORD}",
        "  runbook.md",
    ]
    assert hosted.clone.git("rev-parse", f"origin/{BRANCH}") == hosted.clone.git("rev-parse", "HEAD")
    title = hosted.clone.git("log", "-1", "--format=%s")
    assert title == f"{CHG}: Monitor the free space of the mailbox database"
    assert hosted.clone.git("status", "--porcelain") == "?? not-meant.md"
    # Once more, with another edit: the same branch goes on.
    itsm("set", CHG, "justification=The volume was full three times.")
    again = json.loads(itsm("submit", CHG, "--json").stdout)
    assert (again["branch"], again["target"], again["paths"]) == (BRANCH, "main", [RECORD])
    assert hosted.clone.git("rev-list", "--count", f"main..origin/{BRANCH}") == "2"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("git@github.com:acme/itsm.git", f"https://github.com/acme/itsm/compare/main...{BRANCH}?expand=1"),
        (
            "https://gitlab.example/acme/it/itsm.git",
            f"{LAB}?merge_request%5Bsource_branch%5D=change%2F{CHG}&merge_request%5Btarget_branch%5D=main",
        ),
        ("ssh://git@codeberg.org/acme/itsm.git", f"https://codeberg.org/acme/itsm/compare/main...{BRANCH}"),
    ],
)
def test_submit_says_where_to_open_the_request(hosted: Hosted, itsm: Run, address: str, page: str) -> None:
    hosted.clone.git("checkout", "-q", "main")
    hosted.clone.git("remote", "set-url", "origin", address)
    hosted.clone.git("remote", "set-url", "--push", "origin", str(hosted.origin))
    itsm("set", CHG, "justification=The volume was full twice.")
    assert f"open the pull request:\n  {page}\n" in itsm("submit", CHG).stdout


def test_submit_without_a_push(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=The volume was full twice.")
    hosted.clone.git("remote", "remove", "origin")
    assert itsm("submit", CHG, "--no-push", "-m", "Explain why").stdout.startswith(
        f"{CHG} committed 1 file on"
    )
    assert hosted.clone.git("log", "-1", "--format=%s") == "Explain why"


def test_submit_refuses_what_would_waste_a_reviewers_time(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("checkout", "-q", "main")
    assert "there is nothing to submit" in _said(itsm("submit", CHG, code=1))
    assert hosted.clone.git("branch", "--list", BRANCH) == ""
    assert "is not a change" in _said(itsm("submit", "INC-260112-EXMP1", code=2))
    assert "nothing is called 'NOPE1'" in _said(itsm("submit", "NOPE1", code=1))
    record = hosted.clone.root / RECORD
    record.write_text(record.read_text().replace("type: normal", "typ: normal"))
    assert f"{CHG} cannot be submitted with 2 errors" in _said(itsm("submit", CHG, code=1))
    assert hosted.clone.git("branch", "--show-current") == "main"
    hosted.clone.git("checkout", "-q", "--detach")
    hosted.clone.git("checkout", "-q", "--", ".")
    itsm("set", CHG, "justification=The volume was full twice.")
    assert "no branch is checked out" in _said(itsm("submit", CHG, code=1))


def test_a_push_that_fails_keeps_the_commit_and_says_all_that_the_server_said(
    hosted: Hosted, itsm: Run
) -> None:
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=The volume was full twice.")
    hook = hosted.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'itsm: not on a Friday' >&2\necho 'ask the duty agent' >&2\nexit 1\n")
    hook.chmod(0o755)
    said = _said(itsm("submit", CHG, code=1))
    assert "git push failed: itsm: not on a Friday ask the duty agent" in said
    assert f"hint: the commit is kept on {BRANCH}: itsm submit {CHG} tries again" in said
    hook.unlink()
    assert itsm("submit", CHG).stdout == f"{CHG} nothing to commit, pushed on {BRANCH}\n"


def test_remotes_that_are_wrong(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=The volume was full twice.")
    hosted.clone.git("remote", "set-url", "origin", "https://127.0.0.1:1/acme/itsm.git")
    assert "unable to access 'https://127.0.0.1:1/acme/itsm.git/'" in _said(itsm("submit", CHG, code=1))
    hosted.clone.git("remote", "remove", "origin")
    said = _said(itsm("submit", CHG, code=1))
    assert "this repository has no remote 'origin' hint: git remote add origin ADDRESS" in said


def test_a_branch_on_which_somebody_else_went_on(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=The volume was full twice.")
    itsm("submit", CHG)
    hosted.clone.git("commit", "-q", "--amend", "-m", "Other words")
    said = _said(itsm("submit", CHG, code=1))
    assert f"{BRANCH} has commits on the server that are not here hint: git pull --rebase" in said
    hosted.clone.git("checkout", "-q", "main")
    itsm("set", CHG, "justification=Something else.")
    said = _said(itsm("submit", CHG, code=1))
    assert f"git stash; git switch {BRANCH}; git stash pop" in said


# --- comment and gate


def test_comment_is_written_found_again_and_can_be_looked_at_first(hosted: Hosted, itsm: Run) -> None:
    hosted.edit("The mailboxes of all staff.")
    ask = ("comment", "--forge", "github", "--pr", "7")
    shown = itsm(*ask, "--dry-run").stdout
    assert shown.startswith(MARKER)
    assert hosted.forge.comments == []
    bot = {"ITSM_FORGE_BOT": "github-actions[bot]"}
    first = itsm(*ask, env=bot).stdout
    assert hosted.forge.comments[0]["body"] == shown
    hosted.forge.review(7, BEN, commit=hosted.head)
    assert itsm(*ask, env=bot).stdout == first
    (comment,) = hosted.forge.comments
    assert comment["body"] != shown
    told = json.loads(itsm(*ask, "--json").stdout)
    assert (told["url"], told["result"], told["body"]) == (first.strip(), "SATISFIED", comment["body"])


ANSWERS = {
    401: "the token is missing, expired or revoked",
    403: "the token may not do this",
    404: "the repository or pull request does not exist, or the token may not see it",
}


@pytest.mark.parametrize("status", ANSWERS)
@pytest.mark.parametrize(
    ("words", "code"), [(("comment", "--pr", "7"), 1), (("gate", "7"), 2), (("approvals", "7"), 1)]
)
def test_what_the_forge_refuses_is_no_pass(
    hosted: Hosted, itsm: Run, status: int, words: tuple[str, ...], code: int
) -> None:
    hosted.edit("The mailboxes of all staff.")
    hosted.forge.review(7, BEN, commit=hosted.head)
    hosted.forge.faults = [(status, {})]
    said = _said(itsm(*words, "--forge", "github", code=code))
    assert f"answers {status}: not now" in said
    assert ANSWERS[status] in said
    assert hosted.forge.comments == []


def test_gate_says_by_its_exit_code(hosted: Hosted, itsm: Run) -> None:
    hosted.edit("The mailboxes of all staff.")
    assert "operations-lead could" in _said(itsm("gate", "7", code=1))
    hosted.forge.review(7, BEN, commit=hosted.head)
    itsm("gate", "7")
    assert "answers 404" in _said(itsm("gate", "99", code=2))
    assert "answers 401: Bad credentials" in _said(itsm("gate", "7", code=2, env={"ITSM_FORGE_TOKEN": ""}))
    hosted.clone.git("remote", "set-url", "origin", str(hosted.origin) + "-gone")
    assert "git fetch" in _said(itsm("gate", "7", code=2))


def test_what_is_missing_is_said(hosted: Hosted, itsm: Run) -> None:
    nowhere = {"GITHUB_API_URL": "", "GITHUB_REPOSITORY": ""}
    assert "no event started this run hint: --pr NUMBER" in _said(itsm("comment", code=2))
    said = _said(itsm("comment", "--pr", "7", code=2, env=nowhere))
    assert "no remote 'origin' on a forge hint: git remote add origin ADDRESS" in said
    said = _said(itsm("comment", "--pr", "7", code=1, env={"GITHUB_API_URL": "http://forge.example"}))
    assert "is not an https address" in said
    said = _said(itsm("comment", "--pr", "7", code=1, env={"GITHUB_REPOSITORY": "acme"}))
    assert "is not a repository's name" in said
    payload = hosted.clone.root.parent / "event.json"
    event = {"GITHUB_EVENT_PATH": str(payload), "GITHUB_EVENT_NAME": "pull_request_target"}
    assert "payload cannot be read" in _said(itsm("comment", code=1, env=event))
    payload.write_text('{"action": "opened"}')
    assert "'pull_request.number' is not a positive number" in _said(itsm("comment", code=1, env=event))
    payload.write_text("{}")
    other = event | {"GITHUB_EVENT_NAME": "schedule"}
    assert "the event 'schedule' is not about a pull request" in _said(itsm("comment", code=2, env=other))


def test_a_forge_that_never_answers_is_given_up(
    hosted: Hosted, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, where the waiting can be made short."""
    hosted.edit("The mailboxes of all staff.")
    hosted.forge.delay = 2.0
    monkeypatch.chdir(hosted.clone.root)
    for name, value in (
        ("GITHUB_API_URL", hosted.forge.url),
        ("GITHUB_REPOSITORY", "acme/itsm"),
        ("ITSM_FORGE_TOKEN", "fake-token"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(http, "TIMEOUT", 0.2)
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    done = cli("gate", "7", "--forge", "github", code=2)
    said = " ".join(done.err.split())
    assert "/pulls/7 cannot be reached: timed out (1 attempt) hint: try again in 60 s" in said


# --- codeowners


def test_codeowners_are_printed_written_and_compared(hosted: Hosted, itsm: Run) -> None:
    assert "/cmdb/databases/mailbox-db.yaml" in itsm("codeowners").stdout
    assert (
        "is not what the CMDB says: itsm codeowners --write" in itsm("codeowners", "--check", code=1).stdout
    )
    assert itsm("codeowners", "--write").stdout == ".github/CODEOWNERS is current\n"
    itsm("codeowners", "--check")
    hosted.clone.commit("Owners")
    item = hosted.clone.root / "cmdb/databases/mailbox-db.yaml"
    item.write_text(item.read_text().replace("owner: it-operations", "owner: problem-management"))
    itsm("codeowners", "--check", code=1)
    itsm("codeowners", "--check", "--at", "HEAD")
    assert "goes with neither --check nor --at" in _said(itsm("codeowners", "--write", "--check", code=2))


def test_codeowners_of_an_unknown_forge(hosted: Hosted, itsm: Run) -> None:
    hosted.clone.git("rm", "-q", "-r", ".github")
    said = _said(itsm("codeowners", code=2))
    assert "it is not known which forge this repository is on hint: --forge" in said
    assert itsm("codeowners", "--forge", "gitlab", "--write").stdout == ".gitlab/CODEOWNERS is current\n"


# --- hook rerun


def test_rerun_of_every_open_request(hosted: Hosted, itsm: Run) -> None:
    """One is as it was, one has become green, one GitHub refuses, one has never run, one is a draft."""
    forge = hosted.forge
    hosted.edit("The mailboxes of all staff.")
    for number in (8, 9, 10, 11):
        forge.open_pull(number, head=f"{number:040x}", base=hosted.main, draft=number == 11)
    hosted.forge.review(7, BEN, commit=hosted.head)
    forge.check("gate", of=hosted.head, run=907)
    forge.check("gate", of=f"{8:040x}", run=908)
    forge.check("gate", of=f"{9:040x}", run=909, passed=True)
    forge.check("comment", of=f"{9:040x}", run=909, status="in_progress")
    done = itsm("hook", "rerun", "--all", code=1)
    assert done.stdout.splitlines()[:2] == ["7: started again", "8: stands as it was"]
    assert "9: cannot be started again: POST" in done.stdout
    assert "This workflow is already running" in _said(done)
    assert done.stdout.splitlines()[-1] == "10: has no finished run"
    assert forge.rerun == [907]


def test_rerun_of_nothing_and_of_another_forge(hosted: Hosted, itsm: Run) -> None:
    hosted.forge.pulls.clear()
    assert itsm("hook", "rerun", "--all").stdout == "no open pull request\n"
    assert json.loads(itsm("hook", "rerun", "--all", "--json").stdout) == []
    said = _said(itsm("hook", "rerun", "--all", code=2, env={"GITEA_ACTIONS": "true"}))
    assert "gitea runs its gate again by itself or by schedule" in said


def test_pre_receive_outside_of_a_push(itsm: Run) -> None:
    assert "this is not a hook of Git" in _said(itsm("hook", "pre-receive", code=1))
