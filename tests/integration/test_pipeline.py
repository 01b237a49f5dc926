"""Pipeline files of three makers: which of their jobs deploy, and who is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.probes.look import Look
from pytest_readiness.probes.pipeline import Pipeline
from pytest_readiness.target.blocks import PipelineBlock

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = """
on: push
jobs:
  test: {runs-on: x, steps: []}
  deploy: {needs: [test], runs-on: x, ENVIRONMENT}
"""
GITLAB = """
stages: [test, deploy]
.manual: {when: manual}
test: {stage: test, script: [make]}
deploy: {stage: deploy, script: [make], GATE}
"""
JENKINS = """
// stage('Deploy') { input 'never' }
pipeline {
  agent any
  stages {
    stage('Test') { steps { sh 'make' } }
    stage("Deploy") {
      GATE
      steps { sh 'make deploy; input=1' }
    }
  }
}
"""


def see(path: Path, text: str, form: Any, *jobs: str) -> Pipeline:
    file = path / "pipeline"
    file.write_text(text)
    block = PipelineBlock(path=file, form=form, jobs=jobs)
    return Pipeline.gather(block, Look(Pipeline.source(block), 5.0))


GATED = [
    ("github", GITHUB.replace("ENVIRONMENT", "environment: production")),
    ("github", GITHUB.replace("ENVIRONMENT", "environment: {name: production}")),
    ("gitlab", GITLAB.replace("GATE", "when: manual")),
    ("gitlab", GITLAB.replace("GATE", "extends: .manual")),
    ("gitlab", GITLAB.replace("GATE", "environment: {name: production}")),
    (
        "gitlab",
        GITLAB.replace("GATE", "rules: [{if: $X, when: manual}, {when: never}]"),
    ),
    ("jenkins", JENKINS.replace("GATE", "input { message 'Deploy?' }")),
    ("jenkins", JENKINS.replace("GATE", "steps { input 'Deploy?' }")),
    ("jenkins", JENKINS.replace("GATE", "input 'Deploy?'")),
]
UNGATED = [
    ("github", GITHUB.replace("ENVIRONMENT", "environment: ''")),
    ("gitlab", GITLAB.replace("GATE", "when: on_success")),
    ("gitlab", GITLAB.replace("GATE", "rules: [{if: $X, when: manual}, {if: $Y}]")),
    ("gitlab", GITLAB.replace("GATE", "extends: [.gone, deploy]")),
    ("jenkins", JENKINS.replace("GATE", "")),
    ("jenkins", JENKINS.replace("GATE", "/* input 'Deploy?' */")),
    ("jenkins", JENKINS.replace("GATE", "echo 'http://x; input y'")),
    ("jenkins", JENKINS.replace("GATE", 'sh """\n  input \'x\'\n"""')),
]


@pytest.mark.parametrize(("form", "text"), GATED)
def test_a_deployment_that_waits(form: str, text: str, tmp_path: Path) -> None:
    facts = see(tmp_path, text, form)
    assert facts.readable.value is True
    assert [one.casefold() for one in facts.deploying.otherwise(())] == ["deploy"]
    assert facts.ungated.value == ()
    assert facts.ungated.detail


@pytest.mark.parametrize(("form", "text"), UNGATED)
def test_a_deployment_that_waits_for_nobody(
    form: str, text: str, tmp_path: Path
) -> None:
    facts = see(tmp_path, text, form)
    assert [one.casefold() for one in facts.ungated.otherwise(())] == ["deploy"]


def test_a_gate_before_the_deployment_counts(tmp_path: Path) -> None:
    text = (
        "jobs:\n  ask: {environment: production}\n  build: {needs: ask}\n"
        "  deploy: {needs: [build, deploy]}\n"
    )
    facts = see(tmp_path, text, "github")
    assert facts.deploying.value == ("ask", "deploy")
    assert facts.ungated.value == ()


def test_the_jobs_that_the_target_names(tmp_path: Path) -> None:
    text = GITHUB.replace("ENVIRONMENT", "environment: production")
    assert see(tmp_path, text, "github", "test").ungated.value == ("test",)
    assert see(tmp_path, text, "github", "ship").deploying.value == ()


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("github", "jobs: [", "no YAML"),
        ("github", "name: x", "has no jobs"),
        ("github", "[]", "has no jobs"),
        ("gitlab", "stages: [a]", "has no jobs"),
        ("jenkins", "\0\0\0", "has no stages"),
        ("github", "a: &a [*a]", "holds itself"),
    ],
)
def test_what_is_no_pipeline_says_so(
    form: str, text: str, why: str, tmp_path: Path
) -> None:
    facts = see(tmp_path, text, form)
    assert facts.readable.value is False
    assert why in facts.readable.detail


def test_no_file_is_an_observation(tmp_path: Path) -> None:
    block = PipelineBlock(path=tmp_path / "Jenkinsfile")
    facts = Pipeline.gather(block, Look("x", 5.0))
    assert facts.readable.value is False
    assert not facts.deploying.available
    assert [look.kind for look in Pipeline.looks(block)] == ["file"]


def test_the_form_follows_from_the_name(tmp_path: Path) -> None:
    named = {
        ".gitlab-ci.yml": "gitlab",
        "Jenkinsfile": "jenkins",
        "workflows/x.yml": "github",
    }
    for name, form in named.items():
        assert PipelineBlock(path=tmp_path / name).written == form
    with pytest.raises(ValueError, match="whose pipeline"):
        PipelineBlock(path=tmp_path / "deploy.yml")
