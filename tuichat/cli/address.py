"""`tuichat address`: what to give to people who want to write to me."""

from __future__ import annotations

import os
import sys

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.errors import LockedError, UsageError
from tuichat.i18n import _

_INVERTED = str.maketrans("█▀▄ ", " ▄▀█")


def add(parser: Parser) -> None:
    """Add the command."""
    address = parser.add_command("address", run, _("print your address"))
    address.add_argument("--qr", action="store_true", help=_("draw it as a QR code too"))


def run(context: Context) -> int:
    """Print the address; with --qr also as a code to scan."""
    address = context.with_node(_own_address)
    context.output.result({"address": address}, address)
    if context.words.qr and not context.output.json:
        for row in _code(address):
            context.output.line(row)
    return 0


async def _own_address(node: AsyncClient) -> str:
    address = (await node.status()).address
    if address is None:
        raise LockedError(_("The profile is locked."), _("Unlock it: tuichat unlock"))
    return address


def _code(address: str) -> list[str]:
    """Dark on light where colours may be set; else light modules as blocks, as a dark terminal needs it."""
    from tuichat.tui.qr import qr_rows

    try:
        "█▀▄".encode(sys.stdout.encoding if sys.stdout is not None else "utf-8")
    except UnicodeEncodeError:
        raise UsageError(_("This terminal cannot show a QR code: its encoding is not UTF-8.")) from None
    rows = qr_rows(address)
    if sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return [f"\x1b[30;107m{row}\x1b[0m" for row in rows]
    return [row.translate(_INVERTED) for row in rows]
