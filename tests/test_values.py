"""The classes do what those of ``dataclasses`` do: each is made by both, and the two are compared."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import values

T = TypeVar("T")


class Plain:
    """Fields of every kind."""

    first: int
    second: str = "two"
    third: list[int] = dataclasses.field(default_factory=list, compare=False)
    fourth: int = dataclasses.field(default=4, repr=False)

    def both(self) -> str:
        return f"{self.first} {self.second}"


class Single:
    only: object


class Empty:
    """No field at all."""

    def __repr__(self) -> str:
        return "nothing"


class After:
    given: int
    made: int = dataclasses.field(init=False)
    more: list[int] = dataclasses.field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", self.given + 1)


class Own:  # noqa: PLW1641 - whether it has a hash is the question
    part: int
    other: int = 0

    def __eq__(self, other: object) -> bool:
        return self.part == getattr(other, "part", None)


class Of(Generic[T]):
    what: T


CLASSES = (Plain, Single, Empty, After, Own, Of)
OPTIONS: list[dict[str, bool]] = [
    {"frozen": frozen, "slots": slots, "kw_only": kw_only}
    for frozen in (False, True)
    for slots in (False, True)
    for kw_only in (False, True)
]


def again(kind: type) -> type:
    """A class of the same body that no decorator has seen."""
    body = {
        name: copy.copy(what) if isinstance(what, dataclasses.Field) else what
        for name, what in vars(kind).items()
        if name not in {"__dict__", "__weakref__"}
    }
    if kind is Own:
        del body["__hash__"]
    return type(kind.__name__, kind.__bases__, body)


def outcome(done: Any) -> object:
    """What a function gives, or the error that it raises."""
    try:
        return done()
    except (TypeError, AttributeError) as error:
        return type(error)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", CLASSES)
@settings(max_examples=15)
@given(
    args=st.lists(st.integers(0, 2), max_size=4),
    named=st.dictionaries(
        st.sampled_from(["first", "second", "given", "part", "only", "what"]), st.integers(0, 2)
    ),
)
def test_a_class_does_what_that_of_dataclasses_does(
    kind: type, options: dict[str, bool], args: list[int], named: dict[str, int]
) -> None:
    mine, theirs = values.dataclass(**options)(again(kind)), dataclasses.dataclass(**options)(again(kind))
    seen = []
    for made in (mine, theirs):
        value = outcome(lambda made=made: made(*args, **named))
        other = outcome(lambda made=made: made(*args[::-1], **named))
        if isinstance(value, type):
            seen.append([value])
            continue
        fields = dataclasses.fields(value)
        seen.append(
            [
                repr(value),
                [getattr(value, field.name) for field in fields],
                [(field.name, field.type, field.init, field.compare, field.kw_only) for field in fields],
                value == copy.copy(value),
                value == other,
                value != other,
                outcome(lambda value=value: hash(value) == hash(copy.deepcopy(value))),
                outcome(lambda value=value: setattr(value, "first", 9)) is None,
                outcome(lambda value=value: setattr(value, "surplus", 9)) is None,
                outcome(lambda value=value: delattr(value, "first")) is None,
                outcome(lambda value=value: repr(value)),
                outcome(lambda value=value: repr(dataclasses.replace(value))),
                outcome(lambda value=value: dataclasses.asdict(value)),
                made.__match_args__,
                made.__doc__ if kind in {Plain, Empty} else None,
                hasattr(value, "__dict__"),
            ]
        )
    assert seen[0] == seen[1]


@values.dataclass(frozen=True, slots=True)
class Sent:
    """Travels to another process."""

    name: str
    parts: tuple[int, ...] = ()


@values.dataclass(frozen=True)
class Asked:
    """Remembers what it was asked."""

    base: int

    @cached_property
    def double(self) -> int:
        return 2 * self.base


@values.dataclass
class Ring:
    """May hold itself."""

    next: Any = None


@given(st.text(), st.lists(st.integers()).map(tuple))
def test_a_frozen_value_travels(name: str, parts: tuple[int, ...]) -> None:
    value = Sent(name, parts)
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert {value: 1}[Sent(name, parts)] == 1
    match value:
        case Sent(found, others):
            assert (found, others) == (name, parts)


def test_a_value_that_is_frozen_may_remember() -> None:
    value = Asked(2)
    assert (value.double, value.double, value == Asked(2)) == (4, 4, True)
    with pytest.raises(dataclasses.FrozenInstanceError, match="base"):
        value.base = 3  # type: ignore[misc]


def test_values_of_two_classes_differ() -> None:
    assert Asked(1) != Sent("1")
    assert values.dataclass(again(Single))(1) != values.dataclass(again(Single))(1)


def test_a_value_that_holds_itself_is_shown() -> None:
    ring = Ring()
    ring.next = ring
    assert repr(ring) == "Ring(next=...)"


def test_what_only_dataclasses_does_is_refused() -> None:
    class Inherits(Asked):
        more: int

    class Shares:
        count: ClassVar[int] = 0

    for kind in (Inherits, Shares):
        with pytest.raises(TypeError, match=kind.__name__):
            values.dataclass(kind)


def test_a_class_without_values_costs_no_compiling() -> None:
    """The point of it all: what is never called is never written."""
    code = (
        "import sys; from analyzer import values; written = []\n"
        "sys.addaudithook(lambda event, args: event == 'compile' and written.append(args))\n"
        "@values.dataclass(frozen=True, slots=True)\n"
        "class Value:\n    one: int\n    two: int = 2\n"
        "print(len(written)); Value(1); print(len(written)); Value(2); print(len(written))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1", "1"]
