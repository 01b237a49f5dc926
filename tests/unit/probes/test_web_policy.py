from __future__ import annotations

import pytest

from pytest_readiness.probes.web.policy import framed, weaknesses

STRICT = "default-src 'none'; script-src 'self'; object-src 'none'"


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'none'",
        "default-src 'self'; img-src *; style-src 'unsafe-inline'; font-src data:",
        STRICT,
        "script-src 'unsafe-inline' 'nonce-abc123=='; object-src 'none'",
        "default-src 'self'; script-src 'unsafe-inline' 'sha256-qznLcsROx4GACP2/Tng='",
        "object-src 'none'; script-src 'unsafe-inline' https: 'strict-dynamic'",
        # Of two headers, which all hold, one is enough.
        f"script-src *, {STRICT}",
        "SCRIPT-SRC 'self'; Object-Src 'NONE'",
        "script-src 'self'; script-src *; object-src 'none'",
    ],
)
def test_policies_without_weakness(policy: str) -> None:
    assert weaknesses(policy) == ()


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ("", ("no policy",)),
        (" ; , ", ("no policy",)),
        (
            "img-src 'self'",
            (
                "neither script-src nor default-src",
                "neither object-src nor default-src",
            ),
        ),
        ("script-src 'self'", ("neither object-src nor default-src",)),
        ("default-src *", ("default-src has *",)),
        ("default-src 'self' data:", ("default-src has data:",)),
        ("default-src 'self' https:", ("default-src has https:",)),
        (
            "default-src 'self' 'unsafe-inline'",
            ("default-src has 'unsafe-inline'",),
        ),
        ("default-src 'self'; base-uri *", ("base-uri has *",)),
        ("default-src 'self'; object-src *", ("object-src has *",)),
        (
            "default-src 'self'; script-src-elem 'unsafe-inline'",
            ("script-src-elem or script-src-attr has 'unsafe-inline'",),
        ),
        # A word in quotes that is neither a nonce nor a hash guards nothing.
        (
            "default-src 'self'; script-src 'unsafe-inline' 'nonce-'",
            ("script-src has 'unsafe-inline'",),
        ),
    ],
)
def test_what_a_policy_lets_pass(policy: str, found: tuple[str, ...]) -> None:
    assert weaknesses(policy) == found


@pytest.mark.parametrize(
    ("policy", "options", "kept_out"),
    [
        ("frame-ancestors 'none'", "", True),
        ("frame-ancestors 'self' https://portal.example", "", True),
        ("frame-ancestors *", "", False),
        ("default-src 'none'", "", False),
        ("", "DENY", True),
        ("", "sameorigin", True),
        ("", "ALLOW-FROM https://a.example", False),
        ("", "", False),
    ],
)
def test_frames(policy: str, options: str, *, kept_out: bool) -> None:
    assert framed(policy, options) is kept_out
