"""Replaces many words of one file at once, in place: every other byte stays as it is.

`editor.edit` makes one edit after the other and reads the text again for each; a migration of 100,000 documents
wants one reading each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from itsm_gitops.documents import chars
from itsm_gitops.documents.dumper import dump
from itsm_gitops.documents.editor import Set, edit
from itsm_gitops.documents.problems import RULEBOOK_LIMITS
from itsm_gitops.documents.tree import MAPPING, Node, parse
from itsm_gitops.model.findings import Pointer

_FLOW = frozenset(",[]{}")


class WordAt(NamedTuple):
    """A word to be written: in place of the value at ``pointer``, or of the key that it ends with."""

    pointer: Pointer
    word: str
    at_key: bool = False


def replace_words(raw: bytes, words: Iterable[WordAt], *, is_json: bool = False) -> bytes | None:
    """Return ``raw`` with words of text replaced; None where the file cannot be read or a place does not exist.

    Quotes are kept. A value over several lines is written anew.
    """
    text = chars.clean_text(raw)
    root = parse(text, limits=RULEBOOK_LIMITS) if text else None
    if text is None or root is None:
        return None
    quote = _json if is_json else _yaml
    cuts: list[tuple[int, int, str]] = []
    blocks: list[WordAt] = []
    for place in words:
        node = _node(root, place)
        if node is None or not isinstance(node.value, str):
            return None
        if node.style in ("|", ">") or "\n" in text[node.start : node.end]:
            blocks.append(place)
            continue
        cuts.append((node.start, node.end, quote(text[node.start : node.end], place.word)))
    for start, end, word in sorted(cuts, reverse=True):
        text = text[:start] + word + text[end:]
    found = text.encode()
    return edit(found, [Set(b.pointer, b.word) for b in blocks]) if blocks else found


def _node(root: Node, place: WordAt) -> Node | None:
    node: Node | None = root
    *above, last = place.pointer
    for step in above:
        node = _below(node, step)
    if place.at_key:
        keys = node.pairs if node is not None and node.kind == MAPPING else []
        return next((key for key, _ in keys if key.value == last), None)
    return _below(node, last)


def _below(node: Node | None, step: str | int) -> Node | None:
    if node is None:
        return None
    if isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    return next((value for key, value in node.pairs if key.value == step), None)


def _json(_: str, word: str) -> str:
    return json.dumps(word, ensure_ascii=False)


def _yaml(former: str, word: str) -> str:
    if former.startswith('"'):
        return json.dumps(word, ensure_ascii=False)
    if former.startswith("'"):
        return "'" + word.replace("'", "''") + "'"
    plain = dump({"k": word}).removeprefix("k:").strip()
    return json.dumps(word, ensure_ascii=False) if _FLOW & set(word) or "\n" in plain else plain


def with_words(data: Any, words: Sequence[WordAt]) -> Any:
    """Return a copy of ``data`` with the words replaced: what the text must say after `replace_words`."""
    values = {w.pointer: w.word for w in words if not w.at_key}
    keys = {w.pointer: w.word for w in words if w.at_key}

    def made(part: Any, here: Pointer) -> Any:
        if here in values:
            return values[here]
        if isinstance(part, dict):
            return {keys.get((*here, k), k): made(v, (*here, k)) for k, v in part.items()}
        if isinstance(part, list):
            return [made(v, (*here, i)) for i, v in enumerate(part)]
        return part

    return made(data, ())
