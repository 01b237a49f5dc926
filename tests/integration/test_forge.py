"""Forges: a branch that is protected, one that is not, and what is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins.forge import PROJECT, Forge as Github
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.probes.forge import Forge
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import ForgeBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "github_pat_correct_horse"
GITLAB = {
    "/projects/acme%2Fops%2Fengine": {"default_branch": "release/1"},
    "/projects/acme%2Fops%2Fengine/repository/branches/release%2F1": {
        "name": "release/1",
        "protected": True,
    },
    "/projects/acme%2Fops%2Fengine/repository/branches/open": {"protected": False},
    "/projects/acme%2Fops%2Fengine/repository/branches/odd": {"name": "odd"},
    "/projects/acme%2Fempty": {"default_branch": None},
}


@pytest.fixture
def github() -> Iterator[Github]:
    with Github(token=TOKEN) as forge:
        yield forge


def see(port: int, kind: Any = "github", project: str = PROJECT, **more: Any) -> Forge:
    url = f"http://127.0.0.1:{port}"
    block = ForgeBlock(kind=kind, url=url, project=project, **more)
    facts = Forge.gather(block, Look(Forge.source(block), 5.0))
    assert TOKEN not in repr((facts, Forge.looks(block)))
    return facts


def ask(github: Github, token: str = TOKEN) -> Forge:
    return see(github.port, token=Secret(token, "env:TOKEN"))


def why(facts: Forge) -> Unavailable:
    assert isinstance(facts.protected.value, Unavailable)
    return facts.protected.value


def test_a_protected_branch(github: Github) -> None:
    facts = ask(github)
    assert facts.protected.value is True
    assert facts.protected.source.endswith("branch main")
    assert facts.named


@pytest.mark.parametrize(
    ("rules", "protected"),
    [([], False), (["deletion"], False), (["deletion", "pull_request"], True)],
)
def test_rules_protect_a_branch_where_they_ask_for_a_review(
    *, rules: list[str], protected: bool, github: Github
) -> None:
    github.protected, github.rules = False, rules
    facts = ask(github)
    assert facts.protected.value is protected
    assert all(rule in facts.protected.detail for rule in rules)


def test_what_the_token_may_not_read_is_withheld(github: Github) -> None:
    github.withheld = True
    nothing = why(ask(github))
    assert nothing.cause is Cause.WITHHELD
    assert "404" in nothing.reason
    assert ask(github).named


def test_a_wrong_token_is_not_known(github: Github) -> None:
    assert "401" in why(ask(github, "ghp_somebody_elses")).reason


def test_gitlab() -> None:
    def answer(asked: Asked) -> Reply:
        found = GITLAB.get(asked.path)
        return Reply(found) if found else Reply({"message": "404 Not Found"}, 404)

    with Web(answer) as web:

        def ask(**more: Any) -> Forge:
            return see(
                web.port, "gitlab", more.pop("project", "acme/ops/engine"), **more
            )

        assert ask().protected.value is True
        assert ask(branch="open").protected.value is False
        assert why(ask(branch="gone")).cause is Cause.WITHHELD
        assert "does not say" in why(ask(branch="odd")).reason
        assert "no default branch" in why(ask(project="acme/empty")).reason


@pytest.mark.parametrize(
    ("reply", "cause", "word"),
    [
        (Reply({}, 503), Cause.THIRD_PARTY, "503"),
        (Reply({}, 429), Cause.THIRD_PARTY, "429"),
        (Reply({}, 302), Cause.NO_ANSWER, "302"),
        (Reply("<html>", 200, "text/html"), Cause.NO_ANSWER, "no JSON"),
        (Reply("[" * 100_000), Cause.NO_ANSWER, "no JSON"),
        (Reply([]), Cause.NO_ANSWER, "no default branch"),
    ],
)
def test_what_is_no_answer(reply: Reply, cause: Cause, word: str) -> None:
    with Web(lambda _: reply) as web:
        nothing = why(see(web.port))
    assert (nothing.cause, word in nothing.reason) == (cause, True), nothing


def test_each_look_says_beforehand_what_it_asks() -> None:
    for kind, count in (("github", 3), ("gitlab", 2)):
        block = ForgeBlock(kind=kind, url="https://forge.example", project="a/b")
        asked = [look for look in Forge.looks(block) if look.kind == "request"]
        assert len(asked) == count
    with pytest.raises(ValueError, match="is no project"):
        ForgeBlock(kind="github", url="https://forge.example", project="a")
