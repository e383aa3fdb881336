"""Exports a snapshot as Parquet files, for engines that analyse tables (DuckDB, Spark, Trino, Polars, pandas).

One file for each table, kind and year, in folders as Hive names them: ``records/kind=incident/year=2026``. The
year is that of the identifier, so a record stays in its file for life, and finished years are never written again.
The same snapshot gives the same bytes, whichever folder they go to. The files of one kind and year are made
together, in several processes; of the rows, no more is in memory than one row group.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from itsm_gitops import documents
from itsm_gitops.exchange import typed_columns as typed
from itsm_gitops.exchange.analytics import Exposure, Tables
from itsm_gitops.exchange.export_folder import ExportedFile, ExportFolder, digest_of
from itsm_gitops.exchange.typed_columns import TypedColumn
from itsm_gitops.model import ids
from itsm_gitops.model.entry import Entry, summarise
from itsm_gitops.model.errors import RuleBookError, UsageError
from itsm_gitops.snapshots.snapshot import CMDB, CONFIG, SCHEMAS
from itsm_gitops.snapshots.store import identifier_of, is_document
from itsm_gitops.snapshots.trees import CommitTree
from itsm_gitops.snapshots.workers import default_jobs, share_as_free

if TYPE_CHECKING:
    from itsm_gitops.snapshots import Store

# What stands for "no value" in the name of a folder: the convention of Hive, which engines read as NULL.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_GROUP = 8_192  # rows
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_ITEMS = "items"


class Partition(NamedTuple):
    """The documents of one kind and year; no year for items, and where an identifier states none.

    ``entries`` are there where what is shown of the documents is not what their files hold.
    """

    kind: str
    year: str
    paths: Sequence[str]
    entries: Sequence[Entry] = ()

    @property
    def name(self) -> str:
        """How the partition is called in the list of files."""
        return f"{self.kind}/{self.year or NO_VALUE}"


class _Outcome(NamedTuple):
    """What became of a partition. ``source`` is the digest of all its rows are made of, '' where time changes them."""

    name: str
    source: str
    files: tuple[ExportedFile, ...]
    staged: tuple[str, ...]


class ParquetReport(NamedTuple):
    """What an export wrote: rows by table, and how many files it has, wrote and removed."""

    rows: Mapping[str, int]
    files: int
    written: int
    removed: int
    size: int


def export_parquet(
    store: Store, folder: Path, exposure: Exposure, now: datetime, trusted: Path
) -> ParquetReport:
    """Write the tables of a snapshot into a folder, and only the files that differ from those of the last export.

    ``now`` is the moment for which the clocks of open records are read. No link below ``trusted`` is followed.
    Raises UsageError where the library is missing and Refused where the folder is not one of exports for this
    audience.
    """
    _require_library()
    tables = Tables(store, exposure, now)
    partitions = sorted(_partitions(store, exposure), key=lambda p: (-len(p.paths), p.name))
    with ExportFolder.claim(folder, exposure.audience, trusted) as target:
        job = _Job(store, tables, target, _context(store, tables) if exposure.whole else b"")
        jobs = default_jobs(sum(len(p.paths) for p in partitions))
        shares = share_as_free(partitions, job, _nothing, jobs) if partitions else []
        outcomes = sorted(outcome for share in shares for outcome in share)
        files = sorted(file for outcome in outcomes for file in outcome.files)
        changed = [path for outcome in outcomes for path in outcome.staged]
        removed = target.commit(_manifest(store, tables, exposure, outcomes), changed)
    rows = dict.fromkeys(tables.columns, 0)
    for file in files:
        rows[file.path.partition("/")[0]] += file.rows
    return ParquetReport(rows, len(files), len(changed), removed, sum(f.size for f in files))


def _nothing() -> None:
    """Do nothing while others work."""


def _require_library() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the export as Parquet needs {error.name or 'pyarrow'}", "pip install 'itsm-gitops[analytics]'"
        ) from error


def _partitions(store: Store, exposure: Exposure) -> Iterator[Partition]:
    """Yield the partitions; those of a kind have its documents in order of identifier.

    Forked processes read the documents: where the index is used, its connection must not be asked there.
    """
    paths = _paths(store) if exposure.whole else None
    entries = {} if paths else {e.path: e for e in store.entries.values()}
    if entries:
        store.by_path.values()  # all of them are in memory now
    listed = paths or [(e.kind, e.path) for e in entries.values()]
    found: dict[tuple[str, str], list[str]] = {}
    for kind, path in sorted(listed, key=lambda row: identifier_of(row[1])):
        parsed = ids.parse_record_id(identifier_of(path)) if store.book.kinds[kind].is_record else None
        found.setdefault((kind, str(parsed[1].year) if parsed else ""), []).append(path)
    for (name, year), some in found.items():
        if not _NAME.fullmatch(name):
            path = store.book.kinds[name].schema_path
            raise RuleBookError(f"{path}: '{name}' cannot name a folder", "itsm check names the place")
        yield Partition(name, year, some, [entries[p] for p in some] if entries else ())


def _paths(store: Store) -> list[tuple[str, str]] | None:
    """Return the kind and path of every document, without the entries; None where files do not say it all."""
    found: dict[str, tuple[str, str]] = {}
    for path in store.files:
        identifier = identifier_of(path)
        if not is_document(path) or identifier in store.broken or path in store.irregular:
            continue
        if kind := store.book.kind_at(path):
            found.setdefault(identifier, (kind.name, path))
    return list(found.values()) if len(found) == len(store.entries) else None


def _context(store: Store, tables: Tables) -> bytes:
    """Return the digest of everything beside a record's own file that its rows are made of."""
    import pyarrow as pa

    import itsm_gitops

    found = hashlib.sha256(repr((pa.__version__, itsm_gitops.__version__, tables.columns)).encode())
    paths = [i.path for i in store.snapshot.files(SCHEMAS, CONFIG, CMDB)]
    _update(found, store.snapshot.read_many(paths))
    return found.digest()


def _update(digest: Any, files: Iterable[tuple[str, bytes]]) -> None:
    for path, raw in files:
        digest.update(b"%s\0%d\0" % (os.fsencode(path), len(raw)))
        digest.update(raw)


class _Job:
    """Makes the files of partitions; runs in forked processes.

    Where ``context`` is there, a partition whose documents are those of the last export is not read again.
    """

    def __init__(self, store: Store, tables: Tables, target: ExportFolder, context: bytes) -> None:
        self._store, self._tables, self._target, self._context = store, tables, target, context
        listed = target.manifest.get("partitions")
        self._before: Mapping[str, Any] = listed if isinstance(listed, dict) else {}

    def __call__(self, _: int, partitions: Sequence[Partition]) -> list[_Outcome]:
        return [
            self._same(p, source) or self._made(p, source) for p in partitions for source in [self._source(p)]
        ]

    def _source(self, partition: Partition) -> str:
        if not self._context:
            return ""
        found = hashlib.sha256(self._context)
        _update(found, self._store.snapshot.read_many(partition.paths))
        return found.hexdigest()

    def _files(self, partition: Partition) -> dict[str, str]:
        """Return the path of the file of each table that the partition has."""
        kind = self._store.book.kinds[partition.kind]
        year = f"/year={partition.year or NO_VALUE}"
        return {
            table: f"{table}/kind={partition.kind}{'' if table == _ITEMS else year}/part-0.parquet"
            for table in self._tables.tables_of(kind)
        }

    def _same(self, partition: Partition, source: str) -> _Outcome | None:
        """Return what the last export left of a partition, where it is still what is to be there."""
        if not source or self._before.get(partition.name) != source:
            return None
        listed: Mapping[str, Any] = self._target.manifest["files"]
        files = []
        for path in self._files(partition).values():
            about = listed.get(path, {})
            if not self._target.holds(path, str(about.get("sha256"))):
                return None
            files.append(ExportedFile(path, about["rows"], about["size"], about["sha256"]))
        return _Outcome(partition.name, source, tuple(files), ())

    def _documents(self, partition: Partition) -> Iterator[tuple[Entry, Mapping[str, Any]]]:
        if partition.entries:
            yield from self._store.read_documents(partition.entries)
            return
        kind = self._store.book.kinds[partition.kind]
        for path, raw in self._store.snapshot.read_many(partition.paths):
            data = documents.load(raw).data
            if isinstance(data, dict):
                yield summarise(kind, path, data), data

    def _made(self, partition: Partition, source: str) -> _Outcome:
        paths = self._files(partition)
        writers = {
            table: _TableWriter(self._target.stage(path), self._tables.columns[table])
            for table, path in paths.items()
        }
        settled = True
        for entry, data in self._documents(partition):
            settled = settled and self._tables.is_settled(entry, data)
            for table, cells in self._tables.rows(entry, data):
                writers[table].add(cells)
        files = [writers[table].close(path) for table, path in paths.items()]
        same = {f.path for f in files if self._target.holds(f.path, f.sha256)}
        for path in same:
            self._target.unstage(path)
        staged = tuple(f.path for f in files if f.path not in same)
        return _Outcome(partition.name, source if settled else "", tuple(files), staged)


class _TableWriter:
    """Writes the rows of one file, a row group at a time."""

    def __init__(self, file: IO[bytes], columns: Sequence[TypedColumn]) -> None:
        from pyarrow import parquet

        self._file = file
        self._schema = arrow_schema(columns)
        self._writer = parquet.ParquetWriter(
            file, self._schema, compression="zstd", store_schema=False, version="2.6"
        )
        self._rows: list[tuple[Any, ...]] = []
        self._count = 0

    def add(self, cells: tuple[Any, ...]) -> None:
        """Take a row."""
        self._rows.append(cells)
        if len(self._rows) == _GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            held = zip(zip(*self._rows, strict=True), self._schema, strict=True)
            arrays = [pa.array(column, field.type) for column, field in held]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._count += len(self._rows)
            self._rows.clear()

    def close(self, path: str) -> ExportedFile:
        """Finish the file and describe it; ``path`` is where it will be."""
        self._flush()
        self._writer.close()
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            return ExportedFile(path, self._count, size, digest_of(file))


def arrow_schema(columns: Iterable[TypedColumn]) -> Any:
    """Return the columns of a table as a schema of Arrow."""
    import pyarrow as pa

    types = {
        typed.TEXT: pa.string(),
        typed.JSON: pa.string(),
        typed.TEXTS: pa.list_(pa.string()),
        typed.TIME: pa.timestamp("us", tz="UTC"),
        typed.DATE: pa.date32(),
        typed.INTEGER: pa.int64(),
        typed.NUMBER: pa.float64(),
        typed.TRUTH: pa.bool_(),
    }
    return pa.schema([pa.field(c.name, types[c.type]) for c in columns])


def _manifest(
    store: Store, tables: Tables, exposure: Exposure, outcomes: Iterable[_Outcome]
) -> dict[str, Any]:
    """Return what describes an export: its columns, its files and what they were made of."""
    commit = store.snapshot.commit if isinstance(store.snapshot, CommitTree) else None
    made = list(outcomes)
    return {
        "audience": exposure.audience,
        "commit": commit,
        "unreadable": store.left_out(),
        "tables": {
            name: [{"name": c.name, "type": c.type, "description": c.description} for c in columns]
            for name, columns in tables.columns.items()
        },
        "files": {
            f.path: {"rows": f.rows, "size": f.size, "sha256": f.sha256}
            for f in sorted(file for outcome in made for file in outcome.files)
        },
        "partitions": {o.name: o.source for o in made if o.source},
    }
