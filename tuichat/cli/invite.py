"""`tuichat invite ...`: a line of text that makes one person a contact, without giving an address around."""

from __future__ import annotations

import argparse

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser, natural
from tuichat.cli.qr import check_shows_codes, code_lines
from tuichat.durations import parse_duration
from tuichat.i18n import _
from tuichat.model import Invite
from tuichat.times import Hours, moment


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("invite", None, _("make someone a contact without giving your address around"))
    created = group.add_command("create", _create, _("make an invite for one person"))
    created.add_argument(
        "--expires",
        metavar=_("TIME"),
        type=duration,
        default=86_400,
        help=_("how long it is good for, such as 30m, 24h or 7d; normally 24h"),
    )
    created.add_argument("--qr", action="store_true", help=_("draw it as a QR code too"))
    group.add_command("list", _list, _("list the invites you made"))
    revoked = group.add_command("revoke", _revoke, _("withdraw an invite"))
    revoked.add_argument("id", metavar="ID", type=natural, help=_("its number in the list"))


def duration(text: str) -> int:
    """Seconds of "90s", "30m", "24h", "7d" or "2w", for argparse."""
    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(_("a time such as 30m, 24h or 7d is needed"))
    return seconds


def _create(context: Context) -> int:
    words = context.words
    draws = words.qr and not context.output.json
    if draws:
        check_shows_codes()  # before there is an invite, which would be open though the command failed

    async def work(node: AsyncClient) -> Invite:
        invite = await node.invite_create(words.expires)
        await node.go_online()
        return invite

    invite = context.with_node(work)
    context.output.result(invite, invite.text)
    if draws:
        for row in code_lines(invite.text):
            context.output.line(row)
    context.output.note(
        _("Give it to one person, by a way that nobody else reads. Your node must run when they use it.")
    )
    return 0


def _list(context: Context) -> int:
    invites = context.with_node(AsyncClient.invite_list)
    if context.output.json:
        for invite in invites:
            context.output.json_line(invite)
    else:
        hours = context.hours()
        context.output.table([_row(invite, hours) for invite in invites])
        if not invites:
            context.output.none_there(_("No invites yet. Make one: tuichat invite create"))
    return 0


def _row(invite: Invite, hours: Hours) -> list[str]:
    states = {
        "open": _("open until"),
        "bound": _("used"),
        "closed": _("used"),
        "revoked": _("withdrawn"),
        "expired": _("expired"),
    }
    expires = moment(invite.expires_at, hours)
    return [str(invite.id), states[invite.state], expires, invite.used_by or ""]


def _revoke(context: Context) -> int:
    context.with_node(lambda node: node.invite_revoke(context.words.id))
    return 0
