"""Made-up language for made-up records: a few thousand words, used as unevenly as words are (Zipf's law)."""

from __future__ import annotations

import random
import textwrap
from itertools import accumulate

_COMMON = ["the", "of", "and", "to", "a", "in", "is", "for", "on", "with", "not", "was", "it", "by", "at", "from", "after", "since", "no", "error", "service", "again", "when", "user", "users", "server", "cannot", "page", "login", "database", "restart", "network", "slow", "timeout", "change", "version", "update", "access", "password", "printer", "mail", "laptop", "backup", "disk", "full", "queue", "node", "release", "certificate", "expired", "connection", "request", "report", "file", "system", "account", "group", "team", "phone", "screen", "window", "morning", "yesterday", "today", "week", "night", "customer", "order", "invoice", "label", "failed", "works", "fixed", "checked", "waiting", "caller", "vendor", "log", "memory", "cpu", "alert", "monitoring", "deploy", "rollback", "firewall", "switch", "port", "cable", "router", "gateway", "proxy", "token", "session", "browser", "cache", "storage", "volume", "replica", "primary", "cluster", "container", "image", "job", "schedule", "batch", "export", "import", "table", "index", "query", "lock", "permission", "role", "licence", "device"]  # fmt: skip
_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "pr",
    "qu",
    "r",
    "s",
    "sc",
    "sh",
    "sl",
    "sp",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
]
_NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ie", "oa", "ou"]
_CODAS = ["", "", "b", "ck", "d", "l", "m", "n", "nd", "nt", "p", "r", "rd", "s", "st", "t", "x"]
_POOL = 400_000


class Language:
    """Texts drawn from a vocabulary of ``size`` words, the same ones for the same seed."""

    def __init__(self, seed: int, size: int = 8_000) -> None:
        self._dice = random.Random(seed)
        made = dict.fromkeys(_COMMON)
        while len(made) < size:
            made["".join(self._syllable() for _ in range(self._dice.randint(1, 3)))] = None
        weights = accumulate(1 / (rank + 3) for rank in range(1, size + 1))
        # Drawing each word by itself would take longer than everything else: texts are cut from a long one.
        self._pool = self._dice.choices(list(made), cum_weights=list(weights), k=_POOL)

    def _syllable(self) -> str:
        return self._dice.choice(_ONSETS) + self._dice.choice(_NUCLEI) + self._dice.choice(_CODAS)

    def words(self, count: int) -> str:
        """Return a run of words."""
        start = self._dice.randrange(_POOL - count)
        return " ".join(self._pool[start : start + count])

    def sentence(self, least: int, most: int) -> str:
        """Return a sentence without its full stop."""
        text = self.words(self._dice.randint(least, most))
        return text[:1].upper() + text[1:]

    def block(self, words: int, indent: int = 2) -> str:
        """Return prose of about so many words as the lines of a YAML block."""
        sentences = []
        while words > 0:
            count = min(words, self._dice.randint(6, 16))
            text = self.words(count)
            sentences.append(text[:1].upper() + text[1:] + ".")
            words -= count
        margin = " " * indent
        return "".join(
            f"{margin}{line}\n" for line in textwrap.wrap(" ".join(sentences), 90, break_on_hyphens=False)
        )
