"""`tuichat contact ...`: the people in this profile, and those who ask to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import ends_with_this_command
from tuichat.cli.parser import Command, Parser
from tuichat.cli.qr import code_lines
from tuichat.cli.standard_input import standard_input
from tuichat.cli.state_words import contact_state
from tuichat.cli.tor_words import trouble
from tuichat.errors import KeyNotTrustedError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact, SafetyNumber
from tuichat.running_text import enumerated
from tuichat.timer_words import parse_retention, short_time

DIGITS = 60
"""How many digits a safety number has."""

CODE = "tuichat-verify"
"""How the text of a code to scan begins."""

_MOST_ASKED = 16 * 1024
"""Bytes of an address or invite and the words with it, when they are read: more than any that are taken."""


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("contact", None, _("see and change your contacts"))
    asked = group.add_command("add", _add, _("ask the owner of an address to be a contact"))
    asked.add_argument(
        "address",
        metavar=_("ADDRESS|INVITE|-"),
        help=_("their address or invite; - reads it from standard input, and behind its first line the TEXT"),
    )
    asked.add_argument("--name", metavar=_("NAME"), help=_("what you call them"))
    asked.add_argument("--message", metavar=_("TEXT"), default="", help=_("a word with the request"))
    listed = group.add_command("list", _list, _("list all contacts"))
    listed.add_argument("--tag", metavar=_("TAG"), help=_("only those with this tag"))
    listed.add_argument(
        "--archived", action="store_true", help=_("only those whose conversation is archived")
    )
    group.add_command("requests", _requests, _("list who asks to be a contact"))
    _with_ref(group, "accept", _changing(AsyncClient.contact_accept, online=True), _("accept a request"))
    _with_ref(group, "reject", _forgetting(AsyncClient.contact_reject), _("forget a request"))
    _with_ref(group, "block", _changing(AsyncClient.contact_block), _("never hear of someone again"))
    _with_ref(group, "unblock", _changing(AsyncClient.contact_unblock), _("undo a block"))
    _with_ref(group, "remove", _forgetting(AsyncClient.contact_remove), _("forget a contact and its history"))
    _with_ref(
        group, "erase", _changing(AsyncClient.contact_erase), _("erase what was said, and keep the contact")
    )
    renamed = _with_ref(group, "rename", _rename, _("call a contact something else"))
    renamed.add_argument("name", metavar=_("NAME"), help=_("the new name"))
    _add_keeping(group)
    verified = _with_ref(group, "verify", _verify, _("show the safety number, or check one"))
    verified.add_argument(
        "number", metavar=_("NUMBER"), nargs="*", help=_("the digits your contact sees, or their code's text")
    )
    verified.add_argument("--qr", action="store_true", help=_("draw a QR code, which compares more"))
    trusted = _with_ref(group, "trust", _trust, _("decide about a contact's changed key"))
    trusted.add_argument("--yes", action="store_true", help=_("take the key that was shown last"))
    trusted.add_argument("--keep", action="store_true", help=_("keep to the key known here"))


def _add_keeping(group: Parser) -> None:
    """How the person keeps conversations and contacts."""
    _with_ref(group, "mute", _keeping(muted=True), _("let a conversation neither ring nor count"))
    _with_ref(group, "unmute", _keeping(muted=False), _("let it ring and count again"))
    _with_ref(group, "pin", _keeping(pinned=True), _("list a conversation before the others"))
    _with_ref(group, "unpin", _keeping(pinned=False), _("list it in its place again"))
    _with_ref(group, "archive", _keeping(archived=True), _("hide a conversation until something comes in"))
    _with_ref(group, "unarchive", _keeping(archived=False), _("list it again"))
    aged = _with_ref(group, "retention", _retention, _("after how long messages are deleted here"))
    aged.add_argument("time", metavar=_("TIME|off|default"), help=_("a time such as 90d; default: as set"))
    memory = _with_ref(group, "memory", _memory, _("keep what is said in memory only"))
    memory.add_argument("wanted", metavar="on|off", choices=("on", "off"), help=_("off: on disk again"))
    memory.add_argument(
        "--history", choices=("keep", "erase"), help=_("with on: what becomes of what was said before")
    )
    tagged = _with_ref(group, "tag", _tagging(AsyncClient.contact_tag), _("give a contact tags"))
    untagged = _with_ref(group, "untag", _tagging(AsyncClient.contact_untag), _("take tags away"))
    for parser in (tagged, untagged):
        parser.add_argument("tags", metavar=_("TAG"), nargs="+", help=_("a word"))


def _with_ref(group: Parser, name: str, run: Command, summary: str) -> Parser:
    parser = group.add_command(name, run, summary)
    parser.add_argument("ref", metavar=_("REF"), help=_("a contact's name, address, or start of an address"))
    return parser


def shown(contact: Contact) -> str:
    """A contact on a line."""
    return "  ".join(_row(contact))


def _row(contact: Contact) -> list[str]:
    marks = [contact_state(contact.state)]
    if contact.verified:
        marks.append(_("verified"))
    if contact.online:
        marks.append(_("online"))
    marks += [*_kept(contact), *_warnings(contact)]
    return [contact.name, contact.address, enumerated(marks)]


def _kept(contact: Contact) -> list[str]:
    """What the person made of a contact and of the conversation with them."""
    conversation = contact.conversation
    marks = [f"#{tag}" for tag in contact.tags]
    if conversation.pinned:
        marks.append(_("pinned"))
    if conversation.muted:
        marks.append(_("muted"))
    if conversation.archived:
        marks.append(_("archived"))
    if conversation.memory:
        marks.append(_("in memory only"))
    if conversation.timer:
        marks.append(_("timer {time}").format(time=short_time(conversation.timer)))
    if conversation.retention is not None:
        kept = short_time(conversation.retention) if conversation.retention else _("off")
        marks.append(_("retention {time}").format(time=kept))
    return marks


def _warnings(contact: Contact) -> list[str]:
    """What to be careful about with a contact."""
    marks = []
    if contact.key_changed:
        marks.append(_("key changed"))
    if contact.alike:
        marks.append(_("looks like {names}").format(names=_quoted(contact.alike)))
    if contact.mixed:
        marks.append(_("mixed scripts"))
    return marks


def _quoted(names: Iterable[str]) -> str:
    """Names that cannot be taken for words of ours: each in quotation marks, without any of its own."""
    return ", ".join('"' + name.replace('"', "'") + '"' for name in names)


def _show(context: Context, contact: Contact) -> None:
    """A contact that was changed; a warning if its name can be mistaken for another's."""
    context.output.result(contact, shown(contact))
    if contact.alike:
        context.output.note(
            _("Take care not to mistake {name} for {others}.").format(
                name=_quoted([contact.name]), others=_quoted(contact.alike)
            )
        )
    if contact.mixed:
        context.output.note(
            _("A word in the name of {name} mixes letters of several scripts.").format(
                name=_quoted([contact.name])
            )
        )


def _add(context: Context) -> int:
    words = context.words
    address, message = _asked(words.address, words.message)

    async def work(node: AsyncClient) -> tuple[Contact, str]:
        contact = await node.contact_add(address, words.name, message)
        await node.go_online()
        return contact, await trouble(node)

    contact, hindered = context.with_node(work)
    _show(context, contact)
    if hindered:
        context.output.note(hindered)
    if contact.state == "requested":
        context.output.note(
            _("The request is delivered while you are both online: keep tuichat or its daemon running.")
        )
    elif message and message != contact.request_text:
        context.output.note(
            _("They had asked already, so that no request is sent. To send the text: tuichat send NAME TEXT")
        )
    return 0


def _asked(address: str, message: str) -> tuple[str, str]:
    """Whom to ask with which words, from the command or, for "-", from standard input."""
    if address != "-":
        return address, message
    address, _end, rest = standard_input(_MOST_ASKED).partition("\n")
    if not address.strip():
        raise UsageError(_("The first line of standard input must be an address or an invite."))
    if message and rest.strip():
        raise UsageError(_("The text of the request is given twice: with --message and on standard input."))
    return address, message or rest.strip("\n")


def _list(context: Context) -> int:
    known = context.with_node(AsyncClient.contact_list)
    contacts = [contact for contact in known if _is_wanted(context, contact)]
    if context.output.json:
        for contact in contacts:
            context.output.json_line(contact)
    else:
        context.output.table(_row(contact) for contact in contacts)
        if known and not contacts:
            context.output.none_there(_("No contact is like that."))
        if not known:
            context.output.none_there(_("No contacts yet. Ask somebody: tuichat contact add ADDRESS"))
    return 0


def _is_wanted(context: Context, contact: Contact) -> bool:
    """Whether the words of `list` mean this contact."""
    words = context.words
    tag = None if words.tag is None else words.tag.strip().removeprefix("#").casefold()
    return (tag is None or tag in contact.tags) and (not words.archived or contact.conversation.archived)


def _requests(context: Context) -> int:
    contacts = context.with_node(AsyncClient.contact_list)
    pending = [contact for contact in contacts if contact.state == "pending"]
    for contact in pending:
        text = "".join(f"\n    {line}" for line in contact.request_text.splitlines())
        marks = _warnings(contact)
        if contact.suggested_name not in ("", contact.name):
            name = _quoted([contact.suggested_name])
            marks = [_("calls themselves {name}").format(name=name), *marks]
        words = [contact.name, contact.address, *([enumerated(marks)] if marks else [])]
        context.output.result(contact, "  ".join(words) + text)
    if not pending:
        context.output.none_there(_("Nobody asks to be a contact."))
    return 0


def _changing(method: Callable[[AsyncClient, str], Awaitable[Contact]], *, online: bool = False) -> Command:
    """A command that changes one contact and prints it."""

    def run(context: Context) -> int:
        async def work(node: AsyncClient) -> Contact:
            contact = await method(node, context.words.ref)
            if online:
                await node.go_online()
            return contact

        _show(context, context.with_node(work))
        return 0

    return run


def _keeping(
    *, muted: bool | None = None, pinned: bool | None = None, archived: bool | None = None
) -> Command:
    """A command that keeps a conversation another way."""
    return _changing(lambda node, ref: node.conversation_set(ref, muted, pinned, archived))


def _retention(context: Context) -> int:
    written = context.words.time
    seconds = parse_retention(written)
    return _changing(lambda node, ref: node.conversation_retention(ref, seconds))(context)


def _memory(context: Context) -> int:
    words = context.words
    wanted = words.wanted == "on"
    if words.history is not None and not wanted:
        raise UsageError(_("--history goes with on."))

    async def work(node: AsyncClient) -> tuple[Contact, bool]:
        if wanted and words.history is None:
            await _check_no_history(node, words.ref)
        contact = await node.conversation_memory(words.ref, wanted, words.history == "erase")
        return contact, await ends_with_this_command(node)

    contact, ends = context.with_node(work)
    _show(context, contact)
    if wanted and ends:
        context.output.note(
            _("Nothing is in memory for longer than a node runs: keep tuichat or its daemon running.")
        )
    return 0


async def _check_no_history(node: AsyncClient, ref: str) -> None:
    """Nobody but the person decides about what is there already."""
    if await node.messages(ref, 1):
        raise UsageError(
            _("What was said before is on disk."),
            _("To leave it there: --history keep. To erase it: --history erase."),
        )


def _tagging(method: Callable[[AsyncClient, str, list[str]], Awaitable[Contact]]) -> Command:
    """A command that changes a contact's tags."""

    def run(context: Context) -> int:
        return _changing(lambda node, ref: method(node, ref, context.words.tags))(context)

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

    _show(context, context.with_node(work))
    return 0


def _verify(context: Context) -> int:
    given = "".join("".join(context.words.number).split())
    is_number = given.isascii() and given.isdigit() and len(given) == DIGITS
    if context.words.number and not is_number and not given.lower().startswith(CODE):
        raise UsageError(_("A safety number has {count} digits.").format(count=DIGITS))

    async def work(node: AsyncClient) -> SafetyNumber:
        return await node.contact_verify(context.words.ref, given or None)

    number = context.with_node(work)
    _print_number(context, number)
    if context.words.qr and number.code and not context.output.json:
        for line in [number.code, *code_lines(number.code)]:
            context.output.line(line)
    return 0


def _print_number(context: Context, number: SafetyNumber) -> None:
    mark = "  " + _("verified") if number.verified else ""
    digits = grouped(number.digits) + mark if number.digits else _("No key of this contact is known.")
    if not number.changed_digits:
        context.output.result(number, digits)
    elif context.output.json:
        context.output.json_line(number)
    else:
        context.output.table(
            [(_("known here"), digits), (_("shown instead"), grouped(number.changed_digits))]
        )


def _trust(context: Context) -> int:
    words = context.words
    if words.yes and words.keep:
        raise UsageError(_("It is either --yes or --keep."))

    async def decide(node: AsyncClient) -> Contact:
        return await node.contact_trust(words.ref, words.yes)

    if words.yes or words.keep:
        _show(context, context.with_node(decide))
        return 0
    number = context.with_node(lambda node: node.contact_verify(words.ref))
    if not number.changed_digits:
        raise UsageError(_("{name} has shown no other key.").format(name=words.ref))
    _print_number(context, number)
    raise KeyNotTrustedError(
        _("Nothing was changed."),
        _("If they say that the number shown instead is theirs: --yes. If not, or if in doubt: --keep."),
    )


def grouped(digits: str) -> str:
    """The digits in groups of five, as they are read aloud."""
    return " ".join(digits[start : start + 5] for start in range(0, len(digits), 5))
