"""Our frozen dataclasses do what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property
from typing import Any

import pytest

from itsm_gitops.model import plain_dataclass
from itsm_gitops.model.plain_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """A class."""

    name: str
    value: Any
    count: int = 1
    near: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """Twice the count."""
        return 2 * self.count


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """A class."""

    name: str
    value: Any
    count: int = 1
    near: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """Twice the count."""
        return 2 * self.count


@dataclass(frozen=True)
class OursOpen:
    one: str

    @cached_property
    def length(self) -> int:
        return len(self.one)


@dataclasses.dataclass(frozen=True)
class TheirsOpen:
    one: str

    @cached_property
    def length(self) -> int:
        return len(self.one)


@dataclass(frozen=True)
class OursBelow(OursOpen):
    two: str = ""


@dataclasses.dataclass(frozen=True)
class TheirsBelow(TheirsOpen):
    two: str = ""


@dataclass(frozen=True, slots=True)
class OursMade:
    """A class."""

    one: str
    made: list[str] = plain_dataclass.field(default_factory=list)

    @property
    def twice(self) -> int:
        """Twice."""
        return 2


@dataclasses.dataclass(frozen=True, slots=True)
class TheirsMade:
    """A class."""

    one: str
    made: list[str] = dataclasses.field(default_factory=list)

    @property
    def twice(self) -> int:
        """Twice."""
        return 2


@dataclass(frozen=True, slots=True)
class OursThird(Ours):
    """A class."""

    other: str = "x"


@dataclasses.dataclass(frozen=True, slots=True)
class TheirsThird(Theirs):
    """A class."""

    other: str = "x"


@dataclasses.dataclass(frozen=True)
class OursFourth(OursOpen):  # made by the standard library from one of ours
    two: str = ""


PAIRS = [
    (OursThird, TheirsThird, {"name": "a", "value": 1}),
    (OursThird, TheirsThird, {"name": "a", "value": 1, "other": "y"}),
    (OursMade, TheirsMade, {"one": "a"}),
    (OursMade, TheirsMade, {"one": "a", "made": ["b"]}),
    (Ours, Theirs, {"name": "a", "value": 1}),
    (Ours, Theirs, {"name": "a", "value": [1], "count": 3, "near": ("b",)}),
    (OursOpen, TheirsOpen, {"one": "a"}),
    (OursBelow, TheirsBelow, {"one": "a", "two": "b"}),
]


def outcome(do: Any) -> str:
    """Return what a call gives, or how it fails; one name for both classes."""
    try:
        return repr(do()).replace("Theirs", "Ours")
    except Exception as error:  # noqa: BLE001 - any failure is compared
        return f"{type(error).__name__}: {error}".replace("Theirs", "Ours")


@pytest.mark.parametrize(("ours", "theirs", "values"), PAIRS)
def test_values_behave_alike(ours: Any, theirs: Any, values: dict[str, Any]) -> None:
    def both(do: Any) -> None:
        assert outcome(lambda: do(ours(**values), ours)) == outcome(lambda: do(theirs(**values), theirs))

    first = next(iter(values))
    both(lambda v, c: v)
    both(lambda v, c: v == c(**values))
    both(lambda v, c: v == c(**{**values, first: "other"}))
    both(lambda v, c: v == "else")
    both(lambda v, c: hash(v))
    both(lambda v, c: setattr(v, first, 2))
    both(lambda v, c: delattr(v, first))
    both(lambda v, c: c())
    both(lambda v, c: c(*values.values()))
    both(lambda v, c: c(**values, more=1))
    both(lambda v, c: dataclasses.asdict(v))
    both(lambda v, c: dataclasses.replace(v, **{first: "z"}))
    both(lambda v, c: plain_dataclass.replace(v, **{first: "z"}))
    both(lambda v, c: plain_dataclass.replace(v, wrong="z"))
    both(lambda v, c: pickle.loads(pickle.dumps(v)))
    both(lambda v, c: copy.deepcopy(v))
    both(lambda v, c: [(f.name, f.type, f.default, f.default_factory) for f in dataclasses.fields(v)])
    both(lambda v, c: c.__match_args__)
    both(
        lambda v, c: (c.__doc__, c.__qualname__, c.__module__ == __name__) if c.__doc__ == "A class." else ""
    )
    both(lambda v, c: getattr(v, "twice", None) or v.length)
    both(lambda v, c: hasattr(v, "__dict__"))
    both(lambda v, c: c.__slots__ if "__slots__" in vars(c) else "")
    assert ours(**values) != theirs(**values)


def test_the_library_goes_on_from_ours() -> None:
    made = OursFourth("a", "b")
    assert (made.one, made.two, made.length) == ("a", "b", 1)
    assert dataclasses.replace(made, one="c") == OursFourth("c", "b")


def test_a_class_without_fields_of_its_own() -> None:
    @dataclass(frozen=True, slots=True)
    class Same(Ours):
        pass

    @dataclass(frozen=True)
    class Nothing:
        pass

    assert Nothing() == Nothing()
    assert repr(Nothing()).endswith("Nothing()")
    assert Same("a", 1) == Same("a", 1) != Ours("a", 1)


def test_a_match_takes_values_apart() -> None:
    match Ours("a", 2):
        case Ours(name, value):
            assert (name, value) == ("a", 2)


def test_what_is_unusual_is_left_to_the_standard_library() -> None:
    @dataclass(frozen=True)
    class Listed:
        names: list[str] = dataclasses.field(default_factory=list)

    @dataclass
    class Changing:
        name: str = ""
        more: list[str] = plain_dataclass.field(default_factory=list)

    assert Listed().names == Changing().more == []
    assert OursMade("a").made is not OursMade("a").made
    changing = Changing()
    changing.name = "b"
    assert changing == Changing("b")
