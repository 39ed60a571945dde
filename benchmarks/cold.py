"""From `send` to "delivered" where no link stands, and from coming online to the first waiting message.

Claims, with 25 ms on each link of the Tor network:
  - a message to a contact who is online but not linked is delivered at most 1.3 times as late as a raw SOCKS
    connect through tor to an onion service and two round trips over it take;
  - somebody who comes online has a message that waited for them at most that and one second after their own
    onion service was published.

Neither side has a circuit to begin with, and both have dialled the service before. The raw round trips carry
512 bytes, about one cell of tor's.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from benchmarks import options, report
from benchmarks.raw_pair import RawPair
from benchmarks.sides import both_sides
from benchmarks.tor_pair import FIRST, SECOND, People

AT_MOST_RATIO = 1.3
ON_TOP_SECONDS = 1.0
LATENCY_MS = 25.0

_BYTES = bytes(512)
_ROUND_TRIPS = 2
_SETTLE_SECONDS = 0.7


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.cold", __doc__, rounds=9)
    made.add_argument(
        "--arrivals", type=options.at_least_one, default=5, metavar="N", help="times somebody comes online"
    )
    options.add_network(made, LATENCY_MS)
    return asyncio.run(_measure(options.parse(made, arguments)))


async def _measure(chosen: argparse.Namespace) -> int:
    ours, other, arrivals = [], [], []
    async with both_sides(chosen) as (both, raw):
        await _raw(raw)
        for number in range(chosen.rounds):
            ours.append(await _cold_send(both, number))
            other.append(await _raw(raw))
        for number in range(chosen.arrivals):
            arrivals.append(await _coming_online(both, number))
            other.append(await _raw(raw))
    raw_side = report.Series("raw SOCKS connect and 2 round trips", other)
    report.heading(f"To a contact who is online but not linked, {chosen.latency:g} ms a link")
    report.compare(report.Series("tuichat, send to delivered", ours), raw_side, at_most=AT_MOST_RATIO)
    report.heading(f"Somebody for whom a message waits comes online, {chosen.latency:g} ms a link")
    report.compare(
        report.Series("tuichat, published to received", arrivals),
        raw_side,
        at_most=AT_MOST_RATIO,
        plus=ON_TOP_SECONDS,
    )
    return 0


async def _cold_send(both: People, number: int) -> float:
    await both.cut_link()
    await asyncio.sleep(_SETTLE_SECONDS)
    began = time.perf_counter()
    message = await both.first.client.send(SECOND, f"message {number}")
    return await both.first.delivered(message) - began


async def _raw(raw: RawPair) -> float:
    await raw.fresh_circuit()
    await asyncio.sleep(_SETTLE_SECONDS)
    began = time.perf_counter()
    await raw.connect_and_echo(_BYTES, _ROUND_TRIPS)
    return time.perf_counter() - began


async def _coming_online(both: People, number: int) -> float:
    """The first person goes away, the second writes to them, they come back and dial."""
    await both.stop(FIRST)
    text = f"while you were away {number}"
    await both.second.client.send(FIRST, text)
    person = await both.start(FIRST)
    published, received = await asyncio.gather(person.published(), person.received(text))
    return received - published


if __name__ == "__main__":
    sys.exit(main())
