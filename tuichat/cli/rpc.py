"""`tuichat rpc`: JSON-RPC lines from standard input to the node, answers and events to standard output."""

from __future__ import annotations

import contextlib
import os
import select
import socket

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.output import print_out
from tuichat.cli.parser import Parser
from tuichat.errors import StorageError, UnreachableError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

_CHUNK = 65536


def add(parser: Parser) -> None:
    """Add the command."""
    rpc = parser.add_command(
        "rpc", run, _("pass JSON-RPC lines between standard input and output and the node")
    )
    rpc.add_argument(
        "--discover", action="store_true", help=_("print the OpenRPC document of all methods; asks no node")
    )


def run(context: Context) -> int:
    """Pump until standard input and then the node's answers end. The lines are not looked at."""

    if context.words.discover:
        from tuichat.api.openrpc import encoded

        print_out(encoded().decode())
        return 0
    from tuichat import bootstrap

    async def work(node: AsyncClient) -> None:
        await node.hello()

    context.with_node(work)  # starts it if need be; it outlives us by seconds, enough to call again
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(os.fspath(bootstrap.socket_path(context.paths())))
        except OSError as error:
            raise UnreachableError(_("The node has ended.")) from error
        _pump(connection)
    return 0


def _pump(connection: socket.socket) -> None:
    sources: list[int | socket.socket] = [0, connection]
    while connection in sources:
        ready, _writable, _failed = select.select(sources, [], [])
        if connection in ready:
            answer = _received(connection)
            if not answer:
                return
            _print(answer)
        elif 0 in ready:
            line = _standard_input()
            with contextlib.suppress(ConnectionError):
                if line:
                    connection.sendall(line)
                else:
                    sources.remove(0)
                    connection.shutdown(socket.SHUT_WR)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(_CHUNK)
    except ConnectionError:
        return b""


def _standard_input() -> bytes:
    try:
        return os.read(0, _CHUNK)
    except OSError as error:
        raise StorageError(_("Standard input cannot be read: {why}.").format(why=reason_of(error))) from error


def _print(answer: bytes) -> None:
    view = memoryview(answer)
    try:
        while view:
            view = view[os.write(1, view) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        message = _("The output cannot be written: {why}.")
        raise StorageError(message.format(why=reason_of(error))) from error
