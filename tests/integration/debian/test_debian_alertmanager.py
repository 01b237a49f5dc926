"""Debian's own Alertmanager: the way that we compute is the way that it takes."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.alertmanager import Alertmanager, Way
from pytest_readiness.probes.alertmanager.page import Page
from pytest_readiness.probes.alertmanager.routing import Configuration
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import AlertmanagerBlock
from tests.integration.conftest import find, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECEIVERS = [
    {"name": "nobody"},
    {"name": "team", "webhook_configs": [{"url": "http://127.0.0.1:1/s3cret"}]},
    {"name": "pager", "email_configs": [{"to": "oncall@shop.example"}]},
]
INTERVALS = [
    {
        "name": "night",
        "time_intervals": [
            {
                "times": [
                    {"start_time": "18:00", "end_time": "24:00"},
                    {"start_time": "00:00", "end_time": "08:00"},
                ],
                "location": "Europe/Berlin",
            }
        ],
    },
    {
        "name": "day",
        "time_intervals": [
            {
                "times": [{"start_time": "08:00", "end_time": "18:00"}],
                "location": "Europe/Berlin",
            }
        ],
    },
    {"name": "holidays", "time_intervals": [{"months": ["july:august"]}]},
]
CRITICAL = {"matchers": ['severity="critical"']}
PAGER = {**CRITICAL, "receiver": "pager"}


def configured(*routes: dict[str, Any], receiver: str = "nobody") -> dict[str, Any]:
    return {
        "global": {"smtp_smarthost": "127.0.0.1:1", "smtp_from": "am@shop.example"},
        "route": {"receiver": receiver, "routes": list(routes)},
        "receivers": RECEIVERS,
        "time_intervals": INTERVALS,
    }


@contextmanager
def alertmanager(folder: Path, configuration: dict[str, Any]) -> Iterator[int]:
    file, port = folder / "alertmanager.yml", free_port()
    file.write_text(yaml.safe_dump(configuration))
    command = [
        find("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(command, folder / "log", port):
        yield port


def look(port: int, **settings: Any) -> Alertmanager:
    block = AlertmanagerBlock.model_validate(
        {"url": f"http://127.0.0.1:{port}", **settings}
    )
    facts = Alertmanager.gather(block, Look(Alertmanager.source(block), 10.0))
    assert "s3cret" not in repr(facts)
    return facts


def way(folder: Path, *routes: dict[str, Any], **settings: Any) -> Way:
    with alertmanager(folder, configured(*routes)) as port:
        facts = look(port, **settings)
    assert facts.answers.value is True
    (found,) = facts.ways.value
    return found


def test_a_critical_alert_reaches_the_pager(tmp_path: Path) -> None:
    found = way(tmp_path, {**PAGER, "group_wait": "10s"})
    assert found.name == '{severity="critical"}'
    assert found.receivers.value == ("pager",)
    assert found.channels.value == ("email",)
    assert found.by_default.value is False
    assert found.group_wait.value == dt.timedelta(seconds=10)
    assert found.uncalled.value == ()
    assert found.silences.value == ()
    assert "route.routes[0]" in found.channels.detail


def test_the_default_route_alone_is_known_as_such(tmp_path: Path) -> None:
    found = way(tmp_path, {**PAGER, "matchers": ['severity="warning"']})
    assert (found.by_default.value, found.receivers.value) == (True, ("nobody",))
    assert found.channels.value == ()
    assert found.group_wait.value == Unavailable("nobody is called")
    assert found.uncalled.value == Unavailable("nobody is called")


def test_an_earlier_route_swallows_it(tmp_path: Path) -> None:
    earlier = {"match_re": {"severity": "crit.*"}, "receiver": "team"}
    found = way(tmp_path, earlier, PAGER, receivers=["pager"])
    assert found.receivers.value == ("team",)
    assert found.channels.value == ()


def test_an_earlier_route_that_goes_on_swallows_nothing(tmp_path: Path) -> None:
    earlier = {**CRITICAL, "receiver": "nobody", "continue": True}
    found = way(tmp_path, earlier, PAGER)
    assert found.receivers.value == ("nobody", "pager")
    assert found.channels.value == ("email",)


def test_a_route_muted_at_night_calls_nobody_then(tmp_path: Path) -> None:
    muted = {**PAGER, "mute_time_intervals": ["night"]}
    found = way(tmp_path, muted)
    assert len(found.uncalled.value) == 3
    # The first may be right now; the next is when the night begins in Berlin.
    assert "CE" in found.uncalled.value[1]


def test_an_agreed_interval_does_not_count(tmp_path: Path) -> None:
    muted = {**PAGER, "mute_time_intervals": ["night"]}
    assert way(tmp_path, muted, agreed=["night"]).uncalled.value == ()


def test_two_routes_that_take_turns_leave_no_gap(tmp_path: Path) -> None:
    day = {**PAGER, "active_time_intervals": ["day"], "continue": True}
    night = {**CRITICAL, "receiver": "team", "active_time_intervals": ["night"]}
    assert way(tmp_path, day, night).uncalled.value == ()


def test_the_gap_between_two_routes_is_found(tmp_path: Path) -> None:
    day = {**PAGER, "active_time_intervals": ["day"], "continue": True}
    night = {**day, "active_time_intervals": ["night"]}
    night["mute_time_intervals"] = ["holidays"]
    assert way(tmp_path, day, night).uncalled.value != ()


def test_a_silence_in_force_is_seen(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)

    def silence(port: int, value: str, begins: dt.datetime) -> None:
        matcher = {"name": "severity", "value": value, "isRegex": True}
        document = {
            "matchers": [{**matcher, "isEqual": True}],
            "startsAt": begins.isoformat(),
            "endsAt": (begins + dt.timedelta(hours=1)).isoformat(),
            "createdBy": "test",
            "comment": "test",
        }
        request = urllib.request.Request(  # our own
            f"http://127.0.0.1:{port}/api/v2/silences",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # our own
            assert answer.status == 200

    with alertmanager(tmp_path, configured(PAGER)) as port:
        silence(port, "warning", now)
        silence(port, "crit.*", now + dt.timedelta(hours=1))
        (before,) = look(port).ways.value
        silence(port, "crit.*", now)
        (after,) = look(port).ways.value
    assert before.silences.value == ()
    assert len(after.silences.value) == 1


ALERTS = [
    {"severity": severity, "team": team, "alertname": name}
    for severity in ("critical", "warning")
    for team in ("shop", "")
    for name in ("Down", "Slow")
]


@pytest.mark.parametrize("labels", ALERTS, ids=str)
def test_routing_agrees_with_amtool(labels: dict[str, str], tmp_path: Path) -> None:
    """Amtool has Alertmanager's own dispatcher."""
    inner = {"matchers": ['alertname=~"Sl.*", severity!=info'], "receiver": "team"}
    routes = [
        {"match": {"team": "shop"}, "receiver": "team", "continue": True},
        {"match_re": {"severity": "warn(ing)?"}, "routes": [inner]},
        {"matchers": ['{severity="critical",team!="shop"}'], "receiver": "pager"},
        {**CRITICAL, "receiver": "nobody", "routes": [{**inner, "continue": True}]},
    ]
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(configured(*routes)))
    given = {k: v for k, v in labels.items() if v}
    shown = subprocess.run(
        [
            *(find("amtool"), "config", "routes", "test", f"--config.file={file}"),
            *(f"{name}={value}" for name, value in given.items()),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    ours = Configuration.read(file.read_text()).route.taken(given)
    assert shown.stdout.strip() == ",".join(route.receiver for route in ours)


# --------------------------------------------------------------------------- test alert

SOON = {"group_wait": "100ms", "group_interval": "1s", "repeat_interval": "1h"}


class Lane(NamedTuple):
    """Where the test alert should come, and the configuration that brings it."""

    webhook: str
    smtp: str

    def receiver(self, **more: object) -> dict[str, Any]:
        return {
            "name": "readiness-test",
            "webhook_configs": [{"url": f"http://{self.webhook}/"}],
            "email_configs": [
                {"to": "x@shop.example", "send_resolved": True, "require_tls": False}
            ],
            **more,
        }

    def configured(self, *routes: dict[str, Any], **more: object) -> dict[str, Any]:
        loaded = configured(*routes)
        loaded["global"]["smtp_smarthost"] = self.smtp
        loaded["receivers"] = [*RECEIVERS, self.receiver(**more)]
        return loaded

    def page(self, port: int, timeout: str = "20s", **settings: object) -> Page:
        block = AlertmanagerBlock.model_validate(
            {
                "url": f"http://127.0.0.1:{port}",
                "page": {
                    "receiver": "readiness-test",
                    "webhook": self.webhook,
                    "smtp": self.smtp,
                    "timeout": timeout,
                    **settings,
                },
            }
        )
        limit = Page.limit(block).total_seconds()
        began = time.monotonic()
        facts = Page.gather(block, Look(Page.source(block), limit))
        assert time.monotonic() - began < limit + 3.0
        return facts


@pytest.fixture
def lane() -> Lane:
    return Lane(f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}")


TEST = {"matchers": ['readiness_test=~".+"'], "receiver": "readiness-test", **SOON}


def test_a_test_alert_really_arrives_and_is_resolved(
    lane: Lane, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, lane.configured(TEST, PAGER)) as port:
        facts = lane.page(port)
    webhook, smtp = facts.channels.value
    assert (webhook.name, smtp.name) == ("webhook", "smtp")
    for channel in (webhook, smtp):
        assert channel.arrived.value is True, channel
        assert dt.timedelta(0) < channel.took.value < dt.timedelta(seconds=15)
        assert channel.resolved.value is True, channel


def test_a_channel_that_is_lost_is_seen(lane: Lane, tmp_path: Path) -> None:
    loaded = lane.configured(TEST, email_configs=[])
    with alertmanager(tmp_path, loaded) as port:
        webhook, smtp = lane.page(port, "6s").channels.value
    assert (webhook.arrived.value, webhook.resolved.value) == (True, True)
    assert (smtp.arrived.value, smtp.resolved.value) == (False, False)
    assert "nothing came within" in smtp.arrived.detail


def test_an_end_that_is_not_told_is_seen(lane: Lane, tmp_path: Path) -> None:
    hooks = [{"url": f"http://{lane.webhook}/", "send_resolved": False}]
    loaded = lane.configured(TEST, webhook_configs=hooks)
    with alertmanager(tmp_path, loaded) as port:
        webhook, _ = lane.page(port, "6s").channels.value
    assert (webhook.arrived.value, webhook.resolved.value) == (True, False)


def test_an_alert_that_would_call_somebody_is_not_sent(
    lane: Lane, tmp_path: Path
) -> None:
    with alertmanager(tmp_path, lane.configured(PAGER, TEST)) as port:
        facts = lane.page(port)
        asked = f"http://127.0.0.1:{port}/api/v2/alerts"
        with urllib.request.urlopen(asked) as answer:  # our own
            assert json.load(answer) == []
    unsent = facts.channels.value
    assert isinstance(unsent, Unavailable)
    assert unsent.cause is Cause.LOCAL
    assert unsent.reason == "the test alert would go to pager, and was not sent"


def test_a_port_that_is_taken_says_so(lane: Lane, tmp_path: Path) -> None:
    with alertmanager(tmp_path, lane.configured(TEST)) as port:
        for name in ("webhook", "smtp"):
            taken = {name: f"127.0.0.1:{port}"}
            unsent = lane.page(port, **taken).channels.value
            assert isinstance(unsent, Unavailable)
            assert unsent.reason.startswith(f"nobody can listen at 127.0.0.1:{port}")


def test_without_the_table_it_is_unconfigured() -> None:
    block = AlertmanagerBlock.model_validate({"url": "https://alerts.example"})
    facts = Page.gather(block, Look("x", 1.0))
    assert isinstance(facts.channels.value, Unavailable)
    assert facts.channels.value.cause is Cause.UNCONFIGURED
    assert Page.limit(block) == block.timeout
    assert Page.looks(block) == ()


def test_what_is_planned_is_what_is_sent() -> None:
    block = AlertmanagerBlock.model_validate(
        {
            "url": "https://alerts.example",
            "page": {"receiver": "readiness-test", "webhook": "127.0.0.1:9095"},
        }
    )
    planned = [(one.what, one.intrusive) for one in Page.looks(block)]
    assert planned == [
        ("GET /api/v2/status", None),
        ("webhook from Alertmanager, at 127.0.0.1:9095", "page"),
        ("POST /api/v2/alerts", "page"),
    ]


def test_no_alertmanager_there_is_no_answer() -> None:
    facts = look(free_port())
    assert isinstance(facts.answers.value, Unavailable)
    assert facts.answers.value.cause is Cause.NO_ANSWER


def test_a_wrong_path_says_so(tmp_path: Path) -> None:
    with alertmanager(tmp_path, configured(PAGER)) as port:
        facts = look(port, url=f"http://127.0.0.1:{port}/elsewhere")
    assert isinstance(facts.ways.value, Unavailable)
    assert facts.ways.value.reason == "/api/v2/status answered 404"
    assert facts.ways.value.remedy == "check the path in url"
