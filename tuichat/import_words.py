"""An import in words, for the interface and the command line."""

from __future__ import annotations

from tuichat.i18n import _
from tuichat.model import Imported


def import_words(made: Imported) -> str:
    """What was taken in."""
    return _("{contacts} contacts, {messages} messages, {files} files").format(
        contacts=made.contacts, messages=made.messages, files=made.files
    )


def import_advice(made: Imported) -> list[str]:
    """What an export cannot hold, and what follows from that."""
    told = []
    if not made.same_identity:
        told.append(
            _(
                "This profile has another address, which contacts do not know: they are asked once you write "
                "to them."
            )
        )
    if made.verified:
        told.append(
            _("Contacts that were verified there: {count}. An export holds no keys: compare again.").format(
                count=made.verified
            )
        )
    if made.ended:
        told.append(
            _("Messages and files that still waited there: {count}. They are not sent or fetched.").format(
                count=made.ended
            )
        )
    return told
