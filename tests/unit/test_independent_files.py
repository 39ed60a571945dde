"""The second implementation and the product seal, list, ask for and give the same files, and refuse alike."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.independent import file_peer
from tests.independent.file_peer import Authored, Course, Offer
from tests.independent.primitives_peer import Refused
from tests.independent.web_peer import NOT_FOUND
from tests.support.fetching import KIB, accepted_row
from tests.support.handshakes import flip
from tests.support.offers import Offered, offered
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, open_store
from tuichat.crypto.file_chunks import SMALL_FILE, ChunkCipher, ChunkError, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.network.file_request import FileRequest, file_request_of
from tuichat.network.onion_server import OnionServer
from tuichat.network.transport import RefusedError
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_progress import Progress
from tuichat.node.file_steps import End, Step, taken
from tuichat.node.pull import NotThereError, Pull, PullParts
from tuichat.store.part_file import reserve
from tuichat.store.records import FileRow

SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, SMALL_FILE, SMALL_FILE + 1]
rng = SeededRng(b"independent files")


def authored(size: int) -> Authored:
    return Authored.make(rng.bytes, rng.bytes(size))


@pytest.mark.parametrize("size", SIZES)
def test_both_seal_and_name_the_same_chunks(size: int) -> None:
    theirs, layout = authored(size), Layout(size)
    offer = theirs.offer
    mine = ChunkCipher(offer.key, offer.id, layout)
    assert (layout.chunks, layout.blob_length) == (offer.layout.count, offer.layout.blob)
    sealed = [theirs.chunk(index) for index in range(layout.chunks)]
    for index, chunk in enumerate(sealed):
        plain = mine.open(index, chunk, blake2b_256(chunk))
        assert mine.seal(index, plain) == chunk
        begin, length = layout.place(index, 1)
        assert (begin, begin + length) == offer.layout.sealed(index)
    root = Root(offer.key, size)
    root.update(b"".join(map(blake2b_256, sealed)))
    assert root.digest() == offer.root


@pytest.mark.parametrize("size", [*SIZES, 10 * SMALL_FILE])
def test_both_find_the_same_ranges_whole(size: int) -> None:
    mine, theirs = Layout(size), file_peer.Layout(size)
    edges = [0, 32, mine.list_length - 32, mine.list_length, mine.blob_length]
    edges += [mine.place(index, 1)[0] for index in range(min(mine.chunks, 6))]
    edges = [edge + off for edge in edges for off in (-1, 0, 1)]
    whole = 0
    for first, end in product(edges, edges):
        if 0 <= first < end <= mine.blob_length:
            listed = end <= mine.list_length and first % 32 == end % 32 == 0
            fits = listed or mine.chunks_at(first, end - first) is not None
            assert theirs.is_whole(first, end - 1) is fits
            whole += fits
    assert whole or not size


# -- the request --

PATH = bytes(range(32))
NAME = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, *headers, "", ""]).encode()


LINE, RANGE, HOST = f"GET /file/{NAME} HTTP/1.1", "Range: bytes=0-31", "Host: a"
HEADS = [
    head(LINE, HOST, RANGE),
    head(LINE, RANGE, HOST),
    head(LINE, "HOST: b", "rAnGe: bytes=0-31"),
    head(LINE, RANGE),
    head(LINE, HOST),
    head(LINE, HOST, RANGE, RANGE),
    head(LINE, HOST, RANGE, "Accept: */*"),
    head(LINE.replace("1.1", "1.0"), HOST, RANGE),
    head(LINE.replace("GET", "HEAD"), HOST, RANGE),
    head(LINE.replace("/file/", "/link/"), HOST, RANGE),
    head(LINE.replace(NAME, NAME + "="), HOST, RANGE),
    head(LINE.replace(NAME, NAME[:-1]), HOST, RANGE),
    head(LINE.replace(NAME, NAME[:-1] + "9"), HOST, RANGE),
    head(LINE.replace(NAME, "../" + NAME[3:]), HOST, RANGE),
    head(LINE.replace(NAME, NAME + "?a"), HOST, RANGE),
    *(
        head(LINE, HOST, f"Range: {value}")
        for value in (
            *("bytes=32-31", "bytes=31-31", "bytes=00-31", "bytes=0-031", "bytes=-31", "bytes=0-", "0-31"),
            *("bytes=0-1048575", "bytes=0-1048576", "bytes=5-1048580", "bytes=5-1048581", "bytes=0-31,64-95"),
            *("bytes=0-" + "9" * 18, "bytes=0-" + "9" * 19, "bytes=+0-31", "bytes= 0-31", "bits=0-31"),
            *(f"bytes={'9' * 18}-{'9' * 18}", "bytes=\u0660-31"),
        )
    ),
]


@pytest.mark.parametrize("asking", HEADS, ids=range(len(HEADS)))
def test_both_take_the_same_requests(asking: bytes) -> None:
    agreed(asking)


def agreed(asking: bytes) -> bool:
    mine = file_request_of(asking)
    try:
        path, first, last = file_peer.asked(asking)
    except (Refused, ValueError):
        assert mine is None
        return False
    assert mine == FileRequest(path, first, last - first + 1)
    return True


def test_both_take_the_same_altered_requests() -> None:
    whole = file_peer.request(PATH, 0, 31)
    assert agreed(whole)
    for position in range(len(whole) - 4):
        agreed(flip(whole, position))


def test_requests_of_the_product_are_taken_and_its_answers_too() -> None:
    mine = FileRequest(PATH, 64, 1024)
    asking = head(f"GET {mine.target} HTTP/1.1", "Host: a", f"Range: {mine.range}")
    assert file_peer.asked(asking) == (PATH, 64, 1087)
    assert file_peer.length_of(mine.answer_head(5000), 64, 1087) == 1024
    for other in ((63, 1087), (64, 1086), (64, 1088)):
        with pytest.raises(Refused):
            file_peer.length_of(mine.answer_head(5000), *other)
    with pytest.raises(Refused):
        file_peer.length_of(NOT_FOUND, 64, 1087)


# -- the product gives --


@pytest.fixture
async def mine(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Offered]:
    async with offered(tmp_path, request.param) as made:
        yield made


class Stream:
    """One connection to the product's server."""

    def __init__(self, path: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path, self._reader, self._writer = path, reader, writer

    async def ask(self, first: int, last: int) -> bytes:
        self._writer.write(file_peer.request(self._path, first, last))
        answered = await self._reader.readuntil(b"\r\n\r\n")
        return await self._reader.readexactly(file_peer.length_of(answered, first, last))

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.mark.parametrize("mine", SIZES, indirect=True)
async def test_second_implementation_fetches_what_the_product_offers(mine: Offered) -> None:
    row = mine.row
    offer = Offer(row.wire_id, row.size, row.key, row.root, row.path)
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        socket = Path(directory) / "onion.sock"
        server = OnionServer(socket, lambda _message1: None, mine.blobs.find)
        await server.start()
        stream = Stream(row.path, *await asyncio.open_unix_connection(socket))
        assert await file_peer.fetch(offer, stream.ask) == mine.source.read_bytes()
        mine.end("ended")
        if row.size:
            with pytest.raises(Refused):
                await stream.ask(0, 31)
        await stream.close()
        await server.stop()


@pytest.mark.parametrize("mine", [64 * KIB + 1], indirect=True)
async def test_second_implementation_refuses_another_list_and_other_chunks(mine: Offered) -> None:
    row = mine.row
    offer = Offer(row.wire_id, row.size, row.key, row.root, row.path)
    blob = mine.find()
    assert blob is not None

    async def fetch(asked: Offer, wrong: int) -> None:
        async def ask(first: int, last: int) -> bytes:
            part = await blob.read(first, last - first + 1)
            assert part is not None
            return flip(part, wrong - first) if first <= wrong <= last else part

        with pytest.raises(Refused):
            await file_peer.fetch(asked, ask)

    for wrong in (0, 63, 64, 64 + 64 * KIB, blob.length - 1):
        await fetch(offer, wrong)
    await fetch(replace(offer, key=bytes(32)), -1)
    await fetch(replace(offer, size=64 * KIB + 2), -1)


# -- the product fetches --


class PeerCircuit:
    """A way to the second implementation: the product's requests go there as text, and answers come back."""

    def __init__(self, files: list[Authored]) -> None:
        self._at = {file.offer.path: file for file in files}

    async def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        wanted = FileRequest(path, offset, length)
        asking = head(f"GET {wanted.target} HTTP/1.1", f"Range: {wanted.range}", "Host: peer")
        answered = file_peer.answer(asking, self._at.get)
        if answered == NOT_FOUND:
            raise RefusedError
        data = answered[-length:]
        assert answered == wanted.answer_head(self._at[path].offer.layout.blob) + data
        for start in range(0, length, 10_000):
            yield data[start : start + 10_000]
            await asyncio.sleep(0)

    async def close(self) -> None:
        return


async def pulled(directory: Path, file: Authored, offer: Offer) -> bytes:
    """The file on this disk after it was fetched from the second implementation."""
    store = open_store(directory)
    part = directory / "part"
    reserve(part, offer.size)
    claims: dict[str, Any] = {
        "wire_id": offer.id,
        "size": offer.size,
        "key": offer.key,
        "root": offer.root,
        "path": offer.path,
    }
    row: FileRow = store.transfers.add(accepted_row(add_contact(store).id, part, **claims))

    async def make() -> PeerCircuit:
        await asyncio.sleep(0)
        return PeerCircuit([file])

    async def at_once(work: Any) -> Any:
        return work()

    circuits = FileCircuits(make, lambda: 0.0)
    try:
        await Pull(PullParts(store, circuits, 3, at_once), row, Progress(0, lambda: 0.0)).run()
    finally:
        await circuits.close()
        store.close()
    return part.read_bytes()


@pytest.mark.parametrize("size", SIZES)
async def test_product_fetches_what_the_second_implementation_offers(tmp_path: Path, size: int) -> None:
    theirs = authored(size)
    assert await pulled(tmp_path, theirs, theirs.offer) == theirs.data


async def test_product_takes_nothing_that_the_second_implementation_did_not_offer(tmp_path: Path) -> None:
    theirs = authored(64 * KIB + 1)
    others = [
        replace(theirs.offer, key=bytes(32)),
        replace(theirs.offer, root=bytes(32)),
        replace(theirs.offer, id=bytes(16)),
    ]
    for number, other in enumerate(others):
        (tmp_path / f"{number}").mkdir()
        with pytest.raises(ChunkError):
            await pulled(tmp_path / f"{number}", theirs, other)


async def test_second_implementation_gives_nothing_of_a_changed_file_and_nothing_elsewhere(
    tmp_path: Path,
) -> None:
    theirs = authored(64 * KIB + 1)
    theirs.data = flip(theirs.data, 64 * KIB)
    with pytest.raises(NotThereError):
        await pulled(tmp_path, theirs, theirs.offer)
    (tmp_path / "other").mkdir()
    with pytest.raises(NotThereError):
        await pulled(tmp_path / "other", theirs, replace(theirs.offer, path=bytes(32)))


# -- what becomes of an offer --


@pytest.mark.parametrize("direction", ["in", "out"])
def test_both_come_to_the_same_by_any_words(tmp_path: Path, direction: str) -> None:
    words = [(state, by) for state in range(1, 8) for by in ("receiver", "author")]
    first = accepted_row(1, tmp_path, direction=direction, accepted=False, state="offered", stored_as="")
    for said in product(words, repeat=3):
        row, course = first, Course()
        for state, by in said:
            mine = (by == "receiver") is (direction == "in")
            outcome = taken(row, Step(state), mine=mine)
            if isinstance(outcome, End):
                row = replace(row, state=outcome.state, ended_at=1, paused_by="")
            elif outcome is not None:
                row = replace(row, **outcome)
            course = course.after(state, by)
            assert (row.ended_at is None, bool(row.paused_by)) == (course.over is None, bool(course.pausing))
            assert row.ended_at is not None or row.accepted is course.accepted
            assert course.is_given is (row.ended_at is None and not row.paused_by)
