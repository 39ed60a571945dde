"""`tuichat timer`: after how long the messages of a conversation disappear."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import note_stays, stays_to_deliver
from tuichat.cli.parser import Parser
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.timer_words import parse_timer, time_words


def add(parser: Parser) -> None:
    """Add the command."""
    timer = parser.add_command("timer", _timer, _("say or set after how long messages disappear"))
    timer.add_argument("ref", metavar=_("REF"), help=_("a contact's name, address, or start of an address"))
    timer.add_argument(
        "time", metavar=_("TIME"), nargs="?", help=_("30s to 366d, for both sides, or off; nothing shows it")
    )


def _timer(context: Context) -> int:
    words = context.words
    seconds = None if words.time is None else parse_timer(words.time)

    async def work(node: AsyncClient) -> tuple[Contact, bool]:
        contact = await node.conversation_timer(words.ref, seconds)
        return contact, seconds is not None and contact.queued > 0 and await stays_to_deliver(node)

    contact, stays = context.with_node(work)
    context.output.result(contact, _shown(contact))
    if stays:
        note_stays(context)
    return 0


def _shown(contact: Contact) -> str:
    if not contact.conversation.timer:
        return _("{name}: messages stay").format(name=contact.name)
    return _("{name}: messages disappear after {time}").format(
        name=contact.name, time=time_words(contact.conversation.timer)
    )
