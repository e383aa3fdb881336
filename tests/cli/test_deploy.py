"""A change meets its deployment: the pipeline of an application asks an ITSM repository, with two real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from itsm_gitops.documents import load
from itsm_gitops.forges.shipped import deploy_template, deploy_templates
from itsm_gitops.gate import readiness as asking
from itsm_gitops.gate.readiness import DeployedContent
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.repository.asked_commit import AskedCommit
from tests.cli.conftest import Cli

INSIDE, BEFORE, AFTER = "2026-11-28T20:10:00Z", "2026-11-28T19:00:00Z", "2026-11-28T21:30:00Z"
COMMIT = "1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c"


def git(root: Path, *words: str, code: int = 0, **env: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, check=False, env={**os.environ, **env}
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def change(acme: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> str:
    """An authorised change that names a commit and a path, on main."""
    return plan(acme, cli, f"acme/shop@{COMMIT}")


def plan(root: Path, cli: Cli, commit: str, *more: str) -> str:
    made = cli(
        "new", "change", "--template", "normal-change", "--title", "Raise the limit", "--service", "email",
        "--ci", "mailbox-db", "--requested-by", "duty-agent", "--assigned-team", "it-operations", "--risk", "low",
        "--why", "Mail waits.", "--implementer", "mail-engineer", "--start", "2026-11-28T20:00:00Z",
        "--end", "2026-11-28T21:00:00Z", "--implementation", "Set it.", "--backout", "Set it back.",
        "--test", "Send mail.", "--set", "impact_statement=None.", "--set", f"commits+={commit}",
        "--set", "artefacts+=deploy/*", *more, "--json",
    )  # fmt: skip
    name = str(made.json["id"])
    for state in ("assess", "authorize", "scheduled"):
        cli("move", name, state)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Plan")
    return name


def reasons(cli: Cli, *words: str) -> set[str]:
    """Return the names of the conditions that do not hold."""
    answer = json.loads(cli("deploy", "check", *words, "--json", code=None).out)
    assert answer["ready"] == all(c["good"] for c in answer["conditions"])
    return {c["name"] for c in answer["conditions"] if not c["good"]}


def test_it_may_be_carried_out_only_as_it_was_approved(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = ("--commit", "acme/shop@1f2e3d4", "--path", "deploy/shop.yaml")
    for now, wrong in ((BEFORE, {"window"}), (INSIDE, set()), (AFTER, {"window"})):
        monkeypatch.setenv("ITSM_NOW", now)
        assert reasons(cli, change, *right) == wrong
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    assert "may be carried out now" in cli("deploy", "check", change, *right).out
    assert reasons(cli, change, "--commit", "acme/shop@9999999") == {"commit"}
    assert reasons(cli, change, "--commit", "acme/other@1f2e3d4") == {"commit"}
    assert reasons(cli, change, "--commit", "acme/shop@1f2") == {"commit"}  # too short to tell
    assert reasons(cli, change, "--path", "src/main.py") == {"path"}
    assert reasons(cli, "EXMP4") == {"authorised", "window"}
    cli("deploy", "check", "email", code=1)


def test_what_was_added_later_was_not_approved(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    cli("set", change, "commits+=acme/shop@7777777aaaa")
    assert reasons(cli, change, "--commit", "acme/shop@7777777") == {"commit"}  # not even committed
    git(acme, "commit", "-qam", "Progress")
    assert reasons(cli, change, "--commit", "acme/shop@7777777") == {"commit"}
    assert reasons(cli, change, "--commit", "acme/shop@1f2e3d4") == set()


def test_a_freeze_and_another_change_stand_in_the_way(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    other = plan(acme, cli, "acme/mail@aaaaaaa1")
    assert reasons(cli, change) == {"conflict"}
    cli("move", other, "cancelled", "--set", "cancellation_reason=Not needed.")
    cli(
        "new", "calendar", "audit-freeze", "--name", "Audit", "--type", "freeze", "--time-zone", "UTC",
        "--set", 'windows=[{"start": "2026-11-28T00:00:00Z", "end": "2026-11-29T00:00:00Z", "name": "Audit"}]',
        "--owner", "service-desk",
    )  # fmt: skip
    git(acme, "add", "-A")
    git(acme, "commit", "-qm", "Freeze")
    assert reasons(cli, change) == {"freeze"}


def test_beginning_and_ending_may_be_repeated(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_NOW", BEFORE)
    said = cli("deploy", "start", change, code=1).err
    assert "may not be carried out now: it begins in" in " ".join(said.split())
    assert "no work is going on" in cli("deploy", "finish", change, "--outcome", "successful", code=1).err
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    cli("deploy", "start", change, "--by", "mail-engineer")
    git(acme, "commit", "-qam", "Begin")
    assert "unchanged" in cli("deploy", "start", change).out
    run = ("--by", "mail-engineer", "--pipeline", "https://ci.example/1", "--version", "1.2")
    cli("deploy", "finish", change, "--outcome", "failed", *run)
    assert cli("show", change, "--json").json["data"]["state"] == "implement"  # it is tried again
    cli("deploy", "finish", change, "--outcome", "successful", *run)
    cli("deploy", "finish", change, "--outcome", "successful", *run)
    data = cli("show", change, "--json").json["data"]
    assert (data["state"], data["outcome"], data["actual_start"], data["actual_end"]) == (
        "review", "successful", INSIDE, INSIDE,
    )  # fmt: skip
    records = [load(p.read_bytes()).data for p in sorted(acme.glob("records/deployments/**/*.yaml"))]
    assert sorted(r["outcome"] for r in records) == ["failed", "successful"]
    assert {r["change"] for r in records} == {change}
    assert {r["environment"] for r in records} == {"production"}
    cli("check", "--fail-on", "warning")


def test_the_gate_of_an_application_wants_a_change_of_the_itsm_repository(
    acme: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    server, clone, app, origin = (tmp_path / n for n in ("shop.git", "itsm-clone", "shop", "itsm.git"))
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(server))
    git(tmp_path, "clone", "-q", "--bare", str(acme), str(origin))
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    hook = server / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(deploy_template("hook"))
    hook.chmod(0o755)
    git(server, "config", "itsm.clone", str(clone))
    git(server, "config", "itsm.name", "acme/shop")
    git(tmp_path, "clone", "-q", str(server), str(app))
    for number, message in enumerate(("No change\n", "With\n\nChange: {change}\n")):
        (app / "file").write_text(str(number))
        git(app, "add", "-A")
        if number == 0:
            git(app, "commit", "-qm", message)
            assert "names no change" in git(app, "push", "-q", "origin", "HEAD:main", code=1)
    # The change has to name the commit, and the commit the change: the branch is made first, the change is planned by its name.
    git(app, "commit", "-q", "--amend", "-m", "Bigger\n\nChange: CHG-260115-EXMP4\n")
    assert "nobody authorised it yet" in git(
        app, "push", "-q", "origin", "HEAD:main", code=1, ITSM_NOW=INSIDE
    )
    change = plan(acme, cli, "acme/shop@0000000")
    git(app, "commit", "-q", "--amend", "-m", f"Bigger\n\nChange: {change}\n")
    cli("move", change, "draft", "--note", "The commit is missing.")
    commit = git(app, "rev-parse", "HEAD").strip()
    window = ("planned_start=2026-11-28T20:00:00Z", "planned_end=2026-11-28T21:00:00Z")
    cli("set", change, f"commits=acme/shop@{commit}", *window)
    for state in ("assess", "authorize", "scheduled"):
        cli("move", change, state)
    git(acme, "commit", "-qam", "Plan again, with the commit")
    git(acme, "push", "-q", str(origin), "main")
    assert "it begins in" in git(app, "push", "-q", "origin", "HEAD:main", code=1, ITSM_NOW=BEFORE)
    git(app, "push", "-q", "origin", "HEAD:main", ITSM_NOW=INSIDE)
    assert git(server, "rev-parse", "main").strip() == commit


@pytest.mark.parametrize("name", deploy_templates())
def test_every_template_can_be_read(name: str, cli: Cli) -> None:
    text = cli("deploy", "template", name).out
    assert "{version}" not in text
    if name == "hook":
        assert shutil.which("sh")
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    else:
        assert isinstance(yaml.safe_load(text), dict)
        assert "deploy check" in text


def test_what_is_checked_out_authorises_nothing(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch can say that its own change is authorised: the main branch is what counts."""
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    git(acme, "switch", "-qc", "mine")
    git(acme, "branch", "-qf", "main", "HEAD~1")
    assert f"{change}" in cli("deploy", "check", change, code=1).err
    git(acme, "branch", "-qD", "main")
    assert "there is no commit refs/heads/main" in cli("deploy", "check", change, code=None).err
    assert reasons(cli, change, "--commit", "acme/shop@1f2e3d4", "--revision", "mine") == set()


def both(root: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is so, or why nobody knows; asked of single documents and of a loaded store it is the same."""
    content = DeployedContent((f"acme/shop@{COMMIT}",), (), ("deploy/shop.yaml",))
    said = []
    for whole in (False, True):
        with monkeypatch.context() as patch:
            if whole:
                patch.setattr(asking, "ask", lambda repo, commit, question: question(repo.store(commit)))
            else:
                patch.setattr(Repository, "store", lambda *_: pytest.fail("everything was loaded"))
                patch.setattr(AskedCommit, "whole", lambda _: pytest.fail("everything was read"))
            try:
                found = asking.readiness(Repository.open(root), change, content)
                said.append(json.dumps(found.as_json()))
            except ItsmError as error:
                said.append(f"{type(error).__name__}: {error}")
    assert said[0] == said[1]
    return said[0]


def test_only_what_the_answer_rests_on_is_read(
    acme: Path, cli: Cli, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the answer is the one that a loaded repository gives, broken documents included."""
    monkeypatch.setenv("ITSM_NOW", INSIDE)
    said = both(acme, change, monkeypatch)
    assert json.loads(said)["ready"] is True
    other = plan(acme, cli, "acme/mail@aaaaaaa1")
    assert f"{other} has its window now" in both(acme, change, monkeypatch)
    cli(
        "new", "calendar", "audit-freeze", "--name", "Audit", "--type", "freeze", "--time-zone", "UTC",
        "--set", 'windows=[{"start": "2026-11-28T00:00:00Z", "end": "2026-11-29T00:00:00Z", "name": "Audit"}]',
        "--set", "applies_to+=email", "--owner", "service-desk",
    )  # fmt: skip
    git(acme, "add", "-A")
    git(acme, "commit", "-qm", "Freeze")
    assert "Audit holds it until" in both(acme, change, monkeypatch)
    for pattern in (
        f"records/changes/**/{other}.yaml", "cmdb/calendars/audit-freeze.yaml",
        "cmdb/databases/mailbox-db.yaml", "cmdb/network-devices/core-switch.yaml", "cmdb/saas/spam-filter.yaml",
    ):  # fmt: skip
        path = next(acme.glob(pattern))
        text = path.read_text()
        path.write_text(text + "<<<<<<< ours\n")
        git(acme, "commit", "-qam", "Broken")
        assert "cannot be read" in both(acme, change, monkeypatch)
        path.unlink()
        path.symlink_to("elsewhere")
        git(acme, "commit", "-qam", "A link")
        assert "cannot be read" in both(acme, change, monkeypatch)
        path.unlink()
        path.write_text(text)
        git(acme, "commit", "-qam", "As it was")
    assert "NotFound" in both(acme, "CHG-260101-ZZZZZ", monkeypatch)
    assert "not a change" in both(acme, "email", monkeypatch)
