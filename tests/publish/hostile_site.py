"""A repository in which every field of every kind tries to be more than text."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sample_site import DOCUMENTS, HOSTILE

from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import packaged_rulebook_root

# What turns the direction of text, and what cannot be seen, is refused when a document is read.
# What is shown in every heading, so that a test can see that a page shows it.
MARK = "<script>alert('title')</script>"
TEXTS = (
    *HOSTILE,
    "</title><script>alert(4)</script><title>",
    "--><script>alert(5)</script><!--",
    "</script></style></textarea></noscript><img src=x onerror=alert(6)>",
    "javascript:alert(7)",
    'https://host.example/" onmouseover="alert(8)',
    "%%{init: {'securityLevel': 'loose'}}%%\nflowchart TD\nA-->B[\"<img src=x onerror=alert(9)>\"]",
    "W" * 3000,
    "💥" * 300,
    "<base href=https://evil.example/><meta http-equiv=refresh content=0;url=https://evil.example/>",
    "<form action=https://evil.example/><button autofocus onfocus=alert(10)>x</button></form>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(11)>",
    "`</code><svg onload=alert(12)>` **<b onclick=alert(13)>x</b>** <https://host.example/?a='onload=alert(14)>",
)  # fmt: skip
SHAPES = ("as asked", "confused")


def hostile_documents(book: RuleBook) -> dict[str, str]:
    """Two documents of every kind, by path: one shaped as its schema asks, one with every shape wrong."""
    found = {}
    for kind in book.kinds.values():
        for number, shape in enumerate(SHAPES):
            name = f"{kind.prefix}-261120-HH{number}HH" if kind.is_record else f"hostile-{kind.name}-{number}"
            folder = f"{kind.folder}/2026/11" if kind.is_record else kind.folder
            found[f"{folder}/{name}.yaml"] = json.dumps(_document(kind, name, shape), ensure_ascii=False)
    return found


def _document(kind: Kind, name: str, shape: str) -> dict[str, Any]:
    texts = itertools.cycle(TEXTS)
    data = {}
    for field, schema in kind.fields.items():
        data[field] = _shaped(schema, texts) if shape == "as asked" else _confused(texts)
    data |= {"id": name, kind.tag: kind.name, kind.label: f"{MARK} {next(texts)}"[:400]}
    if shape == "as asked" and kind.workflow:
        data[kind.state_field] = next(iter(kind.workflow.states))
        data |= {k: v for k, v in _believable(kind).items() if k in kind.fields}
    return data


def _believable(kind: Kind) -> dict[str, Any]:
    """Values that bring a document to more pages than its own."""
    times = {"planned_start": "2026-11-28T20:00:00Z", "planned_end": "2026-11-28T22:00:00Z"}
    hit = {"service": "shop", "impact": "high", "urgency": "high", "cis": ["shop-web"]}
    lived = {"lifecycle": "production"} if not kind.is_record else {}
    return {**times, **hit, **lived}


def _shaped(schema: Mapping[str, Any], texts: Iterator[str]) -> Any:
    """A value of the type that a schema asks for, with hostile text in every place that takes one."""
    kind = schema.get("type")
    if kind == "array":
        return [_shaped(schema.get("items", {}), texts) for _ in range(3)]
    if kind == "object":
        known = schema.get("properties")
        if known:
            return {name: _shaped(part, texts) for name, part in known.items()}
        return {next(texts)[:60]: next(texts), "deep": {next(texts)[:60]: [next(texts)]}}
    return next(texts)


def _confused(texts: Iterator[str]) -> Any:
    return [next(texts), {next(texts)[:60]: next(texts)}, [next(texts), 7, None, True]]


def write_hostile(root: Path, book: RuleBook) -> Repository:
    """Write the sample and, beside it, a hostile document of every kind; names and settings too."""
    shutil.copytree(packaged_rulebook_root() / "schemas", root / "schemas")
    settings = DOCUMENTS["itsm.yaml"].replace("Example Ltd", json.dumps(f"{MARK} Ltd"))
    settings = settings.replace("name: Example IT", "name: " + json.dumps(f"{MARK} IT"))
    documents = {**DOCUMENTS, **hostile_documents(book), "itsm.yaml": settings}
    for path, text in documents.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Repository.open(root)
