"""The name prefix of drafts: temporary files that get their real name when they are complete."""

from __future__ import annotations

DRAFT_PREFIX = ".itsm-write-"  # hidden and without a suffix: never taken for a document
