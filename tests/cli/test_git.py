"""`init`, `check`, `fmt`, `log`, `diff`: what needs Git and the rules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from itsm_gitops.repository import Repository
from tests.cli.conftest import Cli


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def _commit(root: Path, message: str = "Change") -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", message)


def test_init_writes_a_repository_that_is_right_at_once(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = cli("init", "new", "--organisation", "Acme: the company", "--timezone", "Europe/London").out
    assert out.startswith("created new: ")
    assert "committed as " in out
    root = tmp_path / "new"
    assert _git(root, "status", "--porcelain") == ""
    assert "no findings" in cli("-C", "new", "check", "--fail-on", "info").out
    assert cli("-C", "new", "fmt", "--check").code == 0
    config = Repository.open(root).config
    assert (config.organisation, config.timezone) == ("Acme: the company", "Europe/London")


def test_init_writes_one_example_of_every_kind_and_class(acme: Path) -> None:
    repo = Repository.open(acme)
    store = repo.store()
    # What surrounds incidents, requests, problems and changes begins when somebody wants it.
    later = {
        "announcement", "article", "complaint", "deployment", "improvement", "meeting", "organisation", "release", "service-review",
        "supplier-evaluation",
    }  # fmt: skip
    assert {e.kind for e in store.entries.values()} == set(repo.book.kinds) - later
    linked = {end for e in store.entries.values() for x in e.edges for end in (e.id, x.target)}
    assert {e.id for e in store.entries.values() if repo.book.kinds[e.kind].is_record} <= linked


def test_init_ties_every_folder_to_its_schema_for_editors(acme: Path) -> None:
    schemas = json.loads((acme / ".vscode/settings.json").read_text())["yaml.schemas"]
    for kind in Repository.open(acme).book.kinds.values():
        assert schemas[f"./{kind.schema_path}"] == f"{kind.folder}/**/*.yaml"


def test_the_workflow_of_a_new_repository_is_safe(acme: Path) -> None:
    zizmor = shutil.which("zizmor") or str(Path(os.sys.executable).with_name("zizmor"))  # type: ignore[attr-defined]
    workflow = acme / ".github/workflows/itsm.yml"
    done = subprocess.run(
        [zizmor, "--offline", "--pedantic", str(workflow)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = workflow.read_text()
    assert "fetch-depth: 0" in text
    assert "permissions: {}" in text
    assert 'itsm check --base "$BASE" --format github' in text
    assert "{version}" not in text


def test_init_refuses_a_folder_with_files_and_a_zone_that_is_none(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file.txt").write_text("mine")
    assert "is not empty: file.txt" in " ".join(cli("init", "full", code=1).err.split())
    assert "did you mean Europe/Berlin" in cli("init", "x", "--timezone", "Europe/Berln", code=2).err
    assert not (tmp_path / "x").exists()


def test_init_without_examples_and_without_git(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = cli("init", "bare", "--no-examples", "--no-git", "--json").json
    assert found["commit"] is None
    assert not (tmp_path / "bare/.git").exists()
    assert "no findings" in cli("-C", "bare", "check", "--fail-on", "info").out
    assert cli("-C", "bare", "list").out == "no documents match\n"


def test_init_without_an_author_leaves_the_files_uncommitted(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    out = cli("init", str(tmp_path / "new")).out
    assert "not committed yet" in out
    assert "git config" in out


def test_check_reports_each_finding_at_its_place(acme: Path, cli: Cli) -> None:
    path = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    lines = path.read_text().splitlines()
    line = lines.index("impact: high") + 1
    path.write_text(path.read_text().replace("impact: high", "impact: hgih"))
    result = cli("check", code=1)
    assert f"records/incidents/2026/01/INC-260112-EXMP1.yaml:{line}:9: error S0" in result.out
    assert "hint:" in result.out
    assert "1 error" in result.out
    found = cli("check", "exmp1", "--json", code=1).json
    assert (found["findings"][0]["line"], found["findings"][0]["pointer"]) == (line, "/impact")
    assert "no findings" in cli("check", "cmdb", "EXMP2").out
    assert "no findings" in cli("check", "--at", "HEAD").out
    assert "did you mean email" in cli("check", "emial", code=2).err


def test_check_fails_from_the_severity_that_is_asked_for(acme: Path, cli: Cli) -> None:
    path = acme / "cmdb/services/email.yaml"
    path.write_text(path.read_text().replace("service_level: standard-support\n", ""))
    assert "1 warning" in cli("check").out
    cli("check", "--fail-on", "warning", code=1)


def test_check_speaks_githubs_language_in_actions(
    acme: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    path.write_text(path.read_text().replace("impact: high", "impact: hgih"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert cli("check", code=1).out.startswith(
        "::error file=records/incidents/2026/01/INC-260112-EXMP1.yaml,line="
    )
    assert "## itsm check" in (tmp_path / "summary.md").read_text()
    assert "::error" not in cli("check", "--format", "text", code=1).out


def test_check_of_a_pull_request_is_limited_to_what_it_changes(acme: Path, cli: Cli) -> None:
    _git(acme, "checkout", "-q", "-b", "feature")
    path = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    path.write_text(path.read_text().replace("impact: high", "impact: low"))
    _commit(acme)
    out = cli("check", "--base", "main", code=1).out
    assert "EXMP1.yaml" in out
    assert "closed" in out
    assert "no findings" in cli("check").out


def test_check_repairs_what_is_safe(acme: Path, cli: Cli) -> None:
    path = acme / "records/incidents/2026/01/INC-260112-EXMP1.yaml"
    path.write_text(path.read_text().replace("state: closed\nassigned", "state: resolved\nassigned"))
    cli("check", code=1)
    assert "fixed" in cli("check", "--fix").out
    assert "state: closed\nassigned" in path.read_text()


def test_fmt_changes_only_the_form(acme: Path, cli: Cli) -> None:
    path = acme / "cmdb/services/email.yaml"
    canonical = path.read_bytes()
    path.write_bytes(
        canonical.replace(b"criticality: high", b'criticality:   "high"   # vital').replace(b"\n", b"\r\n")
    )
    result = cli("fmt", "--check", code=1)
    assert "would change cmdb/services/email.yaml" in result.out
    assert "1 of 32 files would change" in result.out
    cli("fmt", "email")
    assert path.read_bytes() == canonical.replace(b"criticality: high", b"criticality: high # vital") or (
        b"# vital" in path.read_bytes() and b"\r" not in path.read_bytes()
    )
    assert "0 of 32 files formatted" in cli("fmt").out
    path.write_text("a: [")
    assert cli("fmt", "email", "--json", code=1).json["refused"][0]["path"] == "cmdb/services/email.yaml"


def test_log_shows_who_changed_which_field_when(
    acme: Path, cli: Cli, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-11-22T10:00:00Z")
    _commit(acme, "Open")
    cli("move", incident, "in_progress", "--set", "assigned_team=it-operations")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-11-22T11:00:00Z")
    _commit(acme, "Start")
    cli("set", incident, "impact=low")
    out = cli("log", incident).out
    assert out.index("not committed") < out.index("Start") < out.index("Open")
    assert "2026-11-22 12:00  Ada Example" in out
    assert "~ state          new → in_progress" in out
    assert "~ impact    high → low" in out
    assert "+ timeline  operations-lead impact high → low" in out
    out = cli("log", incident, "--field", "state").out
    assert "impact" not in out
    assert "+ state  new" in out
    found = cli("log", incident, "--json").json
    changed, entered = found["uncommitted"]
    assert changed == {"pointer": ["impact"], "op": "change", "old": "high", "new": "low"}
    assert (entered["pointer"], entered["op"]) == (["timeline", 2], "add")
    assert (entered["new"]["set"], entered["new"]["was"]) == ({"impact": "low"}, {"impact": "high"})
    assert [c["subject"] for c in found["commits"]] == ["Start", "Open"]
    assert "did you mean impact" in cli("log", incident, "--field", "impct", code=1).err
    assert [c["subject"] for c in cli("log", incident, "--json", "--at", "HEAD~1").json["commits"]] == [
        "Open"
    ]


def test_log_of_a_document_without_commits(acme: Path, cli: Cli, incident: str) -> None:
    out = cli("log", incident).out
    assert "not committed" in out
    assert "+ title" in out


def test_diff_is_about_fields_and_not_about_lines(acme: Path, cli: Cli, incident: str) -> None:
    path = acme / "cmdb/services/email.yaml"
    path.write_text("# a comment\n" + path.read_text())
    cli("set", "core-switch", "criticality=low", "firmware=1.2")
    (acme / "cmdb/licences/mail-client.yaml").unlink()
    out = cli("diff").out
    assert "email" not in out.replace("e-mail", "")
    assert f"+ {incident}  Mail is slow" in out
    assert "~ core-switch  Core switch" in out
    assert "~ criticality  high → low" in out
    assert "+ firmware     1.2" in out
    assert "- mail-client  Mail client" in out
    assert out.endswith("1 added, 1 changed, 1 removed\n") or "1 added" in out.splitlines()[-1]
    assert "criticality" not in cli("diff", "--stat").out
    _commit(acme)
    assert cli("diff").out == "no differences\n"
    assert {d["id"] for d in cli("diff", "HEAD~1", "HEAD", "--json").json} == {
        incident,
        "core-switch",
        "mail-client",
    }
    assert [d["id"] for d in cli("diff", "HEAD~1", "HEAD", "incidents", "--json").json] == [incident]
    assert [d["id"] for d in cli("diff", "HEAD~1", "core-switch", "--json").json] == ["core-switch"]
    back = cli("diff", "HEAD", "--at", "HEAD~1", "--json").json
    assert {d["id"]: d["status"] for d in back} == {
        incident: "removed",
        "core-switch": "changed",
        "mail-client": "added",
    }


def test_diff_of_a_branch_leaves_out_what_came_to_main_since(acme: Path, cli: Cli) -> None:
    _git(acme, "checkout", "-q", "-b", "feature")
    cli("set", "core-switch", "criticality=low")
    _commit(acme)
    _git(acme, "checkout", "-q", "main")
    cli("set", "mailbox-db", "criticality=low")
    _commit(acme)
    found = cli("diff", "--pull-request", "main", "feature", "--json").json
    assert [d["id"] for d in found] == ["core-switch"]


def test_diff_of_nonsense_is_usage(acme: Path, cli: Cli) -> None:
    assert "'nonsense' is not a revision, kind or identifier" in cli("diff", "nonsense", code=2).err


@pytest.mark.parametrize("word", ["incidents", "INC", "mail"])
def test_one_word_that_is_no_revision_is_a_kind_or_a_document(word: str, acme: Path, cli: Cli) -> None:
    cli("set", "mail-host-1", "criticality=low")
    assert "mail-host-1" in cli("diff", word).out or word != "mail"
