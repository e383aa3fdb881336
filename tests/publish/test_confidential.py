"""What is confidential, by its category, by itself or by its kind, is in no byte and no name of another's site."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sample_site import NOW, write_sample

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.audience import AUDIENCES, Audience, KindVisibility
from itsm_gitops.model.errors import ItsmError, RuleBookError
from itsm_gitops.model.levels import levels
from itsm_gitops.publish import build_site
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook
from itsm_gitops.snapshots.config import read_audience

SECURITY = (
    "security",
    "Security",
    "SECURITY",
    " security ",
    "security/phishing",
    "Security/Phishing/Spear",
    "security /phishing",
    "/security",
    "//security/x",
    "security/",
    "security > phishing",
    "security: phishing",
    "security\\phishing",
    "security|phishing",
    "\uff53ecurity",
    "S\u00e9curity/phishing",
    "s\u0435curity",
    "se\u200bcurity",
)
INCIDENT = read_rulebook(WorkingTree(packaged_rulebook_root())).kinds["incident"]
OTHERS = (
    "network",
    "network/security",
    "securityx",
    "physical security",
    "securities/bonds",
    "\u0431\u0435\u0437\u043e\u043f\u0430\u0441\u043d\u043e\u0441\u0442\u044c",
)


@pytest.mark.parametrize("category", SECURITY)
@pytest.mark.parametrize("field", ["category", "subcategory", "closure_category"])
def test_a_category_is_withheld_however_it_is_written_and_below(field: str, category: str) -> None:
    shown = KindVisibility(frozenset({"*"}), never={field: ["security"]})
    assert not shown.admits({field: category})
    assert not shown.admits({field: [category]})
    assert not KindVisibility(frozenset({"*"}), never={field: ["Security"]}).admits({field: category})


@pytest.mark.parametrize("category", OTHERS)
def test_other_categories_are_shown(category: str) -> None:
    assert KindVisibility(frozenset({"*"}), never={"category": ["security"]}).admits({"category": category})


def test_a_level_of_the_policy_does_not_withhold_the_level_above() -> None:
    shown = KindVisibility(frozenset({"*"}), never={"category": ["security/hr"]})
    assert shown.admits({"category": "security"})
    assert not shown.admits({"category": "Security/HR/leaver"})


def test_only_shows_exactly_what_it_names() -> None:
    shown = KindVisibility(frozenset({"*"}), only={"category": ["network"]})
    assert shown.admits({"category": "network"})
    assert not any(shown.admits({"category": c}) for c in ("network/vpn", "Network", " network"))


def test_levels_of_nothing_are_none() -> None:
    assert levels(" / ") == ()
    assert KindVisibility(frozenset({"*"}), never={"category": ["/"]}).admits({"category": "security"})


@pytest.mark.parametrize("mark", [True, "true", "yes", 1, 0, "", None, "false", [], {}])
def test_any_mark_but_a_plain_no_is_confidential(mark: Any) -> None:
    audience = Audience(
        "a", everything=False, confidential=False, kinds={"incident": KindVisibility(frozenset({"*"}))}
    )
    assert not audience.admits(INCIDENT, {"confidential": mark})
    assert audience.admits(INCIDENT, {"confidential": False})
    assert audience.admits(INCIDENT, {})
    assert replace(audience, confidential=True).admits(INCIDENT, {"confidential": mark})


@pytest.mark.parametrize(
    "name", ["Confidential", "confidental", "CONFIDENTIAL", "confidentail", "confidential_", "konfidential"]
)
def test_a_slip_in_the_name_of_the_mark_shows_nothing(name: str) -> None:
    """Check calls it an unknown field; until somebody reads that, what was meant holds."""
    audience = Audience(
        "a", everything=False, confidential=False, kinds={"incident": KindVisibility(frozenset({"*"}))}
    )
    assert not audience.admits(INCIDENT, {name: True})
    assert audience.admits(INCIDENT, {name: False})
    assert audience.admits(INCIDENT, {"description": "Confidential."})


def test_a_slip_in_the_name_of_what_withholds_shows_nothing() -> None:
    shown = KindVisibility(
        frozenset({"*"}), never={"labels.audience": ["internal"], "category": ["security"]}
    )
    audience = Audience("a", everything=False, kinds={"incident": shown})
    assert not audience.admits(INCIDENT, {"lables": {"audience": "internal"}})
    assert not audience.admits(INCIDENT, {"Category": "security/phishing"})
    assert audience.admits(INCIDENT, {"Category": "network", "lables": {"audience": "staff"}})


def record(number: int, kind: str, **more: Any) -> tuple[str, str]:
    prefix, plural = {
        "incident": ("INC", "incidents"),
        "problem": ("PRB", "problems"),
        "change": ("CHG", "changes"),
    }[kind]
    name = f"{prefix}-261121-C{number:04d}"
    data = {
        "id": name,
        "kind": kind,
        "title": f"canary{number}x",
        "state": "in_progress",
        "service": "shop",
        "major": {"state": "accepted"},
        "outage": {"expected": True},
        "timeline": [
            {"at": "2026-11-21T09:00:00Z", "by": "ada", "state": "new", "comment": f"canary{number}x"}
        ],
        **more,
    }
    return f"records/{plural}/2026/11/{name}.yaml", json.dumps(data)


def write(root: Path) -> Repository:
    """Write a sample with confidential records and items; 0 is the one that may be seen."""
    write_sample(root)
    found = [record(0, "incident", category="network")]
    for number, category in enumerate(SECURITY, 1):
        found.append(record(number, "incident", category=category))
    found += [
        record(30, "incident", subcategory="security"),
        record(31, "incident", closure_category="Security/x"),
        record(32, "incident", confidential=True),
        record(33, "incident", confidential="yes"),
        record(34, "problem", category="security/x"),
        record(35, "change", category="Security", state="scheduled"),
        record(36, "change", confidential=True, state="scheduled"),
        (
            "cmdb/services/canary37x.yaml",
            "id: canary37x\nclass: service\nname: canary37x\nlifecycle: production\nconfidential: true\n",
        ),
    ]
    for path, text in found:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return Repository.open(root)


def canaries(site: Path) -> set[str]:
    """Return the canaries in every byte and name of a site."""
    words = [f"canary{n}x" for n in range(40)] + [f"c{n:04d}" for n in range(40)]
    found = set()
    for path in site.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        text = path.relative_to(site).as_posix().encode() + content
        found |= {w for w in words if w.encode() in text.lower()}
    return found


@pytest.mark.parametrize("audience", ["staff", "public"])
def test_nothing_confidential_is_anywhere(tmp_path: Path, audience: str) -> None:
    site = build_site(write(tmp_path), audience=audience, reporter=SnapshotReporter(), now=NOW).output
    assert canaries(site) == {"canary0x", "c0000"}


def test_internal_shows_everything(tmp_path: Path) -> None:
    site = build_site(write(tmp_path), reporter=SnapshotReporter(), now=NOW).output
    assert len(canaries(site)) > 40


def test_a_kind_can_be_confidential(tmp_path: Path) -> None:
    repo = write(tmp_path)
    path = tmp_path / "schemas/records/incident.schema.json"
    schema = json.loads(path.read_text())
    schema["x-itsm"]["confidential"] = True
    path.write_text(json.dumps(schema))
    for audience in ("staff", "public"):
        assert (
            canaries(build_site(repo, audience=audience, reporter=SnapshotReporter(), now=NOW).output)
            == set()
        )
    policy = yaml.safe_load((tmp_path / AUDIENCES).read_text())
    policy["audiences"]["staff"]["confidential"] = True
    (tmp_path / AUDIENCES).write_text(yaml.safe_dump(policy))
    found = canaries(build_site(repo, audience="staff", reporter=SnapshotReporter(), now=NOW).output)
    assert {"canary0x", "canary32x", "canary37x"} <= found
    assert "canary2x" not in found


# ---- The policy itself ----

PACKAGED = packaged_rulebook_root() / AUDIENCES
SOUND = PACKAGED.read_text()
POLICIES = {
    "a misspelt key": (SOUND.replace("withhold: [external_refs", "withold: [external_refs"), r"\d+:5"),
    "a misspelt field": (SOUND.replace("withhold: [risks,", "withhold: [risk,"), r"\d+:\d+"),
    "a misspelt condition": (
        SOUND.replace("labels.audience: [internal]", "label.audience: [internal]"),
        r"\d+:\d+",
    ),
    "a condition that is text": (
        SOUND.replace("labels.audience: [internal]", "labels.audience: internal"),
        r"\d+:24",
    ),
    "everything as text": (SOUND.replace("everything: true", "everything: 'false'"), r"\d+:17"),
    "people": (SOUND.replace("people: none", "people: all"), r"\d+:13"),
    "a key twice": (SOUND.replace("people: none", "people: none\n    people: names"), r"\d+:5"),
    "conflict markers": (f"<<<<<<< HEAD\n{SOUND}=======\n>>>>>>> x\n", r"\d+:\d+"),
    "an unknown kind": (SOUND.replace("      known-error:", "      known-eror:"), r"\d+:7"),
    "empty": ("", "1:1"),
    "no audiences": ("audience: {}\n", "1:1"),
    "a list": ("- audiences\n", "1:1"),
    "not UTF-8": (b"audiences: \xff\n", "1:12"),
}


@pytest.mark.parametrize("audience", [None, "internal", "staff", "public"])
@pytest.mark.parametrize(("text", "place"), POLICIES.values(), ids=POLICIES)
def test_a_policy_with_a_mistake_stops_every_build(
    tmp_path: Path, audience: str | None, text: str | bytes, place: str
) -> None:
    repo = write_sample(tmp_path)
    (tmp_path / AUDIENCES).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RuleBookError, match=rf"^{AUDIENCES}:{place}: "):
        build_site(repo, audience=audience, now=NOW)
    assert not (tmp_path / "build").exists()


def test_a_policy_that_is_a_link_stops(tmp_path: Path) -> None:
    repo = write_sample(tmp_path / "repo")
    path = tmp_path / "repo" / AUDIENCES
    path.rename(tmp_path / "away.yaml")
    path.symlink_to(tmp_path / "away.yaml")
    with pytest.raises(RuleBookError, match="not a regular file"):
        build_site(repo, now=NOW)


@pytest.mark.parametrize("name", ["", "Public", " public", "publik", "public\n"])
def test_a_name_that_is_none_is_not_taken_for_the_usual_one(tmp_path: Path, name: str) -> None:
    repo = write_sample(tmp_path)
    with pytest.raises(ItsmError, match="there is no audience"):
        build_site(repo, audience=name, now=NOW)


def test_the_policy_that_ships_has_no_mistake(tmp_path: Path) -> None:
    shutil.copytree(packaged_rulebook_root() / "schemas", tmp_path / "schemas")
    repo = Repository(tmp_path)
    for name in ("internal", "staff", "public"):
        assert read_audience(repo.snapshot(), read_rulebook(repo.snapshot()), name).name == name
