"""`tuichat messages`: a conversation's history, and what is added to it."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.file_pages import files_between
from tuichat.cli.following import follow, until_reader_leaves
from tuichat.cli.output import full_name
from tuichat.cli.parser import Parser, exclude, positive
from tuichat.deed_words import said, speaker, state_word
from tuichat.file_words import how_far
from tuichat.i18n import _
from tuichat.model import Contact, File, Message, MessageEvent, MissedEvent
from tuichat.sizes import shown_size
from tuichat.times import Hours, time_of_day

DEFAULT_LIMIT = 50

_REMEMBERED = 1_000
"""So many messages are remembered as they were printed, to tell what changes of them."""


def add(parser: Parser) -> None:
    """Add the command."""
    messages = parser.add_command("messages", run, _("print the messages of a conversation, oldest first"))
    messages.add_argument(
        "ref", metavar=_("REF"), help=_("a contact's name, address, or start of an address")
    )
    messages.add_argument(
        "--limit",
        metavar="N",
        type=positive,
        default=DEFAULT_LIMIT,
        help=_("the newest N, 50 by default"),
    )
    messages.add_argument("--before", metavar="ID", type=positive, help=_("those before message ID"))
    messages.add_argument(
        "--numbers",
        action="store_true",
        help=_("print each message's number, to answer, edit, unsend or react to it"),
    )
    messages.add_argument(
        "--read",
        action="store_true",
        help=_("mark what is printed, and all before it, as read; its author is told if the settings say so"),
    )
    messages.add_argument("--follow", action="store_true", help=_("go on with new ones until interrupted"))


def run(context: Context) -> int:
    """Print the history; with --follow what comes, too."""
    words = context.words
    if words.follow and words.before is not None:
        raise exclude("--follow", "--before")
    hours = context.hours()

    async def work(node: AsyncClient) -> int:
        if words.follow:
            with until_reader_leaves():
                await _follow(context, node, hours)
        contact = await node.contact_get(words.ref)
        page = await node.messages(contact.address, words.limit, words.before)
        await _print(context, node, contact, page, hours)
        return 0

    return context.with_node(work)


async def _follow(context: Context, node: AsyncClient, hours: Hours) -> None:
    """The history and everything after it; ends only with the node or by an interruption."""
    words = context.words
    contact: Contact | None = None
    printed = _Printed()
    async with aclosing(follow(context, node)) as happenings:
        async for current, event in happenings:
            changed = False
            if contact is None:
                contact = await current.contact_get(words.ref)
                page = await current.messages(contact.address, words.limit, words.before)
            elif event is None or isinstance(event, MissedEvent):
                page = await current.messages(contact.address, 1_000_000, after=printed.last)
            elif isinstance(event, MessageEvent) and event.message.contact == contact.id:
                changed = not context.output.json and printed.said_otherwise(event.message)
                is_new = event.new and event.message.id > printed.last
                page = [event.message] if is_new or changed else []
            else:
                continue
            await _print(context, current, contact, page, hours, numbered=changed)
            printed.add(page)


class _Printed:
    """What of a conversation was printed: what comes next, and what of it is another way now.

    Attributes:
        last: the id of the newest message.
    """

    def __init__(self) -> None:
        self.last = 0
        self._said: dict[int, tuple[object, ...]] = {}

    def add(self, messages: list[Message]) -> None:
        """These were printed as they are."""
        for message in messages:
            self.last = max(self.last, message.id)
            self._said[message.id] = self._words(message)
            if len(self._said) > _REMEMBERED:
                del self._said[next(iter(self._said))]

    def said_otherwise(self, message: Message) -> bool:
        """Whether a message was printed with other words or reactions."""
        return self._said.get(message.id, self._words(message)) != self._words(message)

    @staticmethod
    def _words(message: Message) -> tuple[object, ...]:
        return message.text, bool(message.unsent), message.reactions


async def _print(
    context: Context,
    node: AsyncClient,
    contact: Contact,
    messages: list[Message],
    hours: Hours,
    *,
    numbered: bool = False,
) -> None:
    today = datetime.fromtimestamp(context.clock.now(), tz=UTC).astimezone()
    files: dict[int | None, File] = {}
    numbers = [message.file for message in messages if message.file is not None]
    if numbers and not context.output.json:
        listed = await files_between(node, contact.address, min(numbers), max(numbers))
        files = {file.id: file for file in listed}
    for message in messages:
        context.output.result(
            message,
            shown(
                message,
                contact,
                today,
                hours=hours,
                file=files.get(message.file),
                numbered=numbered or context.words.numbers,
            ),
        )
    await _seen(node, contact, messages, read=context.words.read)


async def _seen(node: AsyncClient, contact: Contact, messages: list[Message], *, read: bool) -> None:
    """What was printed has been displayed, which is when the time of what disappears begins."""
    unread = [each for each in messages if each.direction == "in" and each.state != "read"]
    if unread and read:
        await node.mark_read(contact.address, unread[-1].id)
    elif any(each.expires_at is not None for each in unread):
        await node.mark_shown(contact.address, unread[0].id, unread[-1].id)


def shown(
    message: Message,
    contact: Contact,
    today: datetime,
    *,
    hours: Hours = "24h",
    file: File | None = None,
    numbered: bool = False,
) -> str:
    """A message for a person: `HH:MM name  text`, with the date unless it is today's.

    Lines after the first are indented, so that no text can look like another message. In brackets behind the
    name, where no text comes, stands what there is to say about it (`_marks`). The name of a file stands in
    the place of the text, and the text below.
    """
    marks = "".join(f" [{mark}]" for mark in _marks(message, file, numbered=numbered))
    declined = contact.conversation.memory and message.direction == "in"
    first, *more = _text(message, contact.name, file, declined=declined).split("\n")
    return "\n".join(
        [
            f"{when(message, today, hours)} {speaker(message.direction, contact.name)}{marks}  {first}",
            *(f"      {line}" for line in more),
        ]
    )


def when(message: Message, today: datetime, hours: Hours) -> str:
    """When it came or was written here, with the date unless it is today's."""
    at = (message.received_at or message.sent_at).astimezone()
    time = time_of_day(at, hours)
    return time if at.date() == today.date() else f"{at:%Y-%m-%d} {time}"


def _marks(message: Message, file: File | None, *, numbered: bool) -> list[str]:
    """Number and state of ours that is not delivered, what a message answers, and what was done to it."""
    marks = []
    if message.direction == "out" and message.state not in ("delivered", "read"):
        marks.append(f"{message.id} {state_word(message.state)}")
    elif numbered:
        marks.append(str(message.id))
    if message.quote is not None:
        known = _("answers {id}").format(id=message.reply_to)
        marks.append(_("answers a message you do not have") if message.reply_to is None else known)
    if message.edited:
        marks.append(_("edited"))
    if message.reactions:
        marks.append(" ".join(message.reactions))
    if file is not None:
        number = _("file {id}").format(id=file.id)
        marks.append(f"{number}, {shown_size(file.size)}, {how_far(file)}")
    return marks


def _text(message: Message, name: str, file: File | None, *, declined: bool) -> str:
    if message.unsent:
        done = message.unsent == "done"
        return _("(taken back)") if done else _("(taken back here; your contact's node was asked)")
    if message.kind == "file":
        gone = _("(a file that is not known any more)")
        if declined:
            gone = _("(a file that was declined: nothing of this conversation goes to disk)")
        offered = gone if file is None else full_name(file)
        return f"{offered}\n{message.text}" if message.text else offered
    return said(message, name)
