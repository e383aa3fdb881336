"""Family I: names, folders and identifiers. A file's name is its identifier and decides its path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from itsm_gitops.git.modes import REGULAR
from itsm_gitops.model import ids
from itsm_gitops.model.archive import is_list
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import NotFound, did_you_mean
from itsm_gitops.model.findings import WARNING
from itsm_gitops.rules.context import DocumentContext, NetworkContext, moment
from itsm_gitops.rules.rule import NAMES, NETWORK, Hit, Rule
from itsm_gitops.snapshots.outside import like_roots


def stem(path: str) -> str:
    """Return the identifier that a path claims: its last part without ``.yaml``."""
    return path.rpartition("/")[2].removesuffix(".yaml")


def id_is_file_name(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the field ``id`` with the file's name."""
    named = stem(ctx.path)
    found = ctx.data.get("id")
    if found is not None and found != named and named.isprintable():
        yield Hit(f"id is '{found}' but the file is called '{named}.yaml'", ("id",))


def path_follows_id(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the path with the one the identifier demands."""
    try:
        wanted = ctx.book.path_for(ctx.kind, stem(ctx.path))
    except NotFound:
        return
    if wanted != ctx.path:
        yield Hit(f"this file belongs at {wanted}", ("id",))


def kind_matches_folder(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare ``kind`` or ``class`` with what the folder holds."""
    tag = ctx.kind.tag
    found = ctx.document.data.get(tag)
    if isinstance(found, str) and found != ctx.kind.name:
        place = ctx.book.kinds.get(found)
        hint = f"a {place.title.lower()} belongs in {place.folder}/" if place else ""
        yield Hit(f"{tag} is '{found}' but this folder holds '{ctx.kind.name}'", (tag,), hint)


def date_is_opening_date(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the date in a record's identifier with its first timeline entry."""
    if not ctx.kind.is_record or not ctx.timeline:
        return
    name, first = stem(ctx.path), ctx.timeline[0]["at"]
    dashed = name.partition("-")[2]
    if first[-1] == "Z" and first[2:4] + first[5:7] + first[8:10] == dashed[:6]:
        return
    parsed, opened = ids.parse_record_id(name), moment(first)
    if parsed and opened and opened.astimezone(UTC).date() != parsed[1]:
        yield Hit(f"the identifier says {parsed[1]}, the timeline begins at {first}", ("timeline", 0, "at"))


def name_is_well_formed(ctx: DocumentContext) -> Iterator[Hit]:
    """Ask whether the file's name can be an identifier of its kind."""
    name = stem(ctx.path)
    try:
        ctx.book.path_for(ctx.kind, name)
    except NotFound as error:
        if not name.isprintable():
            return  # P014 says so
        yield Hit(error.message, hint=error.hint, line=1, column=1)


def id_is_unique(ctx: NetworkContext) -> Iterator[Hit]:
    """Report the second file (by path) that claims an identifier."""
    for identifier, path in ctx.duplicates:
        entry = ctx.entries.get(identifier)
        first = entry.path if entry else ctx.store.broken[identifier]
        yield Hit(f"'{identifier}' is already the name of {first}", ("id",), path=path)


def alias_is_unique(ctx: NetworkContext) -> Iterator[Hit]:
    """Report aliases that another document has, or that are another document's identifier."""
    owner: dict[str, str] = {}
    for entry in ctx.judged if ctx.subjects is None else _sharing(ctx):
        for index, alias in enumerate(entry.aliases):
            other = ctx.entries.get(alias)
            taken = alias if other is not None else owner.setdefault(alias.lower(), entry.id)
            if taken != entry.id and (ctx.subjects is None or entry.id in ctx.subjects):
                message = f"the alias '{alias}' already belongs to {taken}"
                yield Hit(message, ("aliases", index), path=entry.path)


def _sharing(ctx: NetworkContext) -> list[Entry]:
    """Return the subjects and all that have an alias of one of them, by identifier."""
    found = {entry.id: entry for entry in ctx.judged}
    for alias in sorted({a.lower() for entry in ctx.judged for a in entry.aliases}):
        found.update((entry.id, entry) for entry in ctx.having_alias(alias))
    return [found[name] for name in sorted(found)]


def names_differ_in_more_than_case(ctx: NetworkContext) -> Iterator[Hit]:
    """Report every path that equals an earlier one when case is ignored."""
    for path in ctx.files:
        first = ctx.first_in_any_case(path)
        if first != path:
            yield Hit(f"this name and {first} differ only in case", path=path, line=1, column=1)


def file_is_claimed(ctx: NetworkContext) -> Iterator[Hit]:
    """Report files under the data roots that are not documents of a kind."""
    claimed: set[str] = set()  # folders
    for path in ctx.files:
        if not path.startswith(_ROOTS) or ctx.mode(path) != REGULAR:
            continue
        folder, _, name = path.rpartition("/")
        if not name.endswith(".yaml"):
            if is_list(path):
                continue
            if name.lower() not in _COMPANIONS:
                hint = "rename it to end in .yaml" if name.endswith((".yml", ".YAML", ".YML")) else ""
                yield Hit("only .yaml documents belong here", hint=hint, path=path, line=1, column=1)
        elif folder in claimed or ctx.book.kind_at(path) is not None:
            claimed.add(folder)
        else:
            near = did_you_mean(folder, ctx.book.by_folder)
            yield Hit(f"no kind lives in {folder}/", hint=near, path=path, line=1, column=1)


def roots_have_their_names(ctx: NetworkContext) -> Iterator[Hit]:
    """Report what is called like a data root but for its letters: nobody reads it, and some systems take it for the root."""
    for name, root in like_roots(ctx.store.snapshot):
        yield Hit(f"'{name}' is not '{root}': nobody reads it", path=name, line=1, column=1)


_ROOTS = ("records/", "cmdb/")
_COMPANIONS = frozenset(["readme.md"])  # a word for people who browse the folder


RULES = (
    Rule(
        "I001",
        "Identifier differs from the file name",
        why="Links and look-ups go by file name; a different `id` inside would be a second name nobody finds.",
        hint="give the file and the field the same identifier",
        bad="# cmdb/databases/payments-db.yaml\nid: payment-db",
        good="# cmdb/databases/payments-db.yaml\nid: payments-db",
        check=id_is_file_name,
    ),
    Rule(
        "I002",
        "File in the wrong folder",
        why="The path of a document follows from its identifier alone, so that nobody has to search.",
        hint="itsm check --fix moves it",
        bad="# records/incidents/INC-261122-K7QF3.yaml",
        good="# records/incidents/2026/11/INC-261122-K7QF3.yaml",
        fixable=True,
        check=path_follows_id,
    ),
    Rule(
        "I003",
        "Kind does not match the folder",
        why="The folder decides which schema and life cycle judge the document.",
        hint="move the file to the folder of its kind, or correct the field",
        bad="# records/incidents/2026/11/INC-261122-K7QF3.yaml\nkind: problem",
        good="# records/incidents/2026/11/INC-261122-K7QF3.yaml\nkind: incident",
        instead_of="S004",
        check=kind_matches_folder,
    ),
    Rule(
        "I004",
        "Date in the identifier is not the opening date",
        severity=WARNING,
        why="The identifier carries the UTC date of the first timeline entry; another date misleads readers and sorting.",
        hint="identifiers never change: correct the first timeline entry if it is wrong, else accept this",
        bad="id: INC-261122-K7QF3\ntimeline:\n  - {at: 2026-11-20T09:00:00Z, by: anna, state: new}",
        good="id: INC-261122-K7QF3\ntimeline:\n  - {at: 2026-11-22T09:00:00Z, by: anna, state: new}",
        check=date_is_opening_date,
    ),
    Rule(
        "I005",
        "Malformed or reserved name",
        why="Names are typed, linked and checked out on every system: few characters, no reserved words.",
        hint="rename the file (itsm new makes correct names)",
        bad="# cmdb/databases/Payments_DB.yaml",
        good="# cmdb/databases/payments-db.yaml",
        check=name_is_well_formed,
    ),
    Rule(
        "I006",
        "Identifier used twice",
        scope=NETWORK,
        why="A link to the identifier would mean two things.",
        hint="give the newer document another identifier",
        bad="# cmdb/databases/payments.yaml and cmdb/services/payments.yaml",
        good="# cmdb/databases/payments-db.yaml and cmdb/services/payments.yaml",
        reach=(NAMES,),
        check=id_is_unique,
    ),
    Rule(
        "I007",
        "Alias used twice",
        scope=NETWORK,
        why="An old number must lead to exactly one document.",
        hint="remove the alias from one of the two",
        bad="# in two incidents\naliases: [INC0010023]",
        good="# in one incident\naliases: [INC0010023]",
        reach=(NAMES,),
        check=alias_is_unique,
    ),
    Rule(
        "I008",
        "Names that differ only in case",
        scope=NETWORK,
        why="On many file systems the two are one file: a checkout would lose one of them.",
        hint="rename one of the two",
        bad="# cmdb/teams/net.yaml and cmdb/teams/Net.yaml",
        good="# cmdb/teams/net.yaml and cmdb/teams/net-ops.yaml",
        reach=(NAMES,),
        check=names_differ_in_more_than_case,
    ),
    Rule(
        "I009",
        "File that no kind claims",
        scope=NETWORK,
        why="A document outside the folders of the rule book, or without .yaml, is read by nobody.",
        hint="documents live in the folders that schemas/ names and end in .yaml",
        bad="# records/incident/INC-261122-K7QF3.yml",
        good="# records/incidents/2026/11/INC-261122-K7QF3.yaml",
        fixable=True,
        reach=(),
        check=file_is_claimed,
    ),
    Rule(
        "I012",
        "Data root in other letters",
        scope=NETWORK,
        why="On most systems nobody reads a folder CMDB/ beside cmdb/; on others the two are one, and a checkout mixes them.",
        hint="move its files to the folder in lower case (git mv), and remove it",
        bad="# CMDB/services/payments.yaml",
        good="# cmdb/services/payments.yaml",
        reach=(),
        check=roots_have_their_names,
    ),
)
