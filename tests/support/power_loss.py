"""Lose the power at any moment of recorded work, and open what is left with the product's code.

A state is what one disk may hold at one moment of one log (`power_lost`). In each of them the store must
open, without a sentence of damage; hold exactly what some commit left, no older than the last one that had
returned; keep every promise that had been made by then; hold the same after another, clean, start; and take
new work.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.power_disk import DiskLog, Mark
from tests.support.power_lost import FATES, Fate, moments
from tests.support.power_promises import Committed, Promise, content_of, database_of, find
from tests.support.power_taps import DATABASE
from tests.support.seeded_rng import SeededRng
from tests.support.stores import KEY
from tuichat.errors import TuichatError
from tuichat.store.store import Store

_AGAIN_EVERY = 8


@dataclass(frozen=True)
class Failure:
    """A state in which something was wrong: whose log, after how many operations, what became of the rest."""

    log: str
    moment: int
    fate: Fate
    wrong: str


@dataclass
class Result:
    """What came of many states.

    Attributes:
        tried: how many states; distinct: how many different contents of files they had.
        promises: how many promises were held against them, all in all.
        digest: equal for equal runs.
    """

    tried: int = 0
    promises: int = 0
    failures: list[Failure] = field(default_factory=list)
    _contents: set[bytes] = field(default_factory=set)
    _digest: list[str] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        return len(self._contents)

    @property
    def digest(self) -> str:
        return hashlib.blake2b("\n".join(self._digest).encode(), digest_size=16).hexdigest()

    @property
    def kinds(self) -> Counter[str]:
        """How often each thing was wrong."""
        return Counter(failure.wrong for failure in self.failures)


class PowerLoss:
    """States of recorded logs, tried one after another in `directory`, which is emptied each time.

    With `exact` false a database may hold other things than after some commit that returned: of a commit that
    failed nobody knows what it would have left. Promises are held against it all the same.
    """

    def __init__(self, directory: Path, result: Result | None = None, *, exact: bool = True) -> None:
        self._directory = directory
        self._exact = exact
        self.result = result or Result()

    def try_states(self, name: str, logs: Sequence[DiskLog], count: int) -> Result:
        """About `count` states over all moments of the logs; the same ones for the same name."""
        total = sum(len(log.operations) for log in logs)
        for number, log in enumerate(logs):
            self._try_log(f"{name} {number}", log, count / total)
        return self.result

    def _try_log(self, name: str, log: DiskLog, each: float) -> None:
        self.result.failures += [Failure(name, 0, "kept", wrong) for wrong in log.broken]
        told, rng = _Told(log), SeededRng(name.encode())
        for moment, disk in moments(log):
            told.advance(moment)
            for _ in range(int(each + rng.uniform(0, 1))):
                fate = FATES[int(rng.uniform(0, len(FATES)))]
                wrong = self._try_state(disk.lose(fate, rng), told)
                self.result._digest.append(f"{name} {moment} {fate} {wrong}")
                if not wrong.startswith("commit"):
                    self.result.failures.append(Failure(name, moment, fate, wrong))

    def _try_state(self, files: dict[str, bytes], told: _Told) -> str:
        """What is wrong, or "commit" and which of the allowed ones was found."""
        result = self.result
        result.tried += 1
        result._contents.add(_content_of(files))
        self._lay_out(files)
        try:
            store = Store.open(self._directory / DATABASE, KEY, synchronous="OFF")
        except TuichatError as failure:
            return f"not opened: {type(failure).__name__}"
        try:
            verdict = self._judge(store, told)
        finally:
            store.close()
        if result.tried % _AGAIN_EVERY == 0 and verdict.startswith("commit"):
            return self._open_again(told, verdict)
        return verdict

    def _lay_out(self, files: dict[str, bytes]) -> None:
        for path in self._directory.iterdir():
            path.unlink()
        for name, content in files.items():
            (self._directory / name).write_bytes(content)

    def _judge(self, store: Store, told: _Told) -> str:
        database = database_of(store)
        if database.rows("PRAGMA integrity_check") != [("ok",)]:
            return "the tables do not hang together"
        content = content_of(database)
        found = find(store)
        self.result.promises += len(told.promises)
        for promise in told.promises:
            wrong = promise.broken(found)
            if wrong is not None:
                return wrong
        if content in told.allowed:
            return f"commit {told.allowed.index(content)}"
        return "older than the last commit, or half of one" if self._exact else "commit unknown"

    def _open_again(self, told: _Told, verdict: str) -> str:
        store = Store.open(self._directory / DATABASE, KEY, synchronous="OFF")
        try:
            if self._exact and content_of(database_of(store)) not in told.allowed:
                return "another start finds something else"
            store.settings.put("after the loss", b"works")
        finally:
            store.close()
        return verdict


def _content_of(files: dict[str, bytes]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name, content in sorted(files.items()):
        digest.update(b"%b %d\n%b" % (name.encode(), len(content), content))
    return digest.digest()


class _Told:
    """What had been told by a moment: promises, and which contents the database may have."""

    def __init__(self, log: DiskLog) -> None:
        self._marks = [
            (number, operation.promise)
            for number, operation in enumerate(log.operations)
            if isinstance(operation, Mark)
        ]
        self._commits = [promise.content for _, promise in self._marks if isinstance(promise, Committed)]
        self._next = self._returned = 0
        self.promises: list[Promise] = []

    def advance(self, moment: int) -> None:
        """So many operations have happened."""
        while self._next < len(self._marks) and self._marks[self._next][0] < moment:
            promise = self._marks[self._next][1]
            if isinstance(promise, Committed):
                self._returned += 1
            else:
                self.promises.append(promise)
            self._next += 1

    @property
    def allowed(self) -> list[bytes]:
        """What the last commit left that had returned, and what the one under way will leave."""
        return self._commits[max(self._returned - 1, 0) : self._returned + 1]
