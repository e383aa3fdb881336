"""What imports wrote last, in a file that is committed with the records: `imports/KIND.tsv`.

An import with ``--update`` may take away a value only where the import wrote it and nobody has changed it
since. Each line has the identifier of a document, the mapping that wrote it, and a digest of the values
that the mapping is responsible for. A document whose values have another digest was edited.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itsm_gitops import documents
from itsm_gitops.model.errors import Refused

FOLDER = "imports"
_HEAD = "# What `itsm import` wrote last: document, mapping, digest. Commit this file with the documents.\n"
_LENGTH = 16  # hexadecimal digits: a chance match is out of the question, and the file stays small


def digest(values: Mapping[str, Any]) -> str:
    """Return the digest of values by the path of their field."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


class Provenance:
    """The file of one kind. Raises Refused where it cannot be read: then nobody knows what may be removed."""

    def __init__(self, root: Path, plural: str, mapping: str) -> None:
        self.path = root / FOLDER / f"{plural}.tsv"
        self._mapping = Path(mapping).stem
        self._raw: bytes | None = None
        self._lines: dict[str, tuple[str, str]] = {}
        try:
            self._raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._refusal(1, str(error.strerror or error)) from error
        for number, line in enumerate(self._raw.decode("utf-8", "replace").splitlines(), 1):
            if line.startswith("#"):
                continue
            parts = line.split("\t")
            if len(parts) != 3 or parts[0] in self._lines:
                raise self._refusal(number, "not a document, a mapping and a digest")
            self._lines[parts[0]] = (parts[1], parts[2])

    def _refusal(self, line: int, why: str) -> Refused:
        return Refused(
            f"{FOLDER}/{self.path.name}:{line}:1: {why}",
            "restore the file from Git (git checkout), or delete it: then imports remove nothing",
        )

    def unedited(self, identifier: str, values: Mapping[str, Any]) -> bool:
        """Whether this mapping wrote exactly these values into a document."""
        return self._lines.get(identifier) == (self._mapping, digest(values))

    def wrote(self, identifier: str, values: Mapping[str, Any]) -> None:
        """Note that the mapping has written these values."""
        self._lines[identifier] = (self._mapping, digest(values))

    def save(self) -> None:
        """Write the file where something in it is new."""
        lines = [f"{i}\t{mapping}\t{mark}\n" for i, (mapping, mark) in sorted(self._lines.items())]
        content = (_HEAD + "".join(lines)).encode()
        if lines and content != self._raw:
            documents.write_atomic(self.path, content, expected=self._raw, durable=False)
