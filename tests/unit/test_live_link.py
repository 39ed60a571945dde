"""The line of a link: what leaves before what."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.handshakes import Meeting
from tests.support.seeded_rng import SeededRng
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import fresh_keys
from tuichat.network.transport import ConnectionLostError
from tuichat.node.live_link import KEEPALIVE_JITTER, KEEPALIVE_SECONDS, PROOF_SECONDS, LiveLink
from tuichat.protocol.frames import Ack, Env, Frame, Hello, New, Pong, decode, encode
from tuichat.protocol.link import Link, LinkStart

SID = bytes(range(16))
KEYS = fresh_keys(SeededRng(b"keys"), MlKem768())


class Reader:
    """The other end: opens what it is sent, and is lost after so many frames."""

    def __init__(self, link: Link, count: int) -> None:
        self._link = link
        self._count = count
        self.read: list[Frame] = []

    async def send(self, message: bytes) -> None:
        await asyncio.sleep(0)
        self.read.append(decode(self._link.open(message)))
        if len(self.read) == self._count:
            raise ConnectionLostError

    async def receive(self) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        await asyncio.sleep(0)


def sent(*frames: Frame) -> list[Frame]:
    """These frames, put in line before anything leaves, in the order in which they leave."""

    async def whole() -> list[Frame]:
        mine, theirs, _certificate, _frames = Meeting().links()
        reader = Reader(theirs, len(frames))
        clock = VirtualClock()
        live = LiveLink(mine, reader, LinkStart(bytes(32), 0.0), clock, SeededRng())
        for frame in frames:
            live.send(frame)
        await live.run(lambda _frame: None)
        return reader.read

    read: list[Frame] = run_virtual(whole())
    return read


def env(number: int) -> Env:
    return Env(SID, bytes([number]) * ENVELOPE_SIZES[0])


def ack(number: int) -> Ack:
    return Ack(SID, bytes([number]) * 32)


def test_acknowledgements_do_not_wait_behind_envelopes_and_keep_their_order() -> None:
    line: list[Frame] = [env(1), env(2), ack(1), env(3), ack(2)]
    assert sent(*line) == [ack(1), ack(2), env(1), env(2), env(3)]


@pytest.mark.parametrize(
    "first", [Hello(1, SID, 0, 0, 0, False), New(1, SID, KEYS.dh_public, KEYS.ek_public)]
)
def test_nothing_passes_what_says_which_session_it_is(first: Frame) -> None:
    assert sent(env(1), first, env(2), ack(1)) == [env(1), first, ack(1), env(2)]


def test_a_link_that_went_silent_is_noticed_after_two_spans_of_the_keepalive() -> None:
    async def whole() -> float:
        mine, theirs, _certificate, _frames = Meeting().links()
        live = LiveLink(mine, Reader(theirs, 0), LinkStart(bytes(32), 0.0), VirtualClock(), SeededRng())
        await live.run(lambda _frame: None)
        return asyncio.get_running_loop().time()

    silent: float = run_virtual(whole())
    assert silent >= 2 * KEEPALIVE_SECONDS * (1 - KEEPALIVE_JITTER)
    assert silent <= 2 * KEEPALIVE_SECONDS * (1 + KEEPALIVE_JITTER)


class Echo(Reader):
    """The other end answers each PING, as long as it is `awake`."""

    def __init__(self, link: Link) -> None:
        super().__init__(link, 0)
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.awake = True
        self.closed = False

    async def send(self, message: bytes) -> None:
        await super().send(message)
        if self.awake:
            self._answers.put_nowait(self._link.seal(encode(Pong())))

    async def receive(self) -> bytes:
        return await self._answers.get()

    async def close(self) -> None:
        self.closed = True


def doubted(*, awake: bool, seconds: float) -> tuple[bool, bool, int]:
    """A link, some seconds after it was doubted: whether it ended, for silence; how many PINGs it said."""

    async def whole() -> tuple[bool, bool, int]:
        mine, theirs, _certificate, _frames = Meeting().links()
        echo = Echo(theirs)
        live = LiveLink(mine, echo, LinkStart(bytes(32), 0.0), VirtualClock(), SeededRng())
        running = asyncio.create_task(live.run(lambda _frame: None))
        await asyncio.sleep(10)
        echo.awake = awake
        live.doubt()
        await asyncio.sleep(seconds)
        found = (live.closed, live.silent, len(echo.read))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert echo.closed
        return found

    found: tuple[bool, bool, int] = run_virtual(whole())
    return found


def test_a_link_that_is_doubted_must_bring_something_soon() -> None:
    assert doubted(awake=False, seconds=PROOF_SECONDS - 1) == (False, False, 1)
    assert doubted(awake=False, seconds=PROOF_SECONDS + 1) == (True, True, 1)


def test_a_link_that_is_doubted_and_answers_goes_on() -> None:
    assert doubted(awake=True, seconds=PROOF_SECONDS + 1) == (False, False, 1)
    assert doubted(awake=True, seconds=10 * KEEPALIVE_SECONDS)[:2] == (False, False)


@pytest.mark.parametrize("turns", range(6))
def test_a_link_that_is_cancelled_while_it_ends_closes_its_connection(turns: int) -> None:
    async def whole() -> bool:
        mine, theirs, _certificate, _frames = Meeting().links()
        echo = Echo(theirs)
        live = LiveLink(mine, echo, LinkStart(bytes(32), 0.0), VirtualClock(), SeededRng())
        running = asyncio.create_task(live.run(lambda _frame: None))
        await asyncio.sleep(1)
        live.close()
        for _turn in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return echo.closed

    assert run_virtual(whole())
