"""`tuichat status`: how the node, tor, our service and the queue stand; or waiting for it to be reachable."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context, run_async
from tuichat.cli.following import follow
from tuichat.cli.output import though_unread
from tuichat.cli.parser import Parser, seconds
from tuichat.errors import UnreachableError, UsageError
from tuichat.i18n import _, ngettext
from tuichat.model import LockedEvent, ServiceEvent, Status
from tuichat.running_text import enumerated
from tuichat.tor_words import hindrance, next_step

DEFAULT_WAIT = 180.0
"""Seconds that `--wait` waits; a first start of tor on a slow network takes over a minute."""

_RETRY = 0.2


def add(parser: Parser) -> None:
    """Add the command."""
    status = parser.add_command("status", run, _("show how things stand"))
    status.add_argument(
        "--wait", choices=("reachable",), help=_("wait until others can reach you, or exit with 3")
    )
    status.add_argument(
        "--timeout", metavar=_("SECONDS"), type=seconds, help=_("how long to wait, 180 by default")
    )


def run(context: Context) -> int:
    """Print the status of the node that runs, if one does; never starts one."""
    words = context.words
    if words.timeout is not None and words.wait is None:
        raise UsageError(_("--timeout needs --wait."))
    context.config()  # a mistake in it is told, though nothing of it is needed
    if words.wait is None:
        found = run_async(_status(context))
        _print(context, found)
        return 0
    limit = DEFAULT_WAIT if words.timeout is None else words.timeout
    found = run_async(_reachable(context, limit))
    with though_unread():
        _print(context, found)
    if not found.service.reachable:
        raise _not_in_time(found, limit)
    return 0


def _print(context: Context, found: Status) -> None:
    """The status on stdout; on stderr what a person can do about a tor that is hindered."""
    context.output.result(found, shown(found))
    if hindrance(found.tor) and not context.output.json:
        context.output.note(next_step(found.tor))


def _not_in_time(found: Status, limit: float) -> UnreachableError:
    text = ngettext(
        "Not reachable within {seconds:g} second.",
        "Not reachable within {seconds:g} seconds.",
        1 if limit == 1 else 2,
    ).format(seconds=limit)
    if found.node == "none":
        return UnreachableError(text, _("No node is running. Start one: tuichat daemon run"))
    return UnreachableError(text)


async def _status(context: Context) -> Status:
    try:
        async with context.node(start=False, unlock=False) as node:
            return await node.status()
    except UnreachableError:
        return Status(address=None, node="none", locked=False)


async def _reachable(context: Context, limit: float) -> Status:
    found = Status(address=None, node="none", locked=False)
    try:
        async with asyncio.timeout(limit):
            while not found.service.reachable:
                try:
                    async with context.node(start=False, unlock=False) as node:
                        found = await _watch(context, node)
                except UnreachableError:
                    await asyncio.sleep(_RETRY)
    except TimeoutError:
        return await _status(context)
    return found


async def _watch(context: Context, node: AsyncClient) -> Status:
    """The status once the node is reachable. Raises UnreachableError when it ends before."""
    async with aclosing(follow(context, node)) as happenings:
        async for current, event in happenings:
            if event is None or isinstance(event, (LockedEvent, ServiceEvent)):
                found = await current.status()
                if found.service.reachable:
                    return found
                if not found.locked:
                    await current.go_online()
    raise UnreachableError(_("The node has ended."))


def shown(status: Status) -> str:
    """The status for a person, a line for each part."""
    if status.node == "none":
        return _("no node is running")
    lines = [(_("node"), enumerated((_kind(status), status.version, f"pid {status.pid}")))]
    if status.locked:
        lines.append((_("profile"), _("locked")))
        return _aligned(lines)
    lines.append((_("address"), status.address or ""))
    lines.append((_("tor"), _tor(status)))
    lines.append((_("service"), _service(status)))
    counts = _("{accepted} accepted, {online} online")
    lines.append((_("contacts"), counts.format(**_counts(status))))
    lines.append((_("outbox"), _("{count} queued").format(count=f"{status.outbox.queued:,}")))
    if status.in_memory:
        text = ngettext(
            "{count} message, gone when the node ends or locks",
            "{count} messages, gone when the node ends or locks",
            status.in_memory,
        )
        lines.append((_("memory"), text.format(count=status.in_memory)))
    if status.transfers:
        lines.append((_("files"), _("{count} under way").format(count=status.transfers)))
    return _aligned(lines)


def _kind(status: Status) -> str:
    """What kind of node it is, and when it ends."""
    if status.node == "daemon":
        return _("daemon")
    if not status.kept:
        return _("detached, ends after its last client")
    queued, transfers = status.outbox.queued, status.transfers
    messages = ngettext(
        "detached, kept until {count} message is delivered",
        "detached, kept until {count} messages are delivered",
        queued,
    ).format(count=queued)
    if not transfers:
        return messages
    if not queued:
        only = ngettext(
            "detached, kept until {count} file is complete",
            "detached, kept until {count} files are complete",
            transfers,
        )
        return only.format(count=transfers)
    files = ngettext("and {count} file is complete", "and {count} files are complete", transfers)
    return f"{messages} {files.format(count=transfers)}"


def _tor(status: Status) -> str:
    tor = status.tor
    problem = hindrance(tor)
    if not tor.running:
        return _("not running") + (f": {problem}" if problem else "")
    parts = [tor.version, f"{tor.bootstrap}%", tor.summary, problem]
    return enumerated(part for part in parts if part)


def _service(status: Status) -> str:
    """The light, and what it stands for."""
    lights = {"green": _("green"), "yellow": _("yellow"), "red": _("red")}
    stages = {
        "offline": _("not published"),
        "tor": _("waits for tor"),
        "publishing": _("being published"),
        "unpublished": _("cannot be published, trying on: {why}").format(
            why=status.service.detail.rstrip(".")
        ),
        "checking": _("published, not yet known to be reachable"),
        "reachable": _("reachable"),
        "no_answer": ngettext(
            "not reachable: no answer came {count} time, trying on",
            "not reachable: no answer came {count} times, trying on",
            status.service.missed,
        ).format(count=status.service.missed),
    }
    return enumerated((lights[status.service.light], stages[status.service.stage]))


def _counts(status: Status) -> dict[str, int]:
    return {"accepted": status.contacts.accepted, "online": status.contacts.online}


def _aligned(lines: list[tuple[str, str]]) -> str:
    from tuichat.cli.output import width_of

    widest = max(width_of(name) for name, _text in lines)
    return "\n".join(f"{name}{' ' * (widest - width_of(name))}  {text}" for name, text in lines)
