"""`itsm init` with people of one's own, `itsm model`, `itsm completion vscode --write`: the first hour of a team."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from itsm_gitops.documents import load
from itsm_gitops.repository import Repository
from itsm_gitops.rules.editor_settings import settings_of
from tests.cli.conftest import Cli

SHEET = """\
defaults: {owner: it-team, lifecycle: production}
teams:
- {id: it-team, name: IT team}
databases:
- {id: shop-db, name: Shop database, runs: [shop-app]}
applications:
- id: shop-app
  name: Shop
  depends_on: [mailbox-db]
"""


@pytest.fixture
def bare(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ITSM_USER", raising=False)
    (tmp_path / ".gitconfig").write_text(
        "[user]\nname = Ada Example\nemail = 583231+octo-ada@users.noreply.github.com\n"
    )
    cli("init", "bare", "--no-examples", "--me", "ada", "--people", "ben, cleo")
    monkeypatch.chdir(tmp_path / "bare")
    return tmp_path / "bare"


def _data(root: Path, path: str) -> dict[str, object]:
    data = load((root / path).read_bytes()).data
    assert isinstance(data, dict)
    return data


def test_the_people_who_decide_are_there_from_the_first_commit(bare: Path, cli: Cli) -> None:
    ada = _data(bare, "cmdb/people/ada.yaml")
    assert ada["name"] == "Ada Example"
    assert ada["commit_addresses"] == ["583231+octo-ada@users.noreply.github.com"]
    assert ada["identities"] == [{"forge": "github", "id": 583231, "login": "octo-ada"}]
    assert "commit_addresses" not in _data(bare, "cmdb/people/ben.yaml")
    roles = _data(bare, "schemas/policies/roles.yaml")["roles"]
    teams = {team for about in roles.values() for team in about.get("teams", ())}  # type: ignore[attr-defined]
    assert {p.stem for p in (bare / "cmdb/teams").iterdir()} == teams
    assert "no findings" in cli("check", "--fail-on", "info").out
    status = subprocess.run(["git", "status", "--porcelain"], cwd=bare, capture_output=True, check=True)
    assert status.stdout == b""


def test_nothing_points_to_examples_that_are_not_there(bare: Path) -> None:
    kept = {
        p for p in bare.rglob("*") if p.is_file() and ".git/" not in p.as_posix() and "schemas" not in p.parts
    }
    text = "".join(p.read_text() for p in kept if p.suffix in (".md", ".yaml") and ".github" not in p.parts)
    for word in ("mailbox-db", "show email", "EXMP", "<!--"):
        assert word not in text
    assert "itsm model" in (bare / "README.md").read_text()


def test_too_few_people_are_told_at_once(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = cli("init", "two", "--no-examples", "--people", "ada,ben").out
    assert "the policy waits for more people than you named" in said
    assert "rule-book" in said
    assert "is not a handle" in cli("init", "bad", "--people", "Ada Example", code=2).err
    assert not (tmp_path / "bad").exists()


def test_an_editor_knows_every_file_that_is_checked_against_a_schema(acme: Path) -> None:
    from itsm_gitops.rules.book import meta_of

    settings = json.loads((acme / ".vscode/settings.json").read_text())
    patterns = [
        p for said in settings["yaml.schemas"].values() for p in ([said] if isinstance(said, str) else said)
    ]
    patterns += [p.lstrip("/") for entry in settings["json.schemas"] for p in entry["fileMatch"]]
    for file in (*acme.rglob("schemas/**/*.yaml"), *acme.rglob("schemas/**/*.json"), acme / "itsm.yaml"):
        path = file.relative_to(acme)
        if meta_of(path.as_posix()) and path.name != "common.schema.json":
            assert any(path.match(p) for p in patterns), path


def test_a_kind_that_came_later_is_brought_to_the_editor(acme: Path, cli: Cli) -> None:
    schema = json.loads((acme / "schemas/records/complaint.schema.json").read_text())
    schema["x-itsm"] |= {"kind": "praise", "plural": "praises", "prefix": "PRS", "folder": "records/praises"}
    (acme / "schemas/records/praise.schema.json").write_text(json.dumps(schema))
    file = acme / ".vscode/settings.json"
    own = json.loads(file.read_text())
    own["yaml.schemas"]["https://example.org/other.json"] = "other/*.yaml"
    file.write_text(json.dumps({**own, "editor.rulers": [80]}))
    doctor = json.loads(cli("doctor", "--offline", "--json", code=None).out)
    (check,) = [c for c in doctor if c["subject"] == ".vscode/settings.json"]
    assert "praise.schema.json" in check["message"]
    assert "written" in cli("completion", "vscode", "--write").out
    after = json.loads(file.read_text())
    assert after["editor.rulers"] == [80]
    assert after["yaml.schemas"]["https://example.org/other.json"] == "other/*.yaml"
    assert after["yaml.schemas"]["./schemas/records/praise.schema.json"] == "records/praises/**/*.yaml"
    assert "up to date" in cli("completion", "vscode", "--write").out
    file.write_text("// mine\n" + file.read_text())
    assert "comments" in cli("completion", "vscode", "--write", code=1).err


def test_a_broken_schema_does_not_take_the_others_from_the_editor() -> None:
    files = {"schemas/records/a.schema.json": b"{", "schemas/meta/roles.schema.json": b"{}"}
    assert settings_of(files)["yaml.schemas"] == {
        "./schemas/meta/roles.schema.json": "schemas/policies/roles.yaml"
    }


def test_a_sheet_is_written_whole_and_can_be_applied_again(acme: Path, cli: Cli) -> None:
    sheet = acme / "model.yaml"
    sheet.write_text(SHEET)
    assert "3 would be created, 0 would be changed" in cli("model", sheet.name, "--dry-run").out
    assert not (acme / "cmdb/teams/it-team.yaml").exists()
    # `runs` is the inverse of runs_on: the link is stored in the application.
    assert "3 created" in cli("model", sheet.name).out
    links = _data(acme, "cmdb/applications/shop-app.yaml")["links"]
    assert {"type": "runs_on", "target": "shop-db"} in links  # type: ignore[operator]
    assert {"type": "depends_on", "target": "mailbox-db"} in links  # type: ignore[operator]
    cli("check")
    before = {p: p.read_bytes() for p in acme.rglob("cmdb/**/*.yaml")}
    assert "0 created, 0 changed, 4 as they were" in cli("model", sheet.name).out
    assert {p: p.read_bytes() for p in acme.rglob("cmdb/**/*.yaml")} == before
    sheet.write_text(SHEET.replace("name: Shop\n", "name: Web shop\n"))
    assert "1 changed" in cli("model", sheet.name).out


def test_every_mistake_of_a_sheet_is_named_and_nothing_is_written(acme: Path, cli: Cli) -> None:
    sheet = acme / "model.csv"
    sheet.write_text(
        "class,id,name,owner,lifecycle,colour,runs_on\n"
        "server,h1,Host,it-operations,production,,\n"
        "server,h2,Host,it-operatoins,production,,\n"
        "server,h3,Host,it-operations,production,red,\n"
        "sever,h4,Host,it-operations,production,,\n"
    )
    said = cli("model", sheet.name, code=1).err
    assert "model.csv:5:1: 'sever' is not a class of item" in said
    sheet.write_text(sheet.read_text().replace("sever,", "server,").replace("h4,Host,", "h4,,"))
    said = " ".join(cli("model", sheet.name, code=1).err.split())
    assert "model.csv has 3 mistakes; nothing was written" in said
    for words in (
        "model.csv:3:1: h2: there is no team 'it-operatoins'",
        "did you mean it-operations",
        "model.csv:4:1: h3: a server has no field or link 'colour'",
        "model.csv:5:1: h4: a server also needs name",
    ):
        assert words in said
    assert not (acme / "cmdb/servers/h1.yaml").exists()


def test_the_starter_sheet_is_right_as_it_is(bare: Path, cli: Cli) -> None:
    (bare / "model.yaml").write_text(cli("model", "--starter").out)
    assert "created" in cli("model", "model.yaml").out
    said = json.loads(cli("check", "--json").out)["findings"]
    assert [f for f in said if f["code"] != "A001"] == []  # CODEOWNERS is to be written anew
    assert "it-team" in Repository.open(bare).store().data("ben")["teams"]


def test_doctor_rehearses_an_approval(bare: Path, cli: Cli) -> None:
    def own() -> tuple[str, str]:
        checks = json.loads(cli("doctor", "--offline", "--json", code=None).out)
        (found,) = [(c["result"], c["message"]) for c in checks if c["subject"] == "own approval"]
        return found

    assert own() == ("ok", "ada approves on github as octo-ada")
    (bare.parent / ".ssh").mkdir()
    key = bare.parent / ".ssh/id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    cli("enrol")
    assert own()[0] == "warning"
    assert "will hold once" in own()[1]
    subprocess.run(["git", "commit", "-qam", "My key"], cwd=bare, check=True)
    assert own() == ("ok", f"ada signed a trial with {key}, and it holds")


def _talk(
    root: Path, words: list[str], answers: list[tuple[str, str]], env: dict[str, str] | None = None
) -> str:
    child = pexpect.spawn(
        sys.executable, ["-m", "itsm_gitops", *words], cwd=str(root), encoding="utf-8", timeout=60,
        env={**os.environ, "TERM": "dumb", **(env or {})}, dimensions=(40, 80),
    )  # fmt: skip
    for question, answer in answers:
        child.expect(question)
        child.expect("> ")
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return str(child.before)


def test_init_asks_four_questions_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\nname = Ada Example\nemail = ada@example.org\n")
    env = {"HOME": str(tmp_path), "TZ": "Europe/Berlin", "ITSM_USER": ""}
    answers = [
        ("Name of the organisation", "Acme: the company"),
        ("Which time zone", "Europe/Brelin"),
        ("did you mean Europe/Berlin", ""),
        ("Your own handle", ""),
        ("needs 3 people", "ben, Cleo Example"),
        ("is not a handle", "ben, cleo"),
    ]
    said = _talk(tmp_path, ["init", "asked", "--no-examples"], answers, env)
    assert "committed as" in said
    config = Repository.open(tmp_path / "asked").config
    assert (config.organisation, config.timezone) == ("Acme: the company", "Europe/Berlin")
    people = {p.stem for p in (tmp_path / "asked/cmdb/people").iterdir()}
    assert people == {"ada-example", "ben", "cleo"}


def test_model_asks_for_services_and_what_they_need(acme: Path) -> None:
    answers = [
        ("Which team owns them", "it-operations"),
        ("Which service", "Web Shop"),
        ("Which identifier", ""),
        ("Description", "Where customers buy."),
        ("Category", "Sales"),
        ("What does it need", "shop-app, mailbox-db"),
        ("What is shop-app", "aplication"),
        ("is not one of them", "application"),
        ("Which service", ""),
    ]
    assert "2 created" in _talk(acme, ["model"], answers)
    links = _data(acme, "cmdb/services/web-shop.yaml")["links"]
    assert links == [
        {"type": "depends_on", "target": "shop-app"},
        {"type": "depends_on", "target": "mailbox-db"},
    ]
