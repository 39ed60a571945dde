"""`tuichat edit`, `unsend` and `react`: what is done to messages after they were written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import note_stays, stays_to_deliver
from tuichat.cli.parser import Command, Parser, positive
from tuichat.cli.send import text_of
from tuichat.deed_words import state_word
from tuichat.i18n import _
from tuichat.model import Message


def add(parser: Parser) -> None:
    """Add the commands."""
    edit = _with_message(parser, "edit", _edit, _("put another text in the place of your own"))
    edit.add_argument(
        "text",
        metavar=_("TEXT"),
        nargs="?",
        help=_("the new text; - or nothing reads it from standard input"),
    )
    _with_message(parser, "unsend", _unsend, _("take back a message of yours, here and at your contact's"))
    react = _with_message(parser, "react", _react, _("put an emoji to a message, or take it away again"))
    react.add_argument("emoji", metavar=_("EMOJI"), help=_("one emoji"))


def _with_message(parser: Parser, name: str, run: Command, summary: str) -> Parser:
    command = parser.add_command(name, run, summary)
    command.add_argument(
        "message", metavar=_("MESSAGE"), type=positive, help=_("its number; messages --numbers shows it")
    )
    return command


def _edit(context: Context) -> int:
    text = text_of(context.words.text, edits=True)
    return _do(context, lambda node: node.edit(context.words.message, text))


def _unsend(context: Context) -> int:
    return _do(context, lambda node: node.unsend(context.words.message))


def _react(context: Context) -> int:
    return _do(context, lambda node: node.react(context.words.message, context.words.emoji))


def _do(context: Context, deed: Callable[[AsyncClient], Awaitable[Message]]) -> int:
    """Do it and print what the message is then; a node that nobody else keeps stays until it is passed on."""

    async def work(node: AsyncClient) -> tuple[Message, bool]:
        message = await deed(node)
        return message, message.state != "cancelled" and await stays_to_deliver(node)

    message, stays = context.with_node(work)
    context.output.result(message, shown(message))
    if stays:
        note_stays(context)
    return 0


def shown(message: Message) -> str:
    """A message on a line: its number and what was done to it."""
    if message.unsent:
        done = _("unsent") if message.unsent == "done" else _("asked to be unsent")
    elif message.state == "cancelled":
        done = state_word(message.state)
    else:
        marks = [*([_("edited")] if message.edited else []), *message.reactions]
        done = " ".join(marks) or state_word(message.state)
    return f"{message.id}  {done}"
