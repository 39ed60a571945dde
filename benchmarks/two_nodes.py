"""A process with a profile's node, served as always, and a peer's node joined to it, so that messages arrive.

`python -m benchmarks.two_nodes HOME MESSAGES CONVERSATIONS` makes so many conversations with so many messages
in all: half of these are the peer's, the rest is spread over contacts who are never reached. It says "ready"
when it serves, and for each number N that it reads lets the peer send the messages "arrival 1" to
"arrival N". It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.crowded import PatientTransport
from benchmarks.homes import PEER, ROOT, Home, fill_conversation
from tuichat import bootstrap
from tuichat.api.server import ApiServer
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.passphrase import Secret
from tuichat.network.addresses import address_of
from tuichat.network.transport import Answerer
from tuichat.node.file_places import FileRules
from tuichat.node.gate import Gate
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.store.profile import OpenProfile, create_profile, open_profile
from tuichat.store.store import Store

ARRIVAL = "arrival {number}"
_PATIENCE = 60.0
_IN_VAIN_SECONDS = 60.0
"""So long tor may take to find that somebody is not there."""


@contextmanager
def running_nodes(home: Home, messages: int, conversations: int) -> Iterator[Callable[[int], None]]:
    """The two nodes in a process of their own; what is given lets so many messages arrive."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmarks.two_nodes",
            str(home.paths.home),
            str(messages),
            str(conversations),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def arrive(count: int) -> None:
        stdin.write(b"%d\n" % count)
        stdin.flush()

    with process:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the nodes did not start")
        yield arrive
        stdin.close()


class _Person:
    """A profile without passphrase and its node."""

    def __init__(self, home: Path, everybody: dict[bytes, Answerer]) -> None:
        self.paths = bootstrap.profile_paths(home, "default", None)
        if not bootstrap.profile_exists(self.paths):
            create_profile(self.paths, "", None, SystemRng(), SystemClock())
        self.profile: OpenProfile = open_profile(self.paths, "")
        self.store = Store.open(self.paths.database, self.profile.database_key)
        self.transport = PatientTransport(self.profile.identity.onion, everybody)
        self.transport.patience = 0.0  # until the two have met
        parts = NodeParts(
            store=self.store,
            identity=self.profile.identity,
            name="",
            transport=self.transport,
            clock=SystemClock(),
            rng=SystemRng(),
            kem=MlKem768(),
            files=FileRules.inside(home),
        )
        self.node = Node(parts)

    @property
    def address(self) -> str:
        return address_of(self.profile.identity.onion)


async def _run(home: Path, messages: int, conversations: int) -> None:
    everybody: dict[bytes, Answerer] = {}
    me, peer = _Person(home, everybody), _Person(home / "peer", everybody)

    async def opened(_secret: Secret) -> Node:
        return me.node

    gate = Gate(opened, kind="daemon", clock=SystemClock())
    server = ApiServer(gate, bootstrap.socket_path(me.paths, create=True))
    try:
        await _befriend(me, peer)
        me.transport.patience = _IN_VAIN_SECONDS
        _fill(me.store, (await me.node.contact_list())[0].id, messages, conversations - 1)
        await gate.unlock("")
        await server.start()
        print("ready", flush=True)
        await _obey(peer.node)
    finally:
        server.stop_listening()
        await gate.close("stop")
        await server.close()
        await peer.node.close()


def _fill(store: Store, peer: int, messages: int, others: int) -> None:
    of_others = messages // 2 if others else 0
    fill_conversation(store, peer, messages - of_others)
    for number in range(others):
        count = of_others // others + (number < of_others % others)
        with store.transaction():
            _add_contact(store, number, count)


def _add_contact(store: Store, number: int, messages: int) -> None:
    """Somebody whose newest message is the older the higher their number is."""
    rng, now = SystemRng(), int(SystemClock().now() * 1000)
    onion, name = Identity.generate(rng, now / 1000).onion, f"contact {number}"
    contact = store.contacts.add(onion, "accepted", name, created_at=now, pair_sent=rng.bytes(32)).id
    newest = now - (number + 1) * 3_600_000
    for place in range(messages):
        at, own = newest - (messages - place) * 60_000, place.to_bytes(16, "big")
        text = f"word {place} of {number}"
        store.messages.add(contact, "in", own, "text", text, sent_at=at, received_at=at, state="read")


async def _befriend(me: _Person, peer: _Person) -> None:
    for person in (me, peer):
        await person.node.start()
        await person.node.go_online()
    await peer.node.contact_add(me.address, "me")
    await me.node.contact_add(peer.address, PEER)
    async with asyncio.timeout(_PATIENCE):
        while not (await me.node.status()).contacts.online:  # noqa: ASYNC110 - its tasks bring it about
            await asyncio.sleep(0.05)


async def _obey(peer: Node) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        for number in range(1, int(line) + 1):
            await peer.send("me", ARRIVAL.format(number=number))
            await asyncio.sleep(0)  # both nodes take turns


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
