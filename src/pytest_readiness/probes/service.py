"""The running service: that it answers, and which release it says it is.

Over HTTPS with the target's own trust. requests gives what HTTP is; the socket under it
is ours, so that proxies, ``.netrc`` and certificate variables of the environment have no
say, a byte a second does not outlast the look, and an endless body ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.network import CLOSED, connect
from pytest_readiness.probes.secure import secured, trust_context
from pytest_readiness.probes.stream import Stream

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock
