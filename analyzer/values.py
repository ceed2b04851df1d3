"""Classes of values, as ``dataclasses`` makes them, in a fraction of the time.

``dataclasses`` writes and compiles six functions for each class when it is defined: half a millisecond, for
each of a hundred classes, whenever a command starts. Here a function is written when it is first called,
which most never are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final, NoReturn

__all__ = ["dataclass"]

NOT_HERE: Final = ("ClassVar", "InitVar", "KW_ONLY")
"""Annotations that stand for something else than a field."""

_MISSING: Final = dataclasses.MISSING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, *, frozen=False, slots=False, kw_only=False):
        """The decorator of ``dataclasses`` with what is used of it here.

        Raises ``TypeError`` for what only that does: fields that are inherited, annotations that are
        :data:`NOT_HERE`.
        """
        if cls is not None:
            return _valued(cls, frozen, slots, kw_only)
        return lambda cls: _valued(cls, frozen, slots, kw_only)


def _valued(cls: type, frozen: bool, slots: bool, kw_only: bool) -> type:
    _refuse(cls)
    annotations = cls.__annotations__
    names = tuple(annotations)
    said = {name: what for name, what in cls.__dict__.items() if name not in {"__dict__", "__weakref__"}}
    if said.get("__hash__") is None:  # what Python notes where a class tells equality itself
        said.pop("__hash__", None)
    given = {name: said.pop(name) for name in names if name in said}
    fields = {
        name: what if isinstance(what, dataclasses.Field) else dataclasses.field(default=what)
        for name, what in given.items()
    }

    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        new.__init__ = _initialiser(new, names, fields, frozen, slots, kw_only)  # type: ignore[misc]
        new.__init__(self, *args, **kwargs)  # type: ignore[misc]

    def equal(self: object, other: object) -> Any:
        setattr(new, "__eq__", _equality(having("compare")))  # noqa: B010 - mypy knows this one better
        return self.__eq__(other)

    def hashed(self: object) -> int:
        setattr(new, "__hash__", _hash(having("compare")))  # noqa: B010 - the same
        return hash(self)

    def described() -> dict[str, Any]:
        donor = type(
            cls.__name__, (), {**given, "__annotations__": annotations, "__module__": cls.__module__}
        )
        whole: Any = dataclasses.dataclass(kw_only=kw_only)(donor)
        made: dict[str, Any] = whole.__dataclass_fields__
        return made

    def having(trait: str) -> list[str]:
        return [name for name in names if name not in fields or getattr(fields[name], trait)]

    own: dict[str, Any] = {
        "__init__": initialise,
        "__eq__": equal,
        "__hash__": hashed if frozen else None,
        "__dataclass_fields__": _Fields(described),
        "__match_args__": () if kw_only else tuple(having("init")),
        "__repr__": _showing(having("repr")),
    }
    if frozen:
        own["__setattr__"], own["__delattr__"] = _no_setting, _no_deleting
    if slots:
        own["__slots__"] = names
        if frozen:
            own["__getstate__"], own["__setstate__"] = _travelling(names)
    else:
        own |= {name: field.default for name, field in fields.items() if field.default is not _MISSING}
    new = type(cls)(cls.__name__, cls.__bases__, {**own, **said})
    new.__qualname__ = cls.__qualname__
    return new


def _refuse(cls: type) -> None:
    if any(hasattr(base, "__dataclass_fields__") for base in cls.__mro__):
        raise TypeError(f"{cls.__qualname__} inherits fields: it needs the decorator of dataclasses")
    if any(word in str(annotation) for annotation in cls.__annotations__.values() for word in NOT_HERE):
        raise TypeError(f"{cls.__qualname__} has more than fields: it needs the decorator of dataclasses")


class _Fields:
    """``__dataclass_fields__``, made when somebody asks for them, as ``replace`` does."""

    def __init__(self, made: Callable[[], dict[str, Any]]) -> None:
        self._made = made

    def __get__(self, _value: object, kind: Any) -> dict[str, Any]:
        kind.__dataclass_fields__ = fields = self._made()
        return fields


def _initialiser(
    cls: type,
    names: Sequence[str],
    fields: Mapping[str, dataclasses.Field[Any]],
    frozen: bool,
    slots: bool,
    kw_only: bool,
) -> Callable[..., None]:
    """The ``__init__`` of a class of values, written out for its fields."""
    known: dict[str, Any] = {"_missing": _MISSING, "_set": object.__setattr__}
    taken: list[str] = []
    lines = ["pass"]
    for name in names:
        field, value = fields.get(name), name
        if field is not None and field.default_factory is not _MISSING:
            known[f"_make_{name}"] = field.default_factory
            value = f"_make_{name}()"
            if field.init:
                taken.append(f"{name}=_missing")
                value = f"{value} if {name} is _missing else {name}"
        elif field is not None and field.default is not _MISSING:
            known[f"_default_{name}"] = field.default
            value = f"_default_{name}"
            if field.init:
                taken.append(f"{name}=_default_{name}")
                value = name
        elif field is None or field.init:
            taken.append(name)
        else:
            continue
        if not frozen:
            lines.append(f"self.{name} = {value}")
        elif slots:
            known[f"_set_{name}"] = getattr(cls, name).__set__
            lines.append(f"_set_{name}(self, {value})")
        else:
            lines.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    ahead = ["self", "*"] if kw_only and taken else ["self"]
    return _written(f"__init__({', '.join(ahead + taken)})", lines, known)


def _equality(names: Sequence[str]) -> Callable[..., Any]:
    """The ``__eq__`` of values that are equal where these fields are, and of one class."""
    one, other = ("".join(f"{side}.{name}, " for name in names) for side in ("self", "other"))
    lines = (
        "if other.__class__ is self.__class__:",
        f" return ({one}) == ({other})",
        "return NotImplemented",
    )
    return _written("__eq__(self, other)", lines, {})


def _hash(names: Sequence[str]) -> Callable[..., Any]:
    """The ``__hash__`` beside such an ``__eq__``."""
    parts = "".join(f"self.{name}, " for name in names)
    return _written("__hash__(self)", [f"return hash(({parts}))"], {})


def _written(head: str, lines: Sequence[str], known: dict[str, Any]) -> Callable[..., Any]:
    """The function of this head and these lines, which see the names that are ``known``."""
    made: dict[str, Callable[..., Any]] = {}
    exec(f"def {head}:\n " + "\n ".join(lines), known, made)
    return made[head.partition("(")[0]]


def _showing(names: Sequence[str]) -> Callable[[object], str]:
    @recursive_repr()
    def shown(self: object) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({told})"

    return shown


def _travelling(names: Sequence[str]) -> tuple[Callable[..., Any], Callable[..., None]]:
    """What pickle and copy need, which would set the fields of a value that is frozen."""

    def state(self: object) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: object, state: Sequence[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return state, restore


def _no_setting(_self: object, name: str, _value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
