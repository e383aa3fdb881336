"""Settings of editors: which schema of the rule book describes which files, kinds and policies of one's own included.

They are worked out of the same table that `check` goes by, so that an editor knows a schema for every file that is checked
against one. The form is that of VS Code; ``yaml.schemas`` is what every client of yaml-language-server takes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from itsm_gitops.model.errors import Refused
from itsm_gitops.repository import Repository
from itsm_gitops.rules.book import described_files
from itsm_gitops.snapshots.outside import outside

PLACE = ".vscode/settings.json"
_YAML, _JSON = "yaml.schemas", "json.schemas"
_OURS = "./schemas/"
_INDENT = "[yaml]"


def settings_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the settings for a rule book: its files by path, of which the schemas are read."""
    of_documents: dict[str, str | list[str]] = {}
    of_schemas: list[dict[str, Any]] = []
    for path in sorted(p for p in files if p.endswith(".schema.json")):
        about = _about(files[path])
        if isinstance(about, dict) and isinstance(about.get("folder"), str):
            of_documents[f"./{path}"] = f"{about['folder']}/**/*.yaml"
    for path, patterns in described_files(files).items():
        if patterns[0].endswith(".json"):
            of_schemas.append({"fileMatch": [f"/{p}" for p in patterns], "url": f"./{path}"})
        else:
            of_documents[f"./{path}"] = patterns[0] if len(patterns) == 1 else patterns
    return {
        _YAML: of_documents,
        _JSON: of_schemas,
        _INDENT: {"editor.tabSize": 2, "editor.insertSpaces": True},
    }


def _about(raw: bytes) -> Any:
    try:
        schema = json.loads(raw)
    except ValueError:
        return None  # check names the place; the other kinds keep their schemas
    return schema.get("x-itsm") if isinstance(schema, dict) else None


def rulebook_settings(repo: Repository) -> dict[str, Any]:
    """Return the settings for the rule book of a repository as it is in the working tree."""
    snapshot = repo.snapshot()
    paths = [i.path for i in snapshot.files("schemas") if i.path.endswith(".schema.json")]
    return settings_of(dict(snapshot.read_many(paths)))


def text_of(settings: Mapping[str, Any]) -> bytes:
    """Return settings as the text of their file."""
    return (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode()


def joined(present: bytes | None, wanted: Mapping[str, Any]) -> bytes:
    """Return a settings file with what is wanted; a team's own settings and schemas stay.

    Raises Refused for one that is not plain JSON: comments would be lost.
    """
    if present is None:
        return text_of(wanted)
    own = _read(present)
    if own is None:
        raise Refused(
            f"{PLACE} is not plain JSON (comments?), so it is left as it is",
            "itsm completion vscode prints the settings: put them in by hand",
        )
    schemas = own.get(_YAML)
    kept = {k: v for k, v in schemas.items() if not k.startswith(_OURS)} if isinstance(schemas, dict) else {}
    others = own.get(_JSON)
    also = [e for e in others if not _is_ours(e)] if isinstance(others, list) else []
    return text_of(
        {
            **own,
            _YAML: {**kept, **wanted[_YAML]},
            _JSON: [*also, *wanted[_JSON]],
            _INDENT: own.get(_INDENT, wanted[_INDENT]),
        }
    )


def _is_ours(entry: Any) -> bool:
    return isinstance(entry, dict) and str(entry.get("url", "")).startswith(_OURS)


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(raw)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def write_settings(repo: Repository) -> bool:
    """Bring the settings file up to date and return whether it was changed; raises Refused, ChangedMeanwhile."""
    from itsm_gitops.documents import write_atomic

    present = outside(repo.snapshot(), PLACE)
    wanted = joined(present, rulebook_settings(repo))
    if wanted == present:
        return False
    write_atomic(repo.root / PLACE, wanted, expected=present)
    return True


def unknown_to_editor(repo: Repository) -> list[str]:
    """Return the schemas that the settings file does not name, sorted; empty where there is no such file."""
    present = outside(repo.snapshot(), PLACE)
    own = _read(present) if present is not None else None
    if own is None:
        return []
    named = own.get(_YAML)
    return sorted(_missing(named if isinstance(named, dict) else {}, rulebook_settings(repo)[_YAML]))


def _missing(named: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterable[str]:
    for schema, patterns in wanted.items():
        if _patterns(named.get(schema)) != _patterns(patterns):
            yield schema.removeprefix("./")


def _patterns(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]
