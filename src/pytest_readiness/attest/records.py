"""JSON objects of fixed form: what a signed statement is made of.

A :class:`Form` is one value's both ways, from JSON and back. A :class:`Record` is an
object: a frozen dataclass whose annotations say each member's form, from which reading
and writing follow.

**Unknown members are refused.** in-toto lets a reader ignore them, on the ground of its
monotonic principle: ignoring something may only turn an allow into a deny. Ours are not
monotonic: vetoes, revocations and a waiver's limits turn allows into denies, and a
member that a later version adds ("only for ...") may narrow what was signed. A reader
that left it out would count a signature for more than its signer said. So our own
predicates are closed (an addition is a new version in the type URI), other people's
statements are left alone.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Self,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.strict_json import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Form",
    "PredicateRecord",
    "Record",
    "by_type",
    "choice",
    "integer",
    "list_of",
    "mapping_of",
    "record",
    "text",
    "within",
]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
R = TypeVar("R", bound="Record")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """One kind of value: from JSON, raising Malformed, and back."""

    read: Callable[[object], T]
    write: Callable[[T], object]


class _Member(NamedTuple):
    name: str
    """In JSON."""
    attribute: str
    read: Callable[[object], object]
    write: Callable[[Any], object]
    required: bool


class Record:
    """Base of the dataclasses that are JSON objects; attribute ``a_b`` is ``aB``.

    A member's form is in its annotation: ``Annotated[str, PERSON]``, another record, an
    enumeration, a tuple of such; ``| None = None`` where it may be absent.
    """

    __slots__ = ()

    @classmethod
    @functools.cache
    def members(cls) -> tuple[_Member, ...]:
        """What the annotations say."""
        hints = get_type_hints(cls, include_extras=True)
        declared: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]  # each subclass is a dataclass
        return tuple(_member(field, hints[field.name]) for field in declared)

    @classmethod
    def read(cls, value: object) -> Self:
        """Read the object that strict JSON gave.

        Raises:
            Malformed: a member is missing, unknown or not of its form; ``where`` is
                the path to it.
        """
        if not is_object(value):
            raise Malformed("is no object")
        arguments: dict[str, Any] = {}
        name = ""
        # As `within`, but a call saved for each member: this is the hot loop.
        try:
            for name, attribute, read, _write, required in cls.members():
                if name in value:
                    arguments[attribute] = read(value[name])
                elif required:
                    raise Malformed("is missing")  # noqa: TRY301 - gets its name below
        except Malformed as error:
            raise error.below(name) from None
        if len(arguments) != len(value):
            raise Malformed("has a member that this version does not know")
        result = cls(**arguments)
        result.check()
        return result

    def check(self) -> None:
        """Hold the members against each other; raise Malformed."""

    def write(self) -> dict[str, object]:
        """Give the object for JSON."""
        written: dict[str, object] = {}
        for name, attribute, _read, write, _required in self.members():
            value = getattr(self, attribute)
            if value is not None:
                written[name] = write(value)
        return written


class PredicateRecord(Record):
    """Base of the records that are predicates."""

    __slots__ = ()

    TYPE: ClassVar[str]
    """The type URI; what it says never changes."""


def within(where: str, read: Callable[[object], T], value: object) -> T:
    """Read a part; what is wrong in it is found under its name."""
    try:
        return read(value)
    except Malformed as error:
        raise error.below(where) from None


def _member(field: dataclasses.Field[Any], hint: object) -> _Member:
    name = re.sub(r"_([a-z])", lambda found: found[1].upper(), field.name)
    form = _form(hint)
    required = field.default is dataclasses.MISSING
    return _Member(name, field.name, form.read, form.write, required)


def _form(hint: Any) -> Form[Any]:  # noqa: ANN401 - an annotation may be anything
    """Find the form that an annotation names."""
    arguments = get_args(hint)
    if get_origin(hint) is Annotated:
        form: Form[Any] = arguments[1]
        return form
    if get_origin(hint) is tuple:
        return list_of(_form(arguments[0]))
    if arguments:  # ... | None
        return _form(arguments[0])
    return record(hint) if issubclass(hint, Record) else choice(hint)


def _same(value: T) -> T:
    return value


def text(pattern: str, what: str) -> Form[str]:
    """A string that matches as a whole; ``what`` ends the sentence "is not"."""
    matches = re.compile(pattern).fullmatch

    def read(value: object) -> str:
        if not isinstance(value, str) or matches(value) is None:
            raise Malformed(f"is not {what}")
        return value

    return Form(read, _same)


def choice(kind: type[E]) -> Form[E]:
    """One word of an enumeration."""
    known = {str(word): word for word in kind}

    def read(value: object) -> E:
        if not isinstance(value, str) or value not in known:
            raise Malformed(f"is none of {', '.join(known)}")
        return known[value]

    return Form(read, str)


def integer(least: int) -> Form[int]:
    """A whole number, not below ``least``; strict JSON bounds it above."""

    def read(value: object) -> int:
        if type(value) is not int or value < least:
            raise Malformed(f"is no whole number of at least {least}")
        return value

    return Form(read, _same)


def list_of(form: Form[T], *, least: int = 0) -> Form[tuple[T, ...]]:
    """A list of values of one form; the reader's limits bound its length."""

    def read(value: object) -> tuple[T, ...]:
        if not is_list(value) or len(value) < least:
            raise Malformed(f"is no list of at least {least}")
        return tuple(map(form.read, value))

    return Form(read, lambda values: [form.write(value) for value in values])


def mapping_of(keys: Form[str], values: Form[T]) -> Form[Mapping[str, T]]:
    """An object whose member names are free within a form."""

    def read(value: object) -> Mapping[str, T]:
        if not is_object(value):
            raise Malformed("is no object")
        return {keys.read(key): values.read(inner) for key, inner in value.items()}

    def write(value: Mapping[str, T]) -> object:
        return {key: values.write(inner) for key, inner in value.items()}

    return Form(read, write)


def by_type(forms: Mapping[type, Form[Any]]) -> Form[Any]:
    """A value whose JSON type chooses its form, which must write it back unchanged."""
    readers = {kind: form.read for kind, form in forms.items()}

    def read(value: object) -> object:
        chosen = readers.get(type(value))
        if chosen is None:
            raise Malformed("is of no type that may stand here")
        return chosen(value)

    return Form(read, _same)


def record(kind: type[R]) -> Form[R]:
    """A nested object."""
    return Form(kind.read, kind.write)
