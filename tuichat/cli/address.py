"""`tuichat address`: what to give to people who want to write to me."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.cli.qr import code_lines
from tuichat.errors import LockedError
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the command."""
    address = parser.add_command("address", run, _("print your address"))
    address.add_argument("--qr", action="store_true", help=_("draw it as a QR code too"))


def run(context: Context) -> int:
    """Print the address; with --qr also as a code to scan."""
    address = context.with_node(_own_address)
    context.output.result({"address": address}, address)
    if context.words.qr and not context.output.json:
        for row in code_lines(address):
            context.output.line(row)
    return 0


async def _own_address(node: AsyncClient) -> str:
    address = (await node.status()).address
    if address is None:
        raise LockedError(_("The profile is locked."), _("Unlock it: tuichat unlock"))
    return address
