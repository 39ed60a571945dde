"""Both sides of what is measured over Tor, on one private network: two people, and a raw pair."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.raw_pair import RawPair, raw_pair
from benchmarks.tor_pair import People, people, private_network


@contextlib.asynccontextmanager
async def both_sides(chosen: argparse.Namespace) -> AsyncIterator[tuple[People, RawPair]]:
    """The people, linked, and the raw pair, published, on the network of `options.add_network`."""
    with tempfile.TemporaryDirectory(prefix="tcb") as name:
        directory = Path(name)
        async with (
            private_network(chosen.latency, directory, chosen.torrc) as torrc,
            contextlib.AsyncExitStack() as stack,
        ):
            async with asyncio.TaskGroup() as group:
                both = group.create_task(stack.enter_async_context(people(directory, torrc)))
                raw = group.create_task(stack.enter_async_context(raw_pair(directory, torrc)))
            yield both.result(), raw.result()
