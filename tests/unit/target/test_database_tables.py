"""What the tables below ``postgres`` take, and what they refuse."""

from __future__ import annotations

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks.database import Assertion
from tests.unit.target.conftest import Load  # noqa: TC001  # read by pytest

HEAD = """
[target.production.postgres]
host = "db"
database = "app"
user = "looks"
"""


def test_tables_are_read_as_they_are_written(load_text: Load) -> None:
    text = (
        HEAD
        + """
    ram = "16GB"
    [target.production.postgres.access.privileges]
    "sales.orders" = ["SELECT", "INSERT"]
    [target.production.postgres.structure]
    tables = { orders = ["id"], contracts = [] }
    revision = "abc"
    head = "django"
    [target.production.postgres.contents]
    rows = { contracts = 100 }
    [[target.production.postgres.contents.assertions]]
    name = "none"
    sql = '''
      SELECT count(*)
      FROM orders'''
    equals = 0
    """
    )
    postgres = load_text(text).select().postgres
    assert postgres is not None
    assert postgres.ram == 16 * 10**9
    assert postgres.access is not None
    assert postgres.access.privileges == {"sales.orders": ("SELECT", "INSERT")}
    assert postgres.structure is not None
    assert postgres.structure.revision == ("abc",)
    assert postgres.structure.tables == {"orders": ("id",), "contracts": ()}
    assert postgres.contents is not None
    assert postgres.contents.assertions[0].required == "equal to 0"
    assert postgres.contents.assertions[0].sql.split() == (
        ["SELECT", "count(*)", "FROM", "orders"]
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('ram = "16"', "ram: is no size"),
        ('access = { role = "a b" }', "role: is no name of the database"),
        (
            'structure = { head = "django", head_query = "SELECT 1" }',
            "sets head and head_query",
        ),
        ('structure = { scripts = "here" }', "sets scripts without Alembic"),
        (
            'structure = { scripts = "x", head = "alembic", revision = "a" }',
            "sets scripts and revision",
        ),
        ('structure = { head_query = " " }', "head_query: is empty"),
        (
            'contents = { assertions = [{ name = "a", sql = "SELECT 1" }] }',
            "says not what the value is",
        ),
        (
            (
                'contents = { assertions = [{ name = "a", sql = "SELECT 1", equals = 1,'
                " at_least = 1 }] }"
            ),
            "sets equals and a range",
        ),
        (
            (
                'contents.assertions = [{ name = "a", sql = "SELECT 1", at_most = 1 },'
                ' { name = "a", sql = "SELECT 2", equals = 1 }]'
            ),
            "has two of the same name",
        ),
    ],
)
def test_mistakes_are_named(lines: str, said: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(f"{HEAD}{lines}\n").select()
    assert said in str(caught.value)
    assert "postgres" in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('kind = "dump"', "misses path"),
        ('kind = "pgbackrest"', "misses stanza"),
        ('kind = "pgbackrest"\nstanza = "a"\npath = "b"', "sets path for pgBackRest"),
        ('kind = "dump"\npath = "b"\nstanza = "a"', "without pgBackRest"),
        ('kind = "dmup"\npath = "b"', "kind"),
    ],
)
def test_a_backups_place_fits_its_kind(lines: str, said: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(f"[target.production.backup]\n{lines}\n").select()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("bounds", "required"),
    [
        ({"equals": "x"}, "equal to x"),
        ({"at_least": 1}, "at least 1"),
        ({"at_most": 2.5}, "at most 2.5"),
        ({"at_least": 1, "at_most": 2}, "at least 1 and at most 2"),
    ],
)
def test_an_assertion_says_what_it_requires(
    bounds: dict[str, object], required: str
) -> None:
    assert Assertion(name="a", sql="SELECT 1", **bounds).required == required
