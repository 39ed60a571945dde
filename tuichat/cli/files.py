"""`tuichat files ...`: files that were offered, on their way, and there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.fetching import QUIET_SECONDS, fetch, what_is_missing
from tuichat.cli.file_pages import files_between
from tuichat.cli.following import ends_with_this_command
from tuichat.cli.output import full_name, one_line, though_unread
from tuichat.cli.parser import Command, Parser, positive, seconds, some_path
from tuichat.cli.paths import to_receive
from tuichat.file_words import how_far, is_here
from tuichat.i18n import _
from tuichat.model import Contact, File
from tuichat.sizes import shown_size

DEFAULT_LIMIT = 500

_WANTED = ("waiting", "active", "paused", "complete")
"""States of a file that was accepted already."""


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("files", None, _("see files, and fetch, stop and resume them"))
    listed = group.add_command("list", _list, _("list the files that were offered"))
    listed.add_argument("ref", metavar=_("REF"), nargs="?", help=_("only those of this contact"))
    listed.add_argument(
        "--limit", metavar="N", type=positive, default=DEFAULT_LIMIT, help=_("the newest N, 500 by default")
    )
    listed.add_argument("--before", metavar="ID", type=positive, help=_("those before file ID"))
    accepted = _with_id(group, "accept", _accept, _("fetch a file that was offered to you"))
    accepted.add_argument(
        "--to",
        metavar=_("DIR"),
        type=some_path,
        help=_("put it into DIR under its own name, normally into the inbox under a random one"),
    )
    accepted.add_argument(
        "--all", action="store_true", help=_("fetch the others, too, that were offered in one go with it")
    )
    accepted.add_argument("--wait", action="store_true", help=_("wait until it is there"))
    accepted.add_argument(
        "--timeout", metavar=_("SECONDS"), type=seconds, help=_("how long to wait, or exit with 5")
    )
    _with_id(group, "decline", _changing(AsyncClient.file_decline), _("do not want a file that was offered"))
    _with_id(group, "cancel", _changing(AsyncClient.file_cancel), _("stop a file, or take an offer back"))
    _with_id(group, "pause", _changing(AsyncClient.file_pause), _("let a file rest"))
    resumed = _changing(AsyncClient.file_resume, goes_on=True)
    _with_id(group, "resume", resumed, _("go on with a file that rests, or that failed"))


def _with_id(group: Parser, name: str, run: Command, summary: str) -> Parser:
    parser = group.add_command(name, run, summary)
    parser.add_argument("id", metavar="ID", type=positive, help=_("its number in the list"))
    return parser


def _list(context: Context) -> int:
    async def work(node: AsyncClient) -> tuple[list[File], list[Contact]]:
        words = context.words
        return await node.file_list(words.ref, words.limit, words.before), await node.contact_list()

    files, contacts = context.with_node(work)
    if context.output.json:
        for file in files:
            context.output.json_line(file)
        return 0
    names = {contact.id: contact.name for contact in contacts}
    context.output.table(_row(file, names.get(file.contact, "?")) for file in files)
    if not files:
        context.output.none_there(_("No files. Send one: tuichat send REF --file PATH"))
    return 0


def _row(file: File, contact: str) -> list[str]:
    """What others chose comes last, so that it can be taken for nothing else."""
    who = _("from {name}") if file.direction == "in" else _("to {name}")
    words = [str(file.id), who.format(name=one_line(contact)), shown_size(file.size), how_far(file)]
    return [*words, "  ".join([one_line(file.path)] * is_here(file) + [full_name(file)])]


def shown(file: File) -> str:
    """A file on a line: its number, how far it is, and where it is or what it is called."""
    return f"{file.id}  {how_far(file)}  {one_line(file.path) if is_here(file) else full_name(file)}"


def _accept(context: Context) -> int:
    words = context.words
    to = to_receive(words.to) if words.to is not None else ""

    async def work(node: AsyncClient) -> int:
        waits = words.wait or await ends_with_this_command(node)
        await node.go_online()
        if waits:
            quiet = None if words.wait or words.timeout is not None else QUIET_SECONDS
            files = await fetch(context, node, lambda: _accepted(context, node, to), words.timeout, quiet)
        else:
            files = await _accept_seen(context, node, to)
        with though_unread():
            for file in files:
                context.output.result(file, shown(file))
        if waits and (missing := what_is_missing(files)) is not None:
            raise missing
        return 0

    return context.with_node(work)


async def _accepted(context: Context, node: AsyncClient, to: str) -> list[File]:
    """The files to wait for: accepted now, or before if this is to wait on."""
    words = context.words
    if words.wait and not to:
        file = await node.file_get(words.id)
        same = [file]
        if words.all and file.group is not None:
            listed = await files_between(node, None, file.group)  # the first of a group gives it its number
            same = [each for each in listed if each.group == file.group]
        if file.direction == "in" and _is_wanted(file):
            return [each for each in same if _is_wanted(each)]
    return await _accept_seen(context, node, to)


async def _accept_seen(context: Context, node: AsyncClient, to: str) -> list[File]:
    """Accept a file, or with it those that have come by now: what comes meanwhile nobody has seen."""
    newest = 0
    if context.words.all:
        newest = max((file.id for file in await node.file_list(limit=1)), default=0)
    return await node.file_accept(context.words.id, to, context.words.all, newest)


def _is_wanted(file: File) -> bool:
    """Whether it was accepted already; an offer that its sender paused before was not."""
    return file.accepted and file.state in _WANTED


def _changing(method: Callable[[AsyncClient, int], Awaitable[File]], *, goes_on: bool = False) -> Command:
    """A command that changes one file and prints it; with `goes_on` the file needs a node that stays."""

    def run(context: Context) -> int:
        async def work(node: AsyncClient) -> tuple[File, bool]:
            file = await method(node, context.words.id)
            return file, goes_on and await ends_with_this_command(node)

        file, rests = context.with_node(work)
        context.output.result(file, shown(file))
        if rests:
            context.output.note(
                _("It goes on while a node runs: keep tuichat open, or run tuichat daemon run.")
            )
        return 0

    return run
