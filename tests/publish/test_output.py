"""Files of a site are written whole, whenever somebody presses Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from itsm_gitops.publish import output
from itsm_gitops.publish.output import claim


@pytest.mark.parametrize("before", ["a longer text that was here", "short", "same size"])
def test_an_interrupted_write_leaves_one_version_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    original = output._write_all

    def interrupted(handle: int, content: bytes) -> None:
        original(handle, content[:4])
        os.kill(os.getpid(), signal.SIGINT)
        original(handle, content[4:])

    with claim(tmp_path / "site", "internal") as folder:
        assert folder.write("a/page.html", before.encode())
        monkeypatch.setattr(output, "_write_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            folder.write("a/page.html", b"new words")
    assert (tmp_path / "site/a/page.html").read_bytes() == b"new words"
