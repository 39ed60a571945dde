"""A listener between tor and a node, who hears everything that crosses the onion service's socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.raw_callers import web_frames
from tuichat.crypto.identity import Identity
from tuichat.network.addresses import address_of
from tuichat.network.doorkeeper import LINK_HEADER


@dataclass(slots=True)
class Tapped:
    """One connection: what tor brought, and what the node answered."""

    brought: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)

    def readable(self) -> list[bytes]:
        """All that can be read: heads, the handshake in them, and messages with their masks taken off."""
        found = []
        for stream in (bytes(self.brought), bytes(self.answered)):
            head, _, rest = stream.partition(b"\r\n\r\n")
            found += [stream, _link_header(head), *(frame.payload for frame in web_frames(rest))]
        return found


def _link_header(head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == LINK_HEADER.lower().encode():
            return base64.urlsafe_b64decode(value.strip())
    return b""


class SocketTap:
    """Stands in the place of a UNIX socket and passes everything on. Attributes: `connections`, in order."""

    def __init__(self, path: Path) -> None:
        self.connections: list[Tapped] = []
        self._path = path
        self._real = path.with_name(path.name + ".real")
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Take the place of the socket, which goes on listening under another name."""
        self._path.rename(self._real)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Give the place back, if its owner is still there, and end every connection."""
        assert self._server is not None
        self._server.close()
        for writer in self._streams:
            writer.transport.abort()
        await self._server.wait_closed()
        if self._real.exists():
            self._real.rename(self._path)

    def readable(self) -> list[bytes]:
        """See `Tapped.readable`, for all connections."""
        return [piece for connection in self.connections for piece in connection.readable()]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tapped = Tapped()
        self.connections.append(tapped)
        self._streams.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self._real)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(
                _copy(reader, far_writer, tapped.brought), _copy(far_reader, writer, tapped.answered)
            )
        finally:
            self._streams.discard(writer)
            far_writer.transport.abort()
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            record += data
            writer.write(data)
            await writer.drain()
    writer.close()


def forms(secret: bytes) -> list[bytes]:
    """How bytes, 8 or more, may stand in a stream: as they are, in hexadecimal, or within base64."""
    assert len(secret) >= 8
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + secret)
        inner = whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]
        found += [inner, inner.replace(b"+", b"-").replace(b"/", b"_")]
    return found


def secrets_of(identity: Identity) -> list[bytes]:
    """Everything that must not be seen of an identity but by its contacts: keys, certificate, address."""
    keys = (
        identity.onion,
        identity.sig,
        identity.ik,
        identity.onion_seed,
        identity.sig_seed,
        identity.ik_secret,
    )
    address = address_of(identity.onion).encode()
    certificate = identity.certificate
    return [form for key in keys for form in forms(key)] + [address, address.upper(), certificate[105:137]]
