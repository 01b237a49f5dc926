"""Stack traces in what a service answers, as the languages of services write them."""

from __future__ import annotations

import re

__all__ = ["has_trace"]

_TRACE = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
    r"|\bat [\w.$<>]+\([\w.]+\.(java|kt|scala):\d+\)|goroutine \d+ \["
    r"|\bat .+ in .+\.cs:line \d+|System\.\w+Exception\b"
    r"|\bat .+ \(.+\.[jt]s:\d+:\d+\)|PHP (Fatal error|Warning):|Stack trace:"
)


def has_trace(body: bytes) -> bool:
    """Whether an answer shows where in the code something went wrong."""
    return _TRACE.search(body.decode("utf-8", "replace")) is not None
