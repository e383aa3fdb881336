"""What imports wrote last and which names they met, in files that are committed with the records.

`imports/KIND.tsv`: an import with ``--update`` may take away a value only where the import wrote it and
nobody has changed it since. Each line has the identifier of a document, the mapping that wrote it, and a
digest of the values that the mapping is responsible for. A document whose values have another digest was
edited.

`imports/identifiers.tsv`: each line has an identifier or handle that an import made, the class of the item
(empty for people and teams), and the whole name that it was made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.model.errors import Refused

FOLDER = "imports"
_HEAD = "# What `itsm import` wrote last: document, mapping, digest. Commit this file with the documents.\n"
_NAMES_HEAD = "# Of which names `itsm import` made identifiers: identifier, class, name. Commit this file.\n"
_LENGTH = 16  # hexadecimal digits: a chance match is out of the question, and the file stays small


def digest(values: Mapping[str, Any]) -> str:
    """Return the digest of values by the path of their field."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


class ImportMemory:
    """A file of lines with three columns. Raises Refused where it cannot be read as such."""

    def __init__(self, root: Path, name: str, head: str, columns: str, loss: str) -> None:
        self.path = root / FOLDER / name
        self._head = head
        self._columns = columns
        self._loss = loss
        self._raw: bytes | None = None

    def _read(self) -> Iterator[tuple[int, tuple[str, str, str]]]:
        try:
            self._raw = self.path.read_bytes()
            text = self._raw.decode("utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeError) as error:
            raise self._refusal(1, str(getattr(error, "strerror", "") or error)) from error
        for number, line in enumerate(text.split("\n"), 1):
            if line.startswith("#") or not line:
                continue
            parts = line.rstrip("\r").split("\t")
            if len(parts) != 3:
                raise self._refusal(number, f"not {self._columns}")
            yield number, (parts[0], parts[1], parts[2])

    def _refusal(self, line: int, why: str) -> Refused:
        return Refused(
            f"{FOLDER}/{self.path.name}:{line}:1: {why}",
            f"restore the file from Git (git checkout), or delete it: then {self._loss}",
        )

    def _write(self, lines: list[str]) -> None:
        content = (self._head + "".join(lines)).encode()
        if lines and content != self._raw:
            documents.write_atomic(self.path, content, expected=self._raw, durable=False)


class RecordOrigins(ImportMemory):
    """What was written last, for one kind. Raises Refused where nobody can know what may be removed."""

    def __init__(self, root: Path, plural: str, mapping: str) -> None:
        super().__init__(
            root, f"{plural}.tsv", _HEAD, "a document, a mapping and a digest", "imports remove nothing"
        )
        self._mapping = Path(mapping).stem
        self._lines: dict[str, tuple[str, str]] = {}
        for number, (identifier, name, mark) in self._read():
            if identifier in self._lines:
                raise self._refusal(number, f"{identifier} stands twice")
            self._lines[identifier] = (name, mark)

    def unedited(self, identifier: str, values: Mapping[str, Any]) -> bool:
        """Whether this mapping wrote exactly these values into a document."""
        return self._lines.get(identifier) == (self._mapping, digest(values))

    def wrote(self, identifier: str, values: Mapping[str, Any]) -> None:
        """Note that the mapping has written these values."""
        self._lines[identifier] = (self._mapping, digest(values))

    def save(self) -> None:
        """Write the file where something in it is new."""
        self._write([f"{i}\t{mapping}\t{mark}\n" for i, (mapping, mark) in sorted(self._lines.items())])


class NameRegister(ImportMemory):
    """Which name each identifier was made of. Names of people and teams are the same in any case of letters."""

    def __init__(self, root: Path) -> None:
        loss = "two names that differ little may get one identifier"
        super().__init__(root, "identifiers.tsv", _NAMES_HEAD, "an identifier, a class and a name", loss)
        self._lines: dict[tuple[str, str], tuple[str, str]] = {}
        self._owners: dict[str, str] = {}
        for number, (identifier, cls, name) in self._read():
            if identifier in self._owners:
                raise self._refusal(number, f"{identifier} stands twice")
            self.put(identifier, cls, name)

    def identifier(self, cls: str, name: str) -> str:
        """Return the identifier that was made of a name; empty for none."""
        return self._lines.get((cls, name), ("", ""))[0]

    def spelling(self, cls: str, name: str) -> str:
        """Return the name as the table wrote it when the identifier was made; empty for none."""
        return self._lines.get((cls, name), ("", ""))[1]

    def owner(self, identifier: str) -> str:
        """Return the name that an identifier was made of; empty for none."""
        return self._owners.get(identifier, "")

    def put(self, identifier: str, cls: str, name: str) -> None:
        """Note the whole name that an identifier is made of."""
        self._lines[cls, name if cls else name.lower()] = (identifier, name)
        self._owners[identifier] = name

    def save(self) -> None:
        """Write the file where something in it is new."""
        lines = sorted((i, cls, name) for (cls, _), (i, name) in self._lines.items())
        self._write(["\t".join(line) + "\n" for line in lines])
