"""A test that lacks something fails where everything was installed, and is left out elsewhere."""

from __future__ import annotations

import pytest

from tests import complete
from tests.complete import Need, need


@pytest.mark.parametrize(
    ("there", "may_lack", "whole", "ends"),
    [
        (True, False, True, None),
        (False, False, True, pytest.fail.Exception),
        (False, False, False, pytest.skip.Exception),
        (False, True, True, pytest.skip.Exception),
    ],
)
def test_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    there: bool,
    may_lack: bool,
    whole: bool,
    ends: type[BaseException] | None,
) -> None:
    monkeypatch.setattr(complete, "NEEDS", {"thing": Need(lambda: there, "somebody brings it", may_lack)})
    if ends is None:
        need("thing", complete=whole)
        return
    with pytest.raises(ends, match="thing is not here: somebody brings it"):
        need("thing", complete=whole)
