"""The commands in a process of their own: ``python -I -m pytest_readiness``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

Shop = Any


def isolated(shop: Shop, *words: str, **environ: str) -> tuple[int, str, str]:
    """Run a command as the how-to says, in the shop's folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "pytest_readiness", *words],
        cwd=shop.path,
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_go_live_in_full_use_from_end_to_end(shop: Shop) -> None:
    pins = shop.approve()
    # What a CI job must not be led by: a module of a name that ours import, a foreign
    # conftest, options of pytest's own.
    (shop.path / "json.py").write_text("raise SystemExit('imported from the folder')")
    shop.project.conftest("raise SystemExit('a foreign conftest')\n")
    shop.commit()
    shop.ledger.unlink()
    shop.sign_all()
    said = shop.said
    pins = [pin for pin in pins if not pin.startswith(("--rel", "--sys", "--tar"))]
    foreign = {
        "PYTHONPATH": str(shop.path),
        "PYTEST_ADDOPTS": "-k nothing",
        "PYTEST_PLUGINS": "nothing",
    }

    code, out, err = isolated(
        shop,
        "certify",
        f"--key={shop.key_file('grace')}",
        "--yes",
        "--json",
        *pins,
        *said,
        **foreign,
    )
    assert code == 0, err
    document = json.loads(out)
    assert document["way"] == "ran here"
    assert "READY (2 seen, 2 signed)" in err

    code, out, err = isolated(
        shop, "verify", str(shop.certificate), "--json", *pins, *said, **foreign
    )
    assert code == 0, err
    assert json.loads(out)["ok"] is True
    assert "unpinned" not in json.loads(out)

    code, out, _ = isolated(shop, "verify", str(shop.certificate), "--json", **foreign)
    assert (code, json.loads(out)["code"]) == (13, "CONTEXT_MISSING")


def test_the_command_asks_where_nobody_can_be_asked(shop: Shop) -> None:
    code, _, err = isolated(
        shop, "certify", f"--key={shop.key_file('grace')}", "--allow-unpinned"
    )

    assert code == 4
    assert "Sign this statement?: needs your confirmation" in err
    assert "You sign as Grace Example (grace), Title of grace" in err
    assert not shop.certificate.exists()
