"""Secrets in files, by the real detect-secrets; open files, by their real modes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.configuration import planted as scanning
from pytest_readiness.probes.configuration.kept import is_encrypted
from pytest_readiness.probes.configuration.secrecy import Secrecy
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ConfigurationBlock, HostBlock, Resources

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "s3cr3tV4lue9"
PASSWORD = f"password: {CANARY}\n"
HASHED = hashlib.sha1(CANARY.encode(), usedforsecurity=False).hexdigest()


def see(backend: str = "", **settings: Any) -> Secrecy:
    if backend:
        settings["host"] = "engine"
    one = ConfigurationBlock.model_validate(settings)
    hosts = (
        {"engine": HostBlock.model_validate({"backend": backend})} if backend else {}
    )
    found = Resources(configuration=one, hosts=hosts).configuration
    assert found is not None
    return Secrecy.gather(found, Look(Secrecy.source(found), 30.0))


def why(fact: Observed[Any]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


def file(
    folder: Path, text: str, name: str = "settings.yaml", mode: int = 0o600
) -> Any:
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return path


# --------------------------------------------------------------------------- plain text


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_secret_is_named_by_line_and_kind_and_not_shown(
    backend: str, tmp_path: Path
) -> None:
    path = file(tmp_path, f"a: 1\n{PASSWORD}")
    facts = see(backend, files=[{"path": path}])
    assert facts.planted.value == ("settings.yaml line 2: Secret Keyword",)
    assert CANARY not in repr(facts)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "password: ${ENGINE_PASSWORD}\n",
        "id: 123e4567-e89b-12d3-a456-426614174000\n",
        "dns: 8.8.8.8\n",
        "password_file: /run/secrets/password\n",
    ],
)
def test_what_is_no_secret_is_not_named(text: str, tmp_path: Path) -> None:
    assert see(files=[{"path": file(tmp_path, text)}]).planted.value == ()


def test_a_remark_in_the_file_excuses_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, f"{PASSWORD.strip()}  # pragma: allowlist secret\n")
    assert see(files=[{"path": path}]).planted.value


@pytest.mark.parametrize(
    ("name", "audited", "excused"),
    [
        ("config/settings.yaml", False, True),
        ("config/settings.yaml", True, False),
        ("config/settings.yaml", None, False),
        ("config/other.yaml", False, False),
    ],
)
def test_only_what_was_audited_is_excused(
    name: str, *, audited: bool | None, excused: bool, tmp_path: Path
) -> None:
    entry = {"type": "Secret Keyword", "hashed_secret": HASHED, "is_secret": audited}
    if audited is None:
        del entry["is_secret"]
    known = {"version": "1.5.0", "results": {name: [entry]}}
    baseline = file(tmp_path, json.dumps(known), ".secrets.baseline")
    facts = see(files=[{"path": file(tmp_path, PASSWORD)}], baseline=baseline)
    assert (facts.planted.value == ()) == excused


@pytest.mark.parametrize("text", ["{", '{"results": 7}', None])
def test_a_baseline_that_is_none_excuses_nothing(
    text: str | None, tmp_path: Path
) -> None:
    path = tmp_path / ".secrets.baseline"
    if text is not None:
        path.write_text(text)
    facts = see(files=[{"path": file(tmp_path, PASSWORD)}], baseline=path)
    assert why(facts.planted).reason == (
        ".secrets.baseline is no baseline of detect-secrets"
    )


def test_a_scan_that_misses_what_it_must_find_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "PROGRAM", ("-c", "print('{{}}')"))
    facts = see(files=[{"path": file(tmp_path, "a: 1\n")}])
    assert why(facts.planted).reason == "detect-secrets does not find what it must"


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    good, bad = file(tmp_path, "a: 1\n"), file(tmp_path / "a", PASSWORD)
    facts = see(files=[{"path": good}, {"path": bad}])
    assert facts.planted.value == ("settings.yaml line 1: Secret Keyword",)


def test_files_that_are_not_there_hold_nothing_but_one_must_be(tmp_path: Path) -> None:
    gone = {"path": tmp_path / "gone.yaml"}
    assert "there is none of" in why(see(files=[gone]).planted).reason
    there = {"path": file(tmp_path, "a: 1\n")}
    assert see(files=[gone, there]).planted.value == ()
    assert why(see().planted).cause is Cause.UNCONFIGURED


def test_a_file_that_is_not_read_to_its_end_is_not_judged(tmp_path: Path) -> None:
    path = file(tmp_path, "# " + "x" * 1_000_000)
    assert "longer than" in why(see(files=[{"path": path}]).planted).reason


# -------------------------------------------------------------------------- open files


@pytest.mark.parametrize("backend", ["", "local"])
@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o640, True)])
def test_a_file_of_secrets_is_for_its_owner(
    backend: str, mode: int, *, exposed: bool, tmp_path: Path
) -> None:
    path = file(tmp_path, "A=b\n", ".env", mode)
    shown = (f"{path} (-rw-r-----)",) if exposed else ()
    assert see(backend, secret_files=[path]).exposed.value == shown


SOPS = 'a: ENC[AES256_GCM,data:x]\nsops: {{mac: "{}"}}\n'


@pytest.mark.parametrize(
    ("text", "encrypted"),
    [
        ("age-encryption.org/v1\n-> X25519 x\n", True),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nx\n", True),
        ("-----BEGIN PGP MESSAGE-----\n", True),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", True),
        ("\0GITCRYPT\0", True),
        (SOPS.format("ENC[AES256_GCM,data:y]"), True),
        ('{"a": "ENC[x]", "sops": {"mac": "ENC[y]"}}', True),
        ("A=ENC[x]\nsops_mac=ENC[y]\nB: [\n", True),
        ("kind: SealedSecret\nspec: {encryptedData: {a: AgB}}\n", True),
        (SOPS.format("none"), False),
        ("kind: SealedSecret\n---\nkind: Secret\n", False),
        ("a: b\n", False),
        ("", False),
    ],
)
def test_what_is_encrypted_is_known_by_its_form(text: str, *, encrypted: bool) -> None:
    assert is_encrypted(text) is encrypted


def test_an_encrypted_file_may_be_open(tmp_path: Path) -> None:
    path = file(tmp_path, "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "vault.yml", 0o644)
    facts = see(secret_files=[path])
    assert facts.exposed.value == ()
    assert facts.debug_switches.value == ()


def test_a_file_of_secrets_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    nothing = why(see(secret_files=[tmp_path / ".env"]).exposed)
    assert nothing.reason == f"there is nothing to see of {tmp_path}/.env"


def test_no_file_of_secrets_at_all_is_unconfigured() -> None:
    assert why(see().exposed).cause is Cause.UNCONFIGURED


POD = (
    "kind: Pod\nspec: {containers: [{name: a}], volumes: [{secret: {secretName: x%s}}]}"
)


@pytest.mark.parametrize(
    ("mode", "exposed"),
    [
        ("", ("secret x (defaultMode 0644)",)),
        (", defaultMode: 0o400", ("secret x (defaultMode 0777)",)),
        (", defaultMode: 256", ()),
        (", defaultMode: 0440", ()),
    ],
)
def test_mounted_secrets_are_judged_by_their_default_mode(
    mode: str, exposed: tuple[str, ...], tmp_path: Path
) -> None:
    path = file(tmp_path, POD % mode, "pod.yaml")
    assert see(manifests=[path]).exposed.value == exposed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "pod.yaml: No such file or directory"),
        (b"\xff", "pod.yaml: it is no text file"),
        (b"a: [", "pod.yaml: line 1: expected the node content, but found '<st"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_unknown(
    text: bytes | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "pod.yaml"
    if text is not None:
        path.write_bytes(text)
    assert why(see(manifests=[path]).exposed).reason.startswith(reason)


# --------------------------------------------------------------------------- debugging


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("debug: true\n", ("settings.yaml: debug",)),
        ("app: {flask_debug: 'ON'}\n", ("settings.yaml: app.flask_debug",)),
        ("server: {reload: 1}\n", ("settings.yaml: server.reload",)),
        ("debug: false\ndebug_level: 1\nserver: {reload: no}\n", ()),
        ("debug: [\n", ()),
    ],
)
def test_switches_that_are_on_are_named(
    text: str, on: tuple[str, ...], tmp_path: Path
) -> None:
    path = file(tmp_path, text)
    facts = see(files=[{"path": path}], debug_keys=["server.reload"])
    assert facts.debug_switches.value == on


def test_switches_in_files_of_secrets_are_named_too(tmp_path: Path) -> None:
    path = file(tmp_path, "DJANGO_DEBUG=1\n", ".env")
    assert see(secret_files=[path]).debug_switches.value == (".env: DJANGO_DEBUG",)


def test_all_that_is_done_is_planned(tmp_path: Path) -> None:
    one = ConfigurationBlock.model_validate(
        {
            "files": [{"path": tmp_path / "s.yaml"}],
            "secret_files": [tmp_path / ".env"],
            "manifests": [tmp_path / "k.yaml"],
        }
    )
    *known, scan = [look.what for look in Secrecy.looks(one)]
    assert known == [
        f"{tmp_path}/s.yaml",
        f"{tmp_path}/.env",
        f"ls -ldL -- {tmp_path}/.env",
        f"{tmp_path}/k.yaml",
    ]
    assert scan.startswith("python -I -m detect_secrets -C {folder}")
