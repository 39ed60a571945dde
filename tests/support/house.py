"""A whole node behind its onion service's socket, on a tor that needs no network or on any other."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from onion.tor import Tor
from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.stores import open_store
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.network.tor_transport import TorTransport
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts

AnyTor = TypeVar("AnyTor", bound=Tor)


@dataclass(frozen=True, slots=True)
class House(Generic[AnyTor]):
    """Somebody's node, online; `socket` is where the onion service leads to."""

    node: Node
    identity: Identity
    socket: Path
    tor: AnyTor
    transport: TorTransport


@asynccontextmanager
async def house_on(tor: AnyTor, identity: Identity) -> AsyncIterator[House[AnyTor]]:
    """The node of `identity`, with an empty store, on a tor that it starts and stops."""
    with tempfile.TemporaryDirectory(prefix="tc") as name:
        directory, clock, rng = Path(name), SystemClock(), SystemRng()
        transport = TorTransport(tor, identity.onion_seed, directory / "onion.sock", clock, rng)
        node = Node(
            NodeParts(
                open_store(directory),
                identity,
                "",
                transport,
                clock,
                rng,
                MlKem768(),
                FileRules.inside(directory),
            )
        )
        await node.start()
        try:
            await node.go_online()
            yield House(node, identity, directory / "onion.sock", tor, transport)
        finally:
            await node.close()


@asynccontextmanager
async def house(identity: Identity, network: FakeNetwork | None = None) -> AsyncIterator[House[FakeTor]]:
    """The node of `identity` on a fake tor."""
    async with house_on(FakeTor(network), identity) as made:
        yield made
