"""The command line: parse, call a command, print, exit. The only user of click and rich."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run ``itsm`` with the arguments of the process and exit with its code."""
    import gc
    import sys

    # What imports make stays; to look for dead cycles after every 700 objects only makes commands slower.
    gc.set_threshold(50_000)
    from itsm_gitops.cli.output import prepare, put
    from itsm_gitops.cli.quick import shown_plainly

    prepare()
    text = shown_plainly(sys.argv[1:])
    if text is not None:
        from itsm_gitops.cli.render import wants_colour

        raise SystemExit(put(text, colours=wants_colour(sys.stdout)))
    from itsm_gitops.cli.app import run

    raise SystemExit(run())
