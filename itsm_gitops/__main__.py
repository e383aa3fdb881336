"""Run the command line with ``python -m itsm_gitops``."""

from __future__ import annotations

from itsm_gitops.cli import main

if __name__ == "__main__":
    main()
