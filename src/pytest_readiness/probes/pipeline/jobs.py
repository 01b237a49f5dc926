"""The jobs of pipeline files: which deploy, and what each of them waits for.

GitHub Actions gates a job by its ``environment``, whose protection rules ask for
approval; GitLab CI by ``when: manual`` or a (protected) ``environment``; Jenkins by an
``input`` step. (GitHub docs, "Using environments for deployment"; GitLab docs, "CI/CD
YAML syntax reference"; Jenkins docs, "Pipeline Syntax".)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.tree import Json, parsed, table, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Job", "github", "gitlab", "jenkins"]

_NO_JOBS = frozenset(
    {
        *("default", "include", "stages", "variables", "workflow", "spec", "image"),
        *("services", "cache", "before_script", "after_script", "pages"),
    }
)
"""Keys of GitLab's file that are no jobs."""
_EXTENDED = 10
_STAGE = re.compile(r"\bstage\s*\(?\s*(['\"])(?P<name>[^'\"\n]{1,200})\1\s*\)?\s*\{")
_INPUT = re.compile(r"(?:^|[{;])\s*input\b(?!\s*=)", re.MULTILINE)
_QUOTED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\'\'\'.*?\'\'\'|\"\"\".*?\"\"\""
    r"|(?P<stage>\bstage\s*\(?\s*)?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")",
    re.DOTALL,
)
"""Comments and texts: what they say is no step; a stage's name is kept."""


@dataclass(frozen=True)
class Job:
    """One job, or stage."""

    name: str
    gate: str
    """What it waits for; empty where it waits for nobody."""
    deploys: bool
    """Whether the file itself says that it deploys: it has an environment."""


def github(data: bytes, name: str) -> tuple[Job, ...]:
    """Read a workflow of GitHub Actions.

    Raises:
        LookError: it is none.
    """
    found = table(table(parsed(data, f"{name}.yaml")).get("jobs"))
    if not found:
        raise _none(name, "has no jobs")
    jobs = {key: table(one) for key, one in found.items()}
    return tuple(
        Job(f"{key}", _through_needs(key, jobs), bool(_environment(job)))
        for key, job in jobs.items()
    )


def _through_needs(name: str, jobs: Mapping[str, Json]) -> str:
    """Give the gate of a job, or of any that must be over before it."""
    seen, open_ = {name}, [name]
    while open_:
        job = jobs.get(open_.pop(), {})
        if environment := _environment(job):
            return f"environment {environment}"
        more = [one for one in texts(job.get("needs")) if one not in seen]
        seen.update(more)
        open_ += more
    return ""


def _environment(job: Json) -> str:
    found = job.get("environment")
    named = found if isinstance(found, str) else table(found).get("name")
    return str(named or "").strip()


def gitlab(data: bytes, name: str) -> tuple[Job, ...]:
    """Read a pipeline of GitLab CI; what it includes from elsewhere is not known.

    Raises:
        LookError: it is none.
    """
    whole = table(parsed(data, f"{name}.yaml"))
    jobs = {
        key: _extended(key, whole)
        for key, one in whole.items()
        if key not in _NO_JOBS and not key.startswith(".") and isinstance(one, dict)
    }
    if not jobs:
        raise _none(name, "has no jobs")
    return tuple(
        Job(key, _gate_of_gitlab(job), bool(_environment(job)))
        for key, job in jobs.items()
    )


def _extended(name: str, whole: Json) -> Json:
    """Give a job with what it extends; its own goes before."""
    job: Json = {}
    names, seen = [name], set[str]()
    while names and len(seen) < _EXTENDED:
        one = names.pop(0)
        if one in seen:
            continue
        seen.add(one)
        own = table(whole.get(one))
        job = {**own, **job}
        names += texts(own.get("extends"))
    return job


def _gate_of_gitlab(job: Json) -> str:
    rules = job.get("rules")
    listed = cast("list[object]", rules) if isinstance(rules, list) else []
    found = [table(one) for one in listed]
    running = [one for one in found if one.get("when") != "never"]
    if running:
        when = {str(one.get("when", job.get("when", "on_success"))) for one in running}
    else:
        when = {str(job.get("when", "on_success"))}
    if when == {"manual"}:
        return "started by hand"
    environment = _environment(job)
    return f"environment {environment}" if environment else ""


def jenkins(data: bytes, name: str) -> tuple[Job, ...]:
    """Read a Jenkinsfile's stages, as far as its text shows them.

    A stage waits where it, or one before it, has an ``input`` step.

    Raises:
        LookError: it is none.
    """
    text = _QUOTED.sub(
        lambda found: found[0] if found["stage"] else "''",
        data.decode(errors="replace"),
    )
    stages = list(_STAGE.finditer(text))
    if not stages:
        raise _none(name, "has no stages")
    jobs: list[Job] = []
    gate = ""
    for number, stage in enumerate(stages):
        ends = stages[number + 1].start() if number + 1 < len(stages) else len(text)
        if _INPUT.search(text, stage.end(), ends):
            gate = f"input in stage {stage['name']}"
        jobs.append(Job(stage["name"], gate, deploys=False))
    return tuple(jobs)


def _none(name: str, what: str) -> LookError:
    return LookError(f"{name} {what}", Cause.NO_ANSWER, "check form", final=True)
