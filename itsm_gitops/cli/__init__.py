"""The command line: parse, call a command, print, exit. The only user of click and rich."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run ``itsm`` with the arguments of the process and exit with its code."""
    from itsm_gitops.cli.app import run

    raise SystemExit(run())
