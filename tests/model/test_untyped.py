from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.model.untyped import as_list, as_mapping, as_mappings, as_text


@pytest.mark.parametrize("value", [None, 1, True, 1.5, "", "a", [], [1, {"a": 1}], {}, {"a": 1}, {"a": [1]}])
def test_a_value_of_another_type_counts_as_empty(value: Any) -> None:
    assert as_mapping(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])
    assert as_text(value) == (value if isinstance(value, str) else "")
    assert as_mappings(value) == (
        [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
    )
