"""An onion service on a tor that we control: added, watched until its descriptor is up, probed, removed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from onion.address import OnionAddress
from onion.controller import Controller
from onion.errors import DialError, OnionError, TorError
from onion.events import Event
from onion.isolation import fresh_token
from onion.keys import ClientKey, client_key_base32, control_key, public_key
from onion.tor import ServiceOptions
from onion.torrc import service_target

if TYPE_CHECKING:
    from onion.controlled import ControlledTor

MAX_CLIENT_KEYS = 320
_ANSWER_BYTES = 65536


class ControlledService:
    """See `onion.tor.OnionService`. Made by a tor's `publish`."""

    def __init__(
        self, tor: ControlledTor, seed: bytes, target: Path, port: int, options: ServiceOptions
    ) -> None:
        self._tor = tor
        self._seed = seed
        self._port = port
        self._options = options
        self._target = service_target(target)
        self._address = OnionAddress.from_public_key(public_key(seed))
        # A service that admits only some, or nobody, must admit our own probe, too.
        self._probe_key = None if options.client_keys is None else ClientKey.generate()
        self._published = asyncio.Event()
        self._wanted = True
        self._begun = self._uploaded = self._settled = 0
        if len(options.client_keys or ()) > MAX_CLIENT_KEYS:
            raise TorError(
                "refused", "A service can admit {limit} clients at most.", "", limit=MAX_CLIENT_KEYS
            )

    @property
    def address(self) -> OnionAddress:
        return self._address

    @property
    def published(self) -> bool:
        return self._wanted and self._published.is_set()

    async def wait_published(self, timeout: float) -> None:
        try:
            # wait_for of Python 3.11 loses a cancellation that comes as the event is set
            async with asyncio.timeout(timeout if self._wanted else 0):
                await self._published.wait()
                if self._wanted:
                    return
        except TimeoutError:
            pass
        raise TorError(
            "not_published",
            "Tor could not publish the onion service in time.",
            "It goes on trying; check the connection to Tor.",
        )

    async def republish(self) -> None:
        await self._tor.take_down(self)
        await self._tor.put_up(self)

    async def introduced(self) -> bool:
        return await self._tor.introduces(self)

    async def remove(self) -> None:
        self._wanted = False
        self._published.set()  # whoever waits for it need not any more
        self._tor.forget(self)
        with contextlib.suppress(TorError):
            await self._tor.take_down(self)

    async def cut(self) -> None:
        await self._tor.cut(self)

    async def probe(self, expect: Callable[[bytes], bool], timeout: float) -> bool:
        token = fresh_token()
        try:
            async with asyncio.timeout(timeout):
                return expect(await self._fetch(token, timeout))
        except (DialError, OSError, TimeoutError):
            return False
        finally:
            with contextlib.suppress(OnionError):
                await self._tor.close_circuits(token)

    async def add(self, controller: Controller) -> None:
        """Have `controller`'s tor take the service, unless it is removed by now; for its tor only."""
        async with self._tor.changing:
            if self._wanted:
                self.lost()
                if self._probe_key is not None:
                    await self._tor.add_client_key(self._address, self._probe_key.private)
                await self._put(controller)

    async def _put(self, controller: Controller) -> None:
        """Tor may have one of this address still, or be one before 0.4.9 or built without the proof of work.

        A service without the defence beats none.
        """
        wanted, least = self._command(self._options.pow_defence), self._command(pow_defence=False)
        for command in (wanted, wanted):
            try:
                await controller.call(command)
            except TorError as error:
                if error.code != "refused":
                    raise
                await self._end(controller)
            else:
                return
        await controller.call(least)

    async def delete(self, controller: Controller) -> None:
        """Have `controller`'s tor end the service, if it has it still; for its tor only."""
        async with self._tor.changing:
            await self._end(controller)

    async def _end(self, controller: Controller) -> None:
        self.lost()
        try:
            await controller.call(f"DEL_ONION {self._address}")
        except TorError as error:
            if error.code != "refused":
                raise

    def lost(self) -> None:
        """Its tor has it no longer, or not yet."""
        self._published.clear()
        self._begun = self._uploaded = self._settled = 0

    def on_descriptor(self, event: Event) -> None:
        """An HS_DESC event about this address.

        Tor uploads two descriptors, for this time period and a neighbouring one, to equally many directories,
        and does not tell which of the two has arrived. A client may need either and asks any of the
        directories: once more than half of the uploads are through, it will find it.
        """
        action = event.word(1)
        if action == "UPLOAD":
            self._begun += 1
        elif action == "UPLOADED":
            self._uploaded += 1
            self._settled += 1
        elif action == "FAILED" and event.fields.get("REASON") == "UPLOAD_REJECTED":
            self._settled += 1
        if self._uploaded and self._settled * 2 > self._begun:
            self._published.set()

    async def _fetch(self, token: str, timeout: float) -> bytes:
        reader, writer = await self._tor.open_stream(self._address.hostname, self._port, token, timeout)
        try:
            host = self._address.hostname
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while len(answer) < _ANSWER_BYTES and (data := await reader.read(4096)):
                answer += data
            return answer
        finally:
            writer.transport.abort()

    def _command(self, pow_defence: bool) -> str:
        options = self._options
        flags = ["DiscardPK"]
        words = [f"Port={self._port},{self._target}"]
        if options.max_streams:
            flags.append("MaxStreamsCloseCircuit")
            words.append(f"MaxStreams={options.max_streams}")
        if pow_defence:
            words.append("PoWDefensesEnabled=1")
        if self._probe_key is not None:
            flags.append("V3Auth")
            keys = (*(options.client_keys or ()), self._probe_key.public)
            words += [f"ClientAuthV3={client_key_base32(key)}" for key in keys]
        return " ".join(["ADD_ONION", control_key(self._seed), f"Flags={','.join(flags)}", *words])
