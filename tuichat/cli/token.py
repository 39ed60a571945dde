"""`tuichat token ...`: what bots may do with this node, and whose messages they see."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.invite import duration
from tuichat.cli.parser import Parser
from tuichat.i18n import _
from tuichat.model import EVENT_TYPES, METHOD_GROUPS, Token
from tuichat.times import Hours, moment


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("token", None, _("let bots use this node, each within bounds"))
    created = group.add_command("create", _create, _("make a token for a bot; it is printed this once"))
    created.add_argument("name", metavar=_("NAME"), help=_("what you call it"))
    created.add_argument(
        "--contacts",
        metavar=_("REF,..."),
        required=True,
        help=_("whom it is about: names or addresses with commas between them; * for everybody"),
    )
    created.add_argument(
        "--methods",
        metavar=_("METHOD,..."),
        required=True,
        help=_("what it may do: methods, or groups of them: {groups}").format(
            groups=", ".join(METHOD_GROUPS)
        ),
    )
    created.add_argument(
        "--events",
        metavar=_("TYPE,..."),
        help=_("what it is told of, normally all of: {types}").format(types=", ".join(EVENT_TYPES)),
    )
    created.add_argument(
        "--expires", metavar=_("TIME"), type=duration, help=_("how long it is good for, such as 7d")
    )
    group.add_command("list", _list, _("list the tokens you made"))
    revoked = group.add_command("revoke", _revoke, _("take a token back; whoever uses it is hung up"))
    revoked.add_argument("name", metavar=_("NAME"), help=_("what you called it"))


def _create(context: Context) -> int:
    words = context.words
    events = None if words.events is None else _parts(words.events)

    async def work(node: AsyncClient) -> Token:
        return await node.token_create(
            words.name, _parts(words.contacts), _parts(words.methods), events, words.expires
        )

    token = context.with_node(work)
    context.output.result(token, token.text)
    context.output.note(
        _("Give it to the bot alone: whoever has it can do what it allows. It is not shown again.")
    )
    return 0


def _parts(words: str) -> list[str]:
    return [part.strip() for part in words.split(",") if part.strip()]


def _list(context: Context) -> int:
    tokens = context.with_node(AsyncClient.token_list)
    if context.output.json:
        for token in tokens:
            context.output.json_line(token)
    else:
        hours = context.hours()
        context.output.table([_row(token, hours) for token in tokens])
        if not tokens:
            context.output.none_there(_("No tokens yet. Make one: tuichat token create"))
    return 0


def _row(token: Token, hours: Hours) -> list[str]:
    whose = _("everybody") if token.contacts is None else ", ".join(token.contacts) or _("nobody any more")
    until = "" if token.expires_at is None else moment(token.expires_at, hours)
    return [token.name, whose, until, ", ".join(token.methods)]


def _revoke(context: Context) -> int:
    context.with_node(lambda node: node.token_revoke(context.words.name))
    return 0
