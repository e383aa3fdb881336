"""Selects the files of ``site/docs`` that are published: pages, pictures, styles; nothing that a browser runs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath

from itsm_gitops.documents.accidents import pointer_of_lfs, text_accident
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.publish.engine_settings import page_source
from itsm_gitops.publish.tool import files_below
from itsm_gitops.snapshots import packaged_rulebook_root


def published(docs: Path, left_out: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Yield path (inside ``docs``) and bytes of each file to be published, but those that are ``left_out``.

    Links are no files: they could publish one from outside the repository. Names that begin with a dot are left
    out, too. Raises ItsmError for a file that a site may not have.
    """
    own = packaged_rulebook_root() / "site" / "docs"
    for path, content in files_below(docs):
        hidden = any(step.startswith(".") for step in path.split("/"))
        if content is not None and not hidden and path not in left_out:
            yield path, _published(path, content, own)


def _published(path: str, content: bytes, own: Path) -> bytes:
    """Return the publishable content of a file in ``site/docs``; raises ItsmError where the file may not be published.

    Browsers run scripts and whole pages, so these come from the tool alone: ``own`` is its folder of the same files.
    """
    suffix, name = PurePosixPath(path).suffix.lower(), f"site/docs/{path}"
    problem = text_accident(content) if suffix in _TEXTS else pointer_of_lfs(content)
    if problem is not None:
        raise ItsmError(
            f"{name}:{problem.line}:{problem.column}: {problem.message} ({problem.code})", problem.hint
        )
    if suffix == ".md":
        return page_source(content, name)
    if suffix in _SCRIPTS and (own / path).is_file():
        return (own / path).read_bytes()
    if suffix == ".svg" and _ACTIVE.search(content):
        raise ItsmError(f"{name}: this picture has a script or loads something", "save it as a plain SVG")
    if suffix not in _PASSIVE:
        raise ItsmError(
            f"{name}: a site publishes no files of this kind from a repository",
            f"remove it; besides Markdown there may be {', '.join(sorted(_PASSIVE))}",
        )
    return content


_TEXTS = frozenset({".md", ".css", ".js", ".json", ".yaml", ".yml", ".csv", ".ics", ".svg", ".txt"})
_SCRIPTS = frozenset({".js", ".mjs"})
_PASSIVE = frozenset(
    [
        ".avif",
        ".gif",
        ".ico",
        ".jpeg",
        ".jpg",
        ".png",
        ".svg",
        ".webp",
        ".mp3",
        ".mp4",
        ".webm",
        ".css",
        ".woff",
        ".woff2",
        ".csv",
        ".ics",
        ".json",
        ".txt",
        ".yaml",
        ".yml",
        ".pdf",
        ".docx",
        ".odp",
        ".ods",
        ".odt",
        ".pptx",
        ".xlsx",
        ".zip",
    ]
)
# Whatever makes an SVG more than a drawing: scripts, handlers, entities, foreign content, addresses that act.
_ACTIVE = re.compile(
    rb"<\s*(?:[^\s<>/:]+:)?(?:script|foreignObject|iframe|object|embed|handler|set|animate\w*)\b|<!(?:ENTITY|DOCTYPE[^>]*\[)"
    rb"|\son[a-z]+\s*=|javascript\s*:|&#|@import|url\(\s*[\"']?(?!#)|href\s*=\s*[\"']\s*(?!#|[\"'])|\x00",
    re.IGNORECASE,
)
