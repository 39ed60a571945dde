"""Bridges on the command line: what the doctor finds about them, and telling a node that runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuichat.cli.context import Context, run_async
from tuichat.cli.finding import Finding
from tuichat.cli.output import printable
from tuichat.errors import TuichatError
from tuichat.i18n import _


def bridges(lines: Sequence[str]) -> Iterator[Finding]:
    """The bridges of the settings, whose lines were checked with these, and the programs they need."""
    from tuichat import bootstrap

    for found in run_async(bootstrap.look_at_bridges(lines)) if lines else ():
        if found.problem:
            yield Finding("bridges", "error", found.problem, found.hint)
        elif not found.transport:
            yield Finding("bridges", "ok", _("{count} without a transport").format(count=found.count))
        else:
            text = _("{count} by {transport}: {program}, {version}").format(
                count=found.count,
                transport=found.transport,
                program=printable(found.program),
                version=found.version or _("version unknown"),
            )
            yield Finding("bridges", "ok", text)


def tell_node(context: Context) -> None:
    """Have the node that runs use the bridges of the settings at once, and say whether it does."""
    from tuichat import bootstrap

    lines = list(context.config().tor.bridges)

    async def told() -> None:
        async with context.node(start=False, unlock=False) as node:
            await node.use_bridges(lines)

    if not bootstrap.socket_path(context.paths()).exists():
        return
    try:
        run_async(told())
    except TuichatError as error:
        later = _("The node that runs goes on without them until it starts anew: {why}")
        context.output.note(later.format(why=error.message))
    else:
        context.output.note(_("The node that runs uses them now."))
