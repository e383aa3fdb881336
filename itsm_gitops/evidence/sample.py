"""A sample of a population: drawn so that anybody can draw it again, with the evidence of each in one file.

The draw needs no random numbers. Each row gets the SHA-256 of the seed, the population's digest and its own name, and
the rows with the lowest ones are the sample: whoever has the same population and seed gets the same sample, and nobody
can choose either to get the rows they want without changing the digest that is stated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from itsm_gitops.evidence.checklist import checklist, overview
from itsm_gitops.evidence.population import CHANGE_ROW, COLUMNS, Population, PopulationMerge, Row, digest
from itsm_gitops.evidence.reading import Statement
from itsm_gitops.evidence.spreadsheet import archive
from itsm_gitops.evidence.statement import SIGNATURE
from itsm_gitops.evidence.tables import as_csv
from itsm_gitops.forges.answers import is_commit
from itsm_gitops.git import Git
from itsm_gitops.model.errors import GitError, UsageError

MANIFEST = "manifest.json"
METHOD = "the rows with the lowest SHA-256 of: seed, line feed, digest of the population, line feed, name of the row"
_ODD = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_PATCH_MAX = 1 << 20
_CUT = b"\n[cut here: the whole difference is in the repository]\n"


class Sample(NamedTuple):
    """What was drawn: the rows, in the order of the population, and all that is needed to draw them again."""

    rows: list[Row]
    population: list[Row]
    digest: str
    seed: str
    only: str


def name_of(row: Row) -> str:
    """Return what identifies a row within its population."""
    return f"{row['row']} {row['changes'] if row['row'] == CHANGE_ROW else row['merge']}"


def draw(population: Sequence[Row], count: int, seed: str, only: str = "") -> Sample:
    """Draw ``count`` rows (all, where there are fewer); ``only`` is ``change``, ``merge`` or empty for both.

    Raises UsageError for a count below 1 or an empty seed.
    """
    if count < 1:
        raise UsageError("a sample has at least one row", "-n 25")
    if not seed.strip():
        raise UsageError("a sample needs a seed, so that it can be drawn again", "--seed 2026-Q4")
    rows = [r for r in population if not only or r["row"] == only]
    whole = digest(rows)
    lots = sorted(rows, key=lambda r: (_lot(seed, whole, r), name_of(r)))[:count]
    chosen = {name_of(r) for r in lots}
    return Sample([r for r in rows if name_of(r) in chosen], rows, whole, seed, only)


def _lot(seed: str, whole: str, row: Row) -> str:
    text = f"{seed}\n{whole}\n{name_of(row)}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def pack(population: Population, sample: Sample) -> bytes:
    """Return a zip file with the population, and of each row its statements, records, difference and a checklist."""
    table = [[row[c] for c in COLUMNS] for row in sample.population]
    files: dict[str, bytes] = {
        "README.md": overview(sample.rows, facts_of(population, sample)).encode(),
        "population.csv": as_csv(COLUMNS, table).encode("utf-8", "surrogateescape"),
    }
    for number, row in enumerate(sample.rows, 1):
        folder = f"{number:03d}-{_plain(name_of(row))}"
        merges = [m for m in population.merges if m.commit in row["merge"].split()]
        files[f"{folder}/checklist.md"] = checklist(row).encode("utf-8", "surrogateescape")
        files[f"{folder}/row.json"] = _json(row)
        for merge in merges:
            files |= {f"{folder}/{n}": content for n, content in _evidence(population, merge)}
        for change in row["changes"].split():
            files |= {f"{folder}/{n}": content for n, content in _record(population, change)}
    hashes = {name: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for name, c in files.items()}
    files[MANIFEST] = _json({**facts_of(population, sample), "files": hashes})
    return archive(files)


def facts_of(population: Population, sample: Sample) -> dict[str, Any]:
    """Return what has to be stated about a sample."""
    return {
        "version": 1,
        "population": len(sample.population),
        "population_digest": sample.digest,
        "rows": sample.only or "all",
        "seed": sample.seed,
        "method": METHOD,
        "sample": [name_of(row) for row in sample.rows],
        "branches": dict(population.tips),
        "ledger": population.ledger.tip,
    }


def _evidence(population: Population, merge: PopulationMerge) -> Iterator[tuple[str, bytes]]:
    short = merge.commit[:12]
    for statement in filter(None, (merge.move.statement, merge.review)):
        name = _plain(statement.path.rpartition("/")[2])
        yield name, statement.raw
        signature = population.ledger.signatures.get(statement.path)
        if signature:
            yield name + SIGNATURE, signature.encode("utf-8", "replace")
        yield from _rules(population, statement)
    yield f"{short}.patch", _patch(population.repo.history, merge)


def _rules(population: Population, statement: Statement) -> Iterator[tuple[str, bytes]]:
    """Yield the policy and roles that judged a merge, as they were."""
    sources = statement.predicate["assessment"]["sources"]
    for path, blob in sources.items():
        if not is_commit(str(blob)):
            continue
        try:
            content = next(population.repo.history.blobs([str(blob)])).content
        except GitError:  # the audit says what is missing
            continue
        yield f"judged-by/{_plain(str(path))}", content


def _patch(git: Git, merge: PopulationMerge) -> bytes:
    out = git.run(
        "diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
        "--end-of-options", merge.move.base, merge.commit,
    )  # fmt: skip
    return out if len(out) <= _PATCH_MAX else out[:_PATCH_MAX] + _CUT


def _record(population: Population, change: str) -> Iterator[tuple[str, bytes]]:
    """Yield the record of a change as it is on the branch."""
    path = population.paths.get(change)
    if path:
        yield f"{_plain(change)}.yaml", population.repo.snapshot(population.tip).read(path)


def _plain(text: str) -> str:
    """Return text as the name of one file: statements are written by anybody who may push."""
    return _ODD.sub("-", text).strip("-.")[:100] or "unnamed"


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()
