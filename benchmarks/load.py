"""The load generator: is its rate the planned one, and are its times true?

A server of our own answers after times that it draws, so that what a client should
measure is known. The generator at 17, 100 and 1,000 requests a second: how many left in
the planned time. Then wrk (where it is installed) and the generator take turns at the
same server; medians of their 50th and 95th percentiles are compared. Last, a server
that stands still for a second: the generator's percentiles show it, those of threads
that ask in a loop do not.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from pytest_readiness.probes.pacing import Driven, Plan, drive
from pytest_readiness.probes.samples import nearest_rank

RATES = (17.0, 100.0, 1000.0)
MAX_RATE_ERROR = 0.01
MAX_TIME_ERROR = 0.15
SECONDS = 5.0
QUICK, SLOW, SLOW_SHARE = 0.020, 0.080, 0.1
"""Seconds of an answer; a tenth of them is slow, so that p95 is the slow one's."""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass
class Server:
    """Answers after times that it draws, in a process of its own."""

    stall: float = 0.0
    port: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  # times, not secrets
    _still: float = 0.0

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            drawn = SLOW if self._chance.random() < SLOW_SHARE else QUICK
            wait = drawn * self._chance.uniform(0.9, 1.1)
            loop = asyncio.get_running_loop()
            if self.stall and not self._still:
                self._still = loop.time() + 2.0
            begun = self._still <= loop.time() < self._still + self.stall
            if self._still and begun:
                wait = self._still + self.stall - loop.time()
            await asyncio.sleep(wait)
            writer.write(ANSWER)

    async def serve(self) -> None:
        """Say the port, and answer until killed."""
        server = await asyncio.start_server(self._quietly, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _quietly(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@dataclass
class Client:
    """One connection by http.client, without what a look adds."""

    port: int
    _connection: http.client.HTTPConnection | None = None

    def open(self) -> None:
        """Connect."""
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self._connection.connect()

    def send(self, number: int) -> bool:  # noqa: ARG002  # one route only
        """Ask, and read the answer."""
        if self._connection is None:
            self.open()
        connection = self._connection
        connection.request("GET", "/")  # type: ignore[union-attr]  # it is open now
        answer = connection.getresponse()  # type: ignore[union-attr]
        answer.read()
        return answer.status == http.HTTPStatus.OK

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class Started:
    """A server that runs until the block ends."""

    def __init__(self, stall: float = 0.0) -> None:
        command = [sys.executable, __file__, "--serve", str(stall)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def __enter__(self) -> int:
        output = self._process.stdout
        return int(output.readline()) if output is not None else 0

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def driven(port: int, rate: float, seconds: float) -> Driven:
    """Drive a load as a probe does."""
    senders = max(int(rate * SLOW * 3), 16)
    plan = Plan(rate, int(rate * seconds), senders, min(senders, 64))
    return drive(plan, lambda: Client(port))


def percentiles(one: Driven) -> tuple[float, float]:
    """Give p50 and p95 in seconds."""
    times = [answered.took for answered in one.answered]
    return nearest_rank(times, 0.5), nearest_rank(times, 0.95)


def raw(port: int, rate: float, seconds: float) -> tuple[float, float]:
    """Time requests without any of our generator: some threads, each in a loop."""
    threads = max(int(rate * (QUICK + SLOW * SLOW_SHARE)), 1)
    times: list[float] = []
    over = time.perf_counter() + seconds

    def work() -> None:
        client = Client(port)
        client.open()
        while time.perf_counter() < over:
            began = time.perf_counter()
            client.send(0)
            times.append(time.perf_counter() - began)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return nearest_rank(times, 0.5), nearest_rank(times, 0.95)


def wrk(port: int, rate: float, seconds: float) -> tuple[float, float]:
    """Have wrk keep so many connections busy as that rate takes."""
    connections = max(int(rate * (QUICK + SLOW * SLOW_SHARE)), 1)
    # wrk tells p50, p75, p90 and p99: a script asks it for the 95th.
    script = (
        "done = function(s, l, r) print('at', l:percentile(50), l:percentile(95)) end"
    )
    said = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{int(seconds)}s"),
            *("-s", "/dev/stdin", f"http://127.0.0.1:{port}/"),
        ],
        input=script,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"^at\s+([\d.]+)\s+([\d.]+)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(said)
    return float(found[1]) * UNITS["us"], float(found[2]) * UNITS["us"]


def rates(port: int) -> bool:
    """Print the rates; whether all are as planned."""
    good = True
    for rate in RATES:
        one = driven(port, rate, SECONDS)
        last = max(answered.due + answered.late for answered in one.answered)
        reached = (len(one.answered) - 1) / last
        error = abs(reached / rate - 1)
        good = good and error <= MAX_RATE_ERROR
        late = f"left {one.late * 1000:.2f} ms late (p95)"
        print(f"{rate:6g}/s planned, {reached:8.2f}/s left, {late}, {one.cpu:.0%} CPU")
    return good


def times(port: int, rounds: int, seconds: float) -> bool:
    """Print the percentiles of both; whether they are near each other."""
    other = wrk if shutil.which("wrk") else raw
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(rounds):
        theirs.append(other(port, 100.0, seconds))
        ours.append(percentiles(driven(port, 100.0, seconds)))
    good = True
    for index, name in enumerate(("p50", "p95")):
        mine = statistics.median(one[index] for one in ours)
        reference = statistics.median(one[index] for one in theirs)
        error = mine / reference - 1
        good = good and abs(error) <= MAX_TIME_ERROR
        print(
            f"{name}: {mine * 1000:.2f} ms, {other.__name__}"
            f" {reference * 1000:.2f} ms ({error:+.1%})"
        )
    return good


def stalled() -> bool:
    """Print what a second's stall looks like; whether the percentiles show it."""
    with Started(1.0) as port:
        p50, p95 = percentiles(driven(port, 100.0, SECONDS))
    print(f"stalled for 1 s of {SECONDS:g} s: p50 {p50 * 1000:.0f} ms, p95 {p95:.3f} s")
    with Started(1.0) as port:
        _, theirs = raw(port, 100.0, SECONDS)
    print(f"  threads that ask in a loop see p95 {theirs:.3f} s")
    # A fifth of the requests waited, from a second down: 95 % are below 3/4 of it.
    return p95 > 0.5  # noqa: PLR2004


def main() -> int:
    """Print the figures; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        asyncio.run(Server(given.serve).serve())
    with Started() as port:
        good = [rates(port), times(port, given.rounds, given.seconds)]
    return int(not all([*good, stalled()]))


if __name__ == "__main__":
    sys.exit(main())
