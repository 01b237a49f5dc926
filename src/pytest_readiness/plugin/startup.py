"""From ``--readiness`` to a registered session: suite, target, release, lock."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.catalogue import lock
from pytest_readiness.errors import ConfigError, ReadinessError
from pytest_readiness.plugin import tests_page
from pytest_readiness.plugin.collection import SuiteCollection
from pytest_readiness.plugin.conclusion import STANDARD_STATUS
from pytest_readiness.plugin.entry import LOCK_NAME, is_active
from pytest_readiness.plugin.gathering import Gathering
from pytest_readiness.plugin.keeping import check_baseline
from pytest_readiness.plugin.resuming import OPTION, take_over
from pytest_readiness.plugin.run import Run
from pytest_readiness.plugin.session import ReadinessSession
from pytest_readiness.plugin.settings import Settings, origin
from pytest_readiness.plugin.signing import Signing
from pytest_readiness.plugin.suite import bundled_suite, default_suite, suite_of
from pytest_readiness.probes.look import utc_now
from pytest_readiness.probes.recall import Recall
from pytest_readiness.target.digest import pin_holds
from pytest_readiness.target.finding import find, no_target_file
from pytest_readiness.target.loading import load
from pytest_readiness.target.release import read_release
from pytest_readiness.target.secret import Redactor
from pytest_readiness.target.values import near
from pytest_readiness.verdict.decision import Exit
from pytest_readiness.verdict.gate import find_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from pytest_readiness.catalogue.locked import Lock
    from pytest_readiness.demo.demo import Demo
    from pytest_readiness.target.model import Target


__all__ = ["SESSION", "LastWord", "activate", "choose_suite"]

SESSION = "readiness-session"
"""The name under which the session's hooks are registered."""
_SELECTING = (
    ("-k", "keyword"),
    ("-m", "markexpr"),
    ("--deselect", "deselect"),
    ("--ignore", "ignore"),
    ("--ignore-glob", "ignore_glob"),
    ("--lf", "lf"),
    ("--sw", "stepwise"),
)
"""Options that leave out items, and their attributes."""


def choose_suite(early_config: pytest.Config, args: list[str]) -> None:
    """Add the suite where no path is given; import it in importlib mode.

    Both ``args`` and the namespace are changed: pytest loads the initial conftests from
    the one and parses the other again.
    """
    known = early_config.known_args_namespace
    known.importmode = "importlib"
    if known.file_or_dir:
        return
    demo, target_file = False, None
    try:
        settings = Settings.of(early_config, os.environ, known)
        demo = settings.demo
        target_file = find(settings.config, early_config.rootpath)
    except ConfigError:
        pass  # reported when the plugin is configured
    here = early_config.invocation_params.dir
    suite = bundled_suite() if demo else default_suite(target_file, here)
    # First, not last: an option such as `--cov` would take it for its own value.
    args.insert(0, str(suite))
    known.file_or_dir.append(str(suite))


def activate(config: pytest.Config) -> None:
    """Load everything that a run needs and register the session's hooks."""
    notes = _in_the_controller(config)
    try:
        settings = Settings.of(config, os.environ)
        run, close = _prepare(config, settings)
    except ReadinessError as error:
        raise pytest.UsageError(str(error)) from None
    # Whatever an ini says: a suite may have modules of one name in several folders.
    config.option.importmode = "importlib"
    run.notes += run.distrust
    run.selection = [run.redact(option) for option in _selection(config)]
    run.notes += [*notes, *(f"{option} selects" for option in run.selection)]
    if run.carried:
        run.selection.append(OPTION)
        run.notes.append(
            f"{len(run.carried)} items were verified by an earlier run and not looked "
            "at again: this is no verdict on the whole, so it is never READY"
        )
    collection = SuiteCollection(run.suite)
    config.pluginmanager.register(collection)
    config.pluginmanager.register(ReadinessSession(run, collection, close), SESSION)
    tests_page.activate(config, run)


class LastWord:
    """Keeps the exit code; registered after all conftests, so that none is outside."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(
        self, config: pytest.Config
    ) -> Generator[None, object, object]:
        """Let no other plugin have the last word on the exit code."""
        status = yield
        return _final_status(config, status) if is_active(config) else status


def _final_status(config: pytest.Config, status: object) -> int:
    """Give the exit code of the run, whatever other plugins returned or raised.

    Without a decision of this process it is never 0: somebody ended pytest before.
    """
    code = (
        int(status) if isinstance(status, int) else int(pytest.ExitCode.INTERNAL_ERROR)
    )
    if code in STANDARD_STATUS:
        return code
    session = config.pluginmanager.get_plugin(SESSION)
    decided: int | None = session.status if session else None
    return int(Exit.INCOMPLETE) if decided is None else decided


def _prepare(
    config: pytest.Config, settings: Settings
) -> tuple[Run, Callable[[], None]]:
    environ: Mapping[str, str] = os.environ
    close: Callable[[], None] = _nothing
    demo: Demo | None = None
    if settings.demo:
        demo, close = _start_demo(settings)
        path, environ = demo.config_path, {**os.environ, **demo.environ}
    else:
        found = find(settings.config, config.rootpath)
        if found is None:
            raise no_target_file(config.rootpath)
        path = found
    try:
        run = _run(config, settings, path, environ)
    except BaseException:
        close()
        raise
    if demo is not None:
        run.sign_first = demo.sign
    return run, close


def _run(
    config: pytest.Config, settings: Settings, path: Path, environ: Mapping[str, str]
) -> Run:
    redactor = Redactor()
    configuration = load(path, redactor, environ)
    target = configuration.select(settings.target)
    check_baseline(settings.baseline, configuration.store.path)
    gate = find_gate(settings.gate, configuration.gates)
    report = config.invocation_params.dir / settings.out
    release = read_release(configuration, path.parent, report)
    suite = _suite(config)
    locked = lock.read(suite / LOCK_NAME)
    _check_not_applicable(target, locked)
    digest = configuration.digest(target)
    gathering = Gathering(
        configuration.targets,
        path.name,
        redactor,
        settings.deadline.total_seconds(),
        tell=_teller(config),
        recall=Recall(configuration.store.path),
    )
    distrust = [] if pin_holds(target, digest) else [_mismatch(target, digest)]
    run = Run(
        settings=settings,
        configuration=configuration,
        target=target,
        release=release,
        target_digest=digest,
        gate=gate,
        suite=suite,
        lock=locked,
        redact=redactor,
        gathering=gathering,
        signing=Signing.nothing(locked, utc_now()),
        distrust=distrust,
    )
    if settings.open:
        run.carried = take_over(run, report)
    return run


def _check_not_applicable(target: Target, locked: Lock) -> None:
    """Refuse to drop what no target may drop, and what the checklist does not have."""
    items = {item.id: item for item in locked.items}
    for item_id in target.not_applicable:
        where = f"[target.{target.name}.not_applicable] {item_id}"
        item = items.get(item_id)
        if item is None:
            meant = near(item_id, items)
            remedy = f"did you mean `{meant}`?" if meant else "see the suite's lock"
            raise ConfigError(where, "is no item of the checklist", remedy)
        if item.core or item.kind.is_rollup:
            what = "is an item that always applies"
            raise ConfigError(where, what, "take it out of this table")


def _mismatch(target: Target, digest: str) -> str:
    return (
        f"{Code.TARGET_MISMATCH}: [target.{target.name}] changed since its sha256 was "
        f"set; find out why, then set {digest}"
    )


def _start_demo(settings: Settings) -> tuple[Demo, Callable[[], None]]:
    from pytest_readiness.demo.demo import Demo  # noqa: PLC0415  # only for the demo

    folder = tempfile.TemporaryDirectory(prefix="readiness-demo-")
    try:
        demo = Demo.start(Path(folder.name), settings.demo_fault)
    except BaseException:
        folder.cleanup()
        raise

    def close() -> None:
        demo.close()
        folder.cleanup()

    return demo, close


def _nothing() -> None:
    """Close nothing: a real target is not ours to stop."""


def _suite(config: pytest.Config) -> Path:
    here = config.invocation_params.dir
    paths = [here / arg.split("::", 1)[0] for arg in config.args]
    suites = suite_of(path.absolute() for path in paths)
    if len(suites) > 1:
        names = ", ".join(map(str, suites))
        raise ConfigError(
            "--readiness", f"these are several suites: {names}", "name one"
        )
    if not suites:
        raise ConfigError(
            "--readiness",
            f"none of {', '.join(config.args)} lies in a suite",
            f"a suite is a folder with a {LOCK_NAME}; name none to take the target's",
        )
    return suites[0].resolve()


def _in_the_controller(config: pytest.Config) -> list[str]:
    # Gathering is concurrent already, items only read: workers would look again.
    if not getattr(config.option, "tx", None):
        return []
    config.option.dist, config.option.tx = "no", []
    return ["-n is ignored: the looks run at the same time already, items only read"]


def _selection(config: pytest.Config) -> list[str]:
    values = {flag: getattr(config.option, name, None) for flag, name in _SELECTING}
    return [
        f"{flag}{'' if value is True else f' {value!r}'}{_from(config, flag)}"
        for flag, value in values.items()
        if value
    ]


def _from(config: pytest.Config, flag: str) -> str:
    place = origin(config, flag)
    return f" from {place}" if place else ""


def _teller(config: pytest.Config) -> Callable[[str], None]:
    def tell(text: str) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"readiness: {text}")

    return tell
