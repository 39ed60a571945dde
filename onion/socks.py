"""Streams through tor's SOCKS port (RFC 1928 and 1929), over a UNIX socket or TCP.

Written here because tor's own reply codes (socks-extensions, 0xF0 to 0xF7) tell a peer who is offline from
one who does not admit us, and the libraries at hand drop them.

    client  05 | 01 | 02                                    one method: username and password
    tor     05 | 02
    client  01 | length1 | username | length1 | password
    tor     01 | 00
    client  05 | 01 connect | 00 | 03 name | length1 | name | port2
    tor     05 | reply1 | 00 | type1 | address | port2
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ssl import SSLContext

import aiohttp_socks
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from aiohttp_socks.connector import _ResponseHandler

from onion.address import OnionAddress
from onion.endpoint import Endpoint
from onion.errors import AddressError, DialError
from onion.isolation import PASSWORD, check_token
from onion.sentence import Sentence

DEFAULT_SECONDS = 120.0
_ADDRESS_LENGTHS = {1: 4, 4: 16}
_FIRST_EXTENDED = 0xF0
_KEEP_SECONDS = 50.0  # a stream without a request is kept for the next one: opening one takes a round trip
_MAX_UNREAD = 16
_CLOSING_SECONDS = 0.5
_CLOSING_POLLS = 25
_REPLIES = {
    0x01: ("unreachable", Sentence("Tor could not connect.")),
    0x02: ("refused", Sentence("Tor does not allow this connection.")),
    0x03: ("unreachable", Sentence("Tor has no network.")),
    0x04: ("unreachable", Sentence("The onion service cannot be reached.")),
    0x05: ("refused", Sentence("The onion service refused the connection.")),
    0x06: ("timeout", Sentence("The onion service did not answer in time.")),
    0xF0: ("descriptor", Sentence("The onion service is offline, or was never there.")),
    0xF1: ("descriptor", Sentence("The onion service's descriptor is not valid.")),
    0xF2: ("introduction", Sentence("The onion service's introduction points do not answer.")),
    0xF3: ("rendezvous", Sentence("The onion service did not come to the rendezvous.")),
    0xF4: ("client_key", Sentence("The onion service admits only clients it knows.")),
    0xF5: ("client_key", Sentence("The onion service does not admit this client's key.")),
    0xF6: ("address", Sentence("This is no onion address.")),
    0xF7: ("introduction", Sentence("The onion service's introduction points did not answer in time.")),
}

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_stream(endpoint: Endpoint, host: str, port: int, token: str, timeout: float) -> Stream:
    """A stream to `host` (an onion name; nothing else is asked of tor) on the circuit of `token`.

    Raises:
        DialError: tor refused, is not there, or `timeout` seconds went by.
    """
    name = _onion_name(host)
    check_token(token)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await endpoint.open()
            await _negotiate(reader, writer, name, port, token)
    except TimeoutError as error:
        _abort(writer)
        raise DialError("timeout", "The onion service did not answer in time.") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        _abort(writer)
        raise DialError("socks", "Tor's SOCKS port does not answer.", "Is tor running?") from error
    except BaseException:
        _abort(writer)
        raise
    return reader, writer


class SocksConnector(aiohttp_socks.ProxyConnector):
    """An aiohttp connector for one token. A dial that fails raises DialError."""

    def __init__(self, endpoint: Callable[[], Endpoint], token: str) -> None:
        super().__init__("127.0.0.1", 0, rdns=True, limit=0, keepalive_timeout=_KEEP_SECONDS)
        self._endpoint = endpoint
        self._token = check_token(token)

    async def _connect_via_proxy(
        self, host: str, port: int, ssl: SSLContext | None = None, timeout: float | None = None
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        if ssl is not None:
            raise DialError("address", "Onion services are reached without TLS.")
        seconds = timeout or DEFAULT_SECONDS
        _, writer = await open_stream(self._endpoint(), host, port, self._token, seconds)
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        # It keeps the writer, whose end would close the transport (asyncio, since Python 3.11.5).
        protocol = _Answers(asyncio.get_running_loop(), writer)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        return transport, protocol


class _Answers(_ResponseHandler):
    """aiohttp's reader of answers, cut off from a service that answers what nobody asked.

    aiohttp goes on reading from a connection that waits for its next request, and would keep all that comes.
    """

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        if len(self) < _MAX_UNREAD:
            super().feed_data(data, size)
        elif self.transport is not None:
            self.transport.abort()


async def _negotiate(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: bytes, port: int, token: str
) -> None:
    username, password = token.encode("ascii"), PASSWORD.encode("ascii")
    writer.write(b"\x05\x01\x02")
    if await reader.readexactly(2) != b"\x05\x02":
        raise DialError("socks", "What answers on the SOCKS port is no tor.")
    writer.write(b"\x01" + bytes([len(username)]) + username + bytes([len(password)]) + password)
    if await reader.readexactly(2) != b"\x01\x00":
        raise DialError("socks", "Tor's SOCKS port refused the circuit's token.")
    writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    _, reply, _, kind = await reader.readexactly(4)
    length = _ADDRESS_LENGTHS.get(kind) or (await reader.readexactly(1))[0]
    await reader.readexactly(length + 2)
    if reply and not (reply >= _FIRST_EXTENDED and await _stays_open(reader)):
        code, sentence = _REPLIES.get(reply, _REPLIES[0x01])
        raise DialError(code, sentence)


async def _stays_open(reader: asyncio.StreamReader) -> bool:
    """Whether a stream that was refused is open all the same.

    An extended code stays with a dial once set (seen in tor 0.4.9.11): where the first directory has no
    descriptor and the second has one, tor connects, says 0xF0, and carries the stream. A dial that has really
    failed is closed right after the reply.
    """
    for _ in range(_CLOSING_POLLS):
        await asyncio.sleep(_CLOSING_SECONDS / _CLOSING_POLLS)
        if reader.at_eof():
            return False
    return True


def _onion_name(host: str) -> bytes:
    try:
        return OnionAddress.parse(host).hostname.encode("ascii")
    except AddressError as error:
        raise DialError("address", "This is no onion address.") from error


def _abort(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.transport.abort()
