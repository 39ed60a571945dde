"""The second implementation and a real node over sockets: HTTP, WebSocket and everything above, both ways."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.independent.identity_peer import Person, address_of
from tests.independent.invite_peer import read_invite
from tests.independent.person_peer import Connection, NotFoundError, PeerPerson
from tests.independent.web_peer import LostError, dial, serve
from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.handshakes import person
from tests.support.house import House, house
from tests.support.raw_callers import PATIENCE
from tests.support.seeded_rng import SeededRng
from tuichat.clock import SystemClock
from tuichat.node import contact_link

NODE, OTHER = person("node"), person("second client")


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_link, "FIRST_PAUSE", 0.05)


class Neighbour:
    """The second implementation behind a socket of its own, beside a node."""

    def __init__(self, home: House[FakeTor]) -> None:
        self.home, rng = home, SeededRng(b"neighbour")
        me = Person(OTHER.onion_seed, OTHER.sig_seed, OTHER.ik_secret, OTHER.epoch)
        self.peer = PeerPerson(me, NODE.onion, rng.bytes, SystemClock().now)

    async def dial(self, message_1: bytes) -> tuple[bytes, Connection]:
        streams = await asyncio.open_unix_connection(self.home.socket)
        return await dial(streams, message_1, self.peer.draw)

    async def call(self) -> None:
        try:
            await self.peer.call(self.dial)
        except LostError:
            return

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer, self.peer.answer)
        except (LostError, asyncio.IncompleteReadError):
            writer.close()

    async def talk(self) -> None:
        """A few messages each way, the longest too, arrive and are acknowledged."""
        said = ["short", "é" * 24_576, "last"]
        for text in said:
            await self.peer.say(text)
            await self.home.node.send("friend", text)
        await until(lambda: not self.peer.session.queue and self.home.node.queued_count() == 0)
        messages = await self.home.node.messages("friend")
        assert [message.text for message in messages if message.direction == "in"] == said
        assert self.peer.read() == said


@asynccontextmanager
async def neighbours() -> AsyncIterator[Neighbour]:
    network = FakeNetwork()
    tor = FakeTor(network)
    with tempfile.TemporaryDirectory(prefix="tc") as name:
        async with house(NODE, network) as home:
            neighbour = Neighbour(home)
            server = await asyncio.start_unix_server(neighbour.serve, Path(name) / "socket")
            await tor.start()
            try:
                await tor.publish(OTHER.onion_seed, Path(name) / "socket")
                yield neighbour
            finally:
                await neighbour.peer.hang_up()
                server.close()
                await tor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - tasks and sockets bring it about
            await asyncio.sleep(0.005)


async def test_second_client_comes_to_a_node_by_its_invite_and_they_talk() -> None:
    async with neighbours() as neighbour:
        invite = await neighbour.home.node.invite_create()
        neighbour.peer.add(read_invite(invite.text, int(SystemClock().now())))
        calling = asyncio.create_task(neighbour.call())
        await until(lambda: neighbour.peer.live is not None)
        assert neighbour.peer.live is not None
        assert neighbour.peer.live.dialled
        (contact,) = await neighbour.home.node.contact_list()
        await neighbour.home.node.contact_rename(contact.name, "friend")
        await neighbour.talk()
        await neighbour.peer.hang_up()
        await calling


async def test_node_calls_the_second_client_which_takes_its_request() -> None:
    async with neighbours() as neighbour:
        neighbour.peer.state = "requested"
        await neighbour.home.node.contact_add(address_of(OTHER.onion), "friend", "it is me")
        await until(lambda: neighbour.peer.live is not None)
        assert neighbour.peer.live is not None
        assert not neighbour.peer.live.dialled
        assert neighbour.peer.asked is not None
        assert neighbour.peer.asked.text == "it is me"
        await neighbour.talk()


async def test_second_client_that_knows_no_knock_finds_nothing() -> None:
    async with neighbours() as neighbour:
        neighbour.peer.other = person("somebody else").onion
        neighbour.peer.add()
        with pytest.raises(NotFoundError):
            await neighbour.peer.call(neighbour.dial)
