"""What is withheld from an audience is nowhere in its site: not in a page, an index, a feed or a name."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from canary_site import Canaries, Canary, write_canaries
from sample_site import NOW

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.errors import ItsmError, NotFound
from itsm_gitops.publish import build_site
from itsm_gitops.publish.output import MARKER, claim
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo

WORD = re.compile(rb"canary[0-9]+x|[a-z]{2,6}-261120-[hs][0-9]{4}")


class World(NamedTuple):
    """The repository of canaries."""

    made: GitRepo
    canaries: Canaries
    policy: dict[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("canaries")
    canaries = write_canaries(root)
    made = GitRepo(root)
    shutil.copytree(
        packaged_rulebook_root() / "site", root / "site", ignore=shutil.ignore_patterns("handbook")
    )
    made.write("site/docs/handbook/inside.md", "# canary3x\n")
    roles = (root / "schemas/policies/roles.yaml").read_text()
    made.write("schemas/policies/roles.yaml", roles.replace("teams: [service-desk]", "people: [canary7x]"))
    made.write("site/docs/beside.md", "# canary6x\n")
    made.git("init", "-q")
    made.commit("canary4x", author="canary5x")
    policy = yaml.safe_load((root / "schemas/policies/audiences.yaml").read_text())["audiences"]
    return World(made, canaries, policy)


@pytest.fixture(scope="module")
def built(world: World) -> Callable[[str], Path]:
    """Builds the site of the canaries for an audience, once."""
    known: dict[str, Path] = {}

    def build(audience: str) -> Path:
        if audience not in known:
            report = build_site(world.made.repo, audience=audience, reporter=SnapshotReporter(), now=NOW)
            known[audience] = report.output
        return known[audience]

    return build


def words_of(site: Path) -> dict[str, str]:
    """Return every canary in a site, in bytes or in names, with a file that has it."""
    found: dict[str, str] = {}
    for path in site.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        name = path.relative_to(site).as_posix()
        for word in WORD.findall(name.lower().encode() + b"\n" + content.lower()):
            found.setdefault(word.decode(), name)
    return found


def may_see(policy: dict[str, Any], world: World, about: Canary) -> bool:
    """Say by the words of the policy alone whether an audience may read the value of a field."""
    shown = policy["kinds"].get(about.kind)
    document = world.canaries.words.get(about.document)
    if shown is None or document is None or about.document in withheld(world):
        return False
    if about.path == "id":
        return True
    ways = [".".join(about.path.split(".")[:n]) for n in range(1, about.path.count(".") + 2)]
    gone = [*policy.get("withhold", []), *shown.get("withhold", [])]
    if set(ways) & set(gone) or about.internal or about.path == "of_no_schema":
        return False
    if about.path.startswith("supplier_cases.") and "supplier" not in policy["kinds"]:
        return False  # what demands a name goes as a whole where the name may not be shown
    fields = shown["fields"]
    return "*" in fields or about.path in fields or any(f"{way}.*" in fields for way in ways)


def withheld(world: World) -> set[str]:
    """The documents whose label says that only staff of IT may read them: the second of each kind."""
    ids = [w for w, about in world.canaries.words.items() if about.path == "id"]
    return set(ids[1::2])


@pytest.mark.parametrize("audience", ["public", "staff"])
def test_nothing_that_is_withheld_is_anywhere(
    world: World, built: Callable[[str], Path], audience: str
) -> None:
    found = words_of(built(audience))
    policy = world.policy[audience]
    leaks = []
    for word, name in found.items():
        about = world.canaries.words.get(word) or world.canaries.words.get(word.upper())
        if about is None or not may_see(policy, world, about):
            leaks.append((word, about, name))
    if audience == "staff":  # who may fill in a form must reach the forge, and the handbook is for all staff
        leaks = [leak for leak in leaks if leak[0] not in ("canary2x", "canary3x", "canary6x", "canary7x")]
    assert leaks == []
    if audience == "public":
        assert not [w for w in found if (a := world.canaries.words.get(w)) and a.names]


@pytest.mark.parametrize("audience", ["public", "staff"])
def test_what_is_listed_is_there(world: World, built: Callable[[str], Path], audience: str) -> None:
    found = words_of(built(audience))
    policy = world.policy[audience]
    missing = [
        (word, about)
        for word, about in world.canaries.words.items()
        if may_see(policy, world, about) and not about.names and word.lower() not in found
    ]
    assert missing == []


def test_the_internal_site_has_every_word(world: World, built: Callable[[str], Path]) -> None:
    """The canaries can be seen where they are: a test that cannot fail would prove nothing."""
    found = words_of(built("internal"))
    missing = [w for w, about in world.canaries.words.items() if w.lower() not in found]
    assert missing == []
    unknown = {(a.kind, a.path) for a in world.canaries.words.values()}
    assert {("incident", "added_later"), ("change", "outage.added_later"), ("gadget", "name")} <= unknown
    assert ("incident", "timeline.added_later") in unknown
    assert {"canary1x", "canary2x", "canary3x", "canary6x", "canary7x"} <= found.keys()


def links_of(site: Path) -> list[tuple[str, str]]:
    dead = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.read_text()):
            parts = urlsplit(address)
            if (
                not parts.scheme
                and parts.path
                and not (page.parent / unquote(parts.path)).resolve().is_file()
            ):
                dead.append((page.name, address))
    return dead


def test_no_link_is_dead_and_nothing_empty_is_left(built: Callable[[str], Path]) -> None:
    site = built("public")
    assert links_of(site) == []
    pages = {p.relative_to(site).as_posix(): p.read_text() for p in site.rglob("*.html")}
    assert "report.html" not in pages
    assert "changes/new.html" not in pages
    assert not [n for n in pages if n.startswith(("handbook/", "reports/"))]
    record = next(text for name, text in pages.items() if name.startswith("records/incidents/2611/"))
    assert "by <" not in record
    assert "Internal note" not in record
    assert "(withheld)" in record
    assert "<dd></div>" not in "".join(pages.values())
    assert "<section><h2></h2>" not in "".join(pages.values())


# ---- Folders ----


def test_a_folder_belongs_to_one_audience(tmp_path: Path) -> None:
    for _ in range(2):
        with claim(tmp_path / "site", "public"):
            pass
    with pytest.raises(ItsmError, match="another audience \\(public\\)"):
        claim(tmp_path / "site", "staff")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / MARKER).write_text(
        "Written by itsm site build; everything here may be overwritten.\n"
    )
    with pytest.raises(ItsmError, match="another audience \\(internal\\)"):
        claim(tmp_path / "old", "public")
    with claim(tmp_path / "old", "internal"):
        pass


def test_another_audience_is_built_beside_the_usual_one(world: World, built: Callable[[str], Path]) -> None:
    assert built("public") == world.made.root / "build/site-public"
    assert built("internal") == world.made.root / "build/site"
    kept = sorted(p.name for p in built("public").rglob("*"))
    with pytest.raises(ItsmError, match="another audience"):
        build_site(world.made.repo, audience="staff", output_folder=Path("build/site-public"), now=NOW)
    assert sorted(p.name for p in built("public").rglob("*")) == kept
    with pytest.raises(NotFound, match="no audience 'pubic'") as caught:
        build_site(world.made.repo, audience="pubic", now=NOW)
    assert "public" in caught.value.hint
    assert not (world.made.root / "build/site-pubic").exists()
