"""What contacts may fetch: only what was offered, sealed once, and nothing any more once it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.fetching import KIB
from tests.support.offers import Offered, offered
from tuichat.crypto.file_chunks import TAG_LENGTH
from tuichat.crypto.kdf import blake2b_256
from tuichat.node.blobs import READS_AT_ONCE

SIZE = 2 * 64 * KIB + 10
LIST = 3 * 32
CHUNK = 64 * KIB + TAG_LENGTH


@dataclass
class Held:
    """Reading that waits until it is let go."""

    jobs: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self, work: Callable[[], Any]) -> Any:
        self.jobs.append(asyncio.Event())
        await self.jobs[-1].wait()
        return work()


@pytest.fixture
async def offer(tmp_path: Path) -> AsyncIterator[Offered]:
    async with offered(tmp_path, SIZE) as made:
        yield made


async def test_list_and_chunks_are_what_the_offer_says(offer: Offered) -> None:
    blob = offer.find()
    assert blob is not None
    hashes = await blob.read(0, LIST)
    assert hashes is not None
    sealed = await blob.read(LIST, blob.length - LIST)
    assert sealed is not None
    parts = [sealed[at : at + CHUNK] for at in range(0, len(sealed), CHUNK)]
    assert hashes == b"".join(blake2b_256(part) for part in parts)
    assert offer.fetched == [offer.row.id]


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (1, 32),
        (0, 31),
        (0, 0),
        (0, LIST + 1),
        (0, LIST + CHUNK),
        (LIST + 1, CHUNK),
        (LIST, CHUNK - 1),
        (LIST + CHUNK, 2 * CHUNK),
        (LIST + 2 * CHUNK, CHUNK),
        (LIST + 2 * CHUNK + 26, 1),
        (10**18, 1),
    ],
)
async def test_other_ranges_than_whole_hashes_or_chunks_are_not_there(
    offer: Offered, offset: int, length: int
) -> None:
    blob = offer.find()
    assert blob is not None
    assert await blob.read(offset, length) is None


@pytest.mark.parametrize("end", ["ended", "paused", "blocked", "removed"])
@pytest.mark.parametrize("where", [(0, LIST), (LIST, CHUNK)], ids=["list", "chunk"])
async def test_what_ends_while_a_request_waits_for_its_turn_is_not_given(
    offer: Offered, end: str, where: tuple[int, int]
) -> None:
    blob = offer.find()
    assert blob is not None
    offer.end(end)
    assert await blob.read(*where) is None
    assert offer.find() is None
    assert (offer.fetched, offer.changed) == ([], [])


@pytest.mark.parametrize(
    ("end", "over"), [("ended", True), ("paused", False), ("blocked", True), ("removed", True)]
)
async def test_blob_is_over_with_an_end_and_not_while_it_rests(offer: Offered, end: str, over: bool) -> None:
    blob = offer.find()
    assert blob is not None
    assert not blob.is_over
    offer.end(end)
    assert blob.is_over is over


@pytest.mark.parametrize("end", ["ended", "paused", "blocked", "removed"])
async def test_what_ends_while_it_is_read_does_not_leave(offer: Offered, end: str) -> None:
    offer.off_loop = held = Held()
    blob = offer.find()
    assert blob is not None
    reading = asyncio.ensure_future(blob.read(LIST, CHUNK))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    offer.end(end)
    held.jobs[0].set()
    assert await reading is None
    assert (offer.fetched, offer.changed) == ([], [])


async def test_changed_byte_ends_the_offer_before_anything_of_its_range_leaves(offer: Offered) -> None:
    blob = offer.find()
    assert blob is not None
    assert await blob.read(LIST, CHUNK) is not None
    content = bytearray(offer.source.read_bytes())
    content[CHUNK] ^= 1  # in the second chunk
    offer.source.write_bytes(content)
    assert await blob.read(LIST, 2 * CHUNK) is None
    assert offer.changed == [(offer.row.id, "changed")]


async def test_those_who_ask_and_leave_have_no_more_read_at_a_time_than_may_be(offer: Offered) -> None:
    offer.off_loop = held = Held()
    blob = offer.find()
    assert blob is not None
    for _caller in range(50):
        reading = asyncio.ensure_future(blob.read(LIST, CHUNK))
        for _round in range(3):
            await asyncio.sleep(0)
        reading.cancel()
    assert len(held.jobs) == READS_AT_ONCE
    for job in held.jobs:
        job.set()
    await offer.blobs.jobs.ended()
