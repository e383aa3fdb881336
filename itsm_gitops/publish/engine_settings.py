"""Filters ``site/mkdocs.yml``: only the keys listed here reach the site engine.

Engines can be told to run code (hooks, plugins, YAML tags, templates), to read any file (inheritance, snippets) and to
load from other hosts. So the file is read by our own loader, and a key or a value that is not listed stops the build.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.shape import Misfit, misfits
from itsm_gitops.presentation.markup import esc

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# The engine's templates do not escape what they show of settings.
_TEXT = {"type": "string", "maxLength": 200, "pattern": r"^[^<>&\"'\\{}\r\n]*$"}
_FLAG = {"type": "boolean"}
_ICON = {"type": "string", "maxLength": 100, "pattern": r"^[a-z0-9-]+(/[a-z0-9-]+)*$"}
_WORD = {"type": "string", "maxLength": 60, "pattern": r"^[a-z][a-z0-9._-]*$"}
_FILE = {"type": "string", "maxLength": 200, "pattern": r"^[A-Za-z0-9_-][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*$"}
_LINK = {"type": "string", "maxLength": 500, "pattern": r"^(https?://|mailto:)[^\s<>&\"'\\{}]+$"}
_MEDIA = {"type": "string", "maxLength": 60, "pattern": r"^(\([a-z-]+(: *[a-z]+)?\)|[a-z]+)$"}
_LEVEL = {"type": "string", "enum": ["warn", "info", "ignore"]}


def _keys(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": 100}


_PALETTE = _keys(
    media=_MEDIA, scheme=_WORD, primary=_WORD, accent=_WORD, toggle=_keys(icon=_ICON, name=_TEXT)
)
_THEME = {
    **_keys(
        name={"type": "string", "enum": ["material"]},
        language={"type": "string", "pattern": r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$"},
        direction={"type": "string", "enum": ["ltr", "rtl"]},
        font={"const": False},  # anything else is loaded from another host
        features=_list(_WORD),
        palette={"oneOf": [_PALETTE, _list(_PALETTE)]},
        favicon=_FILE,
        logo=_FILE,
        icon=_keys(
            **dict.fromkeys(
                ("logo", "repo", "edit", "view", "menu", "close", "top", "share", "alternate"), _ICON
            ),
            **dict.fromkeys(("previous", "next", "search"), _ICON),
            admonition={"type": "object", "propertyNames": _WORD, "additionalProperties": _ICON},
        ),
    ),
    "required": ["name"],
}
_SCRIPT = {"oneOf": [_FILE, {**_keys(path=_FILE, defer=_FLAG), "required": ["path"]}]}
_NUMBER = {"type": "integer"}
# Extensions of Markdown, and their options.
_EXTENSIONS: Mapping[str, Mapping[str, Any]] = {
    "abbr": {},
    "admonition": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "sane_lists": {},
    "smarty": {},
    "tables": {"use_align_attribute": _FLAG},
    "toc": {
        "permalink": {"oneOf": [_FLAG, _TEXT]},
        "permalink_title": _TEXT,
        "title": _TEXT,
        "toc_depth": {"oneOf": [_NUMBER, {"type": "string", "pattern": "^[1-6]-[1-6]$"}]},
    },
    "pymdownx.betterem": {},
    "pymdownx.caret": {},
    "pymdownx.details": {},
    "pymdownx.highlight": {"anchor_linenums": _FLAG, "linenums": _FLAG, "auto_title": _FLAG},
    "pymdownx.inlinehilite": {},
    "pymdownx.keys": {},
    "pymdownx.mark": {},
    "pymdownx.smartsymbols": {},
    "pymdownx.superfences": {},
    "pymdownx.tabbed": {"alternate_style": _FLAG},
    "pymdownx.tasklist": {"custom_checkbox": _FLAG, "clickable_checkbox": _FLAG},
    "pymdownx.tilde": {},
}
_EXTENSION = {
    "oneOf": [
        {"type": "string", "enum": list(_EXTENSIONS)},
        {**_keys(**{name: _keys(**options) for name, options in _EXTENSIONS.items()}), "maxProperties": 1},
    ]
}
_CHECKS = ("omitted_files", "not_found", "absolute_links", "anchors", "unrecognized_links")
SHAPE: Mapping[str, Any] = {
    **_keys(
        site_name=_TEXT,
        site_description=_TEXT,
        site_author=_TEXT,
        use_directory_urls={"const": False},
        strict=_FLAG,
        theme=_THEME,
        extra=_keys(
            generator=_FLAG,
            homepage=_LINK,
            social=_list(_keys(icon=_ICON, link=_LINK, name=_TEXT)),
        ),
        extra_css=_list(_FILE),
        extra_javascript=_list(_SCRIPT),
        plugins={"type": "array", "maxItems": 0},
        markdown_extensions=_list(_EXTENSION),
        validation=_keys(
            nav=_keys(**dict.fromkeys(_CHECKS, _LEVEL)), links=_keys(**dict.fromkeys(_CHECKS, _LEVEL))
        ),
    ),
    "required": ["theme"],
}
_HINT = "a site has no hooks, plugins, templates or settings of its own beyond its look: remove this"
# What the head of a page may say. Templates, redirects and the like are the engine's business.
_HEAD = _keys(
    title={"type": "string", "maxLength": 200},
    description={"type": "string", "maxLength": 500},
    author={"type": "string", "maxLength": 200},
    date={"type": "string", "maxLength": 40},
    icon=_ICON,
    hide=_list({"type": "string", "enum": ["navigation", "toc", "path", "footer"]}),
    tags=_list(_TEXT),
)
_ESCAPED = ("title", "description", "author", "date")
_FRONT = re.compile(rb"\A---[ \t]*\r?\n(.*?\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
# What the engine takes for the head of a page where there is none between dashes.
_LOOKS_LIKE_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)* {0,3}(?:[A-Za-z0-9_-]+:|---)")


def read_settings(path: Path, name: str) -> dict[str, Any]:
    """Return the engine's settings of the theme; ``name`` is the file's name in error messages.

    Raises ItsmError with line and column where the file has anything else in it.
    """
    raw = read_plain(path, name)
    loaded = documents.load(raw)
    for problem in loaded.problems[:1]:
        raise ItsmError(
            f"{name}:{problem.line}:{problem.column}: {problem.message} ({problem.code})", problem.hint
        )
    for misfit in misfits(loaded.data, SHAPE, {}):
        raise _refusal(raw, name, misfit, 0)
    settings: dict[str, Any] = loaded.data
    return settings


def _refusal(raw: bytes, name: str, misfit: Misfit, above: int) -> ItsmError:
    places = documents.locate(raw)
    span = (places.key(misfit.pointer) if misfit.at_key else None) or places.nearest(misfit.pointer)
    what = f"{'.'.join(map(str, misfit.pointer))}: {misfit.message}" if misfit.pointer else misfit.message
    return ItsmError(
        f"{name}:{span.line + above}:{span.column}: {what}", f"{_HINT}. {misfit.hint}".rstrip(". ")
    )


def read_plain(path: Path, name: str) -> bytes:
    """Return the bytes of a file of the site's sources; raises ItsmError where it is a link or cannot be read."""
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            return file.read()
    except OSError as error:
        raise ItsmError(f"{name} cannot be read: {error.strerror}", "it must be a regular file") from error


def page_source(raw: bytes, name: str) -> bytes:
    """Return the Markdown of a written page with a head that holds nothing but what a page may say.

    Raises ItsmError with line and column for anything else in it.
    """
    front = _FRONT.match(raw)
    if front is None:
        # A first line such as "Note: this" would be taken for a head; an empty one says that there is none.
        return b"---\n{}\n---\n\n" + raw.removeprefix(b"\xef\xbb\xbf") if _LOOKS_LIKE_HEAD.match(raw) else raw
    loaded = documents.load(front.group(1))
    for problem in loaded.problems[:1]:
        raise ItsmError(
            f"{name}:{problem.line + 1}:{problem.column}: {problem.message} ({problem.code})", problem.hint
        )
    for misfit in misfits(loaded.data, _HEAD, {}):
        raise _refusal(front.group(1), name, misfit, 1)
    head = {k: esc(v) if k in _ESCAPED else v for k, v in loaded.data.items()}
    return b"---\n" + json.dumps(head).encode() + b"\n---\n" + raw[front.end() :]
