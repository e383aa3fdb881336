"""Makes random documents: data, and texts of that data in every layout people use."""

from __future__ import annotations

import json
import os
import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from itsm_gitops.documents import LIMITS, LoadedDocument, chars, render
from itsm_gitops.documents.chars import is_clean


def examples(usual: int, full: int) -> settings:
    """How many examples a property is tried on: ``full`` where ``ITSM_FULL`` is set (``make test-all``)."""
    count = full if os.environ.get("ITSM_FULL") else usual
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))


WORDS = [
    "no", "on", "~", "null", "true", "012", "1e3", "0x1F", "0o7", ".5", "5.", "1_000", "12:30:45", "2026-11-22",
    "2026-11-22T10:00:00Z", " lead", "trail ", "a: b", "a #b", "#c", "- x", "-", "?", "? x", ":x", "x:", "[a]", "{a}",
    "a, b", "'q'", '"q"', "it's", "&a", "*a", "!t", "@x", "`x`", "%x", "|", ">", "---", "--- x", "...", "<<", "=", "",
    "one two three", "äöü 😀", "back\\slash", "tab\there", "two\nlines", "two\nlines\n", "keep\n\n\n", "\nlead break",
    " indented\nfirst\n", "a\n\n  b\n\nc\n", "x" * 200, "http://example.org/a?b=c#d", "yes: no", "\n", "a\r\nb", ".inf", "+1", "9" * 25,
]  # fmt: skip
texts = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8"), max_size=30).filter(is_clean)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
keys = (
    st.sampled_from(
        ["id", "kind", "title", "state", "links", "a", "b", "x-1", "no", "1", "a b", "ä", "<<", "a: b", "~"]
    )
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(keys, values, max_size=7)


def same(one: Any, other: Any) -> bool:
    """Equal data, telling 1, 1.0 and true apart."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def load_value(raw: bytes, *, pure: bool = False) -> LoadedDocument:
    """Read one document of any kind (a scalar, a list) the careful way; ``pure`` avoids the C parser."""
    from itsm_gitops.documents import slow

    text = chars.clean_text(raw)
    if text is None:
        return LoadedDocument(None, tuple(chars.diagnose(raw)))
    return slow.read(text, LIMITS, mapping=False, pure=pure)


class Scribe:
    """Writes data as YAML the way different people would: random styles, indents and comments."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.step = self.pick.choice([1, 2, 2, 3, 4])
        self.dash = self.pick.choice([0, 0, 2, 4])
        self.comments = self.pick.choice([0.0, 0.1, 0.4])
        self.flows = self.pick.choice([0.0, 0.2, 0.6])
        self.count = 0

    def document(self, data: dict[str, Any]) -> str:
        if not data:
            body = "{}\n"
        elif self.pick.random() < self.flows / 3:
            body = self.flow(data, 1) + "\n"
        else:
            body = "".join(self.block(data, 0))
        if self.pick.random() < 0.1 and not body.startswith("%"):
            body = f"--- # {self.number()}\n" + body
        if self.pick.random() < 0.2:
            body = f"# head {self.number()}\n\n{body}"
        if self.pick.random() < 0.1:
            body += f"# tail {self.number()}\n"
        if self.pick.random() < 0.2 and not body.endswith("\n\n"):
            body = body.removesuffix("\n") if not self._ends_in_block(body, data) else body
        return body.replace("\n", "\r\n") if self.pick.random() < 0.25 else body

    @staticmethod
    def _ends_in_block(body: str, data: Any) -> bool:
        """Without its final newline a block at the end would be other data."""
        while isinstance(data, dict | list) and data:
            data = list(data.values())[-1] if isinstance(data, dict) else data[-1]
        return isinstance(data, str) and "\n" in data

    @staticmethod
    def can_fold(value: str) -> bool:
        return render.can_be_block(value) and render.folded(value, 1) is not None

    def number(self) -> int:
        self.count += 1
        return self.count

    def noise(self, indent: int, *, blank: bool) -> list[str]:
        out = []
        if blank and self.pick.random() < 0.1:
            out.append("\n")
        if self.pick.random() < self.comments:
            out.append(" " * indent + f"# note {self.number()}: 'x' [y\n")
        return out

    def tail(self) -> str:
        spaces = " " * self.pick.choice([0, 0, 0, 1])
        return f" {spaces}# tail {self.number()}" if self.pick.random() < self.comments else spaces

    def block(self, value: Any, indent: int) -> list[str]:
        """Lines of a collection that is not empty."""
        out: list[str] = []
        margin = " " * indent
        if isinstance(value, dict):
            for key, item in value.items():
                out += self.noise(indent, blank=not (out and out[-1].endswith("\n\n")))
                name = self.flow_scalar(key)
                colon = ":" + " " * self.pick.choice([0, 0, 0, 3])
                out += self.entry(margin + name + colon, item, indent, in_list=False)
        else:
            for item in value:
                out += self.noise(indent, blank=not (out and out[-1].endswith("\n\n")))
                out += self.entry(margin + "-", item, indent, in_list=True)
        return out

    def entry(self, head: str, value: Any, indent: int, *, in_list: bool) -> list[str]:
        if value is None and self.pick.random() < 0.3:
            return [f"{head}{self.tail()}\n"]
        if isinstance(value, dict | list) and value and self.pick.random() >= self.flows:
            step = self.step if isinstance(value, dict) or in_list else self.dash
            if in_list and self.pick.random() < 0.8:
                below = self.block(value, indent + 2)
                first = next(
                    i for i, line in enumerate(below) if line.strip() and not line.lstrip().startswith("#")
                )
                return [f"{head} {below[first].lstrip(' ')}", *below[first + 1 :]]
            return [f"{head}{self.tail()}\n", *self.block(value, indent + max(step, 1 if in_list else 0))]
        if (
            isinstance(value, str)
            and "\n" in value
            and self.pick.random() < 0.7
            and render.can_be_block(value)
        ):
            step = self.pick.choice([1, 2, 4])
            text = render.block(value, indent + step, step)
            first, _, rest = text.partition("\n")
            return [f"{head} {first}{self.tail()}\n", rest + "\n"]
        if isinstance(value, str) and value and self.pick.random() < 0.15 and self.can_fold(value):
            first, _, rest = (render.folded(value, indent + 3) or "").partition("\n")
            return [f"{head} {first}{self.tail()}\n", rest + "\n"]
        return [f"{head} {self.flow(value, indent + 1)}{self.tail()}\n"]

    def flow(self, value: Any, indent: int) -> str:
        if isinstance(value, dict):
            parts = [f"{self.flow_scalar(k, flow=True)}: {self.flow(v, indent)}" for k, v in value.items()]
            return "{" + self.join(parts, indent) + "}"
        if isinstance(value, list):
            return "[" + self.join([self.flow(item, indent) for item in value], indent) + "]"
        return self.flow_scalar(value, flow=True)

    def join(self, parts: list[str], indent: int) -> str:
        pad = " " * self.pick.choice([0, 1])
        if not parts:
            return pad
        if self.pick.random() < 0.2:
            note = f" # in {self.number()}" if self.pick.random() < self.comments else ""
            space = "\n" + " " * (indent + self.pick.choice([0, 2]))
            trail = "," if self.pick.random() < 0.3 else ""
            return space + f",{note}{space}".join(parts) + trail + note + space
        return pad + ", ".join(parts) + pad

    def flow_scalar(self, value: Any, *, flow: bool = False) -> str:
        if not isinstance(value, str):
            return render.render_number(value)
        roll = self.pick.random()
        if roll < 0.5 and render.can_be_plain(value, flow=True, strict=False):
            return value
        if roll < 0.75 and render.can_be_quoted(value):
            return "'" + value.replace("'", "''") + "'"
        return render.double_quote(value) if roll < 0.9 else render.quote(value)
