"""Other plugins may meddle with outcomes; states and exit code stay true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

# Each is a conftest above the suite that tries to make what fails look good.
WITHOUT_EFFECT = {
    "makereport": """
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport():
            report = yield
            report.outcome, report.longrepr = "passed", None
            return report
    """,
    "outermost makereport of a conftest": """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport():
            report = yield
            report.outcome, report.longrepr = "passed", None
            report.__dict__.pop("wasxfail", None)
            return report
    """,
    "another report": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_makereport(item, call):
            return pytest.TestReport(
                item.nodeid, item.location, {}, "passed", None, call.when
            )
    """,
    "xfail marks": """
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.xfail(reason="known"))
    """,
    "exit status": """
        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish(session):
            session.exitstatus = 0
    """,
    "outermost exit status": """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_sessionfinish(session):
            yield
            session.exitstatus = 0
    """,
    "exit status at the end": """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_cmdline_main():
            yield
            return 0
    """,
    "failures forgotten": """
        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logreport(report):
            SESSION.testsfailed = 0

        def pytest_sessionstart(session):
            global SESSION
            SESSION = session
    """,
}

FOREIGN = {
    "logreport": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            if report.nodeid.endswith("test_failed"):
                report.outcome, report.longrepr = "passed", None
    """,
    "late logreport": """
        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logreport(report):
            if report.nodeid.endswith("test_failed"):
                report.outcome, report.longrepr = "passed", None
    """,
    "makereport of a later plugin": """
        class Later:
            @pytest.hookimpl(wrapper=True, tryfirst=True)
            def pytest_runtest_makereport(self, item):
                report = yield
                if item.name == "test_failed" and report.when == "call":
                    report.outcome, report.longrepr = "passed", None
                return report

        def pytest_sessionstart(session):
            session.config.pluginmanager.register(Later())
    """,
    "patched report": """
        def pytest_sessionstart(session):
            genuine = pytest.TestReport.__setattr__

            def patched(self, name, value):
                if name == "outcome" and self.nodeid.endswith("test_failed"):
                    value = "passed"
                genuine(self, name, value)

            pytest.TestReport.__setattr__ = patched
            session.config.add_cleanup(
                lambda: delattr(pytest.TestReport, "__setattr__")
            )
    """,
    "skip marks": """
        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "test_failed":
                    item.add_marker(pytest.mark.skip(reason="slow"))
    """,
    "xfail marks that do not run": """
        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "test_failed":
                    item.add_marker(pytest.mark.xfail(reason="known", run=False))
    """,
    "skipping set-up": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(item):
            if item.name == "test_failed":
                pytest.skip("not today")
    """,
    "skipping the call": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_call(item):
            if item.name == "test_failed":
                pytest.skip("not today")
    """,
    "breaking the call": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_call(item):
            if item.name == "test_failed":
                raise RuntimeError("broken")
    """,
    "its own log": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            if item.name != "test_failed":
                return None
            for when in ("setup", "call", "teardown"):
                report = pytest.TestReport(
                    item.nodeid, item.location, {}, "passed", None, when
                )
                item.ihook.pytest_runtest_logreport(report=report)
            return True
    """,
}

DROPPING = {
    "own protocol": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item):
            return True if item.name == "test_failed" else None
    """,
    "dropped": """
        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if item.name != "test_failed"]
    """,
    "dropped late": """
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if item.name != "test_failed"]
    """,
    "dropped afterwards": """
        def pytest_collection_finish(session):
            session.items[:] = [i for i in session.items if i.name != "test_failed"]
    """,
    "deselected": """
        def pytest_collection_modifyitems(items, config):
            gone = [item for item in items if item.name == "test_failed"]
            items[:] = [item for item in items if item.name != "test_failed"]
            config.hook.pytest_deselected(items=gone)
    """,
    "not collected": """
        @pytest.hookimpl(wrapper=True)
        def pytest_make_collect_report(collector):
            report = yield
            report.result = [
                node for node in report.result if node.name != "test_failed"
            ]
            return report
    """,
}


def meddle(project: Project, conftest: str) -> pytest.RunResult:
    path = project.conftest(conftest)
    path.write_text(f"import pytest\n{path.read_text()}")
    return project.judge()


@pytest.mark.parametrize("conftest", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_a_changed_outcome_changes_no_state(project: Project, conftest: str) -> None:
    result = meddle(project, conftest)

    assert project.states == project.STATES
    assert project.report["verdict"] == "NOT READY"
    assert result.ret == 1


@pytest.mark.parametrize("conftest", FOREIGN.values(), ids=FOREIGN)
def test_an_outcome_that_contradicts_the_state_is_foreign(
    project: Project, conftest: str
) -> None:
    result = meddle(project, conftest)

    item = project.items["host.failed"]
    assert (item["state"], item["code"]) == ("not-run", "FOREIGN_OUTCOME")
    assert item["reason"].endswith("only the suite decides an item")
    assert project.states["host.verified"] == "verified"
    assert project.states["host.everything"] == "not-run"
    assert project.report["verdict"] == "INCOMPLETE"
    assert result.ret == 12


@pytest.mark.parametrize("conftest", DROPPING.values(), ids=DROPPING)
def test_an_item_that_somebody_drops_is_not_run(
    project: Project, conftest: str
) -> None:
    result = meddle(project, conftest)

    assert project.items["host.failed"]["state"] == "not-run"
    assert project.items["host.failed"]["reason"]
    assert project.states["host.verified"] == "verified"
    assert project.report["verdict"] == "INCOMPLETE"
    assert result.ret == 12


def test_a_good_item_made_bad_is_foreign_too(ready: Project) -> None:
    result = meddle(
        ready,
        """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            if report.nodeid.endswith("test_two") and report.when == "teardown":
                report.outcome, report.longrepr = "failed", "because"
        """,
    )

    assert ready.items["host.two"]["code"] == "FOREIGN_OUTCOME"
    assert result.ret == 12


@pytest.mark.parametrize(
    "body",
    [
        "import pytest\npytest.skip('no')",
        "import pytest\npytest.importorskip('no_such_module')",
        "import pytest\npytest.xfail('known')",
    ],
)
def test_a_body_that_skips_itself_is_foreign(bare: Project, body: str) -> None:
    bare.write(bare.module(bare.item("one", body)))
    bare.lock()
    result = bare.judge()

    item = bare.items["host.one"]
    assert (item["state"], item["code"]) == ("not-run", "FOREIGN_OUTCOME")
    assert result.ret == 12


@pytest.mark.parametrize(
    ("body", "state", "code"),
    [
        ("raise SystemExit(0)", "unknown", "ERROR"),
        ("raise RuntimeError('broken')", "unknown", "ERROR"),
        ("import asyncio\nraise asyncio.CancelledError", "unknown", "ERROR"),
        ("assert 1 == 2", "failed", "ASSERTION"),
        ("import pytest\npytest.fail('no good')", "failed", "ASSERTION"),
        ("pass", "unknown", "NOTHING_JUDGED"),
    ],
)
def test_what_a_body_does_beside_checks_satisfies_nothing(
    bare: Project, body: str, state: str, code: str
) -> None:
    bare.write(bare.module(bare.item("one", body)))
    bare.lock()
    result = bare.judge()

    item = bare.items["host.one"]
    assert (item["state"], item["code"]) == (state, code)
    assert result.ret == (1 if state == "failed" else 11)


def test_a_rerun_item_has_one_state(bare: Project) -> None:
    bare.write(
        bare.module(
            bare.item(
                "flaky",
                """
                import pathlib
                again = pathlib.Path("again")
                tried, _ = again.exists(), again.touch()
                assert tried, "not yet"
                check("exists", python.exists).is_true()
                """,
            )
        )
    )
    bare.lock()
    result = bare.judge("--reruns=1")

    result.stdout.fnmatch_lines(["*1 passed, 1 rerun*"])
    assert bare.states == {"host.flaky": "verified"}
    assert len(bare.items["host.flaky"]["observations"]) == 1
    assert result.ret == 0


def test_a_set_up_that_breaks_is_unknown(bare: Project) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef mine(): raise OSError('broken')\n"
    bare.write(
        bare.module(bare.item("one", arguments="check, python, mine"), head=fixture)
    )
    bare.lock()
    result = bare.judge("--reruns=1", "--showlocals")

    item = bare.items["host.one"]
    assert (item["state"], item["code"]) == ("unknown", "ERROR")
    assert "OSError: broken" in item["reason"]
    result.stdout.no_fnmatch_line("*def mine()*")
    assert result.ret == 11


def test_a_teardown_that_breaks_shows_no_frame(bare: Project) -> None:
    fixture = (
        "import pytest\n@pytest.fixture\ndef mine():\n"
        "    local = 'canary'\n    yield\n    raise OSError('broken')\n"
    )
    bare.write(
        bare.module(bare.item("one", arguments="check, python, mine"), head=fixture)
    )
    bare.lock()
    result = bare.judge("--showlocals", "--full-trace")

    assert bare.items["host.one"]["code"] == "FOREIGN_OUTCOME"
    result.stdout.fnmatch_lines(["host.one: OSError: broken"])
    result.stdout.no_fnmatch_line("*canary*")
    assert result.ret == 12


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_a_foreign_hook_that_breaks_shows_no_frame(ready: Project, phase: str) -> None:
    result = meddle(
        ready,
        f"""
        def connect(password):
            raise OSError("broken")

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_{phase}(item):
            connect("c4nary")
        """,
    )

    assert "OSError: broken" in result.stdout.str()
    result.stdout.no_fnmatch_line("*c4nary*")
    assert result.ret in {11, 12}
