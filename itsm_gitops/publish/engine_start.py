"""Starts a site engine apart from everything that a repository could bring along; run as a script, in isolation.

    python -I engine_start.py FOLDERS MODULE ARGUMENT…

FOLDERS are where the engine is installed, for Python installations that do not look there by themselves. It also has
the extension that makes Markdown show HTML as text instead of passing it on.
"""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

EXTENSION = "itsm_gitops_plain_text"  # the name under which the engine finds this module


def makeExtension(**_: Any) -> Any:  # noqa: N802 - the name that Python-Markdown asks for
    """Return the extension of Python-Markdown: HTML in Markdown is text."""
    from importlib import import_module

    def extend(_: Any, md: Any) -> None:
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")

    base = import_module("markdown.extensions").Extension
    return type("PlainText", (base,), {"extendMarkdown": extend})()


def main() -> None:
    """Run the engine's module as Python's -m would."""
    folders, module, *arguments = sys.argv[1:]
    sys.path += [f for f in folders.split(os.pathsep) if f and f not in sys.path]
    sys.modules[EXTENSION] = sys.modules[__name__]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
