"""`tuichat send --file`: files that are offered, and what is said about them."""

from __future__ import annotations

import msgspec

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import ends_with_this_command
from tuichat.cli.output import full_name, one_line, though_unread
from tuichat.cli.paths import to_send
from tuichat.cli.progress import progress
from tuichat.cli.waiting import Waiting, implied_target
from tuichat.deed_words import state_word
from tuichat.i18n import _
from tuichat.model import MessageState, Sent
from tuichat.running_text import enumerated
from tuichat.sizes import shown_size


def send_files(context: Context, caption: str) -> int:
    """Offer the files that the command names; all are looked at before any is offered."""
    words = context.words
    paths = [to_send(path) for path in words.file]

    async def work(node: AsyncClient) -> int:
        target: MessageState | None = words.wait or await implied_target(node)
        leaves = await ends_with_this_command(node)
        await node.go_online()
        offered = await _offered(context, node, paths, caption)
        waiting = Waiting(context, target, words.timeout)
        told = []
        for sent in offered:
            message = await waiting.until_there(node, sent.message)
            told.append(msgspec.structs.replace(sent, message=message))
            with though_unread():
                _tell(context, told[-1])
        if leaves:
            context.output.note(_("It is fetched from here: keep tuichat open, or run tuichat daemon run."))
        for sent in told:
            await waiting.check(node, sent.message)
        return 0

    return context.with_node(work)


async def _offered(context: Context, node: AsyncClient, paths: list[str], caption: str) -> list[Sent]:
    """The offers, once each file was read to its end, which may take minutes."""
    with progress(_("Reading what is to be sent..."), context.clock):
        return await node.file_send(context.words.ref, paths, caption, context.words.as_is)


def _tell(context: Context, sent: Sent) -> None:
    """An offer, and for the person what was taken out of it and what may still be in it."""
    file = sent.file
    name = full_name(file)
    context.output.result(sent, f"{shown(sent)}  {shown_size(file.size)}  {name}")
    if sent.cleaned:
        removed = one_line(enumerated(sent.cleaned))
        context.output.note(_("{name}: sent without {removed}").format(name=name, removed=removed))
    for warning in sent.warnings:
        context.output.note(_("{name}: {warning}").format(name=name, warning=one_line(warning)))


def shown(sent: Sent) -> str:
    """The numbers of the message and of the file, and how far the message is."""
    where = _("file {id}").format(id=sent.file.id)
    return f"{sent.message.id}  {state_word(sent.message.state)}  {where}"
