"""A tor in this process: onion addresses lead straight to UNIX sockets, over a SOCKS port of its own.

It keeps the promises of `onion.tor.Tor` that hold without a network (the same contract tests say so), and can
be told to be slow, to refuse and to die.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp

from onion import socks
from onion.address import OnionAddress
from onion.bridges import parse_bridges
from onion.endpoint import Endpoint
from onion.errors import DialError, TorError
from onion.isolation import check_token, fresh_token
from onion.keys import ClientKey, public_key
from onion.status import StatusBoard, Watchers
from onion.tor import DialStage, ServiceOptions, Stage, TorStatus, Unsubscribe
from onion.torrc import service_target

VERSION = "0.4.9.99"


class FakeNetwork:
    """What fake tors share: who is published where."""

    def __init__(self) -> None:
        self.services: dict[OnionAddress, FakeService] = {}


class FakeService:
    """See `onion.tor.OnionService`."""

    def __init__(self, tor: FakeTor, seed: bytes, target: Path, options: ServiceOptions) -> None:
        service_target(target)
        self.target = target
        self.options = options
        self._tor = tor
        self._address = OnionAddress.from_public_key(public_key(seed))
        self._up = asyncio.Event()
        self._wanted = True
        self.streams: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> OnionAddress:
        return self._address

    @property
    def published(self) -> bool:
        return self._wanted and self._up.is_set()

    async def wait_published(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout if self._wanted else 0):
                await self._up.wait()
                if self._wanted:
                    return
        except TimeoutError:
            pass
        raise TorError("not_published", "Tor could not publish the onion service in time.")

    async def republish(self) -> None:
        self._tor.forgetful = False
        self.put_down()
        if self._wanted:
            self.put_up()

    async def introduced(self) -> bool:
        return self.published and not self._tor.forgetful

    async def remove(self) -> None:
        self._wanted = False
        self._up.set()
        if self._tor.services.get(self._address) is self:
            self.put_down()
            del self._tor.services[self._address]

    async def cut(self) -> None:
        for stream in tuple(self.streams):
            stream.cancel()
        await asyncio.gather(*self.streams, return_exceptions=True)

    async def probe(self, expect: Callable[[bytes], bool], timeout: float) -> bool:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await self._tor.open_stream(
                    self._address.hostname, 80, fresh_token(), timeout
                )
                writer.write(f"GET / HTTP/1.1\r\nHost: {self._address.hostname}\r\n\r\n".encode())
                return expect(await reader.read())
        except (DialError, OSError, TimeoutError):
            return False
        finally:
            if writer is not None:
                writer.transport.abort()

    def put_up(self) -> None:
        self._tor.network.services[self._address] = self
        self._up.set()

    def put_down(self) -> None:
        self._tor.network.services.pop(self._address, None)
        self._up.clear()

    def admits(self, key: ClientKey | None) -> bool:
        keys = self.options.client_keys
        return keys is None or (key is not None and key.public in keys)


class FakeTor:
    """See `onion.tor.Tor`.

    Attributes to set: `delay`, seconds that each dial takes; `refuse`, whether every dial fails; `failure`,
    an error that `start` raises once; `rejection`, one that `publish` raises each time. `bridges` are the
    lines that it was given. Set `forgetful` and its services have no introduction points until republished.
    """

    def __init__(self, network: FakeNetwork | None = None) -> None:
        self.network = network or FakeNetwork()
        self.services: dict[OnionAddress, FakeService] = {}
        self.delay = 0.0
        self.refuse = False
        self.failure: TorError | OSError | None = None
        self.rejection: Exception | None = None
        self.bridges: tuple[str, ...] = ()
        self.forgetful = False
        self._board = StatusBoard()
        self._stages: Watchers[DialStage] = Watchers()
        self._keys: dict[OnionAddress, ClientKey] = {}
        self._streams: dict[str, set[asyncio.Task[None]]] = {}
        self._directory: Path | None = None
        self._server: asyncio.Server | None = None

    @property
    def status(self) -> TorStatus:
        return self._board.status

    async def start(self) -> None:
        if self._server is not None:
            return
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self._directory = Path(tempfile.mkdtemp(prefix="fake-tor-"))
        self._server = await asyncio.start_unix_server(self._accept, self._directory / "socks")
        self._board.show(TorStatus(version=VERSION, alive=True, bootstrap=100, tag="done", summary="Done"))

    async def stop(self) -> None:
        for service in self.services.values():
            service.put_down()
        self.services.clear()
        await self._close_streams()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        if self._directory is not None:
            shutil.rmtree(self._directory)
            self._directory = None
        self._board.show(TorStatus(version=VERSION))

    def watch(self, callback: Callable[[TorStatus], None]) -> Unsubscribe:
        return self._board.watch(callback)

    def watch_stages(self, callback: Callable[[DialStage], None]) -> Unsubscribe:
        return self._stages.add(callback)

    async def wait_ready(self, timeout: float) -> None:
        await self._board.wait_ready(timeout)

    async def use_bridges(self, lines: Sequence[str]) -> None:
        parse_bridges(lines)
        self.bridges = tuple(lines)

    async def publish(
        self, seed: bytes, target: Path, *, port: int = 80, options: ServiceOptions | None = None
    ) -> FakeService:
        if self._server is None:
            raise TorError("closed", "Tor is not running.")
        if self.rejection is not None:
            raise self.rejection
        service = FakeService(self, seed, target, options or ServiceOptions())
        self.services[service.address] = service
        if self.status.ready:
            service.put_up()
        return service

    async def add_client_key(self, address: OnionAddress, private_key: bytes) -> None:
        self._keys[address] = ClientKey.from_private(private_key)

    async def remove_client_key(self, address: OnionAddress) -> None:
        self._keys.pop(address, None)

    async def refresh_descriptor(self, address: OnionAddress, timeout: float) -> bool:
        return self.status.alive and address in self.network.services

    async def has_circuits(self) -> bool:
        return self.status.ready

    def connector(self, token: str) -> aiohttp.BaseConnector:
        return socks.SocksConnector(self._endpoint, token)

    async def open_stream(self, host: str, port: int, token: str, timeout: float) -> socks.Stream:
        return await socks.open_stream(self._endpoint(), host, port, token, timeout)

    async def close_circuits(self, token: str) -> None:
        await self._close_streams(check_token(token))

    async def die(self) -> None:
        """As if the process was killed: every stream ends, no service is up."""
        self._board.show(TorStatus(version=VERSION, problem="died"))
        for service in self.services.values():
            service.put_down()
        await self._close_streams()

    def come_back(self) -> None:
        """As if the supervisor had started it again."""
        self._board.show(TorStatus(version=VERSION, alive=True, bootstrap=100, tag="done", summary="Done"))
        for service in self.services.values():
            service.put_up()

    def show(self, **changes: object) -> None:
        """Change fields of the status, such as `bootstrap` or `problem`."""
        self._board.show(replace(self.status, **changes))  # type: ignore[arg-type]

    def _endpoint(self) -> Endpoint:
        if self._directory is None or not self.status.alive:
            raise DialError("socks", "Tor is not running.")
        return Endpoint(path=self._directory / "socks")

    async def _close_streams(self, token: str | None = None) -> None:
        chosen = [token] if token is not None else list(self._streams)
        tasks = [task for one in chosen for task in self._streams.pop(one, ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        token = ""
        try:
            token, host = await _read_request(reader, writer)
            self._streams.setdefault(token, set()).add(task)
            await asyncio.sleep(self.delay)
            reply, service = self._look_up(OnionAddress.parse(host))
            writer.write(b"\x05" + bytes([reply]) + b"\x00\x01" + bytes(6))
            if service is not None:
                service.streams.add(task)
                task.add_done_callback(service.streams.discard)
                await _join(reader, writer, service.target)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Cancelled by `close_circuits`; the stream server would only complain about it.
            writer.transport.abort()
        finally:
            self._streams.get(token, set()).discard(task)
            writer.close()

    def _look_up(self, address: OnionAddress) -> tuple[int, FakeService | None]:
        self._tell(address, "descriptor")
        service = self.network.services.get(address)
        if service is None or self.refuse:
            return 0xF0, None
        own = address in self.services
        if not own and not service.admits(self._keys.get(address)):
            return 0xF4, None
        self._tell(address, "introduction")
        self._tell(address, "rendezvous")
        return 0, service

    def _tell(self, address: OnionAddress, stage: Stage) -> None:
        self._stages.tell(DialStage(address, stage))


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, str]:
    """The token and the host name of a SOCKS request, as `onion.socks` writes it."""
    await reader.readexactly(3)
    writer.write(b"\x05\x02")
    _, length = await reader.readexactly(2)
    token = await reader.readexactly(length)
    await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\x01\x00")
    *_, length = await reader.readexactly(5)
    host = await reader.readexactly(length)
    await reader.readexactly(2)
    return token.decode(), host.decode()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Path) -> None:
    far_reader, far_writer = await asyncio.open_unix_connection(target)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, far_writer))
            group.create_task(_copy(far_reader, writer))
    except* OSError:
        writer.transport.abort()
    finally:
        far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    # A tor stream has no half: one end's end is both ends'.
    with contextlib.suppress(OSError):
        await writer.drain()
    writer.close()
