"""The first start and the unlocking of a profile, as questions on lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tuichat.errors import LockedError, TuichatError
from tuichat.i18n import _
from tuichat.plain.chat import Chat

Create = Callable[[str | None, str | None], Awaitable[object]]


async def make_profile(chat: Chat, create: Create) -> str | None:
    """Ask for passphrase and name, and make the profile.

    Gives the passphrase, "" for none, None at the end of input.

    Raises TuichatError: nothing was made.
    """
    chat.say(_("Welcome to tuichat. There is no profile here yet; it is made now."))
    chat.say(_("No server and no account: what you write goes straight to the other person, through Tor."))
    passphrase = chat.options.given
    if passphrase is None:
        passphrase = await _new_passphrase(chat)
    if passphrase is None:
        return None
    name = await chat.lines.read(_("The name you suggest to people you ask. Enter skips it.") + " ")
    if name is None:
        return None
    chat.say(_("Making your keys..."))
    await create(name.strip() or None, passphrase or None)
    chat.sealed = bool(passphrase)
    return passphrase


async def _new_passphrase(chat: Chat) -> str | None:
    """What was typed twice; "" for none, None at the end of input."""
    while True:
        chat.say(
            _(
                "A passphrase locks everything kept here; without one, whoever gets at this disk reads it. "
                "Nothing brings a forgotten one back: choose one that you will remember. Enter alone goes on "
                "without."
            )
        )
        first = await chat.lines.read(_("New passphrase:") + " ", secret=True)
        if not first:
            if first is None or not await _goes_without(chat):
                return None
            return ""
        again = await chat.lines.read(_("The same passphrase again:") + " ", secret=True)
        if again is None or again == first:
            return None if again is None else first
        chat.say(_("The two were not the same. Please choose it again."))


async def _goes_without(chat: Chat) -> bool:
    """Whether it is to be without; False at the end of input."""
    chat.say(_("Contacts, messages and the key that is your identity then lie open on this disk."))
    return await chat.lines.read(_("Enter goes on without a passphrase.") + " ") is not None


async def unlock(chat: Chat, passphrase: str | None) -> bool:
    """Open a locked profile, asking as often as it takes; False at the end of input.

    Args:
        passphrase: to be tried first, None for none.

    Raises:
        TuichatError: the node cannot be asked.
    """
    while chat.session.locked:
        if passphrase is None:
            chat.say(_("This profile is locked."))
            passphrase = await chat.lines.read(_("Passphrase:") + " ", secret=True)
        if passphrase is None:
            return False
        try:
            if chat.session.locked:
                await chat.node.unlock(passphrase, chat.options.key_file())
            chat.session.locked = False
        except LockedError as error:
            if not chat.lines.interactive:
                raise
            chat.fail(error)
            passphrase = None
    return True


def say_welcome(chat: Chat) -> None:
    """One's own address and the next things to do."""
    chat.say(_("Your address. Give it to people you want to hear from."))
    chat.say(chat.known.address)
    chat.say(
        _(
            "/address qr draws it as a code, /add asks somebody, /invite lets one in, /help shows every "
            "command."
        )
    )


async def go_online(chat: Chat) -> None:
    """Have tor start; what hinders it is said, and all else goes on."""
    try:
        await chat.node.go_online()
    except TuichatError as error:
        chat.fail(error)
