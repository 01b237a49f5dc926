"""Collecting a suite: its modules, its items, and what must not stand in them."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

import pytest

import pytest_readiness
from pytest_readiness.catalogue.building import Written, build_item
from pytest_readiness.catalogue.item import Item
from pytest_readiness.catalogue.marking import MARKERS
from pytest_readiness.catalogue.requirement import Check
from pytest_readiness.plugin import fixtures
from pytest_readiness.probes import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from pytest_readiness.plugin.run import Run

__all__ = ["ReadinessItem", "ReadinessModule", "SuiteCollection"]

_OURS = Path(pytest_readiness.__file__).parent
_PYTEST = Path(pytest.__file__).parent.parent / "_pytest"

_FIXTURES = "pytest_readiness.plugin.fixtures"

_REFUSED_MARKS = ("skip", "skipif", "xfail", "parametrize")

_HARMLESS_AUTOUSE = (
    # (package of the fixture's function, why it cannot change what an item sees)
    "pytest_django",  # isolates Django's mail box and URL configuration
    "pytest_base_url",  # verifies --base-url, which a suite does not use
    "pytest_flask",  # pushes a request context of the user's own app, if any
)


class ReadinessModule(pytest.Module):
    """A section's module; collected whatever ``python_files`` says."""


class ReadinessItem(pytest.Function):
    """One checkbox as a pytest item: its state is recorded, never read back."""

    run: Run
    item: Item
    check: Check
    problems: list[str]
    """What is wrong with what the author wrote; ``item`` is missing then."""

    @classmethod
    def of(cls, module: ReadinessModule, name: str) -> Self:
        """Make the item of a test function."""
        node: Self = cls.from_parent(module, name=name)
        built = build_item(
            Written(
                marks={
                    m.name: m.kwargs for m in node.iter_markers() if m.name in MARKERS
                },
                docstring=node.function.__doc__ or "",
                module_docstring=module.obj.__doc__ or "",
                probes=any(name in REGISTRY for name in node.fixturenames),
            )
        )
        node.problems = []
        if isinstance(built, Item):
            node.item = built
            node.extra_keyword_matches.add(built.id)
        else:
            node.problems = built
        return node

    @property
    def where(self) -> str:
        """File, line and test, for messages."""
        path, line, name = self.location
        return f"{path}:{(line or 0) + 1} {name}"

    def setup(self) -> None:
        """Start with an empty record, also when a plugin runs the item again."""
        self.check = Check(redact=self.run.redact)
        # What stands here pytest does not set up, which costs more than a whole body.
        self.funcargs["request"] = self._request
        known = self._fixtureinfo.name2fixturedefs.get("check")
        if known and known[-1].func.__module__ == _FIXTURES:
            self.funcargs["check"] = self.check
        super().setup()

    def runtest(self) -> None:
        """Run the body and judge it inside the call phase; never raises for a state."""
        self.run.judge(self, super().runtest)

    def repr_failure(  # type: ignore[override]
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        **_: object,
    ) -> str:
        """Show our message and no frame: frames print arguments, passwords included."""
        return self.run.redact(excinfo.exconly())


class SuiteCollection:
    """Collects one suite; registered as a plugin."""

    def __init__(self, suite: Path) -> None:
        self.suite = suite
        self.nodes: list[ReadinessItem] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marks that the decorators leave."""
        for name, text in MARKERS.items():
            config.addinivalue_line("markers", f"{name}: {text}")

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect the suite's modules ourselves, whatever ``python_files`` says."""
        others = yield
        if not file_path.resolve().is_relative_to(self.suite):
            return others
        if file_path.suffix != ".py" or not file_path.name.startswith("test_"):
            return []
        module: ReadinessModule = ReadinessModule.from_parent(parent, path=file_path)
        return [module]

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector, name: str, obj: object
    ) -> list[ReadinessItem] | None:
        """Make items of a suite's tests; nothing else in it is a test."""
        if not isinstance(collector, ReadinessModule):
            return None
        if not name.startswith("test_") or not callable(obj):
            return []
        return [ReadinessItem.of(collector, name)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note what was collected, before anything is deselected."""
        self.nodes = [node for node in items if isinstance(node, ReadinessItem)]

    @property
    def items(self) -> list[Item]:
        """The collected items that are written as they must be."""
        return [node.item for node in self.nodes if not node.problems]

    def problems(self) -> list[str]:
        """Say all that is wrong with the suite, a line each."""
        found: list[str] = []
        seen: dict[str, ReadinessItem] = {}
        shared: dict[str, list[ReadinessItem]] = {}
        for node in self.nodes:
            found += [f"{node.where}: {problem}" for problem in node.problems]
            found += _mark_problems(node)
            for problem in _fixture_problems(node, self.suite):
                shared.setdefault(problem, []).append(node)
            if not node.problems:
                first = seen.setdefault(node.item.id, node)
                if first is not node:
                    found.append(f"{node.where}: {node.item.id} is also {first.where}")
        for problem, nodes in shared.items():  # one fixture may be in every item's way
            more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
            found.append(f"{nodes[0].where}{more}: {problem}")
        return found


def _mark_problems(node: ReadinessItem) -> Iterator[str]:
    for mark in node.iter_markers():
        if mark.name in _REFUSED_MARKS:
            yield (
                f"{node.where}: @pytest.mark.{mark.name} would change the outcome; "
                "an item is one plain test"
            )
    function = cast("Callable[..., object]", node.function)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield f"{node.where}: is asynchronous; probes gather beforehand, bodies read"
    if inspect.isgeneratorfunction(function):
        yield f"{node.where}: is a generator, whose body nobody would run"


def _fixture_problems(node: ReadinessItem, suite: Path) -> Iterator[str]:
    known = node._fixtureinfo  # noqa: SLF001  # no public way
    definitions = known.name2fixturedefs
    for name in known.names_closure:
        if name == "request":
            # Our own fixtures ask for it too, and it has no definition to look at.
            if name not in known.argnames:
                continue
            yield "asks for `request`; needs must be known from names"
        elif name not in definitions:
            ours = ", ".join(sorted(fixtures.__all__))
            yield f"there is no fixture {name!r}; a suite has {ours}"
        else:
            for definition in _taking_part(name, definitions[name]):
                yield from _source_problems(node, suite, name, definition)


def _taking_part(
    name: str, definitions: Sequence[pytest.FixtureDef[Any]]
) -> Iterator[pytest.FixtureDef[Any]]:
    """Give the nearest definition, and those that it overrides and asks for."""
    for definition in reversed(definitions):
        yield definition
        if name not in definition.argnames:
            return


def _source_problems(
    node: ReadinessItem, suite: Path, name: str, definition: pytest.FixtureDef[Any]
) -> Iterator[str]:
    origin = _origin(definition.func, suite)
    if origin.inside and "request" in definition.argnames:
        yield f"fixture {name!r} of {origin.file} asks for `request`, as no item may"
    elif not origin.inside and not _is_trusted(origin, node, name):
        yield (
            f"fixture {name!r} comes from {origin.file or 'elsewhere'}; a suite takes "
            "fixtures from the plugin and its own folder only"
        )


def _is_trusted(origin: _Origin, node: ReadinessItem, name: str) -> bool:
    if origin.ours:
        return True
    asked = name in node._fixtureinfo.argnames  # noqa: SLF001
    return not asked and origin.package in _HARMLESS_AUTOUSE


class _Origin(NamedTuple):
    """Where a fixture's function stands; one function serves many items."""

    file: Path | None
    inside: bool
    """In the suite's folder."""
    ours: bool
    """In the plugin or in pytest."""
    package: str


@functools.cache
def _origin(function: Callable[..., object], suite: Path) -> _Origin:
    package = (getattr(function, "__module__", None) or "").split(".", 1)[0]
    try:
        file = Path(inspect.getfile(inspect.unwrap(function))).resolve()
    except TypeError:
        return _Origin(None, inside=False, ours=False, package="")
    ours = file.is_relative_to(_OURS) or file.is_relative_to(_PYTEST)
    return _Origin(file, file.is_relative_to(suite), ours, package)
