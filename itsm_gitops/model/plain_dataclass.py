"""``dataclass`` for frozen classes, made quickly: every command makes dozens of them before it does anything.

The standard library writes and compiles five methods for each frozen class, and imports the modules that inspect
signatures. Here one method is compiled, ``__init__``; the others are the same for all classes. What the classes
do is the same (a test compares both), and ``dataclasses.replace``, ``fields`` and ``asdict`` work on them. A class
with anything unusual is left to the standard library.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

_USUAL = frozenset(("frozen", "slots"))
_OWN = (
    "__init__",
    "__repr__",
    "__eq__",
    "__hash__",
    "__setattr__",
    "__delattr__",
    "__post_init__",
    "__slots__",
)
_UNUSUAL_TYPES = ("ClassVar", "InitVar", "KW_ONLY")
_PLAIN_DEFAULTS = (str, int, float, bool, tuple, frozenset, type(None))
_FIELDS, _PARAMS = "__dataclass_fields__", "__dataclass_params__"
_PLAN = "__plain_fields__"

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:

    def field(*, default_factory: Callable[[], Any]) -> Any:
        """Say how the value of a field is made that nobody gives."""
        return _Made(default_factory)

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """Return what ``dataclasses.dataclass`` does, sooner where the class is frozen and has nothing unusual."""

        def made(cls: type) -> type:
            if options.get("frozen") and options.keys() <= _USUAL and _is_usual(cls):
                return _frozen(cls, slots=options.get("slots", False))
            return _by_library(cls, options)

        return made if cls is None else made(cls)

    def replace(value: Any, /, **changes: Any) -> Any:
        """Return a copy with other values in some fields, as ``dataclasses.replace``."""
        plan = vars(type(value)).get(_PLAN)
        if plan is None:
            import dataclasses

            return dataclasses.replace(value, **changes)
        return type(value)(**{name: getattr(value, name) for name in plan.types} | changes)


class _Made:
    """The default of a field that is made for each value anew."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def _by_library(cls: type, options: dict[str, bool]) -> type:
    import dataclasses

    for name in vars(cls).get("__annotations__", {}):
        default = vars(cls).get(name)
        if isinstance(default, _Made):
            setattr(cls, name, dataclasses.field(default_factory=default.make))
    return dataclasses.dataclass(**options)(cls)


def _is_usual(cls: type) -> bool:
    """Whether all of a class's own are fields with plain defaults or none, and so is what it inherits."""
    own = vars(cls)
    types = own.get("__annotations__", {})
    above = [vars(base) for base in cls.__mro__[1:] if _FIELDS in vars(base)]
    return (
        all(_PLAN in base for base in above)
        and not any(name in own for name in _OWN)
        and all(isinstance(t, str) and not any(word in t for word in _UNUSUAL_TYPES) for t in types.values())
        and all(
            isinstance(own[n], (*_PLAIN_DEFAULTS, _Made)) or _PLAN in vars(type(own[n]))
            for n in types
            if n in own
        )
    )


class _Plan(NamedTuple):
    """The fields of a class in their order, with their types and their defaults."""

    types: dict[str, str]
    defaults: dict[str, Any]


def _plan_of(cls: type) -> _Plan:
    types: dict[str, str] = {}
    defaults: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        known: _Plan | None = vars(base).get(_PLAN)
        if known:
            types |= known.types
            defaults |= known.defaults
    own = vars(cls).get("__annotations__", {})
    return _Plan(types | own, defaults | {n: vars(cls)[n] for n in own if n in vars(cls)})


class _Params:
    """What the standard library notes of a class that it made."""

    init = repr = eq = frozen = True
    order = unsafe_hash = False


class _Fields:
    """The fields as the standard library describes them, made when somebody asks."""

    def __get__(self, value: object, owner: type) -> Any:
        import dataclasses

        plan: _Plan = getattr(owner, _PLAN)
        made = dataclasses.make_dataclass(
            owner.__name__,
            [
                (n, t, _field(dataclasses.field, plan.defaults[n])) if n in plan.defaults else (n, t)
                for n, t in plan.types.items()
            ],
            frozen=True,
        )
        found = made.__dict__[_FIELDS]
        setattr(owner, _FIELDS, found)
        return found


def _field(field: Callable[..., Any], default: Any) -> Any:
    return field(default_factory=default.make) if isinstance(default, _Made) else field(default=default)


def _frozen(cls: type, *, slots: bool) -> type:
    plan = _plan_of(cls)
    names = tuple(plan.types)
    if slots:
        above = {slot for base in cls.__mro__[1:] for slot in vars(base).get("__slots__", ())}
        own = {
            k: v
            for k, v in vars(cls).items()
            if k not in plan.defaults and k not in ("__dict__", "__weakref__")
        }
        name = cls.__qualname__
        cls = type(cls)(
            cls.__name__, cls.__bases__, {**own, "__slots__": tuple(n for n in names if n not in above)}
        )
        cls.__qualname__ = name
        cls.__getstate__, cls.__setstate__ = _state(names)  # type: ignore[attr-defined, method-assign]
    for method in (_init(names, plan.defaults), *_compared(names), *_fixed(cls, names)):
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
        setattr(cls, method.__name__, method)
    for name, value in (("__match_args__", names), (_PLAN, plan), (_PARAMS, _Params()), (_FIELDS, _Fields())):
        setattr(cls, name, value)
    return cls


def _init(names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    takes = ", ".join(f"{n}=_default_{n}" if n in defaults else n for n in names)
    made = {n for n, v in defaults.items() if isinstance(v, _Made)}
    values = {n: f"_default_{n}.make() if {n} is _default_{n} else {n}" if n in made else n for n in names}
    body = "; ".join(f"_set(self, {n!r}, {value})" for n, value in values.items()) or "pass"
    within: dict[str, Any] = {"_set": object.__setattr__, **{f"_default_{n}": v for n, v in defaults.items()}}
    # The names of fields in our own sources, as the standard library takes them too.
    exec(f"def __init__(self, {takes}): {body}", within)  # noqa: S102
    init: Callable[..., None] = within["__init__"]
    return init


def _compared(names: tuple[str, ...]) -> tuple[Callable[..., Any], ...]:
    """Return what compares two values of a class, and what tells one: by all fields in their order."""
    values: Callable[[object], tuple[Any, ...]]
    if len(names) > 1:
        values = attrgetter(*names)
    else:  # one name would give its value alone

        def values(value: object) -> tuple[Any, ...]:
            return tuple(getattr(value, name) for name in names)

    def __eq__(self: object, other: object) -> Any:  # noqa: N807 - a method of the class
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    def __repr__(self: object) -> str:  # noqa: N807
        inside = ", ".join(f"{n}={v!r}" for n, v in zip(names, values(self), strict=True))
        return f"{self.__class__.__qualname__}({inside})"

    return __eq__, __hash__, __repr__


def _fixed(cls: Any, names: tuple[str, ...]) -> tuple[Callable[..., None], ...]:
    """Return what refuses to change a value."""

    def refuse(self: object, name: str, what: str) -> bool:
        if type(self) is cls or name in names:
            from dataclasses import FrozenInstanceError

            raise FrozenInstanceError(f"cannot {what} field {name!r}")
        return False

    def __setattr__(self: object, name: str, value: Any) -> None:  # noqa: N807
        if not refuse(self, name, "assign to"):
            super(cls, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:  # noqa: N807
        if not refuse(self, name, "delete"):
            super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _state(names: tuple[str, ...]) -> tuple[Callable[..., list[Any]], Callable[..., None]]:
    """Return how a class with slots is pickled."""

    def __getstate__(self: object) -> list[Any]:  # noqa: N807
        return [getattr(self, n) for n in names]

    def __setstate__(self: object, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return __getstate__, __setstate__
