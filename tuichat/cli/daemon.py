"""`tuichat daemon run|stop|token`, and the hidden command that is a detached node's process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context, no_profile
from tuichat.cli.parser import Parser
from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _, ngettext, number_in

if TYPE_CHECKING:
    from tuichat.config import Config


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("daemon", None, _("run a node that stays, or stop it"))
    group.add_command("run", _run, _("run a node in the foreground until it is stopped"))
    group.add_command("stop", _stop, _("stop the daemon, or a node that stays to deliver"))
    token = group.add_command("token", _token, _("make the token that HTTP asks for, and say where it is"))
    token.add_argument(
        "--new", action="store_true", help=_("make a new one in the place of one that is there")
    )
    parser.add_command("node-process", _detached, _("run a detached node"), hidden=True)


def _run(context: Context) -> int:
    from tuichat import bootstrap

    paths, config = context.paths(), _settings(context)
    context.finish_wipe()
    if bootstrap.nothing_is_left(paths):
        raise no_profile(paths)
    passphrase = key_file = None
    if bootstrap.has_passphrase(paths):
        passphrase = context.passphrase.given_or_asked()
        if passphrase is not None and bootstrap.uses_key_file(paths):
            key_file = context.key_file()
        if passphrase is None:
            context.output.note(_("The profile stays locked until: tuichat unlock"))
    return bootstrap.run_node(
        paths, config, "daemon", passphrase, key_file, again=lambda: context.config(patient=False)
    )


def _settings(context: Context) -> Config:
    """The settings. What is wrong in them may be an address or a path, which the journal is not told."""
    from tuichat.bootstrap.logs import leads_to_journal

    try:
        return context.config()
    except TuichatError as error:
        if leads_to_journal(context.environment, 2):
            line = number_in(error.message, _("{path}, line {line}"), "line")
            error.message = (
                _("Line {line} of the settings is wrong.").format(line=line)
                if line
                else _("The settings cannot be read.")
            )
            error.hint = _("tuichat config show says why.")
            error.candidates = ()
        raise


def _detached(context: Context) -> int:
    from tuichat import bootstrap

    config = context.config(required=False)  # its starter names the usual file too, be it there or not
    again = lambda: context.config(patient=False, required=False)  # noqa: E731
    return bootstrap.run_node(context.paths(), config, "detached", again=again)


def _token(context: Context) -> int:
    from tuichat import bootstrap

    paths = context.paths()
    if not bootstrap.profile_exists(paths):
        raise no_profile(paths)
    config = context.config().http
    path = bootstrap.make_http_token(paths, config, replace=context.words.new)
    context.output.result({"path": str(path)}, str(path))
    if context.words.new:
        context.output.note(_("A daemon that runs takes it when it is started again."))
    return 0


def _stop(context: Context) -> int:
    async def work(node: AsyncClient) -> tuple[int, int, int]:
        status = await node.status()
        if status.node != "daemon" and not status.kept:
            raise UnreachableError(
                _("No daemon is running, only a node of other commands."),
                _("It ends by itself 10 seconds after the last of them."),
            )
        events = node.subscribe()
        await node.stop()
        async for _event in events:
            await asyncio.sleep(0)
        counts = (status.outbox.queued - status.outbox.in_memory, status.transfers)
        return status.in_memory, *(counts if status.kept else (0, 0))

    lost, waiting, resting = context.with_node(
        work, start=False, unlock=False, none=_("So there is nothing to stop.")
    )
    if lost:
        text = ngettext(
            "{count} message was in memory only, and is gone.",
            "{count} messages were in memory only, and are gone.",
            lost,
        )
        context.output.note(text.format(count=lost))
    if resting:
        text = ngettext(
            "{count} file rests; it goes on when a node next runs.",
            "{count} files rest; they go on when a node next runs.",
            resting,
        )
        context.output.note(text.format(count=resting))
    if waiting:
        text = ngettext(
            "{count} message stays queued; it is sent when a node next runs.",
            "{count} messages stay queued; they are sent when a node next runs.",
            waiting,
        )
        context.output.note(text.format(count=waiting))
    return 0
