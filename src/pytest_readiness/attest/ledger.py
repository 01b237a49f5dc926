"""Reading a ledger: a file of lines or a folder of one-statement files, streamed.

Nothing is kept here but counts and what is wrong; the believed lines go on to the
:class:`~.index.Index`, one by one and in the ledger's order (which has no meaning).
"""

from __future__ import annotations

import itertools
import os
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pytest_readiness.attest import line, strict_json
from pytest_readiness.attest.codes import Code, Consequence, Malformed, Refused
from pytest_readiness.attest.failure import Failure, printable
from pytest_readiness.attest.regular import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from pytest_readiness.attest.line import Judged
    from pytest_readiness.attest.trust import Trust

__all__ = [
    "MAX_FILE_SIZE",
    "MAX_LINES",
    "MAX_TRIALS_IN_ALL",
    "STATEMENT_SUFFIX",
    "Tally",
    "read",
]

MAX_LINES = 200_000
MAX_FILE_SIZE = 256 * 1024 * 1024
MAX_TRIALS_IN_ALL = MAX_LINES
"""How many verifications may be spent on lines that name no key: as many as on a ledger
of the largest size whose lines do."""
STATEMENT_SUFFIX = ".intoto.json"
"""How the names of the files in a folder end; others are left alone."""
_MOST_FAILURES = 20
_BATCH = 64
_LONGEST_PATH = 4096


@dataclass(slots=True)
class Tally:
    """What was found while a ledger was read."""

    lines: int = 0
    believed: int = 0
    ignored: Counter[Code] = field(default_factory=Counter)
    """FOREIGN and UNTRUSTED_KEY."""
    failures: list[Failure] = field(default_factory=list)
    """The first of what closes the gate; ``failed`` counts all."""
    failed: int = 0
    torn: str = ""
    """Where a last line is cut off, as a killed append leaves it."""

    def fail(self, failure: Failure) -> None:
        """Note what closes the gate; beyond twenty it is only counted."""
        self.failed += 1
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(failure)


class _Raw(NamedTuple):
    where: int | str
    """A line's number, or a file's path below the folder."""
    data: bytes
    cut: bool
    """Ends without an end of line."""


def read(
    path: Path, trust: Trust, tally: Tally, *, threads: int | None = None
) -> Iterator[Judged]:
    """Read and verify a ledger; give what came of each line.

    A path that does not exist is a ledger in which nobody has signed yet.

    Args:
        path: The file or the folder.
        trust: Whose signatures count.
        tally: Is filled on the way.
        threads: How many lines are verified at the same time (default: two where there
            are two processors). Verifying releases the interpreter's lock.
    """
    count, trials = threads or min(2, os.cpu_count() or 1), 0
    try:
        for raw, judged in _judge_all(_raw(path), trust, count):
            trials += judged.trials
            if trials > MAX_TRIALS_IN_ALL:
                reason = (
                    f"more than {MAX_TRIALS_IN_ALL} trials for lines without a key id;"
                    " name the key in them"
                )
                raise Refused(Code.TOO_LARGE, reason, str(path))  # noqa: TRY301 - as all
            tally.lines += 1
            if judged.refused is None:
                tally.believed += 1
            else:
                _note(tally, path, raw, judged.refused)
            yield judged
    except Refused as refused:
        tally.fail(Failure.of(refused))


def _note(tally: Tally, path: Path, raw: _Raw, refused: Refused) -> None:
    if isinstance(raw.where, int):
        where = f"{path}, line {raw.where}"
    else:
        where = f"{path}/{printable(raw.where)}"
    if refused.code.consequence is Consequence.IGNORED:
        tally.ignored[refused.code] += 1
    elif raw.cut and line.is_torn(raw.data):
        tally.torn = where
    else:
        tally.fail(Failure.of(refused, where))


def _judge_all(
    raws: Iterator[_Raw], trust: Trust, threads: int
) -> Iterator[tuple[_Raw, Judged]]:
    """Judge batch by batch; with several threads a few batches are under way."""

    def judge(batch: list[_Raw]) -> list[tuple[_Raw, Judged]]:
        return [(raw, line.judge(raw.data, trust)) for raw in batch]

    batches = iter(lambda: list(itertools.islice(raws, _BATCH)), [])
    first = list(itertools.islice(batches, threads))
    if threads == 1 or len(first) < threads:
        for batch in itertools.chain(first, batches):
            yield from judge(batch)
        return
    under_way: deque[Future[list[tuple[_Raw, Judged]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for batch in itertools.chain(first, batches):
            under_way.append(pool.submit(judge, batch))
            if len(under_way) > threads:
                yield from under_way.popleft().result()
        for future in under_way:
            yield from future.result()


def _raw(path: Path) -> Iterator[_Raw]:
    try:
        if not path.exists():
            return
        if path.is_dir():
            yield from _files(path)
            return
        with open_regular(path, MAX_FILE_SIZE) as stream:
            yield from _lines(stream, str(path))
    except OSError as error:
        where = printable(str(error.filename or path), _LONGEST_PATH)
        raise Malformed(f"cannot be read ({error.strerror})", where) from None


def _lines(stream: BinaryIO, where: str) -> Iterator[_Raw]:
    # One byte more than a line may have, so that a longer one is seen to be longer.
    longest = strict_json.LINE.size + len(b"\r\n") + 1
    pieces = iter(lambda: stream.readline(longest), b"")
    for number, data in enumerate(pieces, start=1):
        if number > MAX_LINES:
            reason = f"more than {MAX_LINES} lines"
            raise Refused(Code.TOO_LARGE, reason, where)
        more = data
        while not more.endswith(b"\n") and len(more) == longest:
            more = stream.readline(longest)
        content = data.removesuffix(b"\n").removesuffix(b"\r")
        if content:
            yield _Raw(number, content, cut=not more.endswith(b"\n"))


def _files(folder: Path) -> Iterator[_Raw]:
    total = 0
    for number, path in enumerate(_statement_files(folder), start=1):
        if number > MAX_LINES:
            reason = f"more than {MAX_LINES} files"
            raise Refused(Code.TOO_LARGE, reason, str(folder))
        with open_regular(path, MAX_FILE_SIZE, links=False) as stream:
            data = stream.read(strict_json.LINE.size + 2)
        total += len(data)
        if total > MAX_FILE_SIZE:
            reason = f"more than {MAX_FILE_SIZE} bytes in all"
            raise Refused(Code.TOO_LARGE, reason, str(folder))
        name = path.relative_to(folder).as_posix()
        yield _Raw(name, data.removesuffix(b"\n"), cut=False)


def _statement_files(folder: Path) -> Iterator[Path]:
    def cannot(error: OSError) -> None:
        raise error

    for root, folders, names in os.walk(folder, onerror=cannot):
        folders.sort()
        for name in folders:
            if Path(root, name).is_symlink():
                # Nobody would walk into it, nor miss what is signed there.
                where = printable(str(Path(root, name)), _LONGEST_PATH)
                raise Malformed("is a link to a folder", where)
        for name in sorted(names):
            if name.endswith(STATEMENT_SUFFIX):
                yield Path(root, name)
