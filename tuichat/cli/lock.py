"""`tuichat lock` and `tuichat unlock`: for every client of the running node at once."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the commands."""
    parser.add_command("lock", _lock, _("lock the running node: keys forgotten, links closed"))
    parser.add_command("unlock", _unlock, _("unlock the running node"))


def _lock(context: Context) -> int:
    async def work(node: AsyncClient) -> None:
        if not (await node.hello()).locked:
            await node.lock()

    context.with_node(work, start=False, unlock=False, none=_("So there is nothing to lock."))
    return 0


def _unlock(context: Context) -> int:
    async def work(_node: AsyncClient) -> None:
        return None

    context.with_node(work, start=False)
    return 0
