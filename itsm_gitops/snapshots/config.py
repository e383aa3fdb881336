"""``itsm.yaml`` and the rule book, read from any snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.git.modes import REGULAR, FileInfo
from itsm_gitops.model.audience import AUDIENCES, Audience, audience_of
from itsm_gitops.model.audience_names import name_misfits
from itsm_gitops.model.categories import CATEGORIES, CategoryTree, category_fields
from itsm_gitops.model.clock import parse_day
from itsm_gitops.model.condition_names import with_states
from itsm_gitops.model.errors import ItsmError, NotFound, RuleBookError, SettingsError
from itsm_gitops.model.findings import ERROR, SEVERITIES, Finding
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.model.roots import Root, root_misfits, roots_of
from itsm_gitops.model.rulebook import RuleBook
from itsm_gitops.model.shape import Misfit, misfits
from itsm_gitops.model.untyped import as_text
from itsm_gitops.model.windows import is_zone, near_zone
from itsm_gitops.snapshots.snapshot import CONFIG, SCHEMAS, Snapshot, absent_of


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
    ``identity`` is what signed approvals know the repository by (32 hexadecimal digits; empty: its first commit).
    ``directory`` says whether people who have no file are findings
    (``closed``) or not (``open``). ``cut_over`` is the first day on which work was recorded here
    (``YYYY-MM-DD``; empty: nothing came from elsewhere). ``roots`` are other repositories that are read here. ``severity`` maps rule codes to error, warning, info or off.
    ``faults`` are what is wrong with ``itsm.yaml``, each with its line and column: what they say is not
    in the other fields, so whoever decides from settings asks ``require`` for them.
    """

    organisation: str = "Our organisation"
    identity: str = ""
    description: str = ""
    timezone: str = "UTC"
    site_name: str = ""
    site_url: str = ""
    edit_url: str = ""
    audience: str = "internal"
    engine: str = "mkdocs"
    language: str = ""
    repository: Hosting = Hosting()
    history: bool = True
    directory: str = "open"
    severity: Mapping[str, str] = MappingProxyType({})
    ignore: tuple[Ignore, ...] = ()
    cut_over: str = ""
    roots: tuple[Root, ...] = ()
    faults: tuple[Finding, ...] = ()

    def require(self, where: str = "") -> Config:
        """Return these settings; raises SettingsError when ``itsm.yaml`` (of ``where``) has faults.

        A default in the place of a setting that could not be read would decide something nobody asked for.
        """
        if not self.faults:
            return self
        lines = [f"{place_of(f)}: {f.message} ({f.code})" for f in self.faults[:_NAMED]]
        if len(self.faults) > _NAMED:
            lines.append(f"and {len(self.faults) - _NAMED} more")
        lines[0] += f" (in {where})" if where and where != _HERE else ""
        hint = self.faults[0].hint or f"correct {CONFIG}; itsm check lists everything that is wrong with it"
        raise SettingsError("\n".join(lines), hint)


_NAMED = 5  # faults that an error names
_HERE = "working tree"
_SHAPE = "S023"  # the rule about mistakes in itsm.yaml


def place_of(finding: Finding) -> str:
    """Return ``path:line:column`` of a finding."""
    return f"{finding.path}:{finding.line}:{finding.column}"


def read_config(snapshot: Snapshot) -> Config:
    """Read ``itsm.yaml``. Never raises: what is wrong with it is in ``faults`` of the settings.

    Faults are: the file is not there or cannot be read, a key that the tool does not know, a value of the wrong
    type or shape, a time zone that does not exist.
    """
    try:
        raw = snapshot.read(CONFIG)
    except NotFound:
        message, hint = (
            f"there is no {CONFIG}",
            "itsm init writes one; git checkout brings back what was committed",
        )
        return Config(faults=(Finding(_SHAPE, ERROR, CONFIG, message, hint, (), 1, 1),))
    except ItsmError as error:
        return Config(faults=(Finding("P013", ERROR, CONFIG, error.message, error.hint, (), 1, 1),))
    loaded = documents.load(raw)
    if loaded.problems or not isinstance(loaded.data, dict):
        return Config(
            faults=tuple(
                Finding(p.code, ERROR, CONFIG, p.message, p.hint, (), p.line, p.column)
                for p in loaded.problems
            )
        )
    found = [*misfits(loaded.data, _settings_schema(), {}), *_no_zone(loaded.data), *_no_day(loaded.data)]
    found += root_misfits(loaded.data)
    faults = _located(raw, CONFIG, _SHAPE, found)
    return _config(loaded.data)._replace(faults=faults, roots=roots_of(loaded.data, found))


def _settings_schema() -> Mapping[str, Any]:
    """Return the schema of ``itsm.yaml``; what it demands has defaults, so that its absence stops nobody."""
    return {**packaged_schema("config"), "required": ()}


@cache
def packaged_schema(name: str) -> Mapping[str, Any]:
    """Return a schema of ``schemas/meta`` as this tool brings it: it says what the tool understands."""
    path = packaged_rulebook_root() / SCHEMAS / "meta" / f"{name}.schema.json"
    schema: Mapping[str, Any] = documents.load_rule_file(path.read_bytes(), is_json=True).data
    return schema


def _no_zone(data: Mapping[str, Any]) -> Iterator[Misfit]:
    zone = data.get("timezone")
    if isinstance(zone, str) and not is_zone(zone):
        yield Misfit(("timezone",), f"there is no time zone '{zone}'", near_zone(zone))


def _no_day(data: Mapping[str, Any]) -> Iterator[Misfit]:
    """Report a cut-over that is no day: nothing would be history, and nobody would see why."""
    named = data.get("cut_over")
    if isinstance(named, str) and parse_day(named) is None:
        yield Misfit(("cut_over",), f"there is no day '{named}'", "it looks like 2026-12-01")


def _located(raw: bytes, path: str, code: str, found: Iterable[Misfit]) -> tuple[Finding, ...]:
    """Return findings with lines and columns, each place once."""
    once = {(m.pointer, m.at_key): m for m in found}
    places = documents.locate(raw) if once else None
    findings = []
    for pointer, message, hint, at_key in once.values():
        span = (places.key(pointer) if at_key else None) or places.nearest(pointer) if places else None
        line, column = (span.line, span.column) if span else (1, 1)
        findings.append(Finding(code, ERROR, path, message, hint, pointer, line, column, at_key))
    return tuple(findings)


def read_audience(snapshot: Snapshot, book: RuleBook, name: str) -> Audience:
    """Return an audience of the policy of a snapshot; ``internal`` is there even where no policy names it.

    Raises NotFound with the names there are, and RuleBookError with file, line and column when the policy has
    a mistake anywhere: a misspelt key or field would show what it was to withhold.
    """
    if any(info.mode != REGULAR for info in snapshot.files(AUDIENCES)):
        raise RuleBookError(
            f"{AUDIENCES}:1:1: this is not a regular file", "replace it by the file that it stands for"
        )
    data = book.policy(AUDIENCES)
    if AUDIENCES in book.files:
        schema = packaged_schema("audiences")
        categories = CategoryTree(book.policy(CATEGORIES))
        found = list(misfits(data, schema, schema)) or list(name_misfits(data, _schemas(book), categories))
        for fault in _located(snapshot.read(AUDIENCES), AUDIENCES, "", found)[:1] if found else ():
            raise RuleBookError(f"{place_of(fault)}: {fault.message}", fault.hint or f"correct {AUDIENCES}")
    audience = audience_of(data, name, book.playing(PERSON))
    if audience.everything or audience.confidential:
        return audience
    hidden = CategoryTree(book.policy(CATEGORIES)).confidential()
    kinds = {
        k: v.without(dict.fromkeys(category_fields(book.kinds[k]), hidden) if hidden else {})
        for k, v in audience.kinds.items()
        if k in book.kinds and not book.kinds[k].confidential
    }
    return replace(audience, kinds=kinds)


def _config(data: Mapping[str, Any]) -> Config:
    site = data.get("site")
    site = site if isinstance(site, dict) else {}
    severity = data.get("severity")
    severity = severity if isinstance(severity, dict) else {}
    ignore = data.get("ignore")
    ignore = ignore if isinstance(ignore, list) else []
    organisation = as_text(data.get("organisation")) or Config().organisation
    return Config(
        organisation=organisation,
        identity=as_text(data.get("identity")),
        description=as_text(data.get("description")),
        timezone=as_text(data.get("timezone")) or Config().timezone,
        site_name=as_text(site.get("name")) or organisation,
        site_url=as_text(site.get("url")),
        edit_url=as_text(site.get("edit_url")),
        audience=as_text(site.get("audience")) or Config().audience,
        engine=as_text(site.get("engine")) or Config().engine,
        language=as_text(site.get("language")),
        repository=_hosting(site.get("repository")),
        history=site.get("history") is not False,
        cut_over=as_text(data.get("cut_over")),
        directory="closed" if data.get("directory") == "closed" else "open",
        severity={k: v for k, v in severity.items() if v in (*SEVERITIES, "off")},
        ignore=tuple(
            Ignore(*(as_text(entry.get(name)) for name in Ignore._fields))
            for entry in ignore
            if isinstance(entry, dict)
        ),
    )


def _hosting(data: Any) -> Hosting:
    """Return where the repository is; nowhere when the address or the forge is not said."""
    found = data if isinstance(data, dict) else {}
    url, forge = as_text(found.get("url")), as_text(found.get("forge"))
    if not url.startswith(("https://", "http://")) or forge not in FORGES:
        return Hosting()
    return Hosting(url.rstrip("/"), forge, as_text(found.get("branch")) or Hosting().branch)


def read_rulebook(snapshot: Snapshot) -> RuleBook:
    """Return the rule book of a snapshot; its files are read when first needed.

    A file that cannot be used raises RuleBookError with its path, line and column at that moment; so does one
    that is not checked out or is not a regular file, since a rule that nobody can read is no rule that is missing.
    Raises RuleBookError at once for a link in the place of a folder.
    """
    infos = snapshot.files(SCHEMAS)
    for info in infos:
        if info.mode != REGULAR and "." not in info.path.rpartition("/")[2]:
            raise RuleBookError(f"{info.path}: {_NO_FOLDER}", "replace it by what it stands for")
    absent = [path for path in absent_of(snapshot) if path.startswith(f"{SCHEMAS}/")]
    files = [*(info.path for info in infos if _is_rule_file(info)), *absent]
    return RuleBook(files, lambda path: _load_rule_file(snapshot, path))


_NO_FOLDER = "this is neither a folder nor a regular file, so nobody knows which rules are in it"
_ABSENT = "this file is not checked out (sparse checkout)"


def _is_rule_file(info: FileInfo) -> bool:
    name = info.path.rpartition("/")[2]
    return info.mode == REGULAR or (name.endswith((".yaml", ".json")) and not name.startswith("."))


def _schemas(book: RuleBook) -> Mapping[str, Mapping[str, Any]]:
    kinds = {name: book.kinds[name] for name in book.kinds}
    return {
        name: with_states(kind.schema, kind.workflow.states if kind.workflow else ())
        for name, kind in kinds.items()
    }


def _load_rule_file(snapshot: Snapshot, path: str) -> Any:
    try:
        raw = snapshot.read(path)
    except NotFound:
        if path not in absent_of(snapshot):
            raise
        raise RuleBookError(f"{path}: {_ABSENT}", "git sparse-checkout disable brings it back") from None
    except ItsmError as error:
        reason = error.message.removeprefix(f"{path} cannot be read: ")
        hint = error.hint or "it has to be a regular file that may be read"
        raise RuleBookError(f"{path}:1:1: this file cannot be read: {reason}", hint) from error
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
