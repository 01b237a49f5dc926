"""A shop that goes live: a repository, people with keys, a suite that they sign.

Small use unless ``pinned``: then two roots have approved the trust file and the caller
names them, as CI does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import tomli_w

from pytest_readiness.attest import envelope
from pytest_readiness.attest.appending import append
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.predicates import (
    ItemAttestation,
    ItemRef,
    Saw,
    TrustApproval,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.statement import Statement, Subject, new_nonce
from pytest_readiness.catalogue import lock
from pytest_readiness.catalogue.item import Scope
from pytest_readiness.cli import main
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.plugin.signing import Ground
from pytest_readiness.target.loading import load
from pytest_readiness.target.release import read_release
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_readiness.attest.context import Context

# As in the folder above: a run in this process forgets what was not loaded before it.
for _name in ("bundle", "certify", "deployed", "merge", "stamp", "verify"):
    import_module(f"pytest_readiness.cli.{_name}")

Project = Any
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
PEOPLE = {
    "alice": ("security-lead", "revoker"),
    "bob": ("ops-lead",),
    "carol": ("business-owner",),
    "grace": ("executive-sponsor",),
    "pete": ("project-manager",),
    "ci": ("runner", "registrar"),
}
SIGNED = '@attested(role="business-owner", scope="release", max_age=days(10))'
LAST = (
    '@attested(role="executive-sponsor", scope="release", max_age=days(5))',
    '@rollup(over="*", excluding="final-verification.production-ready")',
)
ITEMS = ("host.one", "host.two", "host.signed", "final-verification.production-ready")
WAIVED = "host.two"


@dataclass
class Shop:
    """A repository, and what people do in it."""

    project: Project
    now: dt.datetime
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    capture: Any = None

    ITEMS, WAIVED = ITEMS, WAIVED
    branch = "main"
    FAILS: ClassVar = 'check("exists", python.exists).is_false()'
    HOUR, DAY = HOUR, DAY

    @property
    def path(self) -> Path:
        path: Path = self.project.path
        return path

    @property
    def readiness(self) -> Path:
        return self.path / ".readiness"

    @property
    def ledger(self) -> Path:
        return self.readiness / "attestations.intoto.jsonl"

    @property
    def out(self) -> Path:
        return self.path / "readiness-report"

    @property
    def certificate(self) -> Path:
        return self.out / "certificate.intoto.jsonl"

    # ------------------------------------------------------------------ the repository

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Dave", "-c", "user.email=dave@example.com")
        done = subprocess.run(
            ["git", *who, *words],  # noqa: S607 - whichever it is
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "HOME": str(self.path)},
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str = "Change") -> None:
        self.git("add", "--all")
        self.git("commit", "-qm", message)

    def suite(self, *, waivable: bool = False) -> None:
        """Write the suite: two looks, a signature, and who certifies."""
        project = self.project
        body = (
            'check("exists", python.exists).is_false()' if waivable else project.HOLDS
        )
        signed = project.item(
            "signed", "", arguments="", owner="business-owner", decorators=[SIGNED]
        )
        items = (project.item("one"), project.item("two", body), signed)
        project.write(project.module(*items))
        last = project.item(
            "production_ready",
            "",
            arguments="",
            decorators=LAST,
            item='@item("production-ready", owner="executive-sponsor", core=True)',
        )
        module = project.module(last, section="final-verification", stage="sign-off")
        project.write(module, "test_final.py")
        project.lock()

    # ------------------------------------------------------------------ the trust file

    def key(self, name: str) -> PrivateKey:
        return self.keys.setdefault(name, PrivateKey.generate())

    def key_file(self, name: str) -> str:
        """Write somebody's private key outside of the repository; give its path."""
        folder = self.path.parent / f"{self.path.name}-keys"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(self.key(name).openssh())
        return str(path)

    def trust(self, **more: Any) -> None:
        table = {
            "format": "pytest-readiness/trust/1",
            "system": "shop",
            "version": 7,
            "issued": self.now - DAY,
            "expires": self.now + 60 * DAY,
            "root": {"threshold": 2, "people": ["alice", "bob"]},
            "signer": [
                {
                    "person": name,
                    "name": f"{name.capitalize()} Example",
                    "title": f"Title of {name}",
                    "emails": [f"{name}@example.com"],
                    "kind": "machine" if name == "ci" else "human",
                    "roles": list(roles),
                    "key": [
                        {
                            "key": self.key(name).public.openssh(),
                            "not_before": self.now - 30 * DAY,
                            "not_after": self.now + 90 * DAY,
                        }
                    ],
                }
                for name, roles in PEOPLE.items()
            ],
            **more,
        }
        self.readiness.mkdir(exist_ok=True)
        (self.readiness / "trust.toml").write_bytes(tomli_w.dumps(table).encode())

    def approve(self) -> list[str]:
        """Have both roots approve the trust file; give the options that pin them."""
        data = (self.readiness / "trust.toml").read_bytes()
        subject = Subject(name="trust.toml", digest=hashlib.sha256(data).hexdigest())
        for name in ("alice", "bob"):
            approval = TrustApproval(attester=name, version=7, issued_at=self.now)
            payload = Statement(subject, approval).payload()
            append(
                self.readiness / "trust.intoto.jsonl",
                [envelope.sign(payload, self.key(name))],
            )
        roots = ",".join(self.key(name).fingerprint for name in ("alice", "bob"))
        return [f"--trust-root={roots}", *self.said, "--authors=dave@example.com"]

    # ----------------------------------------------------------------- what is signed

    @property
    def context(self) -> Context:
        return self.context_with(Settings())

    def context_with(self, settings: Settings) -> Context:
        configuration = load(self.path / "readiness.toml", Redactor(), os.environ)
        target = configuration.select(None)
        return Ground.of(
            configuration,
            target,
            read_release(configuration),
            configuration.digest(target),
            lock.read(self.project.suite / "suite.lock"),
            settings,
        ).context

    def authors(self, settings: Settings) -> frozenset[str] | None:
        return self.context_with(settings).authors

    @property
    def said(self) -> list[str]:
        """What a deploy job says that it deploys."""
        return ["--system=shop", "--target=here", f"--release={self.context.source}"]

    def ref(self, item: str) -> ItemRef:
        items = lock.read(self.project.suite / "suite.lock").items
        return ItemRef(id=item, digest=next(i.digest for i in items if i.id == item))

    def veto(self, person: str, item: str) -> None:
        """Say of an item that nobody attests that it is not satisfied."""
        no = Verdict.NOT_SATISFIED
        self.attest(person, item, verdict=no, scope=Scope.ENVIRONMENT)

    def attest(self, person: str, item: str, **more: Any) -> None:
        """Sign an item, as it stands now; an approval saw nothing open."""
        context = self.context
        scope = more.pop("scope", Scope.RELEASE)
        saw = None
        if item == ITEMS[-1]:
            saw = Saw(target=context.target_digest, open=())
        said = ItemAttestation(
            **{
                "attester": person,
                "item": self.ref(item),
                "verdict": Verdict.SATISFIED,
                "issued_at": self.now,
                "valid_until": self.now + 20 * DAY,
                "nonce": new_nonce(),
                "saw": saw,
                **more,
            }
        )
        self._append(person, said, context.subject([scope]))

    def waive(self, person: str, item: str = WAIVED, **more: Any) -> None:
        """Waive an item; with ``items`` it is an emergency's."""
        said = Waiver(
            **{
                "attester": person,
                "requested_by": "bob",
                "item": None if "items" in more else self.ref(item),
                "reason": "The new site opens later, ask dave@example.com",
                "risk": "medium",
                "compensating_controls": ("nightly dump",),
                "issued_at": self.now,
                "valid_until": self.now + 2 * DAY,
                "nonce": new_nonce(),
                **more,
            }
        )
        self._append(person, said, self.context.subject([Scope.ENVIRONMENT]))

    def _append(self, person: str, said: Any, subject: str) -> None:
        named = Subject(name="readiness-target.json", digest=subject)
        payload = Statement(named, said).payload()
        append(self.ledger, [envelope.sign(payload, self.key(person))])

    def sign_all(self) -> None:
        self.attest("carol", "host.signed")
        self.attest("grace", ITEMS[-1])

    # -------------------------------------------------------------------- the commands

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command in this process; give code, output, complaints."""
        loaded = set(sys.modules)
        self.capture.readouterr()
        code = main(list(words))
        captured = self.capture.readouterr()
        for name in set(sys.modules) - loaded:
            if "readiness_suite" in name or name.startswith("test_"):
                del sys.modules[name]
        return code, captured.out, captured.err

    def certify(self, *words: str, by: str = "grace") -> tuple[int, str, str]:
        key = f"--key={self.key_file(by)}"
        return self.run("certify", key, "--yes", "--json", *words)

    def certified(self, *words: str, by: str = "grace") -> dict[str, Any]:
        """Certify in small use; it must succeed."""
        code, out, err = self.certify("--allow-unpinned", *words, by=by)
        assert code == 0, (out, err)
        document: dict[str, Any] = json.loads(out)
        return document

    def verify(self, *words: str, path: Path | None = None) -> tuple[int, Any]:
        said = words or self.said
        code, out, _ = self.run(
            "verify", str(path or self.certificate), "--json", *said
        )
        return code, json.loads(out)

    def judge(self, *words: str) -> None:
        """Run the gate in a process of its own, with the runner's key."""
        key = f"--readiness-run-key={self.key_file('ci')}"
        result = self.project.judge_apart(key, *words)
        assert result.ret == 0, result.stdout.str()

    def payload(self, path: Path | None = None) -> dict[str, Any]:
        line = (path or self.certificate).read_bytes().splitlines()[0]
        document: dict[str, Any] = json.loads(envelope.Envelope.parse(line).payload)
        return document


@pytest.fixture
def shop(
    bare: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """A shop in a repository of its own; everything is signed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    for name in ("CI_JOB_URL", "CI_PIPELINE_URL", "BUILD_URL", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(seconds=5)
    shop = Shop(bare, now, capture=capsys)
    # What pytester leaves in the folder is no part of the shop.
    (shop.path / ".gitignore").write_text("__pycache__/\nrunpytest*\nstd*\n")
    shop.git("init", "-q", f"--initial-branch={shop.branch}")
    shop.suite()
    shop.trust()
    shop.commit("All of it")
    shop.sign_all()
    return shop


_CERTIFIED: dict[str, Any] = {}
"""What a certified shop has beyond one whose suite is signed; made once."""


@pytest.fixture
def certified(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a certificate."""
    kept = (".readiness", "readiness-report")
    if not _CERTIFIED:
        shop.certified()
        _CERTIFIED["keys"] = dict(shop.keys)
        _CERTIFIED["folder"] = tmp_path_factory.mktemp("certified")
        for name in kept:
            shutil.copytree(shop.path / name, _CERTIFIED["folder"] / name)
        return shop
    for name in kept:
        shutil.rmtree(shop.path / name, ignore_errors=True)
        shutil.copytree(_CERTIFIED["folder"] / name, shop.path / name)
    shop.keys.update(_CERTIFIED["keys"])
    return shop


@pytest.fixture
def lie() -> Callable[[Path, str, str], None]:
    """Edit a file as somebody would who wants it to say something else."""

    def edit(path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return edit
