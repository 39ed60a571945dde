"""Everything that the node can do is reached by key, by command, by palette and by mouse.

The table says of each method of the API where in the interface it is: the command, which the palette has; a
key beside Ctrl+P, where there is one; and what is clicked, beside the sign before the input, which opens the
palette. Methods that no person asks for say why not.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Final

import msgspec
import pytest
from textual.dom import DOMNode
from textual.widget import Widget

from tests.support.fixed_clock import FixedClock
from tests.support.interface import running, settle, top
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_every_key import COMMANDS
from tuichat.tui.palette import CommandPalette, PaletteScreen
from tuichat.tui.screens.blocked import Blocked
from tuichat.tui.screens.bridges import Bridges
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.first_run import FirstRun
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.open_invites import OpenInvites
from tuichat.tui.screens.quit import Quit
from tuichat.tui.screens.transfers import Transfers
from tuichat.tui.slash import usages
from tuichat.tui.widgets.history import History
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.pick_list import PickList
from tuichat.tui.widgets.pointed_history import PointedHistory
from tuichat.tui.widgets.requests import Requests
from tuichat.tui.widgets.row_list import RowList

ROOT: Final = Path(__file__).parents[2]


class Way(msgspec.Struct, frozen=True):
    """How a method is reached.

    Attributes:
        command: without its slash.
        place, key: a key, and the screen or widget that has it; None for Ctrl+P alone.
        mouse: what is clicked for it; None for the palette alone.
    """

    command: str
    place: type[DOMNode] | None = None
    key: str = ""
    mouse: type[Widget] | None = None


def card(command: str, key: str) -> Way:
    """By a row of the contact's card."""
    return Way(command, ContactCard, key, PickList)


def message(command: str, key: str) -> Way:
    """By a key on a chosen message, which the row beside the input names."""
    return Way(command, PointedHistory, key, KeysLine)


WAYS: Final = {
    "backup": Way("backup"),
    "cancel": Way("cancel", History, "x", KeysLine),
    "contact.accept": Way("accept", Requests, "a", Requests),
    "contact.add": Way("add", FirstRun, "a", KeysLine),
    "contact.block": card("block", "b"),
    "contact.erase": Way("erase"),
    "contact.reject": Way("reject", Requests, "r", Requests),
    "contact.remove": card("remove", "x"),
    "contact.rename": card("rename", "r"),
    "contact.tag": card("tag", "g"),
    "contact.trust": card("card", "t"),
    "contact.unblock": Way("unblock", Blocked, "u", KeysLine),
    "contact.untag": card("untag", "g"),
    "contact.verify": card("verify", "v"),
    "conversation.memory": card("memory", "o"),
    "conversation.retention": card("retention", "d"),
    "conversation.set": card("mute", "m"),
    "conversation.timer": card("timer", "t"),
    "duress": Way("duress"),
    "edit": message("edit", "e"),
    "export_to": Way("export"),
    "file.accept": Way("files", Transfers, "o", KeysLine),
    "file.cancel": Way("files", Transfers, "d", KeysLine),
    "file.decline": Way("files", FileCard, "d", KeysLine),
    "file.pause": Way("files", Transfers, "p", KeysLine),
    "file.resume": Way("files", FileCard, "p", KeysLine),
    "file.send": Way("file"),
    "go_online": Way("connect"),
    "import_from": Way("import"),
    "invite.create": Way("invite", FirstRun, "i", KeysLine),
    "invite.list": Way("invites", mouse=RowList),
    "invite.revoke": Way("invites", OpenInvites, "x", KeysLine),
    "keep_until_delivered": Way("quit", Quit, "k", KeysLine),
    "lock": Way("lock"),
    "message.earlier": Way("earlier"),
    "messages": Way("top", MainScreen, "pageup", PointedHistory),
    "passphrase": Way("passphrase"),
    "present": Way("away"),
    "react": Way("react", PointedHistory, "plus", PointedHistory),
    "search": Way("search", MainScreen, "ctrl+f", RowList),
    "send": Way("msg"),
    "status": Way("status", mouse=PartsLine),
    "unsend": message("unsend", "d"),
    "use_bridges": Way("bridges", Bridges, "ctrl+s", KeysLine),
    "wipe": Way("wipe"),
}

NOT_ASKED_FOR: Final = {
    "active": "every key tells it",
    "check_database": "tuichat doctor asks it, with what no node can see",
    "clients": "tuichat doctor asks it",
    "contact.get": "is read to draw what is seen",
    "contact.list": "is read to draw what is seen",
    "draft.list": "is read to draw what is seen",
    "draft.set": "is kept while one writes",
    "event_log": "is how clients follow a node",
    "file.get": "is read to draw what is seen",
    "file.list": "is read to draw what is seen",
    "file.prepare": "is told when an offer comes into sight",
    "hello": "is how clients meet a node",
    "input.add": "is kept when something was sent",
    "input.list": "is read for the arrows and Ctrl+R",
    "mark_read": "is told when messages were in sight",
    "mark_shown": "is for what prints messages without their being read",
    "message.get": "is read to draw what is seen",
    "reload": "follows every change of a setting",
    "rpc.discover": "describes the API to programs",
    "stop": "would end the node under other programs: tuichat daemon stop; a node of ours ends after us",
    "subscribe": "is how clients follow a node",
    "token.create": "is for programs: tuichat token, where those are written",
    "token.list": "is for programs",
    "token.revoke": "is for programs",
    "typing": "is told while one writes",
    "unlock": "is asked for in front of everything while the profile is locked",
}
"""Methods that no person asks for, and why."""


def test_every_method_of_the_api_has_its_way_or_its_reason() -> None:
    document = json.loads((ROOT / "docs" / "openrpc.json").read_text(encoding="utf-8"))
    methods = {method["name"] for method in document["methods"]}
    assert methods == WAYS.keys() | NOT_ASKED_FOR.keys()
    assert not WAYS.keys() & NOT_ASKED_FOR.keys()


@pytest.mark.parametrize("method", sorted(WAYS))
def test_each_way_is_there(method: str) -> None:
    way = WAYS[method]
    assert way.command in usages()
    assert way.command in COMMANDS, "nobody has tried it"
    if way.place is not None:
        bindings = way.place._merged_bindings
        assert bindings is not None
        assert way.key in bindings.key_to_bindings
    if way.mouse is not None:
        clicked = getattr(way.mouse, "on_click", None)
        assert clicked is not None
        assert inspect.getmodule(clicked).__name__.startswith("tuichat.")  # type: ignore[union-attr]


async def test_the_palette_has_every_command_and_opens_by_key_and_by_mouse() -> None:
    node = MemoryNode(FixedClock())
    node.person("bob")
    async with running(node) as (screen, pilot):
        hits = [hit async for hit in CommandPalette(screen).discover()]
        titles = {(hit.text or "").split()[0].removeprefix("/") for hit in hits}
        assert titles == set(usages())
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert isinstance(top(pilot), PaletteScreen)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.click("#prompt")
        await settle(pilot)
        assert isinstance(top(pilot), PaletteScreen)
