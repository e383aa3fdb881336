"""The index's SQLite file: its tables, how it is opened, and which file may be believed.

A file is believed when it has exactly our tables, was made for this working tree by this version of the tool, and
is the very file that was made (device and inode): a copied ``.git`` folder brings an index that nobody here made,
and it is made anew. Names are never used twice, so a reader of the old file is not disturbed by a new one.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from itsm_gitops.git.absent import git_folder
from itsm_gitops.model.digests import sha256
from itsm_gitops.repository.index import FOLDER
from itsm_gitops.snapshots.package_sign import package_sign

FORMAT = "1"
# What a damaged file makes of a question: SQLite's own complaints, and values of another shape than ours.
DAMAGE = (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError)
WAIT = 5.0  # seconds to wait for another process that writes
_COMPANIONS = ("", "-wal", "-shm", "-journal")
_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs")
)

# SQLite knows the case of Latin letters only; names with others are few, so they have an index of their own.
OTHER_LETTERS = "length({0}) <> length(CAST({0} AS BLOB))"

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE folder (path TEXT PRIMARY KEY, stamp BLOB) WITHOUT ROWID",
    "CREATE TABLE ignored (path TEXT PRIMARY KEY) WITHOUT ROWID",
    (
        "CREATE TABLE document (number INTEGER PRIMARY KEY, path TEXT UNIQUE, id TEXT, kind TEXT, record INTEGER,"
        " usable INTEGER, first INTEGER, open INTEGER, state TEXT, title TEXT, opened TEXT, updated TEXT, entered TEXT,"
        " opened_at REAL, updated_at REAL, entered_at REAL, fields TEXT, edges TEXT, aliases TEXT, timeline TEXT,"
        " life TEXT, life_first INTEGER, life_last INTEGER, life_end INTEGER,"
        " life_unbroken INTEGER, problems TEXT, oid TEXT, stamp BLOB, digest BLOB, generation INTEGER)"
    ),
    (
        "CREATE TABLE edge (document INTEGER, place INTEGER, relation TEXT, target TEXT, pointer TEXT, open INTEGER,"
        " PRIMARY KEY (document, place)) WITHOUT ROWID"
    ),
    "CREATE TABLE alias (name TEXT, document INTEGER, PRIMARY KEY (name, document)) WITHOUT ROWID",
    "CREATE TABLE gone (path TEXT PRIMARY KEY, id TEXT, kind TEXT, generation INTEGER) WITHOUT ROWID",
    "CREATE TABLE derived (document INTEGER, what TEXT, value TEXT, PRIMARY KEY (document, what)) WITHOUT ROWID",
    "CREATE TABLE answer (name TEXT PRIMARY KEY, sign TEXT, value TEXT) WITHOUT ROWID",
)
INDEXES = (  # made after the tables
    "CREATE INDEX document_id ON document (id)",
    f"CREATE INDEX document_id_odd ON document (id) WHERE {OTHER_LETTERS.format('id')}",
    f"CREATE INDEX document_path_odd ON document (path) WHERE {OTHER_LETTERS.format('path')}",
    "CREATE INDEX document_kind ON document (kind, open)",
    "CREATE INDEX document_life ON document (kind, life_end, life_first, life_last, life_unbroken)",
    "CREATE INDEX document_opened ON document (opened) WHERE usable = 1 AND record = 1 AND opened > ''",
    "CREATE INDEX document_unusable ON document (path) WHERE usable = 0",
    "CREATE INDEX document_untracked ON document (oid) WHERE oid = ''",
    "CREATE INDEX document_generation ON document (generation)",
    "CREATE INDEX edge_target ON edge (target)",
    "CREATE INDEX edge_relation ON edge (relation)",
)


def folder_of(root: Path) -> Path | None:
    """Return where the indexes of a working tree lie; None without Git."""
    git = git_folder(root)
    return git / FOLDER if git else None


def files_of(root: Path) -> list[Path]:
    """Return the index files of a working tree, the newest last."""
    folder = folder_of(root)
    if folder is None:
        return []
    with suppress(OSError):
        return sorted(p for p in folder.iterdir() if p.name.startswith(_stem(root)) and p.suffix == ".db")
    return []


def new_name(root: Path) -> str:
    """Return the name of a new index file, later in order than all before."""
    return f"{_stem(root)}{time.time_ns():020d}.db"


def _stem(root: Path) -> str:
    return f"index-{sha256(os.fsencode(root)).hexdigest()[:8]}-"


def remove(path: Path) -> None:
    """Remove an index file and what SQLite keeps beside it."""
    for end in _COMPANIONS:
        with suppress(OSError):
            Path(f"{path}{end}").unlink()


def identity(path: Path) -> str:
    """Return what tells a file from a copy of it."""
    status = os.lstat(path)
    return f"{status.st_dev}:{status.st_ino}"


def connect(path: Path) -> sqlite3.Connection:
    """Open an index file for reading and writing; raises sqlite3.Error where it is none."""
    if path.is_symlink():
        raise sqlite3.DatabaseError("a symbolic link")
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=WAIT, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether a file has our tables and no others, and is the one that was made here by this code."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    if tuple(row[0] for row in rows) != (*TABLES, *INDEXES):
        return False
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    return (
        meta.get("format") == FORMAT
        and meta.get("code") == package_sign()
        and meta.get("identity") == identity(path)
    )


def is_remote(path: Path) -> bool:
    """Whether a folder lies on a network file system, on which SQLite's locks cannot be relied on."""
    best, kind = "", ""
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            about, _, rest = line.partition(" - ")
            mount = about.split()[4].replace("\\040", " ")
            inside = mount == "/" or f"{path}/".startswith(f"{mount}/")
            if inside and len(mount) >= len(best):
                best, kind = mount, rest.split()[0]
    return kind in _REMOTE


def leftovers(folder: Path) -> Iterator[Path]:
    """Yield what a killed process left: files of indexes that were never finished."""
    with suppress(OSError):
        yield from (p for p in folder.iterdir() if p.name.startswith("making-"))
