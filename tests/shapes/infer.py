"""Writes a first version of the schema of each shape from what the commands print: python -m tests.shapes.infer FOLDER.

What a person has written is never lost: descriptions of a schema that is there are kept, and a key that is required
stays so only where every sample has it. Read the difference before you commit it.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.shapes.samples import Day

SHAPES = Path(__file__).resolve().parents[2] / "itsm_gitops/cli/shapes"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_TYPES = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (type(None), "null"),
    (list, "array"),
    (dict, "object"),
)


# What holds whatever a document or a question holds: its own schema says the rest.
_OPEN = ("data", "set", "was", "old", "new", "value", "values", "cells", "columns")


def type_of(value: Any) -> str:
    return next(name for kind, name in _TYPES if isinstance(value, kind))


def merged(values: Sequence[Any]) -> dict[str, Any]:
    """Return a schema that holds for all values."""
    types = sorted({type_of(v) for v in values})
    if "number" in types and "integer" in types:
        types.remove("integer")
    found: dict[str, Any] = (
        {} if types in ([], ["null"]) else {"type": types[0] if len(types) == 1 else types}
    )
    texts = [v for v in values if isinstance(v, str)]
    if texts and all(_TIME.fullmatch(t) for t in texts):
        found["format"] = "date-time"
    lists = [v for v in values if isinstance(v, list)]
    items = [i for v in lists for i in v]
    if items and not any(isinstance(i, list) for i in items):  # the cells of rows are whatever was asked for
        found["items"] = merged(items)
    elif items:
        found["items"] = {"type": "array"}
    objects = [v for v in values if isinstance(v, dict)]
    if objects:
        found |= of_objects(objects)
    return found


def of_objects(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = list(dict.fromkeys(k for o in objects for k in o))
    always = [k for k in keys if all(k in o for o in objects)]
    if (len(keys) > 2 and not always) or any(not re.fullmatch(r"[$a-z][A-Za-z0-9_]*", k) for k in keys):
        return {"additionalProperties": merged([v for o in objects for v in o.values()])}
    properties = {k: {} if k in _OPEN else merged([o[k] for o in objects if k in o]) for k in keys}
    if isinstance(properties.get("pointer", {}).get("items"), dict):
        properties["pointer"]["items"] = {"type": ["string", "integer"]}
    always = [k for k in always if k not in ("old", "new")]
    return {"properties": properties, **({"required": always} if always else {})}


def kept(new: dict[str, Any], old: Any) -> dict[str, Any]:
    """Return a schema with the descriptions of an older one, and without more than it says where it says less."""
    if not isinstance(old, dict):
        return new
    if "description" in old:
        new = {"description": old["description"], **new}
    for key in ("properties",):
        if key in new and key in old:
            new[key] = {k: kept(v, old[key].get(k)) for k, v in new[key].items()} | {
                k: v for k, v in old[key].items() if k not in new[key]
            }
    if isinstance(new.get("items"), dict):
        new["items"] = kept(new["items"], old.get("items"))
    return new


def write(folder: Path) -> None:
    values: dict[str, list[Any]] = {}
    for sample in Day(folder).samples():
        if sample.data is None:
            sys.stderr.write(f"{' '.join(sample.words)}: exit {sample.code}: {sample.said[:200]}\n")
        else:
            values.setdefault(sample.shape, []).append(sample.data)
    for shape, some in values.items():
        path = SHAPES / f"{shape.replace(' ', '-')}.schema.json"
        old = json.loads(path.read_text()) if path.exists() else {}
        head = {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": f"urn:itsm-gitops:json:{path.name.removesuffix('.schema.json')}:1",
        }
        body = kept(merged(some), old)
        about = {
            "title": f"What itsm {shape} --json prints",
            **{k: old[k] for k in ("title", "description") if k in old},
        }
        body.pop("description", None)
        path.write_text(json.dumps({**head, **about, **body}, indent=2, ensure_ascii=False) + "\n")


def main(arguments: Iterable[str]) -> None:
    for name in arguments:
        write(Path(name))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(sys.argv[1:] or [folder])
