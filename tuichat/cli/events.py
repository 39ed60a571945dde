"""`tuichat events`: everything the node tells, for scripts."""

from __future__ import annotations

from contextlib import aclosing

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import follow, until_reader_leaves
from tuichat.cli.parser import Parser, natural
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the command."""
    events = parser.add_command("events", run, _("print every event as a JSON object, until interrupted"))
    events.add_argument("--since", metavar="SEQ", type=natural, help=_("begin after the event numbered SEQ"))


def run(context: Context) -> int:
    """Print events as they come; ends with the node or by an interruption."""

    async def work(node: AsyncClient) -> int:
        with until_reader_leaves():
            async with aclosing(follow(context, node, context.words.since)) as happenings:
                async for _node, event in happenings:
                    if event is not None:
                        context.output.json_line(event)
        return 0

    return context.with_node(work)
