"""`itsm doctor`: what it sees on this machine, in the repository and on the server, and what it cannot see."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests import fake_shapes as shapes
from tests.fake_github import FakeGitHub, running
from tests.hosted import NOW, Hosted
from tests.support import run_here

Run = Callable[..., dict[str, tuple[str, str]]]
GATE = {"context": "gate", "integration_id": 15368}


@pytest.fixture(scope="module")
def forge() -> Iterator[FakeGitHub]:
    with running() as fake:
        yield fake


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory, forge: FakeGitHub) -> Hosted:
    return Hosted(tmp_path_factory.mktemp("doctor"), forge)


@pytest.fixture
def doctor(hosted: Hosted, forge: FakeGitHub) -> Run:
    """Run `itsm doctor --json`; returns result and message of each subject."""
    forge.reset()
    hosted.clone.git("checkout", "-q", "-f", "main")
    hosted.clone.git("clean", "-qdf")

    def run(
        *words: str, code: int = 0, token: str = "fake-token", env: dict[str, str] | None = None
    ) -> dict[str, tuple[str, str]]:
        about = {
            "GITHUB_API_URL": forge.url,
            "GITHUB_REPOSITORY": "acme/itsm",
            "ITSM_FORGE_TOKEN": token,
            "ITSM_NOW": NOW,
        }
        done = run_here(["doctor", "--json", *words], hosted.clone.root, env=about | (env or {}))
        assert done.returncode == code, done.stdout + done.stderr
        return {c["subject"]: (c["result"], c["message"]) for c in json.loads(done.stdout)}

    return run


def _protect(forge: FakeGitHub) -> None:
    checks = {"required_status_checks": [GATE], "strict_required_status_checks_policy": True}
    both = [shapes.rule("deletion"), shapes.rule("non_fast_forward")]
    forge.rules["main"] = [
        *both,
        shapes.rule("pull_request", require_last_push_approval=True),
        shapes.rule("required_status_checks", **checks),
    ]
    forge.rules["itsm/evidence"] = both


SERVER = (
    "pull requests", "gate", "gate's source", "force pushes", "deletion", "last push", "evidence", "up to date",
)  # fmt: skip


def test_a_server_without_rules_lets_everything_through(doctor: Run) -> None:
    found = doctor(code=1)
    assert {s: found[s][0] for s in SERVER if s in found} == {
        "pull requests": "failed",
        "gate": "failed",
        "force pushes": "failed",
        "deletion": "failed",
        "last push": "warning",
        "evidence": "failed",
        "up to date": "failed",
    }


def test_a_server_with_rules(doctor: Run, forge: FakeGitHub) -> None:
    _protect(forge)
    found = doctor()
    assert {found[s][0] for s in SERVER} == {"ok"}
    assert found["bypasses"][0] == "unknown"


@pytest.mark.parametrize(
    ("weaken", "subject", "message"),
    [
        (lambda rules: rules.pop(0), "deletion", "of main is possible"),
        (lambda rules: rules.pop(1), "force pushes", "are possible"),
        (lambda rules: rules.pop(2), "pull requests", "main takes pushes"),
        (lambda rules: rules.pop(3), "gate", "is not required: anybody can merge without it"),
        (
            lambda rules: rules[3]["parameters"]["required_status_checks"][0].update(integration_id=None),
            "gate's source",
            "any writer can post this status",
        ),
        (
            lambda rules: rules[3]["parameters"].update(strict_required_status_checks_policy=False),
            "up to date",
            "a branch that is behind can be merged: the gate's verdict is about an older state of main",
        ),
    ],
)
def test_each_rule_that_is_missing_is_named(
    doctor: Run, forge: FakeGitHub, weaken: Callable[[list[object]], object], subject: str, message: str
) -> None:
    _protect(forge)
    forge.rules["main"] = json.loads(json.dumps(forge.rules["main"]))
    weaken(forge.rules["main"])
    found = doctor(code=1)
    also = {"up to date"} if subject == "gate" else set()  # without the check nothing demands it
    assert {s for s, (result, _) in found.items() if result == "failed"} == {subject} | also
    assert found[subject][1] == message


def test_release_branches_that_the_policy_lists_are_looked_at_too(
    doctor: Run, forge: FakeGitHub, hosted: Hosted
) -> None:
    _protect(forge)
    hosted.clone.git("update-ref", "refs/remotes/origin/release/1", "HEAD")
    hosted.clone.git("update-ref", "refs/remotes/origin/topic/1", "HEAD")
    try:
        found = doctor(code=1)
        assert found["pull requests on release/1"] == ("failed", "release/1 takes pushes")
        assert found["gate on release/1"][0] == "failed"
        assert not [subject for subject in found if "topic" in subject]
        forge.rules["release/1"] = forge.rules["main"]
        assert not [subject for subject in doctor() if "release" in subject]
    finally:
        for name in ("release/1", "topic/1"):
            hosted.clone.git("update-ref", "-d", f"refs/remotes/origin/{name}")


def test_a_merge_queue_judges_what_lands(doctor: Run, forge: FakeGitHub) -> None:
    _protect(forge)
    rules = json.loads(json.dumps(forge.rules["main"]))
    rules[3]["parameters"]["strict_required_status_checks_policy"] = False
    forge.rules["main"] = [*rules, shapes.rule("merge_queue")]
    assert doctor()["up to date"] == ("ok", "what is merged was judged with the present main")


def test_a_repository_without_an_identity_is_told(doctor: Run, hosted: Hosted) -> None:
    assert doctor("--offline")["identity"] == ("ok", "is pinned in itsm.yaml")
    settings = hosted.clone.root / "itsm.yaml"
    lines = settings.read_text().splitlines(keepends=True)
    settings.write_text("".join(s for s in lines if not s.startswith("identity:")))
    assert doctor("--offline")["identity"] == (
        "warning", "is not pinned: signed approvals know this repository by its first commit",
    )  # fmt: skip


def test_a_repository_without_codeowners_is_still_looked_at(doctor: Run, forge: FakeGitHub) -> None:
    """GitHub has no answer about a file that does not exist: the rest is not to be lost."""
    _protect(forge)
    forge.codeowners = None
    found = doctor()
    assert "CODEOWNERS on GitHub" not in found
    assert found["CODEOWNERS"][0] == "warning"
    assert found["gate"][0] == "ok"
    assert "server" not in found
    forge.codeowners = [{"line": 1, "kind": "Unknown owner"}]
    assert doctor()["CODEOWNERS on GitHub"] == ("warning", "1 error")


def test_without_a_token_the_server_is_not_asked(doctor: Run, forge: FakeGitHub) -> None:
    assert doctor(token="")["server"] == ("unknown", "not asked: there is no token")
    assert doctor("--offline")["server"] == ("unknown", "not asked")
    assert forge.requests == []


def test_a_token_that_is_refused_is_a_fault(doctor: Run) -> None:
    """Whoever set it wants to be told: a doctor that sees nothing must not look healthy."""
    result, message = doctor(code=1, token="expired")["server"]
    assert result == "failed"
    assert "answers 401: Bad credentials" in message


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_server_does_not_tell_is_unknown(doctor: Run, forge: FakeGitHub, status: int) -> None:
    forge.faults = [(status, {})]
    result, message = doctor()["server"]
    assert result == "unknown"
    assert f"answers {status}" in message


def test_what_was_seen_before_the_server_fell_silent_is_told(doctor: Run, forge: FakeGitHub) -> None:
    _protect(forge)
    forge.faults = [(0, {}), (403, {})]
    found = doctor()
    assert found["gate"][0] == "ok"
    assert found["server"][0] == "unknown"
    assert "evidence" not in found


def test_files_that_are_missing_edited_or_loose(doctor: Run, hosted: Hosted) -> None:
    folder = hosted.clone.root / ".github" / "workflows"
    gate = folder / "itsm-gate.yml"
    (folder / "itsm-evidence.yml").unlink()
    text = gate.read_text()
    gate.write_text(
        text.replace("actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "actions/checkout@v5")
    )
    shown = doctor("--offline", code=1)
    assert shown[".github/workflows/itsm-evidence.yml"] == ("failed", "is missing")
    assert shown[".github/workflows/itsm-gate.yml"] == (
        "failed",
        "not pinned to a commit: actions/checkout@v5",
    )
    gate.write_text(text.replace("timeout-minutes: 15", "timeout-minutes: 20"))
    (folder / "itsm.yml").write_text(
        (folder / "itsm.yml").read_text().replace("itsm-gitops[fast]==", "itsm-gitops==9.")
    )
    shown = doctor("--offline", code=1)
    assert shown[".github/workflows/itsm-gate.yml"][0] == "warning"
    assert shown[".github/workflows/itsm.yml"] == ("ok", "as shipped")  # a team may hold back the version


def test_people_without_account_and_key(doctor: Run, hosted: Hosted) -> None:
    result, message = doctor("--offline")["people"]
    assert result == "warning"
    assert message.endswith(
        "neither an account on github nor a key: change-manager, security-officer, service-manager"
    )
    for number, person in enumerate(("change-manager", "security-officer", "service-manager"), 3):
        path = hosted.clone.root / f"cmdb/people/{person}.yaml"
        path.write_text(
            path.read_text() + f"identities:\n- forge: github\n  id: {number}\n  login: {person}\n"
        )
    assert doctor("--offline")["people"] == ("ok", "all 4 approvers have an account or a key")


def test_an_unknown_forge(doctor: Run, hosted: Hosted) -> None:
    hosted.clone.git("rm", "-q", "-r", ".github")
    found = doctor()
    assert found["forge"] == ("unknown", "it is not known which forge this repository is on")
    hosted.clone.git("checkout", "-q", "-f", "main")


def test_it_fits_the_terminal(
    hosted: Hosted, forge: FakeGitHub, run_itsm: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    forge.reset()
    env = {"GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "acme/itsm", "ITSM_FORGE_TOKEN": "fake-token"}
    done = run_itsm(["doctor"], hosted.clone.root, env=env)
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert " bad gate: is not required: anybody can merge without it" in done.stdout
