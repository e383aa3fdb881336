"""Measures building the site against Hugo and MkDocs (Material, navigation.prune) on the same records.

    python benchmarks/site.py [--records 1000,10000] [--rounds N] [--work DIR] [--hugo PATH] [--mkdocs-up-to 1000]

For each size a made-up repository is written (estate.py), and the same records as Markdown: a table of facts, the
prose, the timeline, the links, a list for each month. Hugo gets the frame of our own pages as its layout, so it
writes the same header, navigation and footer. It writes them a second time with more of what our site has: the data
of each record as JSON, and the text of all records for a search. Programs run as whole processes into fresh folders,
in turn within one run; the processor time that is printed beside the time on the wall holds where the machine is
busy. Hugo is needed for this alone: Debian has it (`apt install hugo`), npm too (`hugo-extended`); without it its
lines are left out, and the output says so. Nothing here decides a test. Figures go to the terminal and
build/bench-site.json.
"""

from __future__ import annotations

import argparse
import compileall
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import estate

from itsm_gitops import documents

ROOT = Path(__file__).resolve().parent.parent
ITSM = [sys.executable, "-m", "itsm_gitops"]
NOW = f"{estate.NOW:%Y-%m-%dT%H:%M:%SZ}"
EDITED = 10

HUGO = """\
baseURL = "https://example.org/"
title = "Made-up IT"
disableKinds = ["taxonomy", "term", "RSS", "sitemap"]
paginate = 100
[markup.goldmark.renderer]
unsafe = false
"""
# As much as a site of ours has beside its pages: the data of each record, and all text for a search.
HUGO_DATA = """\
[outputs]
home = ["HTML", "JSON"]
page = ["HTML", "JSON"]
"""
HUGO_RECORD = "{{ dict `page` .RelPermalink `title` .Title `document` .Params `text` .RawContent | jsonify }}"
HUGO_SEARCH = (
    "[{{ range $i, $p := .Site.RegularPages }}{{ if $i }},{{ end }}"
    "{{ dict `page` $p.RelPermalink `id` $p.Params.id `title` $p.Title `text` $p.Plain | jsonify }}{{ end }}]"
)
HUGO_LIST = (
    "<h1>{{ .Title }}</h1><table>{{ range (.Paginate .Pages).Pages }}<tr><td>{{ .Params.id }}</td>"
    "<td><a href='{{ .RelPermalink }}'>{{ .Title }}</a></td><td>{{ .Params.state }}</td></tr>{{ end }}</table>"
)
MKDOCS = """\
site_name: Made-up IT
use_directory_urls: false
theme:
  name: material
  font: false
  features: [navigation.tabs, navigation.prune, navigation.indexes, navigation.top]
markdown_extensions: [tables]
plugins: [search]
"""


class Run(NamedTuple):
    """One program: seconds on the wall, of the processors, and the most megabytes of one process."""

    wall: float
    processor: float
    megabytes: float


def run(command: Sequence[str], cwd: Path) -> Run:
    """Run a program to its end; one that fails stops the benchmark."""
    environment = {**os.environ, "ITSM_NOW": NOW, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output.read()[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def markdown(data: dict[str, Any]) -> Iterator[str]:
    """Yield a record as the lines of a page without its heading."""
    yield "| Field | Value |\n| --- | --- |"
    for name, value in data.items():
        if isinstance(value, str | int) and "\n" not in str(value):
            yield f"| {name} | {value} |"
    for name, value in data.items():
        if isinstance(value, str) and "\n" in value:
            yield f"\n## {name}\n\n{value}"
    yield "\n## Links\n"
    for link in data.get("links", []):
        yield f"- {link['type']}: {link['target']}"
    for name in data.get("cis", []):
        yield f"- affects {name}"
    yield "\n## Timeline\n"
    for event in data["timeline"]:
        said = (event.get("note") or event.get("comment") or "").replace("\n", " ")
        yield f"- **{event['at']}** {event['by']} {event.get('state', '')} {said}"


def pages(repository: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path (without suffix) and the document of each record."""
    for path in sorted((repository / "records").rglob("*.yaml")):
        kind, year, month = path.relative_to(repository / "records").parts[:3]
        yield f"{kind}/{year[2:]}{month}/{path.stem}", documents.load(path.read_bytes()).data


def write_markdown(repository: Path, docs: Path, *, hugo: bool) -> None:
    """Write the pages of one program, and the lists: Hugo makes them itself, MkDocs gets them as pages."""
    lists: dict[str, list[str]] = {}
    for name, data in pages(repository):
        target = docs / f"{name}.md"
        folder, _, identifier = name.rpartition("/")
        if folder not in lists:
            target.parent.mkdir(parents=True, exist_ok=True)
        lists.setdefault(folder, []).append(
            f"| {identifier} | [{data['title']}]({identifier}.md) | {data['state']} |"
        )
        title = json.dumps(f"{identifier} {data['title']}")
        head = f"---\ntitle: {title}\nid: {identifier}\nstate: {data['state']}\n---\n\n"
        top = "" if hugo else f"# {identifier} {data['title']}\n\n"
        target.write_text(head + top + "\n".join(markdown(data)) + "\n", encoding="utf-8")
    for folder, rows in lists.items():
        kind = folder.partition("/")[0]
        if hugo:
            (docs / folder / "_index.md").write_text(f"---\ntitle: {folder}\n---\n")
            (docs / kind / "_index.md").write_text(f"---\ntitle: {kind}\n---\n")
        else:
            table = "| Record | Title | State |\n| --- | --- | --- |\n" + "\n".join(rows)
            (docs / folder / "index.md").write_text(f"# {folder}\n\n{table}\n")
    (docs / ("_index.md" if hugo else "index.md")).write_text("---\ntitle: Home\n---\n\nMade up.\n")


def write_hugo(repository: Path, work: Path, page: str) -> None:
    """Write Hugo's sources; ``page`` is one of our own pages, whose frame becomes the layout.

    ``config.toml`` is for the pages and lists alone, ``data.toml`` for data and a search index too.
    """
    title = re.search(r"<title>(.*?) - ", page)
    start, end = page.index("<article"), page.index("</article>")
    opening = page[start : page.index(">", start) + 1]
    frame = page[:start].replace(title.group(1) if title else "\0", "{{ .Title }}") + opening, page[end:]
    layouts = work / "layouts/_default"
    layouts.mkdir(parents=True)
    (layouts / "single.html").write_text(f"{frame[0]}<h1>{{{{ .Title }}}}</h1>{{{{ .Content }}}}{frame[1]}")
    (layouts / "list.html").write_text(f"{frame[0]}{HUGO_LIST}{frame[1]}")
    (layouts / "single.json").write_text(HUGO_RECORD)
    (work / "layouts/index.json").write_text(HUGO_SEARCH)
    (work / "config.toml").write_text(HUGO)
    head, mark, rest = HUGO.partition("[markup")
    (work / "data.toml").write_text(head + HUGO_DATA + mark + rest)
    write_markdown(repository, work / "content", hugo=True)


def write_mkdocs(repository: Path, work: Path) -> None:
    """Write the sources of MkDocs."""
    work.mkdir()
    (work / "mkdocs.yml").write_text(MKDOCS)
    write_markdown(repository, work / "docs", hugo=False)


def size(folder: Path) -> tuple[int, int, int]:
    """Return the pages, the files and the bytes of a folder."""
    found = [p for p in folder.rglob("*") if p.is_file()]
    return sum(p.suffix == ".html" for p in found), len(found), sum(p.stat().st_size for p in found)


def first_search(site: Path) -> int:
    """Return the compressed bytes of a first search: the index, the largest shard, a chunk of documents."""
    parts = [
        [site / "search/index.js"],
        (site / "search").glob("words-*.js"),
        (site / "search").glob("docs-*.js"),
    ]
    return sum(max(len(gzip.compress(p.read_bytes())) for p in some) for some in parts)


def programs(options: argparse.Namespace, work: Path, repository: Path, records: int) -> dict[str, list[str]]:
    """Prepare every program; returns its command, that writes into ``work / name``."""
    run([*ITSM, "site", "build", "-o", str(work / "itsm/site")], repository)
    commands = {"itsm": [*ITSM, "-C", str(repository), "site", "build", "-o", str(work / "itsm/site")]}
    page = next((work / "itsm/site/records/incidents").rglob("INC-*.html")).read_text(encoding="utf-8")
    hugo = options.hugo or shutil.which("hugo")
    if hugo:
        write_hugo(repository, work / "hugo-src", page)
        for name, settings in (("hugo", "config.toml"), ("hugo with data", "data.toml")):
            source = [hugo, "--quiet", "-s", str(work / "hugo-src"), "--config", settings]
            commands[name] = [*source, "-d", str(work / name / "site")]
    else:
        print("Hugo is not here (apt install hugo, or --hugo PATH): nothing is compared with it")
    if records <= options.mkdocs_up_to:
        write_mkdocs(repository, work / "mkdocs-src")
        mkdocs = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", str(work / "mkdocs-src/mkdocs.yml")]
        commands["mkdocs"] = [*mkdocs, "-d", str(work / "mkdocs/site")]
    return commands


def edit(repository: Path) -> None:
    """Change the titles of ten records."""
    found = sorted((repository / "records").rglob("*.yaml"))
    for path in found[:: max(1, len(found) // EDITED)][:EDITED]:
        path.write_text(path.read_text().replace("\ntitle: ", "\ntitle: Edited ", 1))


def later_builds(work: Path, repository: Path) -> dict[str, Run]:
    """Measure a build after nothing and after ten edits, beside git status; compare the bytes with a cold one."""
    warm = [*ITSM, "site", "build", "-o", str(work / "itsm/site")]
    time.sleep(2.5)  # files written just before are read again
    run(warm, repository)
    found = {"nothing changed": run(warm, repository)}
    edit(repository)
    found["git status"] = run(["git", "status", "--porcelain"], repository)
    found["ten changed"] = run(warm, repository)
    run([*ITSM, "site", "build", "-o", str(work / "cold/site")], repository)
    same = subprocess.run(
        ["diff", "-rq", work / "itsm/site", work / "cold/site"], check=False, capture_output=True
    )
    print("after ten edits the bytes equal those of a cold build:", "yes" if same.returncode == 0 else "NO")
    return found


def measure(options: argparse.Namespace, work: Path, records: int) -> dict[str, float]:
    """Measure one size; the keys of the result are what is printed."""
    repository = work / "repository"
    estate.write(repository, records)
    commands = programs(options, work, repository, records)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            if (work / name).exists():
                # Not removed: creating files just after others were is slow on some file systems.
                (work / name).rename(work / f"{name} {len(runs[name])} before")
            runs[name].append(run(command, work))
    figures: dict[str, float] = {"records": records, "load of the machine": os.getloadavg()[0]}
    for name, several in runs.items():
        count, files, total = size(work / name / "site")
        figures |= {
            f"{name}: s": statistics.median(r.wall for r in several),
            f"{name}: processor s": statistics.median(r.processor for r in several),
            f"{name}: MB of memory": max(r.megabytes for r in several),
            f"{name}: pages": count,
            f"{name}: files": files,
            f"{name}: MB written": total / 1e6,
        }
        if name != "itsm":
            for unit in ("s", "processor s"):
                figures[f"itsm / {name}, {unit}"] = figures[f"itsm: {unit}"] / figures[f"{name}: {unit}"]
    figures["first search, kB gzipped (goal 300)"] = first_search(work / "itsm/site") / 1000
    for name, one in later_builds(work, repository).items():
        figures |= {f"{name}: s": one.wall, f"{name}: processor s": one.processor}
    figures["ten changed / git status (goal 3)"] = figures["ten changed: s"] / figures["git status: s"]
    return figures


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="1000,10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="work here and leave everything there")
    parser.add_argument("--hugo", help="Hugo's program, where it is not on the path")
    parser.add_argument("--mkdocs-up-to", type=int, default=1_000, help="records that MkDocs is tried with")
    options = parser.parse_args()
    compileall.compile_dir(str(ROOT / "itsm_gitops"), quiet=1)
    results = []
    for records in map(int, options.records.split(",")):
        work = (
            Path(tempfile.mkdtemp(prefix="itsm-site-"))
            if options.work is None
            else options.work / str(records)
        )
        work.mkdir(parents=True, exist_ok=True)
        try:
            results.append(measure(options, work, records))
        finally:
            if options.work is None:
                shutil.rmtree(work, ignore_errors=True)
        for name, value in results[-1].items():
            print(f"{name:<42}{value:>12,.2f}" if isinstance(value, float) else f"{name:<42}{value:>12,}")
    target = ROOT / "build/bench-site.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
