"""A whole node behind its onion service's socket, on a tor that needs no network."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.stores import open_store
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.network.tor_transport import TorTransport
from tuichat.node.node import Node, NodeParts


@dataclass(frozen=True, slots=True)
class House:
    """Somebody's node, online; `socket` is where the onion service leads to."""

    node: Node
    identity: Identity
    socket: Path
    tor: FakeTor
    transport: TorTransport


@asynccontextmanager
async def house(identity: Identity, network: FakeNetwork | None = None) -> AsyncIterator[House]:
    """The node of `identity`, with an empty store."""
    with tempfile.TemporaryDirectory(prefix="tc") as name:
        directory = Path(name)
        tor, clock, rng = FakeTor(network), SystemClock(), SystemRng()
        transport = TorTransport(tor, identity.onion_seed, directory / "onion.sock", clock, rng)
        parts = NodeParts(open_store(directory), identity, "", transport, clock, rng, MlKem768())
        node = Node(parts)
        await node.start()
        try:
            await node.go_online()
            yield House(node, identity, directory / "onion.sock", tor, transport)
        finally:
            await node.close()
