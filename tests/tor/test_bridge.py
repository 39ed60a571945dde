"""Two people talk while one of them reaches Tor by an obfs4 bridge only, and changes bridges meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import zlib
from pathlib import Path

import pytest

from tests.support.network_thread import NetworkThread
from tests.support.people import Person, befriend, delivered, until
from tests.support.tcp_sockets import Sockets, descendants

pytestmark = pytest.mark.tor

_TLS = (b"\x16\x03\x01", b"\x16\x03\x03", b"\x17\x03\x03")
"""How records of TLS begin: a handshake's and those with data."""

_PAUSE = 0.1


class Watch:
    """What is seen of somebody from outside: whom their processes dial, and the bytes on each link."""

    def __init__(self) -> None:
        self.sockets = Sockets()
        self.chunks: dict[str, list[bytes]] = {}

    def capture(self, name: str, _direction: str, data: bytes) -> None:
        self.chunks.setdefault(name, []).append(data)

    async def follow(self, person: Person) -> None:
        while True:
            self.sockets.look(descendants(person.pid))
            await asyncio.sleep(_PAUSE)


async def trouble(person: Person, problem: str, words: str = "") -> None:
    """Wait until the person's tor has this problem, or none, and comes to say `words` about it."""
    node = await person.node()

    async def told() -> bool:
        tor = (await node.status()).tor
        return tor.problem == problem and words in tor.detail

    await until(told)


async def test_who_has_a_bridge_dials_nothing_else_and_no_tls_is_seen(tor_network: NetworkThread) -> None:
    line = tor_network.add_bridge()
    port = int(line.split()[1].rpartition(":")[2])
    watch = Watch()
    end = tor_network.capture(watch.capture)
    with tempfile.TemporaryDirectory(prefix="tc-") as directory:
        alice = Person("alice", Path(directory), tor_network.bridged_torrc)
        bob = Person("bob", Path(directory), tor_network.torrc)
        try:
            await asyncio.gather(alice.create(), bob.create())
            await alice.must("config", "set", "tor.bridges", line)
            await asyncio.gather(alice.start(), bob.start())
            following = asyncio.ensure_future(watch.follow(alice))
            await asyncio.gather(alice.reachable(), bob.reachable())
            await befriend(alice, bob, "May I talk to you?")
            await alice.say(bob, "by the bridge")
            await bob.say(alice, "back over it")
            await delivered(alice, bob)

            said = await alice.command("config", "set", "tor.bridges", line.replace(f":{port}", ":9"))
            assert "uses them now" in said.err
            await trouble(alice, "bridge", "does not get through")
            await alice.say(bob, "while no bridge was there")
            await alice.must("config", "set", "tor.bridges", line)
            await trouble(alice, "")
            await delivered(alice, bob)
            assert await bob.texts(alice, "in") == ["by the bridge", "while no bridge was there"]
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
        finally:
            await asyncio.gather(alice.stop(), bob.stop())
            end()
    assert watch.sockets.dialled <= {port, 9}
    assert port in watch.sockets.dialled
    seen = watch.chunks.pop("bridge")
    assert not any(chunk.startswith(_TLS) for chunk in seen)
    assert any(chunk.startswith(_TLS) for chunks in watch.chunks.values() for chunk in chunks)
    whole = b"".join(seen)
    assert len(zlib.compress(whole)) > len(whole)
    assert set(whole) == set(range(256))
