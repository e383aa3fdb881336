"""The workflow files of every forge: by their schema, by a security linter at its strictest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from itsm_gitops import __version__
from itsm_gitops.commands.init import forge_files, init

BIN = Path(sys.executable).parent
IGNORED = re.compile(r"zizmor: ignore\[[\w-]+\](?P<reason>.*)")
SCHEMAS = {"github": "github-workflows", "gitea": "github-workflows", "gitlab": "gitlab-ci"}


def _workflows(forge: str) -> dict[str, str]:
    return {p: raw.decode() for p, raw in forge_files(forge).items() if p.endswith((".yml", ".yaml"))}


@pytest.fixture(params=sorted(SCHEMAS))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, list[str]]:
    """A forge, and its workflow files as `itsm init` writes them."""
    root = init(tmp_path / "made", forge=request.param, git=False).root
    return request.param, [str(root / path) for path in _workflows(request.param)]


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_are_what_their_forge_reads(files: tuple[str, list[str]]) -> None:
    forge, paths = files
    _run(str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.{SCHEMAS[forge]}", *paths)


@pytest.mark.parametrize("files", ["github", "gitea"], indirect=True)
def test_the_strictest_linter_finds_nothing_that_is_not_explained(files: tuple[str, list[str]]) -> None:
    strict = ["--persona=auditor", "--strict-collection", "--collect=all"]
    _run(str(BIN / "zizmor"), "--offline", "--no-progress", *strict, *files[1])
    text = "".join(Path(path).read_text() for path in files[1])
    reasons = [found["reason"] for found in IGNORED.finditer(text)]
    assert reasons
    assert [r for r in reasons if len(r.split()) < 5] == []


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_nothing_that_an_author_wrote_reaches_a_shell(forge: str) -> None:
    """Expressions stand in `env`, `with`, `if`, `ref` and `group`, never inside a script."""
    for path, text in _workflows(forge).items():
        scripts = re.findall(r"(?m)^( *)(?:- )?run: (.*(?:\n\1 +.*)*)", text)
        assert scripts, path
        for script in scripts:
            assert "${{" not in script[1], f"{path}: {script[1]}"
        assert "github.event.pull_request.title" not in text, path
        assert "github.head_ref" not in text, path


@pytest.mark.parametrize("forge", ["github", "gitea"])
def test_actions_are_pinned_and_rights_are_named(forge: str) -> None:
    for path, text in _workflows(forge).items():
        for action in re.findall(r"uses: (\S+)", text):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), f"{path}: {action}"
        assert "\npermissions: {}\n" in text, path
        jobs = len(re.findall(r"(?m)^    runs-on: ", text))
        assert len(re.findall(r"(?m)^    timeout-minutes: ", text)) == jobs, path


@pytest.mark.parametrize("forge", sorted(SCHEMAS))
def test_the_version_is_filled_in(forge: str) -> None:
    found = [
        line for text in _workflows(forge).values() for line in text.splitlines() if "ITSM_PACKAGE:" in line
    ]
    assert found
    pinned = f"itsm-gitops[fast]=={__version__}"
    # A variable of the project comes first: GitLab looks there by itself, the others are told to.
    wanted = pinned if forge == "gitlab" else f"${{{{ vars.ITSM_PACKAGE || '{pinned}' }}}}"
    assert {line.strip() for line in found} == {f"ITSM_PACKAGE: {wanted}"}


def test_the_required_job_answers_every_event_that_waits_for_it() -> None:
    """A required check that an event does not start blocks for ever; so would a filter of paths."""
    text = _workflows("github")[".github/workflows/itsm-gate.yml"]
    for event in ("opened", "synchronize", "reopened", "ready_for_review", "edited", "merge_group:"):
        assert event in text
    for path, workflow in _workflows("github").items():
        assert "paths:" not in workflow, path
        assert "paths-ignore:" not in workflow, path
