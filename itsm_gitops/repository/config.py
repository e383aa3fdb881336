"""``itsm.yaml`` and the rule book, read from any snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.model.errors import ItsmError, NotFound, RuleBookError
from itsm_gitops.model.findings import ERROR, SEVERITIES, Finding
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.repository.snapshot import CONFIG, REGULAR, SCHEMAS, Snapshot


class Ignore(NamedTuple):
    """A finding that is accepted until a date (``YYYY-MM-DD``), with the reason; ``path`` is a glob."""

    code: str
    path: str
    reason: str
    until: str


class Hosting(NamedTuple):
    """Where the repository is on a forge: its address, which forge it is, and the branch that counts."""

    url: str = ""
    forge: str = ""
    branch: str = "main"


FORGES = ("github", "gitlab", "gitea")


class Config(NamedTuple):
    """The settings of one repository, with defaults where ``itsm.yaml`` is silent.

    ``timezone`` is an IANA name. ``history`` says whether the site's pages show who changed what.
    ``directory`` says whether people who have no file are findings
    (``closed``) or not (``open``). ``cut_over`` is the first day on which work was recorded here
    (``YYYY-MM-DD``; empty: nothing came from elsewhere). ``severity`` maps rule codes to error, warning, info or off.
    """

    organisation: str = "Our organisation"
    description: str = ""
    timezone: str = "UTC"
    site_name: str = ""
    site_url: str = ""
    edit_url: str = ""
    audience: str = "internal"
    engine: str = "mkdocs"
    repository: Hosting = Hosting()
    history: bool = True
    directory: str = "open"
    severity: Mapping[str, str] = MappingProxyType({})
    ignore: tuple[Ignore, ...] = ()
    cut_over: str = ""


def read_config(snapshot: Snapshot) -> tuple[Config, list[Finding]]:
    """Read ``itsm.yaml`` leniently: what is wrong with it never stops a command.

    The findings are those of reading the file; its meaning is checked against its schema by rules.
    """
    try:
        raw = snapshot.read(CONFIG)
    except NotFound:
        return Config(), []
    except ItsmError as error:
        return Config(), [Finding("P013", ERROR, CONFIG, error.message, error.hint, (), 1, 1)]
    loaded = documents.load(raw)
    findings = [
        Finding(p.code, ERROR, CONFIG, p.message, p.hint, (), p.line, p.column) for p in loaded.problems
    ]
    return _config(loaded.data if isinstance(loaded.data, dict) else {}), findings


def _config(data: Mapping[str, Any]) -> Config:
    site = data.get("site")
    site = site if isinstance(site, dict) else {}
    severity = data.get("severity")
    severity = severity if isinstance(severity, dict) else {}
    ignore = data.get("ignore")
    ignore = ignore if isinstance(ignore, list) else []
    organisation = _text(data, "organisation") or Config().organisation
    return Config(
        organisation=organisation,
        description=_text(data, "description"),
        timezone=_text(data, "timezone") or Config().timezone,
        site_name=_text(site, "name") or organisation,
        site_url=_text(site, "url"),
        edit_url=_text(site, "edit_url"),
        audience=_text(site, "audience") or Config().audience,
        engine=_text(site, "engine") or Config().engine,
        repository=_hosting(site.get("repository")),
        history=site.get("history") is not False,
        cut_over=_text(data, "cut_over"),
        directory="closed" if data.get("directory") == "closed" else "open",
        severity={k: v for k, v in severity.items() if v in (*SEVERITIES, "off")},
        ignore=tuple(
            Ignore(*(_text(entry, name) for name in Ignore._fields))
            for entry in ignore
            if isinstance(entry, dict)
        ),
    )


def _hosting(data: Any) -> Hosting:
    """Return where the repository is; nowhere when the address or the forge is not said."""
    found = data if isinstance(data, dict) else {}
    url, forge = _text(found, "url"), _text(found, "forge")
    if not url.startswith(("https://", "http://")) or forge not in FORGES:
        return Hosting()
    return Hosting(url.rstrip("/"), forge, _text(found, "branch") or Hosting().branch)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def read_rulebook(snapshot: Snapshot) -> RuleBook:
    """Return the rule book of a snapshot; its files are read when first needed.

    A file that cannot be used raises RuleBookError with its path, line and column at that moment.
    """
    files = [info.path for info in snapshot.files(SCHEMAS) if info.mode == REGULAR]
    return RuleBook(files, lambda path: _load_rule_file(snapshot, path))


def _load_rule_file(snapshot: Snapshot, path: str) -> Any:
    try:
        raw = snapshot.read(path)
    except NotFound:
        raise
    except ItsmError as error:
        raise RuleBookError(f"{path}:1:1: this file cannot be read", "check its permissions") from error
    loaded = documents.load_rule_file(raw, is_json=path.endswith(".json"))
    if loaded.problems:
        first = loaded.problems[0]
        raise RuleBookError(f"{path}:{first.line}:{first.column}: {first.message} ({first.code})", first.hint)
    if not isinstance(loaded.data, dict):
        raise RuleBookError(f"{path}:1:1: a rule-book file must be a mapping", "see schemas/README.md")
    return loaded.data


def packaged_rulebook_root() -> Path:
    """Return the folder that holds the ``schemas/`` shipped with this package.

    In an installed wheel that is package data, in a checkout the checkout itself. Raises
    RuleBookError when neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for root in (package / "_rulebook", package.parent):
        if (root / SCHEMAS).is_dir():
            return root
    raise RuleBookError("this installation has no rule book", "install itsm-gitops again")
