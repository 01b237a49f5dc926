"""Asks git about the working tree: bounded, quiet, and untouched by the environment.

Nothing is written (no optional locks), no hook and no monitor of the repository runs,
and replace refs cannot show another tree than the one that is committed.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GIT_TIMEOUT", "Git", "NoRepository", "Question", "RunQuestion"]

RunQuestion = Literal["describe", "log", "ls-tree", "rev-list", "rev-parse", "status"]
"""What a run asks git; each of them only reads."""

Question = Literal[RunQuestion, "show"]
"""What anything here asks git."""

GIT_TIMEOUT = 60.0
"""Seconds that git may take for one answer."""

_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "USERPROFILE", "TMPDIR")
_OPTIONS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_SETTINGS = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
}


class NoRepository(Exception):  # an answer, not an error
    """There is no commit to ask about; the text says why."""


@dataclass(frozen=True)
class Git:
    """Git, in one folder of a working tree."""

    folder: Path
    program: str = "git"
    timeout: float = GIT_TIMEOUT

    def ask(self, question: Question, *arguments: str) -> bytes:
        """Give what git prints.

        Raises:
            NoRepository: there is no git, no repository or no commit.
            ConfigError: git refuses, or gives no answer in time.
        """
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            done = subprocess.run(  # fixed words, no shell
                [self.program, *_OPTIONS, question, *arguments],
                cwd=self.folder,
                env=environ | _SETTINGS,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=self.timeout,
            )
        except FileNotFoundError:
            reason = "git is not installed here"
            raise NoRepository(reason) from None
        except subprocess.TimeoutExpired:
            what = f"git {question} gave no answer within {self.timeout:g} s"
            raise self._error(what, "repair the repository") from None
        if done.returncode:
            raise self._refusal(question, done.stderr.decode(errors="replace"))
        return done.stdout

    def _refusal(self, command: str, complaint: str) -> Exception:
        if "not a git repository" in complaint:
            return NoRepository("this is no git repository")
        if "Needed a single revision" in complaint:
            return NoRepository("the repository has no commit")
        if "dubious ownership" in complaint:
            what = "git does not trust this folder, which another user owns"
            remedy = f"run `git config --global --add safe.directory {self.folder}`"
            return self._error(what, remedy)
        return self._error(f"git {command} failed", "see `git status` there")

    def _error(self, what: str, remedy: str) -> ConfigError:
        return ConfigError(
            str(self.folder), what, f"{remedy}, or set `[release] digest`"
        )
