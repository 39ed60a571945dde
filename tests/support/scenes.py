"""What there are pictures of: every screen, in every state that looks different.

A scene is drawn in the matrix of sizes, themes and languages (`tests/tui/pictures`), by one interface that
is resized and changes its theme while it shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface, settle
from tests.support.memory_node import MemoryNode
from tests.support.scenery import (
    Before,
    command,
    conversation,
    done,
    files,
    hostile,
    kept,
    talkative,
    then,
)
from tuichat.tui.app import TuichatApp
from tuichat.tui.palette import PaletteScreen
from tuichat.tui.screens.add_contact import AddContact
from tuichat.tui.screens.blocked import Blocked
from tuichat.tui.screens.bridges import Bridges, Lines
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.first_run import FirstRun
from tuichat.tui.screens.help import Help
from tuichat.tui.screens.link_question import LinkQuestion
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.memory import MemoryQuestion
from tuichat.tui.screens.new_invite import NewInvite
from tuichat.tui.screens.open_invites import OpenInvites
from tuichat.tui.screens.own_address import OwnAddress
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.screens.quit import Quit
from tuichat.tui.screens.reactions import Reactions
from tuichat.tui.screens.search import SearchScreen
from tuichat.tui.screens.secrets import Secrets
from tuichat.tui.screens.setting import SettingScreen
from tuichat.tui.screens.settings import SettingsScreen
from tuichat.tui.screens.status import StatusScreen
from tuichat.tui.screens.transfers import Transfers
from tuichat.tui.screens.unlock import Unlock
from tuichat.tui.screens.wipe import Wipe

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
OBFS4 = f"obfs4 192.0.2.42:40000 {FINGERPRINT} cert={'a' * 69}A iat-mode=0"
FIRST_RUN = ("enter", "enter", "m", "e", "enter")


@dataclass(frozen=True)
class Scene:
    """What is drawn.

    Attributes:
        screen: what has to be in front then.
        people: who and what there is.
        before: how one gets there.
        make: builds the interface around the node.
    """

    screen: type[Screen[Any]]
    people: Callable[[], MemoryNode]
    before: Before
    make: Callable[[MemoryNode], TuichatApp] = interface


def nobody() -> MemoryNode:
    """A node before anybody is known."""
    return MemoryNode(FixedClock(), node="detached")


def waiting_for_tor() -> MemoryNode:
    """Tor is on its way, and so is the link to bob."""
    node = conversation()
    node.set_service(published=False, reachable=False)
    node.set_tor(bootstrap=45, summary="")
    node.set_stage("bob", "rendezvous")
    return node


def blocked_tor() -> MemoryNode:
    """Tor gets nowhere."""
    node = conversation()
    node.set_service(published=False, reachable=False)
    node.set_tor(problem="blocked", bootstrap=5)
    return node


def asking() -> MemoryNode:
    """Two ask to be contacts."""
    node = conversation()
    node.person(
        "erin",
        state="pending",
        suggested_name="Erin 🌻",
        request_text="你好！ We talked about the garden on Sunday, here is my address as promised.",
    )
    return node


def inviting() -> MemoryNode:
    """Three invites are open."""
    node = conversation()
    for hours in (24, 1, 168):
        asyncio.run(node.invite_create(hours * 3600))
    return node


def blocking() -> MemoryNode:
    """Two are blocked."""
    node = conversation()
    node.person("eve", state="blocked")
    node.person("mallory 👍🏽", state="blocked")
    return node


def another_key() -> MemoryNode:
    """bob's key has changed."""
    node = conversation()
    node.change_key("bob")
    return node


def in_memory() -> MemoryNode:
    """The people of the sample; what is said with bob is in memory only."""
    node = MemoryNode.sample(FixedClock(), node="detached")
    asyncio.run(node.conversation_memory("bob", True))
    return node


def linking() -> MemoryNode:
    """A message with two links, one of them misleading."""
    node = conversation()
    node.incoming("bob", "see https://example.org/a/rather/long/path?of=it and https://例子.example/")
    return node


def locked() -> MemoryNode:
    """A profile behind its passphrase."""
    return MemoryNode(FixedClock(), locked=True)


def first_start() -> MemoryNode:
    """The node of a profile that is being made."""
    node = nobody()
    node.set_tor(bootstrap=75, running=True)
    return node


def sealed(node: MemoryNode) -> TuichatApp:
    """The interface of a profile with a passphrase."""
    return interface(node, sealed=True)


def first(node: MemoryNode) -> TuichatApp:
    """The interface before there is a profile."""

    async def create(name: str | None, passphrase: str | None) -> None:
        assert (name, passphrase) == ("me", None)

    return interface(node, create_profile=create)


async def patience_over(pilot: Pilot[Any]) -> None:
    """At the end of the first run, with a tor that gets nowhere."""
    await then(*FIRST_RUN)(pilot)
    cast(FirstRun, pilot.app.screen)._patience_over()
    await settle(pilot)


async def paste_bridges(pilot: Pilot[Any]) -> None:
    """A good line and one that is none."""
    await command("bridges")(pilot)
    lines = f"{OBFS4}\nobfs4 192.0.2.43:1 {FINGERPRINT}"
    pilot.app.screen.query_one(Lines).post_message(events.Paste(lines))
    await settle(pilot)


async def paste_lines(pilot: Pilot[Any]) -> None:
    """More lines than are sent unasked."""
    await settle(pilot)
    main = cast(MainScreen, pilot.app.screen)
    main.composer.post_message(events.Paste("\n".join(f"line {number}" for number in range(1, 9))))
    await settle(pilot)


def typed(line: str, *keys: str) -> Before:
    """Write a line, press Enter, then keys."""
    return then(*line, "enter", *keys)


_OFFER = ("alt+end", "escape", "up", "up", "up")

SCENES: Final = {
    "main": Scene(MainScreen, conversation, then()),
    "main-alone": Scene(MainScreen, nobody, then()),
    "main-choosing": Scene(MainScreen, conversation, then("escape", "up", "up")),
    "main-waiting-for-tor": Scene(MainScreen, waiting_for_tor, then()),
    "main-tor-is-blocked": Scene(MainScreen, blocked_tor, then()),
    "main-requests": Scene(MainScreen, asking, then("alt+r", "down")),
    "main-list": Scene(MainScreen, kept, then()),
    "main-in-memory": Scene(MainScreen, in_memory, then()),
    "main-deeds": Scene(MainScreen, done, then()),
    "main-answering": Scene(MainScreen, done, then("escape", "r", *"tea")),
    "main-files": Scene(MainScreen, files, then("alt+end")),
    "main-offer-is-chosen": Scene(MainScreen, files, then(*_OFFER)),
    "reactions": Scene(Reactions, linking, then("alt+end", "escape", "+")),
    "main-hostile-names": Scene(MainScreen, hostile, then("alt+end")),
    "help": Scene(Help, conversation, then("f1")),
    "palette": Scene(PaletteScreen, conversation, then("ctrl+p")),
    "card": Scene(ContactCard, conversation, then("alt+i")),
    "card-code": Scene(ContactCard, conversation, then("alt+i", "q")),
    "card-other-key": Scene(ContactCard, another_key, then("alt+i")),
    "confirm": Scene(Confirm, conversation, then("alt+i", "x")),
    "confirm-pasting": Scene(Confirm, conversation, paste_lines),
    "memory": Scene(MemoryQuestion, conversation, then("alt+i", "o")),
    "invites": Scene(OpenInvites, inviting, typed("/invites", "down")),
    "new-invite": Scene(NewInvite, conversation, typed("/invite 30m")),
    "blocked": Scene(Blocked, blocking, typed("/blocked", "down")),
    "link": Scene(LinkQuestion, linking, typed("/link", "n")),
    "quit": Scene(Quit, conversation, then("ctrl+q")),
    "switch": Scene(QuickSwitch, conversation, command("switch", "a", "down")),
    "add": Scene(AddContact, conversation, command("add")),
    "own-address": Scene(OwnAddress, conversation, command("address")),
    "status": Scene(StatusScreen, conversation, command("status")),
    "passphrase": Scene(Secrets, conversation, command("passphrase"), sealed),
    "wipe": Scene(Wipe, conversation, command("wipe", "x", "enter")),
    "bridges": Scene(Bridges, conversation, paste_bridges),
    "settings": Scene(SettingsScreen, conversation, typed("/settings", "down")),
    "setting": Scene(SettingScreen, conversation, typed("/settings", *"visib", "enter", "down")),
    "files": Scene(Transfers, files, typed("/files", "down")),
    "file-offered": Scene(FileCard, files, then(*_OFFER, "O", "s", *"~/pictures")),
    "file-complete": Scene(FileCard, files, then("alt+end", "escape", "o")),
    "search": Scene(SearchScreen, talkative, then("ctrl+f", *"图表", "enter", "down")),
    "unlock": Scene(Unlock, locked, then(*"wrong", "enter"), sealed),
    "first-passphrase": Scene(FirstRun, first_start, then("enter"), first),
    "first-name": Scene(FirstRun, first_start, then("enter", "enter"), first),
    "first-address": Scene(FirstRun, first_start, then(*FIRST_RUN), first),
    "first-tor-is-blocked": Scene(FirstRun, first_start, patience_over, first),
}
