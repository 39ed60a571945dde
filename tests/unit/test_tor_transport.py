"""The transport over tor, on a tor in this process: staying reachable, calling, and letting go."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from onion.address import OnionAddress
from onion.errors import TorError
from onion.sentence import Sentence
from tests.support.fake_tor import FakeNetwork, FakeService, FakeTor
from tests.support.handshakes import person
from tests.support.house import House, house, house_on
from tests.support.logged_failures import listening
from tests.support.raw_callers import BINARY, PATIENCE, web_frame
from tuichat import supervisor
from tuichat.errors import StorageError, UsageError
from tuichat.model import ServiceEvent
from tuichat.network import tor_caller, tor_transport
from tuichat.network.addresses import address_of
from tuichat.network.transport import ConnectionLostError, Dialled, DialStage, NetworkState, RefusedError
from tuichat.node import contact_link
from tuichat.protocol.knock import public_psk
from tuichat.protocol.link import Dialling

Home = House[FakeTor]
ALICE, BOB = person("alice"), person("bob")
SECRET = "what an exception may quote"


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tor_transport, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(contact_link, "FIRST_PAUSE", 0.05)


@pytest.fixture
def names() -> Iterator[list[object]]:
    """Every name that a resolver was asked for."""
    asked: list[object] = []
    patch = pytest.MonkeyPatch()

    def ask(host: object, *_more: object, **_options: object) -> list[object]:
        asked.append(host)
        raise socket.gaierror

    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        patch.setattr(socket, function, ask)
    yield asked
    patch.undo()


@pytest.fixture
async def homes(names: list[object]) -> AsyncIterator[tuple[Home, Home]]:
    network = FakeNetwork()
    async with house(ALICE, network) as alice, house(BOB, network) as bob:
        await until(lambda: reachable(alice) and reachable(bob))
        yield alice, bob
    assert names == []


def reachable(home: Home) -> bool:
    return home.transport.state.service.reachable


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - tasks and sockets bring it about
            await asyncio.sleep(0.005)


async def befriend(one: Home, other: Home) -> None:
    await one.node.contact_add(address_of(other.identity.onion), "other")
    await other.node.contact_add(address_of(one.identity.onion), "one")
    await linked(one, other)


async def linked(*homes: Home) -> None:
    await until(lambda: all(home.node._links.online == 1 for home in homes))


async def call(caller: Home, callee: Home, psk: bytes | None = None) -> tuple[Dialled, list[DialStage]]:
    """Dial as a stranger who knows `psk`, the public one by default."""
    onion, stages = callee.identity.onion, list[DialStage]()
    clock, rng, kem = caller.transport._clock, caller.transport._rng, caller.node._with.kem
    dialling = Dialling(person("stranger"), onion, psk or public_psk(onion), clock.now(), rng, kem)
    return await caller.transport.dial(onion, dialling.message1, stages.append), stages


async def test_message_reaches_a_contact_without_any_name_being_resolved(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    await alice.node.send("other", "hello")
    await until(lambda: alice.node.queued_count() == 0)
    assert [message.text for message in await bob.node.messages("one")] == ["hello"]


async def test_dial_tells_its_stages_and_closing_it_waits_for_nobody(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    dialled, stages = await call(alice, bob)
    assert (stages[0], stages[-1]) == ("descriptor", "handshake")
    assert len(dialled.message2) == 1434
    await dialled.connection.close()
    await dialled.connection.close()
    with pytest.raises(ConnectionLostError):
        await dialled.connection.receive()


async def test_unknown_knock_is_refused_and_an_absent_service_is_lost(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    with pytest.raises(RefusedError):
        await call(alice, bob, psk=bytes(32))
    bob.tor.refuse = True
    alice.tor.refuse = True
    with pytest.raises(ConnectionLostError) as caught:
        await call(alice, bob)
    assert not isinstance(caught.value, RefusedError)


ANSWERS = {
    "the answer to strangers": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "a door that is closed": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "a server in trouble": b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n",
    "another server": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "no http": b"SSH-2.0-OpenSSH\r\n",
    "silence": b"",
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
    "an upgrade without message 2": b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_service_that_speaks_otherwise_costs_nothing_but_the_dial(
    homes: tuple[Home, Home], name: str
) -> None:
    alice, bob = homes

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWERS[name])
        writer.close()

    bob.socket.unlink()
    server = await asyncio.start_unix_server(answer, bob.socket)
    try:
        with pytest.raises(ConnectionLostError) as caught:
            await call(alice, bob)
    finally:
        server.close()
        await server.wait_closed()
    assert isinstance(caught.value, RefusedError) == (name == "the answer to strangers")


PLACES = [
    "/link",
    "/elsewhere?a=b",
    "//{alice}/link",
    "http://{bob}/link",
    "http://{bob}:8080/link",
    "http://{alice}/link",
    "http://127.0.0.1/link",
    "https://example.org/",
    "file:///etc/hostname",
    "",
    "\\",
]


REDIRECTS = [(302, place) for place in PLACES]
REDIRECTS += [(status, "http://{alice}/link") for status in (301, 303, 307, 308)]


@pytest.mark.parametrize(("status", "place"), REDIRECTS)
async def test_dial_follows_no_redirect(homes: tuple[Home, Home], status: int, place: str) -> None:
    alice, bob = homes
    addresses = {"alice": address_of(ALICE.onion) + ".onion", "bob": address_of(BOB.onion) + ".onion"}
    asked, streams = list[bytes](), list[object]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            asked.append(head)
            location = f"Location: {place.format(**addresses)}\r\nSet-Cookie: a=b\r\nContent-Length: 2"
            writer.write(f"HTTP/1.1 {status} X\r\n{location}\r\n\r\nhi".encode())
        writer.close()

    bob.socket.unlink()
    server = await asyncio.start_unix_server(answer, bob.socket)
    alice.tor.watch_stages(lambda stage: streams.append(stage.stage) if stage.stage == "descriptor" else None)
    try:
        with pytest.raises(ConnectionLostError) as caught:
            await call(alice, bob)
    finally:
        server.close()
        await server.wait_closed()
    assert [head.split(b"\r\n")[0] for head in asked] == [b"GET /link HTTP/1.1"]
    assert streams == ["descriptor"]
    assert not isinstance(caught.value, RefusedError)


async def test_contacts_have_circuits_of_their_own_and_a_lost_one_is_not_used_again(
    homes: tuple[Home, Home],
) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    tokens = {
        alice.transport._caller._token(BOB.onion),
        alice.transport._caller._token(person("carol").onion),
    }
    assert len(tokens) == 2
    before = alice.transport._caller._tokens[BOB.onion]
    bob.tor.refuse = alice.tor.refuse = True
    with pytest.raises(ConnectionLostError):
        await call(alice, bob)
    assert alice.transport._caller._tokens.get(BOB.onion) != before


async def test_bridges_that_tor_cannot_use_are_told_and_those_of_a_tor_that_is_away_are_kept(
    homes: tuple[Home, Home],
) -> None:
    alice, _bob = homes
    await alice.transport.use_bridges(["192.0.2.1:443"])
    assert alice.tor.bridges == ("192.0.2.1:443",)
    with pytest.raises(UsageError) as caught:
        await alice.transport.use_bridges(["192.0.2.1:443", "nonsense"])
    assert "Line 2" in caught.value.message
    assert "bridges.torproject.org" in caught.value.hint
    assert alice.tor.bridges == ("192.0.2.1:443",)


async def test_dial_that_hangs_is_overtaken_by_one_on_another_circuit(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = homes
    monkeypatch.setattr(tor_caller, "HEDGE_SECONDS", 0.1)
    alice.tor.delay = 10 * PATIENCE
    dialling = asyncio.create_task(call(alice, bob))
    await until(lambda: BOB.onion in alice.transport._caller._tokens)
    hanging = alice.transport._caller._tokens[BOB.onion]
    await until(lambda: bool(alice.tor._streams.get(hanging)))
    alice.tor.delay = 0
    dialled, _ = await dialling
    token = alice.transport._caller._tokens[BOB.onion]
    assert token != hanging
    assert len(alice.tor._streams[token]) == 1
    await alice.transport.hang_up(BOB.onion)
    with pytest.raises(ConnectionLostError):
        await dialled.connection.receive()
    await dialled.connection.close()


async def test_service_of_a_hanging_dial_that_wakes_up_sees_one_caller_go_on(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = homes
    monkeypatch.setattr(tor_caller, "HEDGE_SECONDS", 0.1)
    heads = list[bytes]()
    rests = list[asyncio.Task[bytes]]()
    both = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head := await _head(reader))
        if len(heads) == 2:
            both.set()
        await both.wait()
        writer.write(_upgrade(head))
        rests.append(asyncio.ensure_future(reader.read(1)))
        await rests[-1]
        writer.close()

    bob.socket.unlink()
    server = await asyncio.start_unix_server(answer, bob.socket)
    dialled, _ = await call(alice, bob)
    await dialled.connection.send(b"message 3")
    await until(lambda: len(rests) == 2 and all(rest.done() for rest in rests))
    assert sorted(rest.result() for rest in rests) == [b"", b"\x82"]
    assert len({_link_header(head) for head in heads}) == 1
    await dialled.connection.close()
    server.close()
    await server.wait_closed()


async def test_node_that_lost_a_link_looks_whether_it_is_reachable_and_publishes_anew(
    homes: tuple[Home, Home],
) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    states: list[NetworkState] = []
    alice.transport.watch(states.append)
    await lose_service(alice)
    await bob.tor._close_streams()
    await alice.tor._close_streams()
    await until(lambda: bool(states) and reachable(alice))
    assert not states[0].service.reachable
    await linked(alice, bob)


async def test_service_without_introduction_points_is_published_anew_before_anybody_asks_in_vain(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    monkeypatch.setattr(tor_transport, "_LOOK_SECONDS", 0.01)
    dials: list[object] = []
    alice.tor.watch_stages(dials.append)
    states: list[NetworkState] = []
    alice.transport.watch(states.append)
    alice.tor.forgetful = True
    alice.transport.doubt()
    await until(lambda: bool(states) and reachable(alice))
    assert not alice.tor.forgetful
    assert [(state.service.reachable, state.service.missed) for state in states] == [(False, 1), (True, 0)]
    assert len(dials) == 3  # the stages of one


async def test_node_looks_at_itself_now_and_then(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    monkeypatch.setattr(tor_transport, "LOOK_AGAIN_SECONDS", 0.02)
    alice.transport.doubt()  # the present wait is a long one
    states: list[NetworkState] = []
    alice.transport.watch(states.append)
    await until(lambda: bool(states) and reachable(alice))
    states.clear()
    await lose_service(alice)
    await until(lambda: any(not state.service.reachable for state in states) and reachable(alice))


async def test_how_often_no_answer_came_is_told(homes: tuple[Home, Home]) -> None:
    alice, _ = homes
    states: list[NetworkState] = []
    alice.transport.watch(states.append)
    alice.tor.refuse = True
    alice.transport.doubt()
    await until(lambda: alice.transport.state.service.missed >= 2)
    alice.tor.refuse = False
    await until(lambda: reachable(alice))
    assert alice.transport.state.service.missed == 0
    told = dict.fromkeys((state.service.stage, state.service.light) for state in states)
    assert list(told) == [("no_answer", "red"), ("reachable", "green")]


async def test_light_changes_with_tor_and_is_told_as_the_services(homes: tuple[Home, Home]) -> None:
    alice, _ = homes
    events = alice.node.subscribe()
    alice.tor.show(problem="no_network")
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, ServiceEvent):
                break
    assert isinstance(event, ServiceEvent)
    assert (event.service.stage, event.service.light) == ("tor", "red")
    assert (await alice.node.status()).service == event.service


async def test_service_that_tor_does_not_know_any_more_is_put_up_as_a_new_one(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    (address, service) = next(iter(alice.tor.services.items()))

    async def refuse() -> None:
        raise TorError("refused", "Tor refused: {reason}", reason="Unknown Onion Service id")

    monkeypatch.setattr(service, "republish", refuse)
    await lose_service(alice)
    alice.transport.doubt()
    await until(lambda: alice.tor.services.get(address) not in (None, service) and reachable(alice))


@pytest.mark.parametrize(
    ("rejection", "told"),
    [
        (
            TorError("path_characters", "Tor cannot use the socket's path."),
            "Tor cannot use the socket's path.",
        ),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (StorageError("The disk is full."), "The disk is full."),
    ],
)
async def test_what_keeps_the_service_from_being_published_is_told_and_tried_again(
    homes: tuple[Home, Home], rejection: Exception, told: str
) -> None:
    alice, _ = homes
    alice.tor.rejection = rejection
    await alice.transport.renew()
    await until(lambda: alice.transport.state.service.stage == "unpublished")
    service = alice.transport.state.service
    assert (service.light, service.detail) == ("red", told)
    alice.tor.rejection = None
    await until(lambda: reachable(alice))
    assert alice.transport.state.service.detail == ""


async def test_system_that_refuses_what_tor_needs_to_start_is_tried_again() -> None:
    tor = FakeTor()
    tor.failure = OSError(errno.ENOSPC, "No space left on device")
    async with house_on(tor, ALICE) as alice:
        await until(lambda: reachable(alice))


async def test_mistake_in_staying_reachable_is_told_by_its_kind_and_begun_again(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    monkeypatch.setattr(supervisor, "_PAUSE_SECONDS", 0.01)
    alice.tor.rejection = ArithmeticError(SECRET)
    with listening() as told:
        await alice.transport.renew()
        await until(lambda: len(told) > 1)
    assert not reachable(alice)
    assert told[0].startswith("network failed: ArithmeticError at publish:")
    assert SECRET not in "".join(told)
    alice.tor.rejection = None
    await until(lambda: reachable(alice))


async def test_mistake_in_staying_reachable_keeps_nothing_from_being_stopped(
    homes: tuple[Home, Home],
) -> None:
    alice, _ = homes
    alice.tor.rejection = ArithmeticError()
    with listening() as told:
        await alice.transport.renew()
        await until(lambda: bool(told))
    await alice.transport.stop()
    assert not alice.tor.status.alive


async def test_service_for_nobody_is_not_one_for_everybody(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    alice.transport._admission = list[bytes]
    await alice.transport.renew()
    await until(lambda: reachable(alice))
    with pytest.raises(ConnectionLostError):
        await call(bob, alice)


async def test_who_may_connect_changes_while_the_service_is_put_up(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = homes
    begun, go_on = asyncio.Event(), asyncio.Event()
    publish = alice.tor.publish

    async def publish_slowly(*arguments: Any, **options: Any) -> FakeService:
        begun.set()
        await go_on.wait()
        return await publish(*arguments, **options)

    monkeypatch.setattr(alice.tor, "publish", publish_slowly)
    await alice.transport.renew()
    await begun.wait()
    alice.transport._admission = list[bytes]
    await alice.transport.renew()
    go_on.set()
    await until(lambda: reachable(alice))
    with pytest.raises(ConnectionLostError):
        await call(bob, alice)


async def test_service_that_is_renewed_before_it_was_published_is_followed_by_another(
    homes: tuple[Home, Home],
) -> None:
    alice, _ = homes
    (service,) = alice.tor.services.values()
    service.put_down()
    alice.transport.doubt()
    await until(lambda: not reachable(alice))
    await alice.transport.renew()
    await until(lambda: reachable(alice))
    assert service not in alice.tor.services.values()


@pytest.mark.parametrize("how", ["remove", "block"])
async def test_tor_forgets_the_key_to_the_service_of_who_is_removed_or_blocked(
    homes: tuple[Home, Home], how: str
) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    row = alice.node._store.contacts.by_petname("other")
    assert row is not None
    assert row.reach is not None
    address = OnionAddress.from_public_key(BOB.onion)
    await alice.tor.add_client_key(address, row.reach)
    await getattr(alice.node, f"contact_{how}")("other")
    assert address not in alice.tor._keys


async def test_circuit_that_a_removed_contact_kept_is_closed(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    reader, writer = await bob.tor.open_stream(f"{address_of(ALICE.onion)}.onion", 80, "kept", PATIENCE)
    await alice.node.contact_remove("other")
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()


def service_of(home: Home) -> FakeService:
    """The service as tor has it, which publishes it."""
    return home.tor.network.services[next(iter(home.tor.services))]


async def put_down_and_back(home: Home) -> None:
    """Have tor take back what it has published, and wait until it is published and reached again."""
    service = service_of(home)
    service.put_down()
    home.transport._changed.set()
    await until(lambda: service.published and reachable(home))


async def test_tor_that_does_not_come_to_publishing_is_asked_anew(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    monkeypatch.setattr(tor_transport, "PUBLISH_SECONDS", 0.02)
    await put_down_and_back(alice)


async def test_tor_that_has_left_a_service_is_asked_anew_as_soon_as_it_has_circuits(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _ = homes
    monkeypatch.setattr(tor_transport, "_LOOK_SECONDS", 0.001)
    service = service_of(alice)
    looks: list[bool] = []

    async def has_circuits() -> bool:
        looks.append(service.published)
        return len(looks) > 20

    monkeypatch.setattr(alice.tor, "has_circuits", has_circuits)
    await put_down_and_back(alice)
    assert looks == [False] * (20 + tor_transport._LOOKS + 1)  # the last one before it is asked anew


async def test_death_and_return_of_tor_are_told_and_links_come_back(homes: tuple[Home, Home]) -> None:
    alice, bob = homes
    await befriend(alice, bob)
    await alice.tor.die()
    await until(lambda: not reachable(alice))
    assert (await alice.node.status()).tor.problem == "died"
    alice.tor.show(problem="clock_skew", detail=Sentence("by {count} hours ahead", count=48))
    told = (await alice.node.status()).tor
    assert (told.problem, told.detail) == ("clock_skew", "by 48 hours ahead")
    alice.tor.come_back()
    await until(lambda: reachable(alice))
    await linked(alice, bob)


async def test_peer_who_reads_nothing_cannot_hold_up_the_end_of_a_connection(
    homes: tuple[Home, Home],
) -> None:
    alice, bob = homes

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(_upgrade(head))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()
        writer.transport.abort()

    async def fill() -> None:
        while True:
            await dialled.connection.send(bytes(65_535))

    over = asyncio.Event()
    bob.socket.unlink()
    server = await asyncio.start_unix_server(answer, bob.socket)
    dialled, _ = await call(alice, bob)
    writing = asyncio.create_task(fill())
    await asyncio.wait({writing}, timeout=0.2)  # no buffer on the way takes more by then
    assert not writing.done()
    async with asyncio.timeout(PATIENCE):
        await dialled.connection.close()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    over.set()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "frames",
    [b"\x02\x01a\x80\x01b", b"\x02\x00\x80\x02ab", web_frame(BINARY, b"ab")],
    ids=["two fragments", "an empty fragment", "a masked frame"],
)
async def test_called_service_that_sends_fragments_or_masks_is_left_in_silence(
    homes: tuple[Home, Home], frames: bytes
) -> None:
    alice, bob = homes
    heard = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_upgrade(await _head(reader)))
        await reader.readexactly(2)
        writer.write(b"\x82\x05first" + frames)
        heard.set_result(await reader.read())
        writer.close()

    bob.socket.unlink()
    server = await asyncio.start_unix_server(answer, bob.socket)
    dialled, _ = await call(alice, bob)
    await dialled.connection.send(b"")
    assert await dialled.connection.receive() == b"first"
    with pytest.raises(ConnectionLostError):
        await dialled.connection.receive()
    assert len(await heard) == 4  # the mask of the empty message
    await dialled.connection.close()
    server.close()
    await server.wait_closed()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The next request's head, or "" after the last."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _link_header(head: bytes) -> bytes:
    (value,) = re.findall(rb"(?i)tuichat-link: (\S+)\r\n", head)
    return bytes(value)


def _upgrade(head: bytes) -> bytes:
    """A 101 response that fits the request, with some message 2."""
    (key,) = re.findall(rb"(?i)sec-websocket-key: (\S+)\r\n", head)
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    lines = [
        b"HTTP/1.1 101 X",
        b"Upgrade: websocket",
        b"Connection: upgrade",
        b"Sec-WebSocket-Accept: " + accept,
    ]
    return b"\r\n".join([*lines, b"Tuichat-Link: AAAA", b"", b""])


async def lose_service(home: Home) -> None:
    """The network forgets the service, and tor does not notice."""
    home.tor.network.services.pop(next(iter(home.tor.services)))
    await asyncio.sleep(0)
