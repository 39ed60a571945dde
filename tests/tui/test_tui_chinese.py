"""The interface in Chinese: no screen has English left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.command import CommandList
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, notice_text, running, settle
from tests.support.latin import left_over
from tests.support.memory_node import MemoryNode, address_of
from tuichat import i18n
from tuichat.settings import SETTINGS
from tuichat.tui.app import TuichatApp
from tuichat.tui.palette import PaletteScreen
from tuichat.tui.slash import usages
from tuichat.tui.themes import load_palettes

_SETTINGS = {part for name in SETTINGS for part in re.split(r"[._]", name)}
_CHOICES = {each for setting in SETTINGS.values() if setting.choices for each in setting.choices()}
_TYPED = {"has", "in", "before", "after", "from", "file", "me", "on", "off", "default"} | _SETTINGS | _CHOICES
_TYPED |= {part for name in load_palettes() for part in name.split("-")} | {"inbox", "themes"}
"""Words of searches and settings that are typed as they are, names of directories, and the profile's."""

_ADDRESSES = [address_of(name) for name in ("小明", "小红", "老王", "李四")]
_HALF = re.compile("[一-鿿][,:;?!](?= ?[一-鿿])")
"""Punctuation of half a width between Chinese words."""

_GOES_AWAY = ("quit", "wipe", "lock")


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language("zh_CN")


def _node() -> MemoryNode:
    """People and messages without a word of English, so that what there is comes from the program."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("小明", stage="linked", verified=True)
    node.person("小红", stage="waiting", suggested_name="红红")
    node.person("老王", state="requested")
    node.person("李四", state="pending", request_text="在集市上见过")
    node.set_tor(bootstrap=100, summary="Done", running=True)
    node.set_service(published=True, reachable=True)
    node.incoming("小明", "晚上见 🍜")
    node.outgoing("小明", "好", state="delivered")
    node.outgoing("小红", "回来打电话给我", state="queued")
    return node


def _words(pilot: Pilot[Any]) -> list[str]:
    """The English words and punctuation of the screen.

    Of a dialog, those in its box, for it may cut words behind in two.
    """
    screen = pilot.app.screen
    lines = [strip.text for strip in screen._compositor.render_strips()]
    box = screen.query(".box")
    if screen.is_modal and box:
        inside = box.first().region
        lines = [line for number, line in enumerate(lines) if inside.y <= number < inside.bottom]
        lines = [re.sub("^[^╭│]*", "", line) for line in lines]
    names = _TYPED | set(usages()) | {"PgUp", "PgDn", "tuichat1"}
    found = left_over("\n".join(lines), names)
    halves = [each for line in lines for each in _HALF.findall(line)]
    return halves + [
        word for word in found if 1 < len(word) < 15 and not any(word in each for each in _ADDRESSES)
    ]


async def _see(pilot: Pilot[Any], app: TuichatApp, name: str) -> list[str]:
    app.run_command(name)
    await settle(pilot)
    words = _words(pilot)
    for _ in range(3):
        if app.screen is not app.main_screen():
            await pilot.press("escape")
            await settle(pilot)
    return words


async def test_no_screen_and_no_answer_has_english_left() -> None:
    app = interface(_node())
    left = {}
    async with app.run_test(size=(80, 30)) as pilot:
        await settle(pilot)
        assert "可连到" in "".join(strip.text for strip in app.screen._compositor.render_strips())
        left["main"] = _words(pilot)
        for name in [name for name in usages() if name not in (*_GOES_AWAY, "connect", "editor")]:
            left[name] = await _see(pilot, app, name)
        for name in _GOES_AWAY:
            left[name] = await _see(pilot, app, name)
    assert not {name: words for name, words in left.items() if words}


async def test_help_and_palette_say_everything_in_chinese() -> None:
    app = interface(_node())
    async with app.run_test(size=(80, 250)) as pilot:
        for key in ("f1", "ctrl+p"):
            await settle(pilot)
            await pilot.press(key)
            await settle(pilot)
            assert not _words(pilot)
            await pilot.press("escape")


async def test_that_no_command_fits_is_said_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaletteScreen, "_NO_MATCHES_COUNTDOWN", 0.01)
    async with interface(_node()).run_test() as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p", *"无此事")
        shown = pilot.app.screen.query_one(CommandList)
        while shown.option_count != 1:
            await pilot.pause(0.01)
        assert shown.get_option_at_index(0).prompt == "没有命令符合。"


async def test_first_run_is_chinese() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.set_tor(bootstrap=75, running=True)

    async def create(_name: str | None, _passphrase: str | None) -> None:
        return

    app = interface(node, create_profile=create)
    async with app.run_test(size=(80, 30)) as pilot:
        for key in ("enter", "enter", "enter", "enter"):
            await settle(pilot)
            assert not _words(pilot)
            await pilot.press(key)


async def test_what_has_to_stand_behind_a_command_is_said_in_chinese() -> None:
    async with running(_node()) as (main, pilot):
        for name in ("msg", "query", "me", "file", "export", "import", "backup", "unblock", "rename", "tag"):
            await enter(main, pilot, f"/{name}")
            assert not re.search("[A-Z]{3,}", notice_text(main)), notice_text(main)
        await enter(main, pilot, "/close")
        await enter(main, pilot, "/copy")
        assert "没有" in notice_text(main)
