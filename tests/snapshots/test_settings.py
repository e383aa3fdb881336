"""What is wrong with itsm.yaml stops whoever decides from it; what is not said has a default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from itsm_gitops.model.errors import SettingsError
from itsm_gitops.model.shape import WORDS, misfits
from itsm_gitops.publish import build_site
from itsm_gitops.rules import check
from itsm_gitops.snapshots import Config, WorkingTree, packaged_rulebook_root, read_config
from itsm_gitops.snapshots.config import packaged_schema
from tests.support import GitRepo, run_apart

SOUND = "version: 1\norganisation: Acme\nsite:\n  audience: public\n"
# What is wrong, the text, and the line and column at which it is said to be.
FAULTS = {
    "no file": (None, "1:1"),
    "empty": ("", "1:1"),
    "no mapping": ("- version\n", "1:1"),
    "colon in a value": (SOUND + "description: Acme: portal\n", "5:"),
    "key twice": (SOUND + "version: 1\n", "5:1"),
    "conflict markers": (SOUND + "<<<<<<< HEAD\ndirectory: open\n=======\n>>>>>>> x\n", "5:"),
    "unknown key": (SOUND + "sites: {audience: public}\n", "5:1"),
    "unknown key of the site": (SOUND.replace("audience", "audiance"), "4:3"),
    "site is no mapping": ("version: 1\nsite: public\n", "2:7"),
    "audience is a list": ("version: 1\nsite: {audience: [public]}\n", "2:18"),
    "audience is empty": ("version: 1\nsite:\n  audience:\n", "3:"),
    "another version": (SOUND.replace("version: 1", "version: 2"), "1:10"),
    "version is text": (SOUND.replace("version: 1", "version: '1'"), "1:10"),
    "directory": (SOUND + "directory: close\n", "5:12"),
    "history": (SOUND + "  history: 'no'\n", "5:12"),
    "severity": (SOUND + "severity: {S001: of}\n", "5:18"),
    "engine": (SOUND + "  engine: hugo\n", "5:11"),
    "forge": (SOUND + "  repository: {url: 'https://x.example', forge: svn}\n", "5:49"),
    "address": (SOUND + "  repository: {url: 'javascript:alert(1)', forge: gitea}\n", "5:21"),
    "ignore": (SOUND + "ignore:\n  - 7\n", "6:5"),
    "time zone": (SOUND + "timezone: Europe/Nowhere\n", "5:11"),
    "a tag": ("version: 1\norganisation: !!str Acme\n", "2:15"),
    "not UTF-8": (b"version: 1\norganisation: \xff\n", "2:15"),
    "a pointer of Git LFS": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "1:1"),
}


def write(root: Path, text: str | bytes | None) -> None:
    path = root / "itsm.yaml"
    if text is None:
        path.unlink()
    else:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(("text", "place"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_place_and_stops_who_decides(
    git_repo: GitRepo, text: str | bytes | None, place: str
) -> None:
    write(git_repo.root, text)
    config = read_config(WorkingTree(git_repo.root))
    assert f"itsm.yaml:{config.faults[0].line}:{config.faults[0].column}:".startswith(f"itsm.yaml:{place}")
    with pytest.raises(SettingsError, match=f"^itsm.yaml:{place}") as caught:
        config.require()
    assert caught.value.hint
    report = check(git_repo.repo) if text is not None else None
    assert report is None or any(f.path == "itsm.yaml" and f.severity == "error" for f in report.findings)


@pytest.mark.parametrize("audience", [None, "public", "internal"])
@pytest.mark.parametrize(("text", "place"), FAULTS.values(), ids=FAULTS)
def test_no_site_is_built_for_anybody_while_a_setting_is_faulty(
    git_repo: GitRepo, text: str | bytes | None, place: str, audience: str | None
) -> None:
    repo = git_repo.repo
    write(git_repo.root, text)
    with pytest.raises(SettingsError, match=f"^itsm.yaml:{place}"):
        build_site(repo, audience=audience)
    assert not (git_repo.root / "build").exists()


def test_settings_of_a_commit_are_judged_as_those_of_the_files_are(git_repo: GitRepo) -> None:
    git_repo.git("init", "-q")
    git_repo.write("itsm.yaml", SOUND + "sites: 1\n")
    git_repo.commit("broken")
    git_repo.write("itsm.yaml", SOUND)
    git_repo.commit("mended")
    with pytest.raises(SettingsError, match=r"itsm.yaml:5:1: .*\(in HEAD~1\)"):
        build_site(git_repo.repo, at="HEAD~1")
    (git_repo.root / "itsm.yaml").rename(git_repo.root / "elsewhere.yaml")
    git_repo.commit("gone")
    git_repo.git("checkout", "-q", "HEAD~1", "--", "itsm.yaml")
    with pytest.raises(SettingsError, match=r"there is no itsm\.yaml"):
        build_site(git_repo.repo, at="HEAD")


@pytest.mark.parametrize("link", [True, False])
def test_what_is_no_regular_file_is_a_fault(git_repo: GitRepo, tmp_path: Path, link: bool) -> None:
    target = git_repo.root / "itsm.yaml"
    target.rename(tmp_path / "real.yaml")
    if link:
        target.symlink_to(tmp_path / "real.yaml")
    else:
        target.mkdir()
    assert read_config(WorkingTree(git_repo.root)).faults


@pytest.mark.parametrize("text", ["version: 1\n", "organisation: Acme\n", SOUND])
def test_what_is_not_said_has_a_default(git_repo: GitRepo, text: str) -> None:
    git_repo.write("itsm.yaml", text)
    assert read_config(WorkingTree(git_repo.root)).require().directory == Config().directory


def test_the_packaged_schema_judges_and_not_the_one_of_the_repository(git_repo: GitRepo) -> None:
    path = git_repo.root / "schemas/meta/config.schema.json"
    schema = json.loads(path.read_text())
    schema["additionalProperties"] = True
    path.write_text(json.dumps(schema))
    git_repo.write("itsm.yaml", SOUND + "sites: 1\n")
    found = [f for f in check(git_repo.repo).findings if f.path == "itsm.yaml"]
    assert [(f.code, f.line, f.column) for f in found] == [("S023", 5, 1)]


DECIDES = (
    ("new", "incident", "--title", "x", "--impact", "low", "--urgency", "low", "--service", "mail"),
    ("set", "INC-260304-00001", "title=x"),
    ("note", "INC-260304-00001", "x"),
    ("move", "INC-260304-00001", "in_progress"),
    ("link", "INC-260304-00001", "relates_to", "INC-260304-00000"),
    ("gate", "--base", "HEAD", "--head", "HEAD"),
    ("approvals", "--base", "HEAD", "--head", "HEAD"),
    ("approve", "--sign"),
    ("audit", "verify"),
    ("codeowners", "--write"),
    ("doctor", "--offline"),
    ("enrol", "ada", "--account", "github:1:ada"),
    ("export", "json"),
    ("export", "csv", "incident"),
    ("import", "csv", "table.csv", "--mapping", "servicenow-incidents"),
    ("site", "build"),
    ("site", "build", "--audience", "public"),
    ("site", "serve", "--port", "0"),
)
SHOWS = (("list", "incidents"), ("show", "office-hours"), ("report",), ("schedule",))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    root = tmp_path_factory.mktemp("faulty")
    assert run_apart(["init", "."], root).returncode == 0
    made = GitRepo(root)
    made.write("table.csv", "number\nINC1\n")
    made.write("itsm.yaml", SOUND + "sites: 1\n")
    made.git("add", "-A")
    made.commit("all")
    return made


@pytest.mark.parametrize("words", DECIDES, ids=" ".join)
def test_every_command_that_decides_stops_and_writes_nothing(faulty: GitRepo, words: tuple[str, ...]) -> None:
    done = run_apart(words, faulty.root)
    code = 2 if words[0] == "gate" else 1  # "it cannot be judged"
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "itsm.yaml:5:1: there is no 'sites' here" in done.stderr
    assert faulty.git("status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_every_command_that_shows_says_it_in_one_line(faulty: GitRepo, words: tuple[str, ...]) -> None:
    lines = run_apart(words, faulty.root).stderr.splitlines()
    assert [line for line in lines if "itsm.yaml" in line] == [
        "warning: itsm.yaml:5:1: there is no 'sites' here; defaults are shown instead"
    ]


BROKEN: list[Any] = [
    {"site": {"audience": ["a"]}},
    {"site": 1},
    {"version": True},
    {"version": 2},
    {"directory": "x"},
    {"severity": {"x": "error"}},
    {"severity": {"S001": "x"}},
    {"ignore": [{}]},
    {"organisation": ""},
    {"organisation": "a\nb"},
    {"organisation": "a\n"},
    {"other": 1},
    {"version": 1, "organisation": "x"},
]
AUDIENCE = {"title": "A", "description": "A."}
POLICIES: list[Any] = [
    {},
    {"audiences": {}},
    {"audiences": {"a": AUDIENCE}},
    {"audiences": {"a": {**AUDIENCE, "everything": True}}},
    {"audiences": {"a": {**AUDIENCE, "everything": "yes"}}},
    {"audiences": {"a": {**AUDIENCE, "everything": True, "kinds": {}}}},
    {"audiences": {"a": {**AUDIENCE, "kinds": {}}}},
    {"audiences": {"A": {**AUDIENCE, "kinds": {}}}},
    {"audiences": {"a": {**AUDIENCE, "kinds": {}, "handbook": "all"}}},
    {"audiences": {"a": {**AUDIENCE, "kinds": {}, "handbook": ["a.md", "a.md"]}}},
    {"audiences": {"a": {**AUDIENCE, "kinds": {}, "withold": ["title"]}}},
    {"audiences": {"a": {**AUDIENCE, "kinds": {"incident": {"fields": ["*"], "never": {"category": 1}}}}}},
    {
        "audiences": {
            "a": {**AUDIENCE, "kinds": {"incident": {"fields": ["*"], "never": {"category": ["a"]}}}}
        }
    },
]


@pytest.mark.parametrize(
    ("name", "data"), [*(("config", d) for d in BROKEN), *(("audiences", d) for d in POLICIES)], ids=str
)
def test_the_small_validator_agrees_with_the_full_one(name: str, data: Any) -> None:
    schema = packaged_schema(name)
    assert _words(schema) <= WORDS
    full = jsonschema.Draft7Validator(schema)
    # Python's $ allows a line break at the end; the specification does not.
    expected = full.is_valid(data) and "\n" not in str(data.get("organisation", ""))
    assert (not list(misfits(data, schema, schema))) == expected


def _words(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_words, node))
    if not isinstance(node, dict):
        return set()
    inner = [_words(child) for child in node.get("properties", {}).values()]
    inner += [_words(node.get(name)) for name in ("items", "additionalProperties", "propertyNames", "oneOf")]
    return set(node).union(*inner)


def test_the_packaged_schemas_are_those_that_init_writes() -> None:
    for name in ("config", "audiences"):
        path = packaged_rulebook_root() / f"schemas/meta/{name}.schema.json"
        assert packaged_schema(name) == json.loads(path.read_text())
