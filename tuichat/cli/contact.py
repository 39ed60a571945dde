"""`tuichat contact ...`: the people in this profile, and those who ask to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Command, Parser
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact

DIGITS = 60
"""How many digits a safety number has."""


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("contact", None, _("see and change your contacts"))
    asked = group.add_command("add", _add, _("ask the owner of an address to be a contact"))
    asked.add_argument("address", metavar=_("ADDRESS"), help=_("their address, 56 characters"))
    asked.add_argument("--name", metavar=_("NAME"), help=_("what you call them"))
    asked.add_argument("--message", metavar=_("TEXT"), default="", help=_("a word with the request"))
    group.add_command("list", _list, _("list all contacts"))
    group.add_command("requests", _requests, _("list who asks to be a contact"))
    _with_ref(group, "accept", _changing(AsyncClient.contact_accept, online=True), _("accept a request"))
    _with_ref(group, "reject", _forgetting(AsyncClient.contact_reject), _("forget a request"))
    _with_ref(group, "block", _changing(AsyncClient.contact_block), _("never hear of someone again"))
    _with_ref(group, "unblock", _changing(AsyncClient.contact_unblock), _("undo a block"))
    _with_ref(group, "remove", _forgetting(AsyncClient.contact_remove), _("forget a contact and its history"))
    renamed = _with_ref(group, "rename", _rename, _("call a contact something else"))
    renamed.add_argument("name", metavar=_("NAME"), help=_("the new name"))
    verified = _with_ref(group, "verify", _verify, _("show the safety number, or check one"))
    verified.add_argument("number", metavar=_("NUMBER"), nargs="*", help=_("the digits your contact sees"))


def _with_ref(group: Parser, name: str, run: Command, summary: str) -> Parser:
    parser = group.add_command(name, run, summary)
    parser.add_argument("ref", metavar="REF", help=_("a contact's name, address, or start of an address"))
    return parser


def shown(contact: Contact) -> str:
    """A contact on a line."""
    return "  ".join(_row(contact))


def _row(contact: Contact) -> list[str]:
    marks: list[str] = [contact.state]
    if contact.verified:
        marks.append(_("verified"))
    if contact.online:
        marks.append(_("online"))
    return [contact.name, contact.address, ", ".join(marks)]


def _add(context: Context) -> int:
    words = context.words

    async def work(node: AsyncClient) -> Contact:
        contact = await node.contact_add(words.address, words.name, words.message)
        await node.go_online()
        return contact

    contact = context.with_node(work)
    context.output.result(contact, shown(contact))
    if contact.state == "requested":
        context.output.note(
            _("The request is delivered while you are both online: keep tuichat or its daemon running.")
        )
    return 0


def _list(context: Context) -> int:
    contacts = context.with_node(AsyncClient.contact_list)
    if context.output.json:
        for contact in contacts:
            context.output.json_line(contact)
    else:
        context.output.table(_row(contact) for contact in contacts)
    return 0


def _requests(context: Context) -> int:
    for contact in context.with_node(AsyncClient.contact_list):
        if contact.state == "pending":
            text = "".join(f"\n    {line}" for line in contact.request_text.splitlines())
            context.output.result(contact, f"{contact.name}  {contact.address}{text}")
    return 0


def _changing(method: Callable[[AsyncClient, str], Awaitable[Contact]], *, online: bool = False) -> Command:
    """A command that changes one contact and prints it."""

    def run(context: Context) -> int:
        async def work(node: AsyncClient) -> Contact:
            contact = await method(node, context.words.ref)
            if online:
                await node.go_online()
            return contact

        contact = context.with_node(work)
        context.output.result(contact, shown(contact))
        return 0

    return run


def _forgetting(method: Callable[[AsyncClient, str], Awaitable[None]]) -> Command:
    """A command after which there is no contact to print."""

    def run(context: Context) -> int:
        async def work(node: AsyncClient) -> None:
            await method(node, context.words.ref)

        context.with_node(work)
        return 0

    return run


def _rename(context: Context) -> int:
    async def work(node: AsyncClient) -> Contact:
        return await node.contact_rename(context.words.ref, context.words.name)

    contact = context.with_node(work)
    context.output.result(contact, shown(contact))
    return 0


def _verify(context: Context) -> int:
    given = "".join("".join(context.words.number).split())
    if context.words.number and not (given.isascii() and given.isdigit() and len(given) == DIGITS):
        raise UsageError(_("A safety number has {count} digits.").format(count=DIGITS))

    async def work(node: AsyncClient) -> int:
        number = await node.contact_verify(context.words.ref)
        if given and given != number.digits:
            raise TuichatError(
                _("This number does not match: one of you may be talking to somebody else."),
                _("Compare again, by voice or side by side. Nothing was changed."),
            )
        if given:
            number = await node.contact_verify(context.words.ref, given)
        mark = "  " + _("verified") if number.verified else ""
        context.output.result(number, grouped(number.digits) + mark)
        return 0

    return context.with_node(work)


def grouped(digits: str) -> str:
    """The digits in groups of five, as they are read aloud."""
    return " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))
