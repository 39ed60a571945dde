"""What client-authorization keys cost a service: its publication, its clients' dials, its descriptor.

There is no target but that 320 keys work and one more is refused with a sentence. Each number of keys stands
beside the same service without any: the time from asking tor to publish until more than half of the
directories have the descriptor; the time of a client's first dial, which fetches the descriptor, and of
later ones over fresh circuits; the descriptor's size, as a directory sees it and as a stranger does who knows
the address.

The claim about privacy, that a stranger learns the number of keys in steps of 16 only, is printed with it:
the service's own probe needs a key as well, and `entries` counts that one and those that are nobody's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import options, report
from benchmarks.joined import JoinedTransport
from benchmarks.tor_pair import private_network
from onion.address import OnionAddress
from onion.child import ChildOptions, ChildTor
from onion.errors import OnionError, TorError
from onion.isolation import fresh_token
from onion.keys import ClientKey
from onion.service import MAX_CLIENT_KEYS
from onion.tor import ServiceOptions
from tests.support.descriptors import Onlooker, SeenDescriptor
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.errors import TuichatError
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.node.reach import INVITE_KEYS, MAX_KEYS
from tuichat.store.store import Store

NUMBERS = (1, 64, 256, 320)
LATENCY_MS = 25.0

_SECONDS = 60.0
_ATTEMPTS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.keys", __doc__, rounds=5)
    made.add_argument("--keys", type=options.at_least_one, nargs="+", default=list(NUMBERS), metavar="N")
    made.add_argument(
        "--dials", type=options.at_least_one, default=4, metavar="N", help="after the first, a round"
    )
    made.add_argument("--latency", type=float, default=LATENCY_MS, metavar="MS", help="added per link")
    return asyncio.run(_measure(options.parse(made, arguments)))


@dataclass(slots=True)
class _Measured:
    """A service with so many keys. Seconds; `failures` counts dials that had to be repeated."""

    published: list[float] = field(default_factory=list)
    first_dial: list[float] = field(default_factory=list)
    dial: list[float] = field(default_factory=list)
    failures: int = 0
    seen: SeenDescriptor | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The service's tor and what it leads to, a client's tor, and a stranger."""

    service: ChildTor
    target: Path
    client: ChildTor
    stranger: Onlooker


async def _measure(chosen: argparse.Namespace) -> int:
    found = {number: _Measured() for number in (0, *chosen.keys)}
    with tempfile.TemporaryDirectory(prefix="tcb") as name:
        directory = Path(name)
        async with private_network(chosen.latency, directory) as torrc, _place(directory, torrc) as place:
            for _ in range(chosen.rounds):
                for number, measured in found.items():
                    await _round(place, number, chosen.dials, measured)
            refused = await _refused_by_tor(place)
        refused_by_node = await _refused_by_node(directory)
    report.heading(f"A service with client-authorization keys, {chosen.latency:g} ms a link")
    for number in chosen.keys:
        _say(number, found[number], found[0])
    report.heading("Descriptors")
    for number, measured in found.items():
        _say_seen(number, measured)
    report.heading("One more")
    print(f"  {MAX_CLIENT_KEYS + 1} keys for one service: {refused}")
    print(f"  a contact or an invite beyond {MAX_KEYS}: {refused_by_node}")
    return 0


def _say(number: int, measured: _Measured, without: _Measured) -> None:
    words = f"{number} key" if number == 1 else f"{number} keys"
    for what, ours, other in (
        ("until published", measured.published, without.published),
        ("first dial", measured.first_dial, without.first_dial),
        ("later dial", measured.dial, without.dial),
    ):
        mine, theirs = report.Series(f"{words}, {what}", ours), report.Series(f"no key, {what}", other)
        mine.show()
        theirs.show()
        print(f"  {'ratio':46} {mine.median / theirs.median:>8.2f}")
    print(f"  dials repeated: {measured.failures}, without keys {without.failures}")


def _say_seen(number: int, measured: _Measured) -> None:
    seen = measured.seen
    assert seen is not None
    inner = "open to the stranger" if seen.inner is not None else "closed to the stranger"
    print(
        f"  {number:>3} keys: {seen.size:>6} bytes; outer layer {seen.outer_size:>6} bytes, "
        f"{seen.entries:>3} entries; inner layer {inner}"
    )


async def _round(place: _Place, number: int, dials: int, measured: _Measured) -> None:
    """Publish a new service with so many keys, dial it with the last of them, and look at it without."""
    keys = [ClientKey.generate() for _ in range(number)]
    chosen = ServiceOptions(client_keys=[key.public for key in keys] or None, pow_defence=True)
    began = time.perf_counter()
    service = await place.service.publish(SystemRng().bytes(32), place.target, options=chosen)
    try:
        await service.wait_published(_SECONDS)
        measured.published.append(time.perf_counter() - began)
        if keys:
            await place.client.add_client_key(service.address, keys[-1].private)
        measured.first_dial.append(await _dial(place.client, service.address, measured))
        for _ in range(dials):
            measured.dial.append(await _dial(place.client, service.address, measured))
        measured.seen = await place.stranger.fetch(service.address, _SECONDS)
    finally:
        await service.remove()


async def _dial(tor: ChildTor, address: OnionAddress, measured: _Measured) -> float:
    """Seconds until a stream over circuits of its own stood, the failed attempts before it included."""
    began = time.perf_counter()
    for attempt in range(_ATTEMPTS):
        token = fresh_token()
        try:
            _reader, writer = await tor.open_stream(address.hostname, 80, token, _SECONDS)
            took = time.perf_counter() - began
            writer.transport.abort()
            await tor.close_circuits(token)
            return took
        except OnionError:
            measured.failures += 1
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _refused_by_tor(place: _Place) -> str:
    keys = [ClientKey.generate().public for _ in range(MAX_CLIENT_KEYS + 1)]
    try:
        await place.service.publish(
            SystemRng().bytes(32), place.target, options=ServiceOptions(client_keys=keys)
        )
    except TorError as error:
        return f'"{error}"'
    raise RuntimeError("they were taken")


async def _refused_by_node(directory: Path) -> str:
    """What a person is told whose invites have used up all keys."""
    clock, rng = SystemClock(), SystemRng()
    identity = Identity.generate(rng, clock.now())
    store = Store.open(directory / "keys.db", rng.bytes(32), synchronous="OFF")
    transport = JoinedTransport(identity.onion, {})
    node = Node(
        NodeParts(
            store, identity, "", transport, clock, rng, MlKem768(), FileRules.inside(directory), "contacts"
        )
    )
    await node.start()
    try:
        for _ in range(MAX_KEYS // INVITE_KEYS):
            await node.invite_create()
        await node.invite_create()
    except TuichatError as error:
        return f'"{error}"'
    finally:
        await node.close()
    raise RuntimeError("it was taken")


@contextlib.asynccontextmanager
async def _place(directory: Path, torrc: Path) -> AsyncIterator[_Place]:
    stranger = Onlooker(directory / "stranger", torrc)
    service, client = (
        ChildTor(ChildOptions(directory / name, directory / f"{name}-run", extra_torrc=torrc))
        for name in ("service", "client")
    )
    tors = (service, client, stranger.tor)
    target = directory / "service.sock"
    server = await asyncio.start_unix_server(_silent, target)
    try:
        await asyncio.gather(*(tor.start() for tor in tors))
        await asyncio.gather(*(tor.wait_ready(_SECONDS) for tor in tors))
        yield _Place(service, target, client, stranger)
    finally:
        server.close()
        await asyncio.gather(*(tor.stop() for tor in tors))


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait until the caller is gone."""
    with contextlib.suppress(OSError):
        await reader.read()
    writer.transport.abort()


if __name__ == "__main__":
    sys.exit(main())
