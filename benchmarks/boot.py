"""How long a private Tor network takes to come up, and how many attempts that takes.

Claim: every time it is up, with all relays and their directory, within 30 s of its start.

An attempt that does not come up in its time is given up and begun anew; its time counts. There is no other
side: nothing else makes a whole Tor network.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from benchmarks import options, report
from onion.private_network import NetworkOptions, PrivateNetwork, Step

AT_MOST_SECONDS = 30.0
LATENCY_MS = 25.0

MakeNetwork = Callable[[NetworkOptions], AbstractAsyncContextManager[object]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.boot", __doc__, rounds=10)
    made.add_argument("--latency", type=float, default=LATENCY_MS, metavar="MS", help="added per link")
    chosen = options.parse(made, arguments)
    measure(chosen.rounds, chosen.latency)
    return 0


def measure(rounds: int, latency_ms: float, make_network: MakeNetwork = PrivateNetwork) -> None:
    """Bring up so many networks, one after the other, and print."""
    report.heading(f"A private Tor network comes up, {latency_ms:g} ms a link")
    seconds = [asyncio.run(_round(number + 1, latency_ms, make_network)) for number in range(rounds)]
    took = report.Series("from start to up", seconds)
    took.show()
    report.limit(took, at_most=AT_MOST_SECONDS)


async def _round(number: int, latency_ms: float, make_network: MakeNetwork) -> float:
    """Bring a network up and end it; the seconds until it was up."""
    attempts = 1

    def count(step: Step) -> None:
        nonlocal attempts
        attempts += step is Step.AGAIN

    began = time.perf_counter()
    async with make_network(NetworkOptions(latency_ms=latency_ms, progress=count)):
        took = time.perf_counter() - began
    print(f"  round {number}: {took:.1f} s, attempts: {attempts}", flush=True)
    return took


if __name__ == "__main__":
    sys.exit(main())
