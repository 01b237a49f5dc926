"""How often somebody may ask: so many requests within a minute."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from werkzeug.exceptions import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Limiter"]

_WINDOW = 60.0


class Limiter:
    """Counts by name; a window begins with the first request in it."""

    def __init__(self, limits: Mapping[str, int], usually: int) -> None:
        self._limits = limits
        self._usually = usually
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, name: str) -> None:
        """Count a request.

        Raises:
            TooManyRequests: it is one too many; says how long to wait.
        """
        now = time.monotonic()
        with self._lock:
            began, count = self._windows.get(name, (now, 0))
            if now - began >= _WINDOW:
                began, count = now, 0
            self._windows[name] = (began, count + 1)
        if count >= self._limits.get(name, self._usually):
            wait = math.ceil(began + _WINDOW - now)
            raise TooManyRequests("too many requests", retry_after=wait)
