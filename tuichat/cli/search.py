"""`tuichat search`: messages by their words."""

from __future__ import annotations

from datetime import UTC, datetime

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.messages import when
from tuichat.cli.output import one_line
from tuichat.cli.parser import Parser, positive
from tuichat.cli.standard_input import standard_input
from tuichat.deed_words import said, speaker
from tuichat.i18n import _
from tuichat.model import Contact, Found
from tuichat.times import Hours

DEFAULT_LIMIT = 50

_MOST_READ = 4096
"""Bytes of a query that is read from standard input, which others on this machine do not see."""


def add(parser: Parser) -> None:
    """Add the command."""
    search = parser.add_command("search", run, _("find messages, and print the newest first"))
    search.add_argument(
        "query", nargs="*", metavar=_("QUERY"), help=_("words that must all be there; - reads them")
    )
    search.add_argument("--in", dest="ref", metavar=_("REF"), help=_("with this contact only"))
    search.add_argument(
        "--before", metavar=_("TIME"), help=_("earlier than TIME: a date, or a date and a time")
    )
    search.add_argument("--after", metavar=_("TIME"), help=_("at TIME or later"))
    search.add_argument("--kind", metavar=_("KIND"), help=_("of this kind only, such as text or file"))
    search.add_argument("--has-file", action="store_true", help=_("with a file only"))
    search.add_argument(
        "--limit",
        metavar="N",
        type=positive,
        default=DEFAULT_LIMIT,
        help=_("the newest N, 50 by default"),
    )


def run(context: Context) -> int:
    """Print what was found: when, who, and the line that fits."""
    query = query_of(context)
    hours = context.hours()
    today = datetime.fromtimestamp(context.clock.now(), tz=UTC).astimezone()

    async def work(node: AsyncClient) -> int:
        page = await node.search(query, context.words.limit)
        contacts = {contact.id: contact for contact in await node.contact_list()}
        for found in page.found:
            contact = contacts.get(found.message.contact)
            if contact is not None:  # else it was removed meanwhile
                context.output.result(found, shown(found, contact, today, hours))
        if not page.found:
            context.output.none_there(_("Nothing found."))
        if not page.whole:
            context.output.none_there(
                _("Older messages are still being made ready for the search. Later it may find more.")
            )
        return 0

    return context.with_node(work)


def query_of(context: Context) -> str:
    """The query, in the language that the node understands: an option is a filter of it.

    The options come first: a quotation mark that the person did not close is theirs alone.
    """
    words = context.words
    query = [standard_input(_MOST_READ)] if words.query == ["-"] else words.query
    options = (("in", words.ref), ("before", words.before), ("after", words.after), ("kind", words.kind))
    filters = [f"{key}:{_quoted(value)}" for key, value in options if value is not None]
    return " ".join([*filters, *(["has:file"] if words.has_file else []), *query])


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def shown(found: Found, contact: Contact, today: datetime, hours: Hours) -> str:
    """One line for a person."""
    message = found.message
    who = speaker(message.direction, contact.name)
    if message.direction == "out":
        who = _("me to {name}").format(name=contact.name)
    words = "  ".join(part for part in (one_line(found.file_name), one_line(_line(found))) if part)
    if message.unsent or message.kind in ("timer", "unsupported"):
        words = said(message, contact.name)
    return f"{when(message, today, hours)} {who}  {words}"


def _line(found: Found) -> str:
    """The line of the text with the first place in it, or its first line."""
    text = found.message.text
    at = found.places[0][0] if found.places else 0
    begin = text.rfind("\n", 0, at) + 1
    return text[begin:].split("\n", 1)[0]
