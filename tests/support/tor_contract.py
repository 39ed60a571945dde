"""What every tor must do, fake or real. Subclass `TorContract` and give it a `pair` of started tors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from onion.address import OnionAddress
from onion.errors import DialError, TorError
from onion.isolation import fresh_token
from onion.keys import ClientKey, public_key
from onion.socks import Stream
from onion.tor import DialStage, OnionService, ServiceOptions, Tor, TorStatus

SECONDS = 60.0
GONE_SECONDS = 4.0
"""For a dial that must lead nowhere; one that leads somewhere takes less than one."""
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Pair = tuple[Tor, Tor]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A service that answers GET with a bare 404 and echoes lines that begin with another word."""
    try:
        while line := await reader.readline():
            if line.startswith(b"GET "):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(NOT_FOUND)
                break
            writer.write(line)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Path]:
    """A UNIX socket on which `answer` serves."""
    with tempfile.TemporaryDirectory(prefix="svc-") as directory:
        path = Path(directory) / "onion.sock"
        server = await asyncio.start_unix_server(answer, path)
        try:
            yield path
        finally:
            server.close()
            await server.wait_closed()


@asynccontextmanager
async def published(tor: Tor, options: ServiceOptions | None = None) -> AsyncIterator[OnionService]:
    """A service with a new address on `tor`, its descriptor up."""
    async with listening() as target:
        service = await tor.publish(os.urandom(32), target, options=options)
        try:
            await service.wait_published(SECONDS)
            yield service
        finally:
            await service.remove()


ATTEMPTS = (5.0, 15.0, 30.0, SECONDS)
"""Seconds for each attempt. Of a hundred circuits of the real tor a few hang until a timeout; the next ones
do not, and one that leads somewhere is there within a second or two."""


async def echo(tor: Tor, service: OnionService, token: str, seconds: float = SECONDS) -> bytes:
    """What comes back for a line sent over a new stream."""
    reader, writer = await tor.open_stream(service.address.hostname, 80, token, seconds)
    try:
        writer.write(b"hello\n")
        async with asyncio.timeout(seconds):
            return await reader.readline()
    finally:
        writer.transport.abort()


async def refusal(tor: Tor, address: OnionAddress) -> str:
    """The code with which a dial ends; it must not succeed."""
    with pytest.raises(DialError) as caught:
        await tor.open_stream(address.hostname, 80, fresh_token(), SECONDS)
    return caught.value.code


async def refused(tor: Tor, address: OnionAddress, code: str) -> bool:
    """Whether dials end with `code`, one or another: a circuit may fail before tor knows the descriptor."""
    for _attempt in ATTEMPTS:
        if await refusal(tor, address) == code:
            return True
    return False


async def echo_somehow(tor: Tor, service: OnionService) -> bytes:
    """The same over one circuit or another."""
    *earlier, last = ATTEMPTS
    for seconds in earlier:
        with contextlib.suppress(DialError, TimeoutError, ConnectionError):
            if answer := await echo(tor, service, fresh_token(), seconds):
                return answer
    return await echo(tor, service, fresh_token(), last)


async def stream_somehow(tor: Tor, address: OnionAddress, token: str = "") -> tuple[str, Stream]:
    """A stream over a circuit of its own, one or another, and the circuit's token.

    Args:
        token: of a circuit that may be there already, to be tried first.
    """
    *earlier, last = ATTEMPTS
    token = token or fresh_token()
    for seconds in earlier:
        with contextlib.suppress(DialError):
            return token, await tor.open_stream(address.hostname, 80, token, seconds)
        token = fresh_token()
    return token, await tor.open_stream(address.hostname, 80, token, last)


async def reached(service: OnionService) -> bool:
    """Whether the service finds its own answer, over one circuit or another."""
    for seconds in ATTEMPTS:
        if await service.probe(is_404, seconds):
            return True
    return False


async def introduced(service: OnionService, expected: bool) -> bool:
    """Whether tor comes to have introduction points for a service, or to have none; it needs a moment."""
    try:
        async with asyncio.timeout(SECONDS):
            while await service.introduced() != expected:  # noqa: ASYNC110 - tor brings it about
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True


async def found_anew(tor: Tor, address: OnionAddress) -> bool:
    """Whether a descriptor comes from one directory or another: not each need have it already."""
    for _attempt in ATTEMPTS:
        if await tor.refresh_descriptor(address, SECONDS):
            return True
    return False


async def get_somehow(tor: Tor, address: OnionAddress) -> int:
    """The status with which a service answers a GET through the connector, over one circuit or another."""
    *earlier, last = ATTEMPTS
    for seconds in earlier:
        with contextlib.suppress(DialError, TimeoutError, aiohttp.ClientError):
            return await get(tor, address, seconds)
    return await get(tor, address, last)


async def get(tor: Tor, address: OnionAddress, seconds: float) -> int:
    """The same over a new circuit, within some seconds."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with (
        aiohttp.ClientSession(connector=tor.connector(fresh_token()), timeout=timeout) as session,
        session.get(f"http://{address.hostname}/") as response,
    ):
        return response.status


def is_404(raw: bytes) -> bool:
    return raw == NOT_FOUND


class TorContract:
    """The promises of `onion.tor.Tor`, kept by each implementation."""

    async def test_a_started_tor_says_that_it_is_ready(self, pair: Pair) -> None:
        alice, _ = pair
        await alice.wait_ready(SECONDS)
        assert alice.status.ready
        assert alice.status.version.startswith("0.4.")
        assert alice.status.problem == ""

    async def test_starting_twice_does_no_harm(self, pair: Pair) -> None:
        alice, _ = pair
        before = alice.status
        await alice.start()
        assert alice.status == before

    async def test_bytes_reach_the_service_and_come_back(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            assert service.published
            assert await alice.has_circuits()
            assert await echo_somehow(bob, service) == b"hello\n"

    async def test_the_address_is_the_seeds(self, pair: Pair) -> None:
        alice, _ = pair
        seed = os.urandom(32)
        async with listening() as target:
            service = await alice.publish(seed, target)
            assert service.address == OnionAddress.from_public_key(public_key(seed))
            await service.remove()

    async def test_http_goes_through_the_connector(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            assert await get_somehow(bob, service.address) == 404

    async def test_an_address_that_nobody_has_is_offline(self, pair: Pair) -> None:
        _, bob = pair
        nobody = OnionAddress.from_public_key(public_key(os.urandom(32)))
        assert await refused(bob, nobody, "descriptor")
        with pytest.raises(DialError):
            await get(bob, nobody, 2 * SECONDS)

    @pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "localhost", "x.onion", ""])
    async def test_nothing_but_onion_services_is_dialled(self, pair: Pair, host: str) -> None:
        _, bob = pair
        with pytest.raises(DialError) as caught:
            await bob.open_stream(host, 80, fresh_token(), SECONDS)
        assert caught.value.code == "address"

    async def test_a_republished_service_keeps_its_address_and_is_reachable(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            before = service.address
            await service.republish()
            await service.wait_published(SECONDS)
            assert service.address == before
            assert await introduced(service, True)
            assert await echo_somehow(bob, service) == b"hello\n"

    async def test_a_removed_service_is_gone_and_removing_again_does_no_harm(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            await service.remove()
            await service.remove()
            assert not service.published
            assert await introduced(service, False)
            # A real network keeps the descriptor for a while; its introduction points lead nowhere.
            with pytest.raises(DialError):
                await bob.open_stream(service.address.hostname, 80, fresh_token(), GONE_SECONDS)

    async def test_a_probe_judges_the_services_own_answer(self, pair: Pair) -> None:
        alice, _ = pair
        async with published(alice) as service:
            assert await reached(service)
            assert not await service.probe(lambda raw: b"200 OK" in raw, SECONDS)

    async def test_only_clients_with_a_key_connect_to_a_closed_service(self, pair: Pair) -> None:
        alice, bob = pair
        key = ClientKey.generate()
        async with published(alice, ServiceOptions(client_keys=(key.public,))) as service:
            assert await refused(bob, service.address, "client_key")
            await bob.add_client_key(service.address, key.private)
            assert await echo_somehow(bob, service) == b"hello\n"
            assert await reached(service)
            await bob.remove_client_key(service.address)

    async def test_closing_a_tokens_circuits_ends_its_streams_and_no_others(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            ending, (reader, writer) = await stream_somehow(bob, service.address)
            _, (other_reader, other_writer) = await stream_somehow(bob, service.address)
            await bob.close_circuits(ending)
            async with asyncio.timeout(SECONDS):
                assert await ends(reader)
                other_writer.write(b"still here\n")
                assert await other_reader.readline() == b"still here\n"
            writer.transport.abort()
            other_writer.transport.abort()
            await bob.close_circuits(ending)

    async def test_cutting_a_service_ends_the_streams_of_all_who_came_and_others_may_come(
        self, pair: Pair
    ) -> None:
        alice, bob = pair
        async with published(alice) as service:
            streams = [(await stream_somehow(bob, service.address))[1] for _ in range(2)]
            await service.cut()
            async with asyncio.timeout(SECONDS):
                assert all([await ends(reader) for reader, _writer in streams])
            for _reader, writer in streams:
                writer.transport.abort()
            assert await echo_somehow(bob, service) == b"hello\n"

    async def test_a_dial_tells_its_stages(self, pair: Pair) -> None:
        alice, bob = pair
        stages: list[DialStage] = []
        met = asyncio.Event()

        def watch(stage: DialStage) -> None:
            stages.append(stage)
            if stage.stage == "rendezvous":
                met.set()

        unsubscribe = bob.watch_stages(watch)
        async with published(alice) as service:
            for seconds in ATTEMPTS:  # a service that comes before the introduction is confirmed is not told
                await echo_somehow(bob, service)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(met.wait(), seconds)
                    break
            unsubscribe()
            told = [stage.stage for stage in stages if stage.address == service.address]
        assert told[0] == "descriptor"
        assert told.index("introduction") < told.index("rendezvous")

    async def test_a_descriptor_can_be_fetched_anew(self, pair: Pair) -> None:
        alice, bob = pair
        async with published(alice) as service:
            await echo_somehow(bob, service)
            await service.republish()
            await service.wait_published(SECONDS)
            assert await found_anew(bob, service.address)
            assert await echo_somehow(bob, service) == b"hello\n"
        nobody = OnionAddress.from_public_key(public_key(os.urandom(32)))
        assert not await bob.refresh_descriptor(nobody, SECONDS)

    async def test_a_target_that_tor_cannot_use_is_refused_with_a_reason(self, pair: Pair) -> None:
        alice, _ = pair
        with pytest.raises(TorError) as caught:
            await alice.publish(os.urandom(32), Path("/" + "long" * 30))
        assert caught.value.code == "path_too_long"

    async def test_a_token_cannot_be_syntax(self, pair: Pair) -> None:
        _, bob = pair
        for token in ("", 'a"b', "a b", "a\r\nb", "x" * 129):
            with pytest.raises(ValueError, match="token"):
                bob.connector(token)
            with pytest.raises(ValueError, match="token"):
                await bob.close_circuits(token)

    async def test_an_unsubscribed_watcher_hears_no_more(self, make_tor: Callable[[], Tor]) -> None:
        tor = make_tor()
        heard: list[TorStatus] = []
        unheard: list[TorStatus] = []
        tor.watch(heard.append)
        tor.watch(unheard.append)()
        await tor.start()
        await tor.stop()
        assert heard[0].alive
        assert not heard[-1].alive
        assert not unheard

    async def test_a_tor_that_does_not_run_publishes_and_dials_nothing(
        self, make_tor: Callable[[], Tor]
    ) -> None:
        tor = make_tor()
        with pytest.raises(TorError) as caught:
            await tor.publish(os.urandom(32), Path("/tmp/onion.sock"))
        assert caught.value.code == "closed"
        nobody = OnionAddress.from_public_key(public_key(os.urandom(32)))
        with pytest.raises(DialError) as refused:
            await tor.open_stream(nobody.hostname, 80, fresh_token(), SECONDS)
        assert refused.value.code == "socks"
        with pytest.raises(TorError):
            await tor.wait_ready(0)
        assert not await tor.has_circuits()

    async def test_stopping_is_idempotent_and_a_stopped_tor_starts_again(
        self, make_tor: Callable[[], Tor]
    ) -> None:
        tor = make_tor()
        alive: list[bool] = []
        for step in (tor.stop, tor.start, tor.stop, tor.stop, tor.start, tor.stop):
            await step()
            alive.append(tor.status.alive)
        assert alive == [False, True, False, False, True, False]


async def ends(reader: asyncio.StreamReader) -> bool:
    """Whether the other side has ended the stream, without another word."""
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True
