"""`tuichat send` and `tuichat cancel`: a message on its way, and one taken back."""

from __future__ import annotations

import os

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import has_reached, wait_for
from tuichat.cli.parser import Choices, NotInThisVersion, Parser, positive, seconds
from tuichat.cli.standard_input import not_utf_8
from tuichat.errors import NotYetError, StorageError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import MAX_TEXT_BYTES, Message, MessageState

DEFAULT_WAIT = 60.0
"""Seconds that `send` waits for the state it waits for."""


def add(parser: Parser) -> None:
    """Add the commands."""
    send = parser.add_command("send", _send, _("send a message"))
    send.add_argument("ref", metavar="REF", help=_("a contact's name, address, or start of an address"))
    send.add_argument(
        "text", metavar=_("TEXT"), nargs="?", help=_("the message; - or nothing reads it from standard input")
    )
    states = Choices(("sent", "delivered"))
    states.also = ("read",)  # no message of this version gets that far
    send.add_argument("--wait", choices=states, help=_("wait until it is that far, or exit with 5"))
    send.add_argument(
        "--timeout", metavar=_("SECONDS"), type=seconds, help=_("how long to wait, 60 by default")
    )
    send.add_argument("--file", "--reply", action=NotInThisVersion)
    cancel = parser.add_command("cancel", _cancel, _("take back a message that has not left yet"))
    cancel.add_argument(
        "message", metavar=_("MESSAGE"), type=positive, help=_("its number, as send printed it")
    )


def _send(context: Context) -> int:
    text = _text(context.words.text)
    limit = DEFAULT_WAIT if context.words.timeout is None else context.words.timeout

    async def work(node: AsyncClient) -> int:
        target: MessageState | None = context.words.wait or await _implied_target(node)
        await node.go_online()
        message = await node.send(context.words.ref, text)
        if target is not None:
            message = await wait_for(context, node, message, target, limit)
        context.output.result(message, shown(message))
        if target is not None and not has_reached(message, target):
            raise _not_there(message, target)
        return 0

    return context.with_node(work)


def shown(message: Message) -> str:
    """A sent message on a line: its number and how far it is."""
    return f"{message.id}  {message.state}"


async def _implied_target(node: AsyncClient) -> MessageState | None:
    """None if somebody else keeps the node; else it would end under the message, so that one waits."""
    kept = (await node.hello()).node == "daemon" or await node.client_count() > 1
    return None if kept else "delivered"


def _not_there(message: Message, target: MessageState) -> TuichatError:
    if message.state in ("failed", "cancelled"):
        return TuichatError(_("Message {id} was not sent.").format(id=message.id))
    if message.state == "queued":
        return NotYetError(
            _("Message {id} stays queued; it is sent when a node next runs.").format(id=message.id),
            _("Keep tuichat open, or run tuichat daemon run."),
        )
    text = _("Message {id} is {state}, not yet {target}.")
    return NotYetError(text.format(id=message.id, state=message.state, target=target))


def _text(given: str | None) -> str:
    """The text to send, from the words or from standard input. Raises UsageError for what is none."""
    if given is None and os.isatty(0):
        raise UsageError(_("There is no text to send."), _("Write it behind the name: tuichat send REF TEXT"))
    text = _standard_input() if given in (None, "-") else given
    assert text is not None
    if "\0" in text:
        raise UsageError(_("The text holds a NUL character; this is no text."))
    if not text.strip():
        raise UsageError(_("There is no text to send: it is empty."))
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise UsageError(
            _("The text is longer than {limit} KiB.").format(limit=MAX_TEXT_BYTES // 1024),
            _("Send it in parts; sending it as a file (--file) is not in this version."),
        )
    return text


def _standard_input() -> str:
    try:
        with os.fdopen(0, "rb", closefd=False) as stream:
            data = stream.read(MAX_TEXT_BYTES + 2)
    except OSError as error:
        raise StorageError(_("Standard input cannot be read: {why}.").format(why=error.strerror)) from error
    if len(data) > MAX_TEXT_BYTES + 1:
        return "x" * len(data)  # too long whatever it says, and perhaps cut within a character
    try:
        return data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise not_utf_8(error) from None


def _cancel(context: Context) -> int:
    async def work(node: AsyncClient) -> Message:
        return await node.cancel(context.words.message)

    message = context.with_node(work)
    context.output.result(message, shown(message))
    return 0
