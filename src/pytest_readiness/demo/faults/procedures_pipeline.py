"""Operational Procedures, deployment: no pipeline, or one that asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Faults
from pytest_readiness.demo.pieces.procedures import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_ITEM = "operational-procedures.deployment-process"
_GITLAB = "stages: [test]\ntest:\n  stage: test\n  script: make check\n"


def _written(
    change: Callable[[str], str], form: str = "github"
) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        text = change(PIPELINE.read_text("utf-8"))
        path = breakage.write("pipeline.yml", text)
        breakage.tables["pipeline"] = {"path": str(path), "form": form}

    return apply


def _missing(breakage: Breakage) -> None:
    breakage.set("pipeline", path=str(breakage.bench.folder / "Jenkinsfile"))


def _ungated(text: str) -> str:
    return text.replace("    environment: production\n", "")


def _by_hand(_text: str) -> str:
    return f"{_GITLAB}deploy:\n  script: make deploy\n  when: manual\n"


_fault = Faults("pipeline", _ITEM, frozenset({"pipeline"}))


FAULTS = (
    _fault("missing", "there is no pipeline", _missing),
    _fault("ungated", "a deployment waits for nobody", _written(_ungated)),
    _fault(
        *("without-deployment", "the pipeline deploys nothing"),
        _written(lambda _: _GITLAB, "gitlab"),
    ),
    _fault("unreadable", "the pipeline is no YAML", _written(lambda _: "jobs: [")),
    _fault(
        *("by-hand", "a deployment of GitLab is started by hand: good"),
        _written(_by_hand, "gitlab"),
        None,
    ),
)
