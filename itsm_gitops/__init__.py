"""itsm-gitops: IT service management as schema-validated files in a Git repository."""

from __future__ import annotations

__version__ = "0.1.0"
