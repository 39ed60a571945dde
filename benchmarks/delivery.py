"""From `send` to "delivered" over a warm link, beside a raw WebSocket echo of the same bytes.

Claim: with 25 ms on each link of the Tor network, a message is acknowledged at most 1.25 times as late as an
aiohttp WebSocket echo of its text comes back over the same kind of circuit: own onion service, own isolation
token, same network. Ours is the whole way: the call to the node, its commit to disk, the envelope, the peer's
commit, the acknowledgement, and the event that tells of it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from benchmarks import options, report
from benchmarks.raw_pair import RawPair, echo_web_socket
from benchmarks.sides import both_sides
from benchmarks.tor_pair import SECOND, People

AT_MOST_RATIO = 1.25
LATENCY_MS = 25.0

_SETTLE_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.delivery", __doc__, rounds=5)
    made.add_argument(
        "--messages", type=options.at_least_one, default=10, metavar="N", help="a round and size"
    )
    made.add_argument("--bytes", type=options.at_least_one, nargs="+", default=[200, 4096], metavar="N")
    options.add_network(made, LATENCY_MS)
    return asyncio.run(_measure(options.parse(made, arguments)))


async def _measure(chosen: argparse.Namespace) -> int:
    ours: dict[int, list[float]] = {size: [] for size in chosen.bytes}
    other: dict[int, list[float]] = {size: [] for size in chosen.bytes}
    async with both_sides(chosen) as (both, raw):
        for _ in range(chosen.rounds):
            await _round(both, raw, chosen.messages, ours, other)
    for size in chosen.bytes:
        report.heading(
            f"Send to delivered over a warm link, {size} bytes, {chosen.latency:g} ms a link "
            f"({chosen.rounds} rounds with fresh circuits, {chosen.messages} each)"
        )
        report.compare(
            report.Series("tuichat, send to delivered", ours[size]),
            report.Series("raw WebSocket echo", other[size]),
            at_most=AT_MOST_RATIO,
        )
    return 0


async def _round(
    both: People, raw: RawPair, messages: int, ours: dict[int, list[float]], other: dict[int, list[float]]
) -> None:
    """Fresh circuits, then both sides in turn."""
    await both.cut_link()
    await both.warm("are you there?")
    await raw.fresh_circuit()
    async with raw.web_socket() as socket:
        await echo_web_socket(socket, b"are you there?")
        await asyncio.sleep(_SETTLE_SECONDS)
        for _ in range(messages):
            for size in ours:
                both.first.forget()
                began = time.perf_counter()
                message = await both.first.client.send(SECOND, "x" * size)
                ours[size].append(await both.first.delivered(message) - began)
                began = time.perf_counter()
                await echo_web_socket(socket, b"x" * size)
                other[size].append(time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
