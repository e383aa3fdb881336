"""What a build remembers of the files of one page or list: what they were made from, and their stamps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Self

from itsm_gitops.publish.keys import ALL

BETWEEN = b"\0"
STAMP = 32  # bytes of the stamp of a file


class PageFiles(NamedTuple):
    """The files of a document's page (or of one list): the keys of their inputs, and the stamps of the files.

    ``id`` is the document's or the list's address, ``shape`` what a list lists, ``about`` what others need to know
    of it. Keys and stamps are in one piece each: there are millions of keys, of which few are ever looked at.
    """

    id: str
    packed_keys: bytes
    packed_signs: bytes
    shape: str = ""
    about: str = ""

    @classmethod
    def of(
        cls, name: str, keys: Collection[str], signs: Sequence[bytes], shape: str = "", about: str = ""
    ) -> Self:
        """Return the files of a page; one without a stamp was removed meanwhile, and none of them counts."""
        raw = raw_keys(keys)
        if any(BETWEEN in key for key in raw):
            raw = raw_keys((ALL,))
        stamps = b"".join(signs) if all(len(s) == STAMP for s in signs) else b""
        return cls(name, BETWEEN.join(sorted(raw)), stamps, shape, about)

    @property
    def keys(self) -> list[str]:
        """The keys of their inputs."""
        return [k.decode("utf-8", "surrogatepass") for k in self.packed_keys.split(BETWEEN) if k]

    @property
    def signs(self) -> tuple[bytes, ...]:
        """The stamps of the files."""
        packed = self.packed_signs
        if len(packed) == STAMP:  # as of nearly every page
            return (packed,)
        return tuple(packed[n : n + STAMP] for n in range(0, len(packed), STAMP))


def raw_keys(keys: Iterable[str]) -> frozenset[bytes]:
    """Return keys as bytes."""
    return frozenset(key.encode("utf-8", "surrogatepass") for key in keys)
