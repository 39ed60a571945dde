"""Several people who fetch from one: real bounds, and everybody's files come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.file_story import HOUR, MIB, FileStory, play
from tests.support.seeded_rng import SeededRng
from tests.support.served_circuit import Stream, serve_really
from tests.support.simulated_circuit import SimulatedCircuit
from tests.support.simulated_node import SimulatedNode
from tuichat.network import blob_server
from tuichat.network.blob_server import BlobServer
from tuichat.network.file_request import FileRequest
from tuichat.network.transport import ConnectionLostError, RefusedError

SIZE = 6 * MIB


@pytest.fixture(autouse=True)
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each who fetches asks for sixteen."""
    monkeypatch.setattr(blob_server, "MAX_CONNECTIONS", 18)
    monkeypatch.setattr(blob_server, "MAX_SHARE_CONNECTIONS", 16)


async def _more_people(made: FileStory, *names: str) -> list[SimulatedNode]:
    """Contacts of alice's."""
    people = [SimulatedNode(name, made.directory, made.network, SeededRng(name.encode())) for name in names]
    for person in people:
        await person.start()
        await person.node.contact_add(made.alice.address, "alice")
        await made.alice.node.contact_add(person.address, person.name)
    await made.linked()
    return people


async def _offered(made: FileStory, source: Path, person: SimulatedNode) -> int:
    before = len(await person.node.file_list())
    await made.alice.node.file_send(person.name, [str(source)], "", as_is=True)
    async with asyncio.timeout(HOUR):
        while len(found := await person.node.file_list()) == before:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(1)
    return found[-1].id


async def _seconds(made: FileStory, person: SimulatedNode, file: int) -> float:
    """How long a file takes from now on."""
    before = asyncio.get_running_loop().time()
    await person.node.file_accept(file)
    await made.until_state(person, file, "complete")
    return asyncio.get_running_loop().time() - before


def test_three_who_fetch_at_a_time_have_their_files_as_soon_as_there_is_room_for_three(
    tmp_path: Path,
) -> None:
    async def story(made: FileStory) -> None:
        serve_really(made.network)
        source = made.write("large", SIZE)
        (first,) = await made.offer(source)
        alone = await _seconds(made, made.bob, first.id)
        others = await _more_people(made, "carol", "dave")
        people = [made.bob, *others]
        files = [await _offered(made, source, person) for person in people]
        together = await asyncio.gather(
            *(_seconds(made, person, file) for person, file in zip(people, files, strict=True))
        )
        assert max(together) < 3 * alone
        for person in others:
            await person.stop()
            assert person.failures == []

    play(tmp_path, story)


@pytest.mark.parametrize("places", [1, 4])
def test_who_is_refused_on_some_circuits_goes_on_over_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    taken: list[bytes] = []
    refused: list[bytes] = []
    fetch = SimulatedCircuit.fetch

    async def few(
        self: SimulatedCircuit, path: bytes, offset: int, length: int
    ) -> AsyncGenerator[bytes, None]:
        if len(taken) >= places and length > 32:
            refused.append(path)
            await asyncio.sleep(0.2)
            raise RefusedError
        taken.append(path)
        try:
            async for piece in fetch(self, path, offset, length):
                yield piece
        finally:
            taken.remove(path)

    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", SIZE))
        alone = await _seconds(made, made.bob, offer.id)
        monkeypatch.setattr(SimulatedCircuit, "fetch", few)
        (offer,) = await made.offer(made.write("large", SIZE))
        assert await _seconds(made, made.bob, offer.id) < 2 * alone * 16 / places
        assert refused

    play(tmp_path, story)


@pytest.mark.parametrize("held", ["places", "room"])
def test_two_contacts_who_take_all_they_can_as_slowly_as_they_may_keep_no_third_ones_files_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    if held == "room":
        monkeypatch.setattr(blob_server, "MAX_CONNECTIONS", 64)
        monkeypatch.setattr(blob_server, "MAX_IN_HAND", 8 * MIB)
        monkeypatch.setattr(blob_server, "MAX_SHARE_IN_HAND", 4 * MIB)

    async def story(made: FileStory) -> None:
        serve_really(made.network)
        source = made.write("large", SIZE)
        (first,) = await made.offer(source)
        alone = await _seconds(made, made.bob, first.id)
        (server,) = _servers(made)
        (offer,) = await made.offer(source)
        hostile = await _more_people(made, "mallory", "trudy")
        holding = []
        for person in hostile:
            file = await _offered(made, source, person)
            row = person.store.transfers.get(file)
            assert row is not None
            holding += [asyncio.ensure_future(_hold(server, row.path)) for _number in range(20)]
        await asyncio.sleep(30)
        assert await _seconds(made, made.bob, offer.id) < 3 * alone
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)
        for person in hostile:
            await person.stop()

    play(tmp_path, story)


def _servers(made: FileStory) -> list[BlobServer]:
    circuit = made.network.circuit(b"", b"", None)
    return list(circuit.servers.values())  # type: ignore[attr-defined]


async def _hold(server: BlobServer, path: bytes) -> None:
    """Ask for much again and again, and take none of it for as long as that is let pass."""
    list_length = 32 * (SIZE // (256 * 1024))
    request = FileRequest(path, list_length, 3 * (256 * 1024 + 16))
    head = f"GET {request.target} HTTP/1.1\r\nHost: a\r\nRange: {request.range}\r\n\r\n"
    while True:
        stream = Stream(server)
        stream.connection.data_received(head.encode())
        try:
            while True:
                await stream.take(64 * 1024)
                await asyncio.sleep(blob_server.STALL_SECONDS - 1)
        except ConnectionLostError:
            await asyncio.sleep(0.1)
        finally:
            stream.leave()
