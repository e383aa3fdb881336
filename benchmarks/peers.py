"""Writes the records of a repository as sources of other site generators: Hugo, and MkDocs with Material.

A page has a table of facts, the prose, the timeline and the links; there is a list for each month. Hugo gets the frame
of our own pages as its layout, so it writes the same header, navigation and footer, and beside them what else our site
has: the data of each record as JSON, and the text of all records for a search.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itsm_gitops import documents

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

    Its settings, ``data.toml``, ask for data and a search index too.
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
    head, mark, rest = HUGO.partition("[markup")
    (work / "data.toml").write_text(head + HUGO_DATA + mark + rest)
    write_markdown(repository, work / "content", hugo=True)


def write_mkdocs(repository: Path, work: Path) -> None:
    """Write the sources of MkDocs."""
    work.mkdir()
    (work / "mkdocs.yml").write_text(MKDOCS)
    write_markdown(repository, work / "docs", hugo=False)
