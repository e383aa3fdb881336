"""A repository that attacks whoever builds or reads its site: by settings, pages, files, links, caches, environment."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sample_site import NOW, write_sample

from itsm_gitops import documents
from itsm_gitops.model.audience import INTERNAL
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.publish import build_site
from itsm_gitops.publish.engine import ENGINES
from itsm_gitops.publish.engine_settings import page_source, read_settings
from itsm_gitops.publish.engine_sources import published
from itsm_gitops.publish.output import MARKER, claim, work_folder
from itsm_gitops.publish.scripts import as_published
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo, run_apart

SITE = packaged_rulebook_root() / "site"
SOUND = "theme:\n  name: material\n  font: false\n"
# What the file adds to a sound one, and where that is said to be.
SETTINGS = {
    "a tag that calls": ('site_name: !!python/object/apply:os.system ["touch ran"]\n', "4:12"),
    "a tag that imports": ("site_name: !!python/name:os.system\n", "4:12"),
    "a tag of the environment": ("site_name: !ENV HOME\n", "4:12"),
    "a tag of a path": ("site_name: !relative $config_dir\n", "4:12"),
    "an alias": ("extra: &a {generator: false}\n", "4:8"),
    "a key twice": ("strict: true\nstrict: false\n", "5:1"),
    "hooks": ("hooks: [hook.py]\n", "4:1"),
    "plugins": ("plugins: [search]\n", "4:10"),
    "plugins with settings": ("plugins: [{macros: {}}]\n", "4:10"),
    "plugins as a mapping": ("plugins: {exclude: {}}\n", "4:10"),
    "inheritance": ("INHERIT: ../evil.yml\n", "4:1"),
    "folders": ("docs_dir: /etc\n", "4:1"),
    "output": ("site_dir: /tmp\n", "4:1"),
    "edit links": ("edit_uri_template: '{path!r}'\n", "4:1"),
    "exclusions": ("exclude_docs: '*'\n", "4:1"),
    "navigation": ("nav: [a.md]\n", "4:1"),
    "watching": ("watch: [/]\n", "4:1"),
    "a footer": ("copyright: <script>1</script>\n", "4:1"),
    "snippets": ("markdown_extensions: [pymdownx.snippets]\n", "4:23"),
    "snippets with a path": ("markdown_extensions:\n- pymdownx.snippets: {base_path: /}\n", "5:3"),
    "HTML inside Markdown": ("markdown_extensions: [md_in_html]\n", "4:23"),
    "any module": ("markdown_extensions: [evil]\n", "4:23"),
    "a function for fences": (
        "markdown_extensions:\n- pymdownx.superfences:\n    custom_fences: [{name: a, format: evil.f}]\n",
        "6:5",
    ),
    "a slug function": ("markdown_extensions:\n- toc: {slugify: evil.f}\n", "5:9"),
    "emoji from a host": ("markdown_extensions: [pymdownx.emoji]\n", "4:23"),
    "script of another host": ("extra_javascript: ['https://evil.example/x.js']\n", "4:20"),
    "script of another host, short": ("extra_javascript: ['//evil.example/x.js']\n", "4:20"),
    "script beside": ("extra_javascript: [../../x.js]\n", "4:20"),
    "script as a mapping": ("extra_javascript: [{path: 'https://evil.example/x.js', defer: true}]\n", "4:"),
    "styles of another host": ("extra_css: ['https://evil.example/x.css']\n", "4:13"),
    "markup in a name": ("site_description: '\"><script>1</script>'\n", "4:19"),
    "template syntax in a name": ("site_author: '{{ config }}'\n", "4:14"),
    "analytics": ("extra: {analytics: {provider: ../evil}}\n", "4:9"),
    "a link that acts": ("extra: {homepage: 'javascript:alert(1)'}\n", "4:19"),
    "folders as addresses": ("use_directory_urls: true\n", "4:21"),
}
THEMES = {
    "templates": "theme: {name: material, custom_dir: over}\n",
    "another theme": "theme: {name: evil}\n",
    "no name": "theme: {custom_dir: over}\n",
    "a theme as text": "theme: material\n",
    "fonts of another host": "theme: {name: material, font: {text: Roboto}}\n",
    "static templates": "theme: {name: material, static_templates: [evil.html]}\n",
    "a language outside": "theme: {name: material, language: ../../evil}\n",
    "an icon outside": "theme: {name: material, icon: {logo: ../../../etc/passwd}}\n",
    "a picture outside": "theme: {name: material, favicon: ../../../etc/passwd}\n",
    "a picture of another host": "theme: {name: material, logo: 'https://evil.example/x.png'}\n",
    "markup in a palette": "theme: {name: material, palette: {scheme: '\"><script>'}}\n",
    "markup in a toggle": "theme: {name: material, palette: [{toggle: {name: '<b>'}}]}\n",
}


@pytest.mark.parametrize(("more", "place"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_is_not_listed_stops_with_its_place(tmp_path: Path, more: str, place: str) -> None:
    path = tmp_path / "mkdocs.yml"
    path.write_text(SOUND + more)
    with pytest.raises(ItsmError, match=f"^site/mkdocs.yml:{place}") as caught:
        read_settings(path, "site/mkdocs.yml")
    assert caught.value.hint


@pytest.mark.parametrize("text", [*THEMES.values(), "", "- theme\n", "!!python/name:os.system ''\n"])
def test_a_theme_that_is_not_listed_stops(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mkdocs.yml"
    path.write_text(text)
    with pytest.raises(ItsmError, match=r"^site/mkdocs.yml:\d+:\d+: "):
        read_settings(path, "site/mkdocs.yml")


def test_settings_are_not_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_text(SOUND)
    (tmp_path / "mkdocs.yml").symlink_to(tmp_path / "real.yml")
    with pytest.raises(ItsmError, match="cannot be read"):
        read_settings(tmp_path / "mkdocs.yml", "site/mkdocs.yml")


def test_the_settings_that_ship_are_accepted_as_they_are() -> None:
    path = SITE / "mkdocs.yml"
    assert read_settings(path, "site/mkdocs.yml") == documents.load(path.read_bytes()).data


HEADS = {
    "a template": "---\ntemplate: sitemap.xml\n---\n",
    "a redirect": "---\nmeta: [{http-equiv: refresh}]\n---\n",
    "a tag": "---\ntitle: !!python/name:os.system\n---\n",
    "an alias": "---\ntitle: &a x\n---\n",
    "an icon outside": "---\nicon: ../../../etc/passwd\n---\n",
    "dots as the end": "---\ntemplate: x\n...\n",
    "blanks behind the dashes": "---  \ntemplate: x\n---\t\n",
    "line ends of Windows": "---\r\ntemplate: x\r\n---\r\n",
}


@pytest.mark.parametrize("text", HEADS.values(), ids=HEADS)
def test_the_head_of_a_page_says_what_a_page_may_say(text: str) -> None:
    with pytest.raises(ItsmError, match=r"^site/docs/a.md:2:\d+: "):
        page_source(text.encode() + b"# A\n", "site/docs/a.md")


@pytest.mark.parametrize(
    "text", ["template: x\n\n# A\n", "\n  template: x\n", "\ufefftemplate: x\n", "---\n# A\n"]
)
def test_a_first_line_that_looks_like_a_head_is_none(text: str) -> None:
    assert page_source(text.encode(), "a.md").startswith(b"---\n{}\n---\n\n")


def test_text_in_the_head_of_a_page_is_escaped() -> None:
    made = page_source(b'---\ntitle: "</title><script>R&D"\nhide: [toc]\n---\n# A\n', "a.md")
    assert made == b'---\n{"title": "&lt;/title&gt;&lt;script&gt;R&amp;D", "hide": ["toc"]}\n---\n# A\n'


# ---- Builds of hostile sources ----

ACTIVE = """\
# Page <script>alert('ACTIVE-0')</script>

<script>alert('ACTIVE-1')</script>

<script src="evil.js"></script><iframe src="https://evil.example"></iframe>
<meta http-equiv="refresh" content="0;url=https://evil.example"><base href="https://evil.example/">

text <img src=x onerror="ACTIVE-2"> </article><script>alert('ACTIVE-3')</script>

<div markdown="1">*x*</div>

--8<-- "../../../secret.txt"

{! ../../../secret.txt !} {{ config }} {% include "secret.txt" %}

[x](javascript:alert(1))

- <details open ontoggle=alert(1)>

```python {.x onclick="a"}
<script>code</script>
```
"""
MODULE = "import pathlib; pathlib.Path(r'{ran}').write_text('ran')\n"


def hostile(root: Path, engine: str) -> Path:
    """Write a repository whose every file that could be run says so; return the file that would be written then."""
    write_sample(root)
    ran = root.parent / "ran"
    settings = (root / "itsm.yaml").read_text()
    (root / "itsm.yaml").write_text(settings.replace("site:\n", f"site:\n  engine: {engine}\n"))
    shutil.copytree(SITE, root / "site", ignore=shutil.ignore_patterns("*.md"))
    (root / "site/docs/handbook").mkdir(exist_ok=True)
    (root / "site/docs/handbook/page.md").write_text(ACTIVE)
    (root / "site/docs/handbook/index.md").write_text("template: x\n\n# Handbook\n")
    (root / "secret.txt").write_text("SECRET-FILE")
    code = MODULE.format(ran=ran)
    names = ("mkdocs", "properdocs", "zensical", "markdown", "material", "yaml", "jinja2", "pymdownx")
    for name in (*names, "sitecustomize", "usercustomize", "hook"):
        for folder in (root, root / "site"):
            (folder / f"{name}.py").write_text(code)
    evil = "hooks: [hook.py]\nsite_name: EVIL\ntheme: {name: material, custom_dir: over}\n"
    for name in ("properdocs.yml", "properdocs.yaml", "mkdocs.yaml"):
        (root / "site" / name).write_text(evil)
    for folder in (root, root / "site", root / "site/docs"):
        (folder / "zensical.toml").write_text(
            '[project]\nsite_name = "EVIL"\n'
        ) if folder.name != "docs" else None
    return ran


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_of_a_repository_runs_on_the_machine_or_in_the_browser(tmp_path: Path, engine: str) -> None:
    ran = hostile(tmp_path / "repo", engine)
    odd = {"PYTHONPATH": str(tmp_path / "repo"), "PYTHONSTARTUP": str(tmp_path / "repo/hook.py")}
    # The parent process is the user's own choice of PYTHONPATH; what is judged is the engine that it starts.
    script = (
        "import os, sys; from pathlib import Path; from itsm_gitops.repository import Repository\n"
        "from itsm_gitops.publish import build_site\n"
        f"os.environ.update({odd!r}); build_site(Repository.open({str(tmp_path / 'repo')!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not ran.exists()
    site = tmp_path / "repo/build/site"
    for path in site.rglob("*.html"):
        html = path.read_text()
        assert "SECRET-FILE" not in html, path
        assert "EVIL" not in html, path
    page = (site / "handbook/page.html").read_text()
    article = page[page.index("<article") : page.rindex("</article>")]
    assert not re.search(r"<(script|iframe|meta|base|img|details|div markdown)", article)
    assert "ACTIVE-1" in article  # it is shown as the text that it is
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "unsafe" not in policy.group(1)
    other = re.search(
        r'Content-Security-Policy" content="([^"]*)"', (site / "handbook/index.html").read_text()
    )
    assert other
    assert policy.group(1) == other.group(1)


FILES = {
    "a script": ("evil.js", b"alert(1)"),
    "a module": ("assets/evil.mjs", b"alert(1)"),
    "a page": ("evil.html", b"<script>alert(1)</script>"),
    "a page in capitals": ("evil.HTML", b"<script>alert(1)</script>"),
    "XHTML": ("evil.xhtml", b"<html/>"),
    "a style sheet that transforms": ("evil.xsl", b"<x/>"),
    "a drawing with a script": ("a.svg", b"<svg><script>alert(1)</script></svg>"),
    "a drawing with a handler": ("a.svg", b"<svg onload='alert(1)'/>"),
    "a drawing with an entity": ("a.svg", b"<!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>"),
    "a drawing with a page in it": ("a.svg", b"<svg><foreignObject/></svg>"),
    "a drawing with a link that acts": ("a.svg", b"<svg><a href='javascript:alert(1)'/></svg>"),
    "a drawing with a prefix": ("a.svg", b"<svg><s:script>alert(1)</s:script></svg>"),
    "a drawing that loads": ("a.svg", b"<svg><style>@import 'https://evil.example/'</style></svg>"),
    "a drawing in another encoding": ("a.svg", "<svg><script/></svg>".encode("utf-16")),
    "no suffix": ("CNAME", b"evil.example"),
    "a program": ("x.wasm", b"\0asm"),
}


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES)
def test_files_that_browsers_run_are_not_published(tmp_path: Path, name: str, content: bytes) -> None:
    repo = write_sample(tmp_path)
    shutil.copytree(SITE, tmp_path / "site", ignore=shutil.ignore_patterns("*.md"))
    (tmp_path / "site/docs" / name).write_bytes(content)
    with pytest.raises(ItsmError, match=f"site/docs/{name}"):
        build_site(repo, now=NOW)


ACCIDENTS = {
    "a page with conflict markers": ("a.md", b"# A\n<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> x\n", ":2:1:"),
    "a style with conflict markers": ("a.css", b"<<<<<<< HEAD\n=======\n>>>>>>> x\n", ":1:1:"),
    "a picture that Git LFS did not fetch": (
        "a.png",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        ":1:1:",
    ),
    "a page in another encoding": ("a.md", "# A".encode("utf-16"), ":1:1:"),
    "a page with zero bytes": ("a.md", b"# A\n\0\0", ":2:1:"),
}


@pytest.mark.parametrize(("name", "content", "place"), ACCIDENTS.values(), ids=ACCIDENTS)
def test_what_an_accident_left_of_a_source_is_not_published(
    tmp_path: Path, name: str, content: bytes, place: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ItsmError, match=f"site/docs/{name}{place}"):
        list(published(tmp_path, ()))


@pytest.mark.parametrize("content", [b"", b"Heading\n=======\n", b"> quote\n>>>>>>> deep\n"])
def test_sound_pages_are_published(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.md").write_bytes(content)
    assert [path for path, _ in published(tmp_path, ())] == ["a.md"]


@pytest.mark.parametrize(
    "name", ["records/new", ".git/x", ".GIT/x", "schemas/x", "cmdb/x", "site/docs/x", "/"]
)
def test_a_site_is_not_written_into_the_sources(tmp_path: Path, name: str) -> None:
    with pytest.raises(ItsmError, match=r"not a folder for a site|lies in"):
        claim(tmp_path / name, INTERNAL, tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_the_scripts_of_a_site_are_those_of_the_tool(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    shutil.copytree(SITE, tmp_path / "site", ignore=shutil.ignore_patterns("*.md"))
    (tmp_path / "site/docs/assets/itsm.js").write_text("alert('EVIL')")
    (tmp_path / "site/docs/assets/mine.js").unlink()
    site = build_site(repo, now=NOW).output
    assert (site / "assets/itsm.js").read_bytes() == as_published("assets/itsm.js", b"")
    assert (site / "assets/mine.js").is_file(), "a look that is older than a script"


@pytest.mark.parametrize(
    "name", ["site", "site/docs", "site/mkdocs.yml", "site/docs/handbook", "site/docs/handbook/a.md"]
)
def test_sources_are_not_reached_through_links(tmp_path: Path, name: str) -> None:
    root, away = tmp_path / "repo", tmp_path / "away"
    repo = write_sample(root)
    shutil.copytree(SITE, root / "site", ignore=shutil.ignore_patterns("*.md"))
    (root / "site/docs/handbook").mkdir(exist_ok=True)
    (root / "site/docs/handbook/a.md").write_text("# SECRET-PAGE\n")
    (root / name).rename(away)
    (root / name).symlink_to(away)
    with suppress(ItsmError):
        build_site(repo, now=NOW)
    assert not [p for p in (root / "build").rglob("*.html") if "SECRET-PAGE" in p.read_text()]


# ---- Links in what is written ----


def plant_folder(site: Path, away: Path) -> None:
    shutil.rmtree(site / "records")
    (site / "records").symlink_to(away)


def plant_deep_folder(site: Path, away: Path) -> None:
    shutil.rmtree(site / "records/incidents/2611")
    (site / "records/incidents/2611").symlink_to(away)


def plant_file(site: Path, away: Path) -> None:
    (site / "index.html").unlink()
    (site / "index.html").symlink_to(away / "index.html")


def plant_second_name(site: Path, away: Path) -> None:
    (site / "index.html").unlink()
    os.link(away / "index.html", site / "index.html")


def plant_pipe(site: Path, away: Path) -> None:
    assert away
    (site / "index.html").unlink()
    os.mkfifo(site / "index.html")


def plant_stale(site: Path, away: Path) -> None:
    (site / "old").symlink_to(away)
    (site / "records/old.html").symlink_to(away / "index.html")


def plant_work_files(site: Path, away: Path) -> None:
    for name in (
        "frame.bin",
        "frame.part",
        "clock",
        "digest.txt",
        "src",
    ):
        path = site.with_name("site-parts") / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(away if name == "src" else away / "index.html")


def plant_work_folder(site: Path, away: Path) -> None:
    shutil.rmtree(site.with_name("site-parts"))
    site.with_name("site-parts").symlink_to(away)


def plant_marker(site: Path, away: Path) -> None:
    (site / MARKER).unlink()
    (site / MARKER).symlink_to(away / "index.html")


def plant_site(site: Path, away: Path) -> None:
    shutil.rmtree(site)
    site.symlink_to(away)


def plant_above(site: Path, away: Path) -> None:
    shutil.rmtree(site.parent)
    site.parent.symlink_to(away)


PLANTED = (
    plant_folder, plant_deep_folder, plant_file, plant_second_name, plant_pipe, plant_stale,
    plant_work_files, plant_work_folder, plant_marker, plant_site, plant_above,
)  # fmt: skip

REFUSED = (plant_work_folder, plant_marker, plant_site, plant_above)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda f: f.__name__)
def test_nothing_outside_of_the_folder_is_written_or_removed(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    root, away = tmp_path / "repo", tmp_path / "away"
    repo = write_sample(root)
    site = build_site(repo, now=NOW).output
    before = {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    away.mkdir()
    (away / "index.html").write_text("mine")
    stamp = (away / "index.html").stat().st_mtime_ns
    plant(site, away)
    if plant in REFUSED:
        with pytest.raises(ItsmError, match=str(tmp_path)) as caught:
            build_site(repo, now=NOW)
        assert caught.value.hint
    else:
        build_site(repo, now=NOW)
        assert {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()} == before
        assert not [p for p in site.rglob("*") if p.is_symlink()]
    assert [p.name for p in away.iterdir()] == ["index.html"]
    assert (away / "index.html").read_text() == "mine"
    assert (away / "index.html").stat().st_mtime_ns == stamp


def test_a_folder_of_somebody_beside_the_site_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "public-parts/src").mkdir(parents=True)
    (tmp_path / "public-parts/src/mine.txt").write_text("mine")
    with pytest.raises(ItsmError, match="not from a site build"):
        work_folder(tmp_path / "public-parts")
    assert (tmp_path / "public-parts/src/mine.txt").read_text() == "mine"


def test_what_a_repository_says_to_have_rendered_is_not_believed(tmp_path: Path) -> None:
    made = GitRepo(tmp_path)
    write_sample(tmp_path)
    made.git("init", "-q")
    made.commit("all")
    build_site(made.repo, now=NOW)
    rendered = tmp_path / "build/site-parts/src/site/index.html"
    rendered.write_text(rendered.read_text().replace("</head>", "<script>alert('EVIL')</script></head>"))
    shutil.rmtree(tmp_path / ".git/itsm")
    site = build_site(made.repo, now=NOW).output
    assert "EVIL" not in (site / "index.html").read_text()


# ---- Two builds, odd environments ----

HOLD = """
import sys, time; from pathlib import Path; from itsm_gitops.publish.output import claim
folder = claim(Path(sys.argv[1]), "internal"); print("held", flush=True); time.sleep(float(sys.argv[2]))
"""


def holder(site: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(site), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process.stdout as said:
        assert said.readline() == "held\n"
    return process


def test_a_build_waits_for_the_other_one(tmp_path: Path) -> None:
    process = holder(tmp_path / "site", 1.5)
    waited: list[float] = []
    with claim(tmp_path / "site", "internal", waiting=lambda: waited.append(time.monotonic())):
        assert process.wait(1) == 0
    assert waited


def test_a_killed_build_leaves_no_lock(tmp_path: Path) -> None:
    process = holder(tmp_path / "site", 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with claim(tmp_path / "site", "internal"):
        pass


def test_a_build_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itsm_gitops.publish.output._PATIENCE", 0.3)
    process = holder(tmp_path / "site", 60)
    try:
        with pytest.raises(ItsmError, match="another build is writing into"):
            claim(tmp_path / "site", "internal")
    finally:
        process.kill()
        process.wait()


def test_the_lock_is_given_back_when_the_claim_fails(tmp_path: Path) -> None:
    with claim(tmp_path / "site", "public"):
        pass
    with pytest.raises(ItsmError):
        claim(tmp_path / "site", "staff")
    with (tmp_path / "site" / MARKER).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


ODD = {
    "a zone that is none": {"TZ": ":/etc/passwd"},
    "another zone": {"TZ": "Asia/Kathmandu"},
    "languages": {"LANG": "tr_TR.UTF-8", "LC_ALL": "C", "LANGUAGE": "tr"},
    "no such language": {"LC_ALL": "xx_YY"},
    "Python": {"PYTHONHASHSEED": "1", "PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error", "PYTHONUTF8": "0"},
    "dates": {"SOURCE_DATE_EPOCH": "never", "MKDOCS_CONFIG": "x", "BUILD_DATE": "y"},
    "colours": {"FORCE_COLOR": "1", "NO_COLOR": "", "TERM": "xterm", "COLUMNS": "20"},
    "no home": {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"},
    "services": {"CI": "true", "READTHEDOCS": "True", "MIKE_DOCS_VERSION": "{", "SSLKEYLOGFILE": "/x"},
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    root = tmp_path_factory.mktemp("plain")
    write_sample(root)
    return root, built(root, "usual", {})


def built(root: Path, name: str, env: dict[str, str]) -> dict[str, bytes]:
    done = run_apart(
        ["site", "build", "--out", f"build/{name}"], root, env={**env, "ITSM_NOW": "2026-11-22T12:00:00Z"}
    )
    assert done.returncode == 0, done.stderr
    site = root / "build" / name
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in site.rglob("*") if p.is_file()}


@pytest.mark.parametrize("env", ODD.values(), ids=ODD)
def test_the_environment_changes_no_byte(plain: tuple[Path, dict[str, bytes]], env: dict[str, str]) -> None:
    root, usual = plain
    found = built(root, "odd", env)
    shutil.rmtree(root / "build/odd")
    shutil.rmtree(root / "build/odd-parts")
    assert [n for n in sorted({*usual, *found}) if usual.get(n) != found.get(n)] == []
