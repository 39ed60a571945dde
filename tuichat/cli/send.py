"""`tuichat send` and `tuichat cancel`: a message on its way, and one taken back."""

from __future__ import annotations

import os

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.output import though_unread
from tuichat.cli.parser import Parser, positive, seconds, some_path
from tuichat.cli.standard_input import not_utf_8
from tuichat.cli.waiting import Waiting, implied_target
from tuichat.deed_words import state_word
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import MAX_TEXT_BYTES, Message, MessageState
from tuichat.system_reasons import reason_of


def add(parser: Parser) -> None:
    """Add the commands."""
    send = parser.add_command("send", _send, _("send a message or files"))
    send.add_argument("ref", metavar=_("REF"), help=_("a contact's name, address, or start of an address"))
    send.add_argument(
        "text", metavar=_("TEXT"), nargs="?", help=_("the message; - or nothing reads it from standard input")
    )
    send.add_argument(
        "--file",
        metavar=_("PATH"),
        type=some_path,
        action="append",
        help=_("offer this file, or all that are in this folder; TEXT goes with it"),
    )
    send.add_argument(
        "--as-is", action="store_true", help=_("leave in pictures what they tell of place, time and camera")
    )
    send.add_argument(
        "--wait", choices=("sent", "delivered", "read"), help=_("wait until it is that far, or exit with 5")
    )
    send.add_argument(
        "--timeout", metavar=_("SECONDS"), type=seconds, help=_("how long to wait, 60 by default")
    )
    send.add_argument(
        "--reply", metavar=_("MESSAGE"), type=positive, help=_("answer this message of the same conversation")
    )
    cancel = parser.add_command("cancel", _cancel, _("take back a message that has not left yet"))
    cancel.add_argument(
        "message", metavar=_("MESSAGE"), type=positive, help=_("its number, as send printed it")
    )


def _send(context: Context) -> int:
    words = context.words
    if words.file:
        if words.reply is not None:
            raise UsageError(_("--reply needs a text, and goes with no file."))
        from tuichat.cli.send_files import send_files

        return send_files(context, _caption(words.text))
    if words.as_is:
        raise UsageError(_("--as-is needs --file."))
    text = text_of(words.text)

    async def work(node: AsyncClient) -> int:
        target: MessageState | None = words.wait or await implied_target(node)
        waiting = Waiting(context, target, words.timeout)
        await node.go_online()
        message = await waiting.until_there(node, await node.send(words.ref, text, words.reply))
        with though_unread():
            context.output.result(message, shown(message))
        await waiting.check(node, message)
        return 0

    return context.with_node(work)


def shown(message: Message) -> str:
    """A sent message on a line: its number and how far it is."""
    return f"{message.id}  {state_word(message.state)}"


def _caption(given: str | None) -> str:
    """The words that go with files: those of the command, or with "-" standard input."""
    return "" if given is None else text_of(given) if given.strip() else ""


def text_of(given: str | None, *, edits: bool = False) -> str:
    """The text to send, from the words or from standard input. Raises UsageError for what is none.

    `edits`: it is to take another one's place, which a file cannot.
    """
    if given is None and os.isatty(0):
        raise UsageError(
            _("There is no text to send."),
            _("Write it behind the number: tuichat edit MESSAGE TEXT")
            if edits
            else _("Write it behind the name: tuichat send REF TEXT"),
        )
    text = _standard_input() if given in (None, "-") else given
    assert text is not None
    if "\0" in text:
        raise UsageError(_("The text holds a NUL character; this is no text."))
    if not text.strip():
        raise UsageError(_("There is no text to send: it is empty."))
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise UsageError(
            _("The text is longer than {limit} KiB.").format(limit=MAX_TEXT_BYTES // 1024),
            "" if edits else _("Send it in parts, or as a file: tuichat send REF --file PATH"),
        )
    return text


def _standard_input() -> str:
    try:
        with os.fdopen(0, "rb", closefd=False) as stream:
            data = stream.read(MAX_TEXT_BYTES + 2)
    except OSError as error:
        raise StorageError(_("Standard input cannot be read: {why}.").format(why=reason_of(error))) from error
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
