"""What is wrong in a suite is said before anything is judged, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

UPDATE = "run `readiness check --write`"


def refusal(project: Project, *arguments: str) -> list[str]:
    """Give the lines of a run that is refused."""
    result = project.judge(*arguments)

    assert result.ret == 4
    result.stderr.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert not project.report_path.exists()
    return [line.removeprefix("ERROR: ") for line in result.errlines if line]


DOC = '"""It holds.\n\n    Why: so.\n    Fix: so.\n    """'
ITEM = '@item("new", owner="dba")'
BODY = 'check("exists", python.exists).is_true()'


def written(
    decorators: str = ITEM,
    doc: str = DOC,
    title: str = '"""Host."""',
    section: str = 'section("host", stage="pre-production")',
    define: str = "def",
) -> str:
    """Write a module with one mistake in it."""
    return (
        f"{title}\nimport pytest\n"
        "from pytest_readiness import attested, days, item, rollup, section\n"
        f"pytestmark = {section}\n\n"
        f"{decorators}\n{define} test_one(check, python):\n    {doc}\n    {BODY}\n"
    )


MISTAKES = {
    "no claim": (
        written(doc='"""\n    Why: so.\n    Fix: so.\n    """'),
        "has no claim",
    ),
    "no Why": (
        written(doc='"""It holds.\n\n    Fix: so.\n    """'),
        "has no `Why:`",
    ),
    "empty Why": (
        written(doc='"""It holds.\n\n    Why:\n    Fix: so.\n    """'),
        "has no `Why:`",
    ),
    "no Fix": (
        written(doc='"""It holds.\n\n    Why: so.\n    """'),
        "has no `Fix:`",
    ),
    "no title": (written(title=""), "the module has no docstring"),
    "no section": (written(section="[]"), "has no `pytestmark = section("),
    "no item": (written(decorators=""), 'has no `@item("id", owner="...")`'),
    "bad slug": (
        written('@item("Not A Slug", owner="dba")'),
        "item id 'Not A Slug' is no slug such as",
    ),
    "bad section slug": (
        written(section='section("Host_1", stage="pre-production")'),
        "section id 'Host_1' is no slug",
    ),
    "unknown stage": (
        written(section='section("host", stage="some-day")'),
        "stage 'some-day' is none of ",
    ),
    "unknown owner": (
        written('@item("one", owner="nobody")'),
        "owner 'nobody' is none of business-owner, ",
    ),
    "unknown scope": (
        written('@item("one", owner="dba", scope="world")'),
        "scope 'world' is none of ",
    ),
    "unknown role": (
        written(f'{ITEM}\n@attested(role="nobody", scope="release")'),
        "role 'nobody' is none of ",
    ),
    "unknown role of several": (
        written(f'{ITEM}\n@attested(role=("dba", "nobody"), scope="release")'),
        "role 'nobody' is none of ",
    ),
    "a role twice": (
        written(f'{ITEM}\n@attested(role=("dba", "dba"), scope="release")'),
        "@attested names a role twice",
    ),
    "no role": (
        written(f'{ITEM}\n@attested(role=(), scope="release")'),
        "@attested names no role",
    ),
    "attested scope": (
        written(f'{ITEM}\n@attested(role="dba", scope="world")'),
        "scope of @attested 'world' is none of ",
    ),
    "attested when": (
        written(f'{ITEM}\n@attested(role="dba", scope="release", when="never")'),
        "when of @attested 'never' is none of always, unconfigured",
    ),
    "max_age": (
        written(f'{ITEM}\n@attested(role="dba", scope="release", max_age=days(0))'),
        "max_age of @attested is not positive",
    ),
    "skip": (
        written(f"{ITEM}\n@pytest.mark.skip"),
        "@pytest.mark.skip would change the outcome",
    ),
    "skipif": (
        written(f'{ITEM}\n@pytest.mark.skipif(True, reason="x")'),
        "@pytest.mark.skipif would change the outcome",
    ),
    "xfail": (
        written(f"{ITEM}\n@pytest.mark.xfail"),
        "@pytest.mark.xfail would change the outcome",
    ),
    "parametrize": (
        written(f'{ITEM}\n@pytest.mark.parametrize("number", [1, 2])'),
        "@pytest.mark.parametrize would change the outcome",
    ),
    "module skip": (
        written(section='[section("host", stage="pre-production"), pytest.mark.skip]'),
        "@pytest.mark.skip would change the outcome",
    ),
    "asynchronous": (written(define="async def"), "is asynchronous"),
    "generator": (written(doc=f"{DOC}\n    yield"), "is a generator"),
    "asynchronous generator": (
        written(define="async def", doc=f"{DOC}\n    yield"),
        "is asynchronous",
    ),
}


@pytest.mark.parametrize(("module", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_file_and_test(
    ready: Project, module: str, said: str
) -> None:
    ready.write(module, "test_mistake.py")
    lines = [line for line in refusal(ready) if "test_mistake.py" in line]

    assert len(lines) == 1, lines
    assert lines[0].startswith("readiness: readiness_suite/test_mistake.py:")
    assert " test_one: " in lines[0]
    assert said in lines[0]


def test_all_mistakes_are_said_at_once(ready: Project) -> None:
    doc = '"""It holds.\n\n    Fix: so.\n    """'
    module = written('@item("A b", owner="nobody")\n@pytest.mark.skip', doc)
    ready.write(module, "test_mistake.py")
    lines = refusal(ready, "-n2")

    told = ("item id 'A b'", "owner 'nobody'", "`Why:`", "@pytest.mark.skip")
    assert all(any(what in line for line in lines) for what in told)


def test_an_id_that_is_there_twice_names_both(ready: Project) -> None:
    ready.write(ready.module(ready.item("one")), "test_again.py")
    lines = refusal(ready)

    (line,) = [line for line in lines if "is also" in line]
    assert "test_again.py" in line
    assert "host.one is also " in line
    assert "test_host.py" in line


def test_rollups_that_cover_each_other(bare: Project) -> None:
    both = [
        bare.item(name, "", arguments="", decorators=['@rollup(over="*")'])
        for name in ("this", "that")
    ]
    bare.write(bare.module(*both))
    bare.lock()
    lines = refusal(bare)

    assert any("rollups cover each other" in line for line in lines)
    assert any("host.this -> " in line or "host.that -> " in line for line in lines)


# ------------------------------------------------------------------- against the lock


def test_an_item_that_the_lock_does_not_have(ready: Project) -> None:
    ready.write(ready.module(ready.item("new"), section="new"), "test_new.py")

    assert refusal(ready) == [
        f"readiness: suite.lock: new.new: not in the lock; {UPDATE}"
    ]


def test_an_item_that_says_something_else(ready: Project) -> None:
    text = (ready.suite / "test_host.py").read_text()
    ready.write(text.replace("The one holds", "The one holds on Tuesdays"))
    lines = refusal(ready)

    assert lines == [
        (
            "readiness: suite.lock: host.one: its wording changed, so that signatures "
            f"on it are stale; {UPDATE}"
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('owner="ops-lead"', 'owner="dba"', "owner was ops-lead, is dba"),
        ('"ops-lead")', '"ops-lead", core=True)', "core was False, is True"),
        ('"pre-production"', '"daily"', "stage was pre-production, is daily"),
    ],
)
def test_an_item_that_is_another_one(
    ready: Project, old: str, new: str, said: str
) -> None:
    text = (ready.suite / "test_host.py").read_text()
    ready.write(text.replace(old, new, 1))

    assert any(said in line and UPDATE in line for line in refusal(ready))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Why: it must.", "Why: because of Tuesdays."),
        ("Fix: make it hold.", "Fix: press the button."),
        ("The one holds.", "The   one\n    holds."),
    ],
)
def test_what_is_no_part_of_an_items_wording_may_change(
    ready: Project, old: str, new: str
) -> None:
    text = (ready.suite / "test_host.py").read_text()
    assert old in text
    ready.write(text.replace(old, new))
    result = ready.judge()

    assert result.ret == 0


def test_an_item_that_the_suite_does_not_have_is_not_run(ready: Project) -> None:
    items = (ready.item("one"), ready.item("two"), ready.ROLLUP)
    ready.write(ready.module(*items))
    result = ready.judge()

    assert ready.items["host.three"]["state"] == "not-run"
    assert ready.items["host.three"]["reason"] == "it was not collected"
    assert ready.states["host.everything"] == "not-run"
    assert result.ret == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("[checklist]", "[checklst]"), "checklst"),
        (lambda text: text.replace("core = false", "core = 0", 1), "core"),
        (lambda _: "not = toml = at all", "is not TOML"),
        (lambda text: text + text.partition("[[item]]")[1] + "\n", "is missing"),
    ],
)
def test_a_broken_lock_is_one_line(ready: Project, change: object, said: str) -> None:
    path = ready.suite / "suite.lock"
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    lines = refusal(ready)

    assert len(lines) == 1
    assert said in lines[0]
    assert UPDATE in lines[0]
