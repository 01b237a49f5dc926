"""The table of a Prometheus: its queries are read before any server is asked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks import PrometheusBlock, PrometheusQuery
from pytest_readiness.target.presets import PRESETS
from pytest_readiness.target.promql import has_threshold, metrics, selectors

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

TABLE = '[target.production.prometheus]\nurl = "https://prometheus"\n'
OPEN = TABLE.replace("https", "http")
QUERIES = f"{TABLE}[target.production.prometheus.queries]\n"
P95 = f"{TABLE}[target.production.prometheus.queries.p95]\n"
REFERENCE = "[target.production.prometheus.queries.p95] promql"


def block(load_text: Load, text: str, **environ: str) -> PrometheusBlock:
    found = load_text(text, environ).select().prometheus
    assert found is not None
    return found


# ----------------------------------------------------------------------------- queries


def test_a_query_is_a_text_or_a_table(load_text: Load) -> None:
    text = f"{QUERIES}up = 'up{{job=\"engine\"}}'\np95 = {{promql = 'x', unit = 's'}}\n"
    asked = block(load_text, text).asked
    assert asked["up"] == PrometheusQuery(promql='up{job="engine"}')
    assert (asked["p95"].promql, asked["p95"].unit) == ("x", "s")
    assert asked["p95"].step == dt.timedelta(minutes=1)


def test_a_reference_stands_for_a_query(load_text: Load) -> None:
    found = block(load_text, f'{QUERIES}up = "${{env:Q}}"\n', Q="up > 0")
    assert found.asked["up"].samples == ("up",)


def test_a_hidden_query_is_known_by_its_name(load_text: Load) -> None:
    config = load_text(f'{P95}promql = "${{secret:env:Q}}"\n', {"Q": 'up{x="abcdefg"}'})
    target = config.select()
    trail = ("prometheus", "queries", "p95", "promql")
    assert target.hidden == {trail: "env:Q"}
    assert target.prometheus is not None
    assert target.prometheus.asked["p95"].promql == 'up{x="abcdefg"}'


@pytest.mark.parametrize(
    ("promql", "found"),
    [
        ("up", ("up",)),
        ("time()", ()),
        ('up{job=~"a|b",} offset 1w', ('up{job=~"a|b"}',)),
        ("sum(rate(a[5m] @ end())) / sum(rate(b[5m]))", ("a", "b")),
        ("max_over_time(rate(a[5m])[1h:1m]) or a offset 1d", ("a",)),
        ('{__name__="a",b="c}"}', ('{__name__="a",b="c}"}',)),
    ],
)
def test_the_series_behind_a_query_are_known(
    promql: str, found: tuple[str, ...]
) -> None:
    assert selectors(promql) == found


def test_the_metrics_of_a_rule_are_known_where_it_is_readable() -> None:
    assert metrics('rate(a_total{x="b"}[5m]) > on (x) c') == {"a_total", "c"}
    assert metrics("a if b") == frozenset()


def test_another_dialect_names_its_series(load_text: Load) -> None:
    text = f"{P95}promql = 'default_rollup(a)'\nsampled_by = ['a{{b=\"c\"}}']\n"
    assert block(load_text, text).asked["p95"].samples == ('a{b="c"}',)


# ----------------------------------------------------------------------------- presets


@pytest.mark.parametrize("matchers", [[], ['job="a"', 'pod=~"b{1,}"']])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_promql_of_series_that_the_matchers_choose(
    preset: str, matchers: list[str]
) -> None:
    chosen = ", ".join(matchers)
    asked = PrometheusBlock(url="https://p", presets={preset: chosen}).asked
    assert asked.keys() == PRESETS[preset].keys()
    for query in asked.values():
        assert "<on>" not in query.promql
        assert query.samples
        assert all(one in series for series in query.samples for one in matchers)


def test_a_query_goes_before_a_preset(load_text: Load) -> None:
    text = (
        f"{TABLE}presets = {{node = '', cadvisor = ''}}\n"
        "[target.production.prometheus.queries]\n"
    )
    both = PRESETS["node"].keys() & PRESETS["cadvisor"].keys()
    text += "".join(f"{name} = 'up'\n" for name in both)
    asked = block(load_text, text).asked
    assert {asked[name].promql for name in both} == {"up"}
    assert asked["node-up"].promql == "up"
    assert len(both) > 1


# ---------------------------------------------------------------------------- mistakes

MISTAKES = {
    "no PromQL": (
        f"{P95}promql = 'sum(x'\n",
        f"{REFERENCE}: is no PromQL that is known here: ",
        "correct it; for another dialect, name its series in `sampled_by`",
    ),
    "a window": (
        f"{P95}promql = 'x[5m]'\n",
        f"{REFERENCE}: gives windows of samples, not a value; ",
        "put a function around it, such as rate(...)",
    ),
    "a text": (
        f"{P95}promql = '\"x\"'\n",
        f"{REFERENCE}: gives a text, not a value; ",
        "ask for a series",
    ),
    "an empty query": (f"{P95}promql = ' '\n", f"{REFERENCE}: is empty; ", "give a"),
    "a long query": (
        f"{P95}promql = '{'x' * 4001}'\n",
        f"{REFERENCE}: is longer than 4,000 characters; ",
        "make a recording rule of it",
    ),
    "too many steps": (
        f"{P95}promql = 'x'\nwindow = '30d'\n",
        "[target.production.prometheus.queries.p95] step: makes more than 11,000 steps",
        "take a longer step",
    ),
    "no step": (
        f"{P95}promql = 'x'\nstep = '0s'\n",
        "[target.production.prometheus.queries.p95] step: is no time at all; ",
        'write a longer one, like "5s"',
    ),
    "no single series": (
        f"{P95}promql = 'x'\nsampled_by = ['a / b']\n",
        "[target.production.prometheus.queries.p95] sampled_by number 1: is no single",
        "write a metric and its labels",
    ),
    "no name": (
        f"{QUERIES}P95 = 'x'\n",
        "is no name of a query; ",
        "use small letters, digits and hyphens",
    ),
    "no preset": (
        f"{TABLE}presets = {{postgress = ''}}\n",
        "is no preset; ",
        "did you mean `postgres`?",
    ),
    "an unknown preset": (
        f"{TABLE}presets = {{oracle = ''}}\n",
        "is no preset; ",
        "known are node, windows, cadvisor, kube-state, postgres, redis, blackbox",
    ),
    "no matchers": (
        f"{TABLE}presets = {{node = 'job=node'}}\n",
        "holds no label matchers; ",
        'write them like `job="node", env="production"`',
    ),
    "matchers that end early": (
        f'{TABLE}presets = {{node = \'a="b"}} or vector(1) or x{{c="d"\'}}\n',
        "holds no label matchers; ",
        "write them like",
    ),
    "two meanings": (
        f"{TABLE}presets = {{node = '', windows = ''}}\n",
        "[target.production.prometheus.presets]: has node-up of node and of windows; ",
        "say in queries what node-up is, or drop one of the two",
    ),
    "half a log-in": (
        f'{TABLE}username = "a"\n',
        "[target.production.prometheus]: sets one of username and password; ",
        "give both or none",
    ),
    "two log-ins": (
        f'{TABLE}username = "a"\npassword = "b"\ntoken = "c"\n',
        "[target.production.prometheus]: sets token and username; ",
        "keep one way to log in",
    ),
    "half a certificate": (
        f'{TABLE}cert_file = "a"\n',
        "[target.production.prometheus]: sets one of cert_file and key_file; ",
        "give both or none",
    ),
    "a password in the open": (
        f'{OPEN}username = "a"\npassword = "secret"\n',
        "[target.production.prometheus] password: would go over plain HTTP; ",
        "use an https URL",
    ),
    "a token in the open": (
        f'{OPEN}token = "secret"\n',
        "[target.production.prometheus] token: would go over plain HTTP; ",
        "use an https URL",
    ),
    "a password in the URL": (
        '[target.production.prometheus]\nurl = "https://a:secret@p"\n',
        "[target.production.prometheus] url: holds a user or a password; ",
        "leave it out of the URL",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_says_what_to_do(name: str, load_text: Load) -> None:
    text, what, remedy = MISTAKES[name]
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    (line,) = str(caught.value).splitlines()
    assert what in line
    assert remedy in line
    assert "secret" not in line


def test_in_the_open_nothing_secret_is_sent_but_to_this_host(load_text: Load) -> None:
    text = (
        '[target.production.prometheus]\nurl = "http://127.0.0.1:9090"\ntoken = "t"\n'
    )
    assert block(load_text, text).token is not None
    text = '[target.production.prometheus]\nurl = "http://p:9090"\ntenant = "t"\n'
    assert block(load_text, text).tenant is not None


# ------------------------------------------------------------------------- key metrics

KEYS = f"{TABLE}[target.production.prometheus.key_metrics]\n"


@pytest.mark.parametrize(
    ("promql", "has"),
    [
        ("up == 0", True),
        ("(sum(rate(a[5m])) > 0.01) * 100", True),
        ("a > on (x) b", True),
        ("absent(up)", True),
        ("rate(a[5m])", False),
        ("a > bool 1", False),
        ("a and b", False),
        ("a if b > 1", False),
    ],
)
def test_a_query_with_a_threshold_filters(promql: str, *, has: bool) -> None:
    assert has_threshold(promql) is has


def test_key_metrics_are_names_and_metrics(load_text: Load) -> None:
    found = block(load_text, f'{KEYS}errors = "job:errors:rate5m"\n').key_metrics
    assert found == {"errors": "job:errors:rate5m"}
    assert block(load_text, TABLE).key_metrics == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x = 'up{job=\"a\"}'", "x: is no name of a metric"),
        ("'Error rate' = 'up'", "is no name of a key metric"),
    ],
)
def test_a_mistake_in_key_metrics_is_named(
    load_text: Load, line: str, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        load_text(KEYS + line)
