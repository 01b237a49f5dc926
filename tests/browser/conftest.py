"""The installed Chromium, driven by playwright, and the reports that it opens."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.reports.html import page as render
from pytest_readiness.store.document import Report
from pytest_readiness.store.files import read_report
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

_OWNERS = ("business-owner", "dba", "executive-sponsor", "ops-lead", "security-lead")
_STATES = (
    *[State.VERIFIED] * 60,
    *[State.ATTESTED] * 25,
    *[State.PENDING] * 7,
    *[State.FAILED] * 4,
    *[State.UNKNOWN, State.UNCONFIGURED, State.NOT_APPLICABLE, State.WAIVED],
)
_AXE = "axe-core@4"


def _missing(what: str) -> None:
    promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
    (pytest.fail if promised else pytest.skip)(what)


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        _missing("chromium is not installed here")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        _missing("playwright is not installed here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in its own context, and all that it did which it must not do."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def quiet(self) -> None:
        """Assert that it loaded only itself and that nothing went wrong."""
        assert self.complaints == []
        assert [one for one in self.requests if not one.startswith("file:")] == []
        assert len(self.requests) == 1


@pytest.fixture
def open_page(browser: Browser) -> Generator[Callable[..., Opened]]:
    """Give a function that opens a file; its options are those of a context."""
    contexts: list[BrowserContext] = []

    def open_page(path: Path, hash_: str = "", **options: Any) -> Opened:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(60_000)
        opened = Opened(context.new_page(), context)
        page = opened.page
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("dialog", lambda dialog: _dismiss(opened, dialog))
        page.goto(path.as_uri() + hash_)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def _dismiss(opened: Opened, dialog: Any) -> None:
    opened.complaints.append(f"a dialog: {dialog.message}")
    dialog.dismiss()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judge the demo; give its report folder."""
    folder = tmp_path_factory.mktemp("demo")
    options = ("--readiness", "--readiness-target=demo", "-q", "-p", "no:randomly")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    return folder / "readiness-report"


@pytest.fixture(scope="session")
def many(demo: Path) -> Callable[[int], Report]:
    """Give a maker of reports of so many items, which are like the demo's."""
    report = read_report(demo / "report.json")
    return lambda count: _multiplied(report, count)


def _multiplied(report: Report, count: int) -> Report:
    """Make so many items of a report's, in forty sections and in all states."""
    pick = random.Random(count)  # noqa: S311  # the same each time
    like = [item for item in report.items if item.state is not State.OUT_OF_GATE]
    items = []
    for number in range(count):
        section = number * 40 // count
        state, item = pick.choice(_STATES), pick.choice(like)
        seen = item.observations
        if state is State.FAILED:
            seen = tuple(
                one.model_copy(update={"judged": Judged.VIOLATED, "reason": "is less"})
                for one in seen
            )
        open_ = state.blocks
        changes: dict[str, Any] = {
            "id": f"section-{section}.item-{number}",
            "section": f"section-{section}",
            "section_title": f"Section {section}",
            "owner": pick.choice(_OWNERS),
            "state": state,
            "raw_state": State.FAILED if state is State.WAIVED else state,
            "code": {State.FAILED: "VIOLATED", State.PENDING: "MISSING"}.get(state, ""),
            "reason": f"number {number} is less than required" if open_ else "",
            "remedy": item.fix if open_ else "",
            "command": f"readiness attest section-{section}.item-{number}"
            if state is State.PENDING
            else "",
            "command_roles": (item.owner,) if open_ else (),
            "observations": seen,
            "signed": item.signed if state is State.ATTESTED else None,
        }
        items.append(item.model_copy(update=changes))
    return _recounted(report, items)


def _recounted(report: Report, items: list[Any]) -> Report:
    document = report.model_dump()
    found = [
        Counter(getattr(item, name) for item in items)
        for name in ("raw_state", "state")
    ]
    raw, after = ({state: one[state] for state in State} for one in found)
    document |= {
        "items": tuple(item.model_dump() for item in items),
        "counts": {"raw": raw, "after": after},
        "seen": after[State.VERIFIED],
        "signed": after[State.ATTESTED],
        "verdict": "NOT READY",
        "raw_verdict": "NOT READY",
        "exit_code": 1,
    }
    return Report.model_validate(document, strict=False)


@pytest.fixture(scope="session")
def pages(
    demo: Path,
    many: Callable[[int], Report],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """Give the demo's page, and one of a report that is not ready."""
    folder = tmp_path_factory.mktemp("pages")
    path = folder / "not-ready.html"
    path.write_bytes(render(many(300)))
    return {"demo": demo / "report.html", "not ready": path}


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fetch axe-core; it is no part of this project."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which fetches axe-core, is not installed here")
    folder = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run(
            [npm, "pack", _AXE, "--silent"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"axe-core cannot be fetched here: {type(error).__name__}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
