"""A tor with a control port: the keys it is given, and what one that it refuses can do to it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from onion import controlled
from onion.address import OnionAddress
from onion.controlled import ControlledTor
from onion.controller import Controller
from onion.errors import TorError
from onion.keys import ClientKey, public_key
from onion.sentence import Sentence
from onion.tor import TorStatus
from tests.support.raw_callers import PATIENCE

ALICE, BOB = (OnionAddress.from_public_key(public_key(name * 32)) for name in (b"a", b"b"))
GOOD, OTHER, ZEROS = b"g" * 32, b"o" * 32, bytes(32)


class ScriptedController:
    """A control connection to a tor that refuses some client keys."""

    def __init__(self, refused: set[bytes], commands: list[str]) -> None:
        self.closed = asyncio.Event()
        self._refused = {ClientKey.from_private(key).private_control for key in refused}
        self._commands = commands

    async def get_info(self, key: str, _timeout: float = 0.0) -> str:
        return "0.4.9.11" if key == "version" else "NOTICE BOOTSTRAP PROGRESS=100 TAG=done"

    async def call(self, command: str) -> list[str]:
        self._commands.append(command)
        if command.rpartition(" ")[2] in self._refused:
            raise TorError("refused", "Tor refused: {reason}", reason="Invalid private key")
        return ["OK"]

    async def close(self) -> None:
        self.closed.set()


class ScriptedTor(ControlledTor):
    """Attributes: `refused`, private keys that the tor takes from nobody; `commands`, what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = {ZEROS}
        self.commands: list[str] = []
        self.connections: list[ScriptedController] = []

    async def _connect(self) -> Controller:
        self.connections.append(ScriptedController(self.refused, self.commands))
        return cast(Controller, self.connections[-1])

    async def _disconnect(self) -> None:
        pass

    def given(self) -> list[str]:
        """Which addresses the tor was given keys for, in order."""
        return [line.split(" ")[1] for line in self.commands if line.startswith("ONION_CLIENT_AUTH_ADD")]

    async def restart(self) -> None:
        """Lose the tor, and wait until the next one was told everything."""
        self.commands.clear()
        before = len(self.connections)
        self.connections[-1].closed.set()
        await until(lambda: len(self.connections) > before and self.status.ready)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the supervisor brings it about
            await asyncio.sleep(0.001)


@pytest.fixture
async def tor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedTor]:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    tor = ScriptedTor()
    await tor.start()
    yield tor
    await tor.stop()


async def test_key_that_tor_refuses_is_told_and_keeps_no_restarted_tor_away(tor: ScriptedTor) -> None:
    with pytest.raises(TorError):
        await tor.add_client_key(ALICE, ZEROS)
    await tor.restart()
    assert tor.given() == []


async def test_refused_key_leaves_the_one_that_tor_has(tor: ScriptedTor) -> None:
    await tor.add_client_key(ALICE, GOOD)
    with pytest.raises(TorError):
        await tor.add_client_key(ALICE, ZEROS)
    await tor.restart()
    assert tor.given() == [str(ALICE)]


async def test_restarted_tor_that_refuses_one_key_is_given_the_others(tor: ScriptedTor) -> None:
    await tor.add_client_key(ALICE, OTHER)
    await tor.add_client_key(BOB, GOOD)
    tor.refused.add(OTHER)
    await tor.restart()
    assert tor.given() == [str(ALICE), str(BOB)]
    await tor.restart()
    assert tor.given() == [str(BOB)]


async def test_key_that_tor_has_is_not_given_again_and_another_one_is(tor: ScriptedTor) -> None:
    for key in (GOOD, GOOD, OTHER, OTHER):
        await tor.add_client_key(ALICE, key)
    assert tor.given() == [str(ALICE)] * 2


class FadingTor(ScriptedTor):
    """A tor that says how it ended, and after that does not come again, for the reason `trouble`."""

    trouble: TorError | OSError | None = None

    def _last_words(self) -> Sentence:
        return Sentence("ended with status 1: out of memory")

    async def _connect(self) -> Controller:
        if self.trouble is not None:
            raise self.trouble
        return await super()._connect()


async def test_how_a_lost_tor_ended_and_why_none_comes_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    tor = FadingTor()
    await tor.start()
    seen: list[str] = []
    tor.watch(lambda status: seen.append(status.detail))
    tor.trouble = TorError("bridge", "Line {line} is no bridge line.", line=3)
    tor.connections[-1].closed.set()
    await until(lambda: tor.status.detail == "Line 3 is no bridge line.")
    assert "ended with status 1: out of memory" in seen
    tor.trouble = None
    await until(lambda: tor.status.ready)
    assert (tor.status.problem, tor.status.detail) == ("", "")
    await tor.stop()


async def test_why_tor_could_not_be_started_is_told() -> None:
    tor = FadingTor()
    tor.trouble = TorError("transport", "The program for obfs4 bridges is not installed.")
    with pytest.raises(TorError):
        await tor.start()
    assert (tor.status.problem, tor.status.detail) == (
        "control",
        "The program for obfs4 bridges is not installed.",
    )


async def test_what_the_system_refuses_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    tor = FadingTor()
    tor.trouble = OSError(errno.EMFILE, "Too many open files")
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert (caught.value.code, tor.status.problem) == ("system", "control")
    assert "Too many open files" in tor.status.detail
    tor.trouble = None
    await tor.start()
    tor.trouble = OSError(errno.ENOSPC, "No space left on device")
    tor.connections[-1].closed.set()
    await until(lambda: "No space left" in tor.status.detail)
    tor.trouble = None
    await until(lambda: tor.status.ready)
    await tor.stop()


class HungController(ScriptedController):
    """A control connection to a tor that, from some time on, answers nothing."""

    hung = False

    async def get_info(self, key: str, _timeout: float = 0.0) -> str:
        if self.hung:
            await asyncio.sleep(0.05)
            raise TorError("control", "The connection to tor is lost.")  # as at the deadline of a call
        return await super().get_info(key)


class OurTor(ScriptedTor):
    """A tor that is started by attaching to it; `ahead` is how far its clock was set."""

    _loss = "died"
    _is_ours = True
    ahead = 0.0

    def _clock(self) -> float:
        return super()._clock() + self.ahead

    async def _connect(self) -> Controller:
        self.connections.append(HungController(self.refused, self.commands))
        return cast(Controller, self.connections[-1])


@pytest.fixture
async def ours(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OurTor]:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(controlled, "_LOOK_SECONDS", 0.005)
    tor = OurTor()
    await tor.start()
    yield tor
    await tor.stop()


async def test_tor_that_hangs_is_given_up_and_another_one_takes_its_place(ours: OurTor) -> None:
    seen: list[str] = []
    ours.watch(lambda status: seen.append(status.problem))
    (hung,) = ours.connections
    hung.hung = True  # type: ignore[attr-defined]
    await until(lambda: len(ours.connections) == 2 and ours.status.ready)
    assert hung.closed.is_set()
    assert "died" in seen


async def test_tor_that_answers_is_kept(ours: OurTor) -> None:
    await asyncio.sleep(0.1)
    assert len(ours.connections) == 1


async def test_tor_is_begun_anew_when_the_clock_was_set_back_and_that_is_no_problem(ours: OurTor) -> None:
    seen: list[str] = []
    ours.watch(lambda status: seen.append(status.problem))
    for ahead in (-controlled._SET_BACK_SECONDS / 2, 86_400.0):
        ours.ahead = ahead
        await asyncio.sleep(0.05)
    assert len(ours.connections) == 1
    ours.ahead = 0.0
    await until(lambda: len(ours.connections) == 2 and ours.status.ready)
    assert set(seen) == {""}
    await asyncio.sleep(0.05)
    assert len(ours.connections) == 2


async def test_tor_that_is_not_ours_is_left_alone_when_the_clock_was_set_back(
    ours: OurTor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_is_ours", False)
    ours.ahead = -86_400.0
    await asyncio.sleep(0.05)
    assert len(ours.connections) == 1


async def test_tor_that_begins_anew_is_no_tor_that_died(tor: ScriptedTor) -> None:
    seen: list[TorStatus] = []
    tor.watch(seen.append)
    await tor._begin_anew()
    await until(lambda: len(tor.connections) == 2 and tor.status.ready)
    assert seen[0] == TorStatus(version="0.4.9.11")
    assert all(status.problem == "" for status in seen)
    tor.connections[-1].closed.set()
    await until(lambda: len(tor.connections) == 3 and tor.status.ready)
    assert "control" in [status.problem for status in seen]


class StumblingTor(ScriptedTor):
    """A tor in whose supervision something goes wrong that nobody foresaw, as often as `stumbles` says."""

    stumbles = 0
    disconnected = 0

    async def _connect(self) -> Controller:
        if self.stumbles:
            self.stumbles -= 1
            raise LookupError("the words of somebody's secret")
        return await super()._connect()

    async def _disconnect(self) -> None:
        self.disconnected += 1


async def test_an_error_that_nobody_foresaw_does_not_end_the_supervision(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    tor = StumblingTor()
    await tor.start()
    tor.stumbles = 3
    tor.connections[-1].closed.set()
    await until(lambda: tor.stumbles == 0 and tor.status.ready)
    assert len(tor.connections) == 2
    assert tor.disconnected == 4  # once for the tor that was lost, once for each that did not come
    assert [record.getMessage().partition(" at ")[0] for record in caplog.records] == [
        "keeping tor attached failed: LookupError"
    ] * 3
    assert "secret" not in caplog.text
    await tor.restart()
    await tor.stop()


async def test_a_watcher_and_a_service_that_fail_leave_no_tor_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(controlled, "_FIRST_WAIT", 0.001)
    tor = StumblingTor()
    await tor.start()
    failing = True

    def watcher(_status: object) -> None:
        if failing:
            raise ValueError("the words of somebody's secret")

    tor.watch(watcher)
    tor.connections[-1].closed.set()
    await until(lambda: len(caplog.records) >= 4)
    assert tor.disconnected >= 2
    failing = False
    await until(lambda: tor.status.ready)
    assert "secret" not in caplog.text
    await tor.stop()
