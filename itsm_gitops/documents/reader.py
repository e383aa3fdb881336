"""Reads documents: YAML restricted to a safe core, and JSON as its subset.

Sound documents take the quick way (`fast`). Anything else is read again the careful way (`slow`),
which lists every problem with its position. YAML itself is imported on first use.
"""

from __future__ import annotations

from itsm_gitops.documents import chars
from itsm_gitops.documents.problems import LIMITS, Limits, Loaded, too_large


def load(raw: bytes, *, limits: Limits = LIMITS) -> Loaded:
    """Read one document whose top level is a mapping.

    The data holds dicts with string keys, lists, strings, ints, finite floats, booleans and None, and
    shares nothing. With any problem the data is None. Never raises on content.
    """
    if len(raw) > limits.size:
        return Loaded(None, (too_large(len(raw), limits),))
    text = chars.clean_text(raw)
    if text is None:
        return Loaded(None, tuple(chars.diagnose(raw)))
    from itsm_gitops.documents import events, fast, slow

    try:
        return Loaded(fast.read(text, limits), ())
    except (fast.Doubt, events.YAMLError, ValueError, OverflowError, RecursionError):
        return slow.read(text, limits)
