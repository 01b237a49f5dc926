"""What Kubernetes manifests give a container, by documents of the API's own form."""

from __future__ import annotations

import textwrap

import pytest

from pytest_readiness.probes.configuration.manifests import (
    KEPT_SECRET,
    environment,
    mounted_modes,
)
from pytest_readiness.probes.configuration.reading import parsed_yaml

ENGINE = """
apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: engine
            envFrom:
            - {configMapRef: {name: plain}, prefix: P_}
            - {secretRef: {name: sealed}}
            - {secretRef: {name: external}}
            - {configMapRef: {name: nowhere}}
            env:
            - {name: A, value: "1"}
            - {name: B, valueFrom: {configMapKeyRef: {name: plain, key: b}}}
            - {name: C, valueFrom: {configMapKeyRef: {name: plain, key: gone}}}
            - {name: D, valueFrom: {configMapKeyRef: {name: nowhere, key: d}}}
            - {name: E, valueFrom: {secretKeyRef: {name: x, key: y}}}
            - {name: F}
          - {name: sidecar, env: [{name: G, value: g}]}
---
kind: List
items:
- {kind: ConfigMap, metadata: {name: plain}, data: {b: two, e: ""}}
- {kind: SealedSecret, metadata: {name: sealed}, spec: {encryptedData: {S: AgB}}}
- kind: ExternalSecret
  metadata: {name: external}
  spec: {data: [{secretKey: T, remoteRef: {key: t}}]}
"""


def test_all_that_a_container_gets_is_seen() -> None:
    assert environment(parsed_yaml(ENGINE), "engine") == {
        "P_b": "two",
        "P_e": "",
        "S": KEPT_SECRET,
        "T": KEPT_SECRET,
        "A": "1",
        "B": "two",
        "C": "",
        "D": KEPT_SECRET,
        "E": KEPT_SECRET,
        "F": "",
    }
    assert environment(parsed_yaml(ENGINE), "sidecar") == {"G": "g"}
    assert "G" in environment(parsed_yaml(ENGINE), None)
    assert environment(parsed_yaml(ENGINE), "other") == {}


@pytest.mark.parametrize("text", ["", "a", "- 1", "containers: []", "kind: [x]"])
def test_what_is_no_manifest_gives_nothing(text: str) -> None:
    assert environment(parsed_yaml(text), None) == {}


def test_the_modes_of_mounted_secrets_are_seen() -> None:
    text = textwrap.dedent("""
        kind: Pod
        spec:
          containers: [{name: engine}]
          volumes:
          - {name: a, secret: {secretName: usual}}
          - {name: b, secret: {secretName: kept, defaultMode: 0400}}
          - {name: c, secret: {secretName: wrong, defaultMode: rw}}
          - name: d
            projected: {defaultMode: 0440, sources: [{secret: {name: part}}, {}]}
          - {name: e, emptyDir: {}}
    """)
    assert dict(mounted_modes(parsed_yaml(text))) == {
        "usual": 0o644,
        "kept": 0o400,
        "wrong": 0o777,
        "part": 0o440,
    }
