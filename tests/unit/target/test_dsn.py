"""A DSN says where it leads; one that would leak its password is refused unquoted."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.target.dsn import parse_dsn
from pytest_readiness.target.values import Mistake

READ = [
    ("postgresql://db.example/app", ("db.example", 5432, "app")),
    ("postgres://u:p%40ss@db:5433/app?sslmode=require", ("db", 5433, "app")),
    ("postgresql://u@[::1]:5433/app", ("::1", 5433, "app")),
    ("postgresql://[::1]/app", ("::1", 5432, "app")),
    ("postgresql://a:1,b:2/app", ("a", 1, "app")),
    ("postgresql:///app?host=%2Frun%2Fpg", ("/run/pg", 5432, "app")),
    ("postgresql://u@db", ("db", 5432, "u")),
    ("postgresql://db/app?ssl=true", ("db", 5432, "app")),
    ("host=db port=5433 dbname=app password='a b'", ("db", 5433, "app")),
    (r"host = 'd\'b' dbname=a\ b", ("d'b", 5432, "a b")),
    ("hostaddr=10.0.0.1 user=u", ("10.0.0.1", 5432, "u")),
    ("", ("", 5432, "")),
]


@pytest.mark.parametrize(("text", "location"), READ)
def test_a_dsn_says_where_it_leads(text: str, location: tuple[str, int, str]) -> None:
    dsn = parse_dsn(text)
    assert (dsn.host, dsn.port, dsn.database) == location


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hun@ter2@db/app",
        "postgresql://u:hun/ter2@db/app",
        "postgresql://u:hun?ter2@db/app",
        "postgresql://u:hunter2@",
        "postgresql://u:hun%ter2@db/app",
        "postgresql://u:hun ter2@db/app",
        "postgresql://u:hun:ter2",
        "postgresql://db:hunter2/app",
        "postgresql://db/app?hunter2",
        "postgresql://db/app?hunter2=1",
        "postgresql://db:hun\nter2/app",
        "host=db password=hun ter2",
        "host=db password=hun t=er2",
        "host=db password='hunter2",
        "host=db password='hun'ter2",
        "host=db port=hunter2",
        "hunter2",
        "mysql://u:hunter2@db/app",
    ],
)
def test_a_dsn_that_the_driver_would_quote_is_refused_without_quoting(
    text: str,
) -> None:
    with pytest.raises(Mistake) as caught:
        parse_dsn(text)
    said = f"{caught.value.what} {caught.value.remedy}"
    assert not any(part in said for part in ("hun", "ter2", "er2"))


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1)
)
def test_every_password_can_be_written_and_is_known_as_a_secret(password: str) -> None:
    uri = parse_dsn(f"postgresql://u:{quote(password, safe='')}@db:1/app")
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    words = parse_dsn(f"host=db port=1 dbname=app user=u password='{escaped}'")
    assert uri.secrets == words.secrets == (password,)
    assert (uri.host, uri.port, uri.database) == ("db", 1, "app")
    assert (
        password not in repr(uri)
        or password
        in "Dsn(host='db', port=1, database='app',"
        " words=frozenset({'password', 'user', 'host', 'port', 'dbname'}))"
    )


def test_a_dsn_names_the_words_that_it_sets() -> None:
    assert "sslmode" in parse_dsn("postgresql://db/app?sslmode=require").words
    assert "sslmode" in parse_dsn("postgresql://db/app?ssl=true").words
    assert "sslmode" not in parse_dsn("host=db").words


def test_other_secret_words_are_secrets_too() -> None:
    assert parse_dsn("host=db sslpassword=abcdef").secrets == ("abcdef",)
