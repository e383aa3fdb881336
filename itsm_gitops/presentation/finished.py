"""The JSON of finished records: many of them in one file, and the rule by which a reader finds a record's file.

What follows the prefix of an identifier (``261120-AAAAA``: day, dash, five characters) is a record's key. The name of
a file is the beginning of a key, and the file holds the finished records whose keys begin like that: those of a year
(``26``), or where they are too many of a month (``2611``), of a day (``261120``), and so on: a name is as short as it
can be with at most `MOST` records in its file. No name is the beginning of another one, so each key has one file, and a record that is added touches one file only.

A file has one line for each record. So a record can be replaced without parsing the others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST = 256  # records in one file; about a megabyte
_LENGTHS = (2, 3, 4, 5, 6, 8, 9, 10, 11, 12)  # of names: never ends with the dash, which tells nothing
_KEY_LENGTH = _LENGTHS[-1]
_HEAD = '{{"$schema":"../schema/finished.schema.json","version":{version},"records":[\n'
_END = b"\n]}\n"
_BETWEEN = b",\n"
_LINE = b'{"id":"'


def key_of(identifier: str) -> str:
    """Return the key of a record: its identifier without the prefix of its kind."""
    return identifier.partition("-")[2]


def shards(identifiers: Iterable[str]) -> dict[str, Sequence[str]]:
    """Return the names of the files with the records in each, both sorted; none has more than `MOST` records.

    More only have the same key where kinds share it to the last character, which no name can tell apart.
    """
    by_key = sorted((key_of(i), i) for i in identifiers)
    return dict(_split([key for key, _ in by_key], [i for _, i in by_key], 0, len(by_key), 0))


def _split(
    keys: Sequence[str], names: Sequence[str], start: int, end: int, level: int
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the files with the records from ``start`` up to ``end``, whose keys are sorted and begin alike."""
    length = _LENGTHS[level]
    while start < end:
        name = keys[start][:length]
        after = bisect_left(keys, True, start, end, key=lambda key: key[:length] > name)
        if after - start <= MOST or length == _KEY_LENGTH:
            yield name, names[start:after]
        else:
            yield from _split(keys, names, start, after, level + 1)
        start = after


def shard_of(names: Mapping[str, object], identifier: str) -> str:
    """Return the name of the file that has a record, '' where none can have it: the rule for readers, in code."""
    key = key_of(identifier)
    return next((key[:n] for n in _LENGTHS if key[:n] in names), "")


def content(lines: Iterable[bytes], version: int) -> bytes:
    """Return a file of finished records; ``lines`` are the records as JSON objects without line breaks, in order of key.

    The first member of each is ``id``.
    """
    return _HEAD.format(version=version).encode() + _BETWEEN.join(lines) + _END


def read_lines(raw: bytes) -> dict[str, bytes]:
    """Return the lines of a file by the identifiers of their records."""
    lines = (text.removesuffix(b",") for text in raw.split(b"\n") if text.startswith(_LINE))
    return {text[len(_LINE) : text.index(b'"', len(_LINE))].decode(): text for text in lines}
