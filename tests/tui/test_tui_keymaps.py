"""Keymaps: files are checked, and keys mean what they say where they say it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest
from textual.widgets import Static

from tests.support.interface import enter, notice_text, running, settle, top
from tests.support.scenery import conversation
from tests.support.speaking import speaking
from tuichat.errors import UsageError
from tuichat.tui.app import TuichatApp
from tuichat.tui.keymap import PLACES, SHIPPED, load_keymaps, read_keymap, shown
from tuichat.tui.pressed import Pressed
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.help import Help
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.screens.search import SearchScreen
from tuichat.tui.slash import usages
from tuichat.tui.widgets.keys_line import KeysLine

KEYMAPS = load_keymaps()


def written(directory: Path, text: str) -> Path:
    path = directory / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default_vi_and_weechat_are_shipped_each_under_the_name_of_its_file() -> None:
    assert set(KEYMAPS) == {file.stem for file in SHIPPED.glob("*.toml")} == {"default", "vi", "weechat"}
    assert all(not keys for keys in KEYMAPS["default"].places.values())


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('[input]\n"j" = "down"', "single characters"),
        ('[anywhere]\n"ctrl+nope" = "down"', "no such key"),
        ('[lists]\n"j" = "/nonsense"', "a command such as /search"),
        ('[lists]\n"j" = 3', "a command such as /search"),
        ("[lists]\nj = []", "a command such as /search"),
        ("[else]\n", "anywhere"),
        ("input = 1", "table of keys"),
    ],
)
def test_a_mistake_names_file_line_and_what_belongs_there(tmp_path: Path, line: str, hint: str) -> None:
    path = written(tmp_path, f'name = "mine"\n{line}\n')
    with pytest.raises(UsageError) as caught:
        read_keymap(path)
    number = 3 if "\n" in line and "=" in line else 2
    assert f"{path}, line {number}:" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["[", "name = 'x", "a = " + "[" * 5000, ""])
def test_what_is_no_keymap_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"mine\.toml"):
        read_keymap(written(tmp_path, text))


def test_a_keymap_of_ones_own_is_found_and_names_keys_as_one_types_them(tmp_path: Path) -> None:
    written(tmp_path, 'name = "mine"\n[messages]\n"/" = "alt+up"\n"G" = "+"\n[anywhere]\n"f2" = ""\n')
    mine = load_keymaps([tmp_path])["mine"]
    assert mine.meaning("messages", "slash") == "alt+up"
    assert mine.meaning("messages", "G") == "plus"
    assert mine.meaning("messages", "f2") == mine.meaning(None, "f2") == ""
    assert mine.meaning("input", "slash") is None
    assert mine.rows() == [("F2", "", "anywhere"), ("/", "Alt+Up", "messages"), ("G", "+", "messages")]


@pytest.mark.parametrize(
    ("key", "words"), [("alt+j", "Alt+J"), ("pagedown", "PgDn"), ("escape", "Esc"), ("j", "j"), ("plus", "+")]
)
def test_keys_are_shown_as_people_write_them(key: str, words: str) -> None:
    assert shown(key) == words


def chosen(main: MainScreen) -> int | None:
    message = main.history.chosen_message()
    return None if message is None else message.id


async def test_vi_moves_among_messages_by_letters_and_goes_back_to_writing() -> None:
    async with running(conversation(), keys="vi") as (main, pilot):
        await pilot.press("j", "k")
        assert main.composer.text == "jk"  # in the input letters are text
        await pilot.press("escape")
        last = chosen(main)
        await pilot.press("k", "k")
        before = chosen(main)
        assert last is not None
        assert before is not None
        assert before < last
        await pilot.press("j")
        assert before < (chosen(main) or 0) < last
        await pilot.press("i")
        assert chosen(main) is None
        assert pilot.app.focused is main.composer
        assert main.composer.text == "jk"
        await pilot.press("escape", "/")
        await settle(pilot)
        assert isinstance(top(pilot), SearchScreen)


async def test_vi_leaves_what_is_written_without_leaving_the_messages_alone() -> None:
    async with running(conversation(), keys="vi") as (main, pilot):
        await pilot.press("escape", *"Hjkl")
        await settle(pilot)
        assert main.composer.text == "Hjkl"


async def test_weechat_goes_to_neighbours_and_to_the_switch() -> None:
    async with running(conversation(), keys="weechat") as (main, pilot):
        here = main.conversation.contact
        await pilot.press("f6")
        await settle(pilot)
        assert main.conversation.contact != here
        await pilot.press("f5")
        await settle(pilot)
        assert main.conversation.contact == here
        await pilot.press("alt+j")
        await settle(pilot)
        assert isinstance(top(pilot), QuickSwitch)
        await pilot.press("alt+j", "ctrl+x")  # over it no other command runs
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 2


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_no_key_or_command_is_cut_on_the_help_page_or_runs_into_what_it_does(language: str) -> None:
    with speaking(language):
        async with running(conversation()) as (screen, pilot):
            await enter(screen, pilot, "/help")
            page = str(top(pilot).query_one("#page", Static).content)
            for name, (words, meaning) in usages().items():
                head = f"/{name} {words}".rstrip()
                assert re.search(rf"^{re.escape(head)}  +{re.escape(meaning[:4])}", page, re.MULTILINE), head


async def test_keymap_is_changed_while_it_runs_kept_and_shown_on_the_help_page() -> None:
    kept: list[tuple[str, str]] = []
    async with running(conversation(), save=lambda key, value: kept.append((key, value))) as (main, pilot):
        await enter(main, pilot, "/set keys vi")
        assert kept == [("ui.keys", "vi")]
        await pilot.press("escape", "k", "i", "f1")
        await settle(pilot)
        assert isinstance(top(pilot), Help)
        page = str(top(pilot).query_one(Static).render())
        assert "Keys of the keymap vi" in page
        assert "on a chosen message" in page
        await pilot.press("j", "q")
        await settle(pilot)
        await enter(main, pilot, "/set keys emacs")
        assert kept == [("ui.keys", "vi")]
        assert cast(TuichatApp, pilot.app).pressed.keymap.name == "vi"


async def test_a_keymap_of_ones_own_that_is_newer_than_the_interface_can_be_chosen(tmp_path: Path) -> None:
    async with running(conversation(), keymaps=(tmp_path,)) as (screen, pilot):
        await enter(screen, pilot, "/set keys mine")
        assert "no keymap called mine" in notice_text(screen)
        for key in ("f7", "f8"):
            written(tmp_path, f'name = "mine"\n[anywhere]\n"{key}" = "f1"\n')
            await enter(screen, pilot, "/set keys mine")
            assert "Keys: mine" in notice_text(screen)
            await pilot.press(key)
            await settle(pilot)
            assert isinstance(top(pilot), Help)
            await pilot.press("escape")
        written(tmp_path, "name = 1")
        await enter(screen, pilot, "/set keys vi")
        assert "mine.toml" in notice_text(screen)
        await pilot.press("f8")
        await settle(pilot)
        assert isinstance(top(pilot), Help)


async def test_letters_that_a_list_has_itself_stay_its_own() -> None:
    async with running(conversation(), keys="vi") as (main, pilot):
        await pilot.press("alt+i")
        await settle(pilot)
        card = top(pilot)
        assert card is not main
        await pilot.press("g")  # its tags, and not its beginning
        await settle(pilot)
        assert card.query_one("#answer").has_focus
        await pilot.press("escape", "h")
        await settle(pilot)
        assert top(pilot) is main


async def test_vi_moves_up_and_down_on_the_card_of_somebody_whose_key_changed_and_decides_nothing() -> None:
    node = conversation()
    name = (await node.contact_list())[0].name
    node.change_key(name)
    async with running(node, keys="vi") as (screen, pilot):
        await enter(screen, pilot, f"/card {name}")
        card = top(pilot)
        assert isinstance(card, ContactCard)
        places = [card._cursor]
        for key in "jjkk":
            await pilot.press(key)
            await settle(pilot)
            assert isinstance(top(pilot), ContactCard)
            places.append(card._cursor)
        assert places[0] < places[1] < places[2]
        assert places[3:] == [places[1], places[0]]
        assert (await node.contact_get(name)).key_changed


def test_every_place_is_known_to_every_keymap() -> None:
    assert all(set(keymap.places) == set(PLACES) for keymap in KEYMAPS.values())


async def test_a_key_that_is_clicked_means_what_is_written_there_in_every_keymap(tmp_path: Path) -> None:
    written(tmp_path, 'name = "mine"\n[anywhere]\n"escape" = "down"\n')
    async with running(conversation()) as (screen, pilot):
        app = cast(TuichatApp, pilot.app)
        app.pressed = Pressed(app, lambda: load_keymaps([tmp_path]), "mine")
        await enter(screen, pilot, "/add")
        await pilot.press("escape")
        await settle(pilot)
        assert top(pilot) is not screen
        keys = top(pilot).query_one(KeysLine)
        at = keys.render_line(0).text.index("Esc")
        await pilot.click(keys, offset=(at, 0))
        await settle(pilot)
        assert top(pilot) is screen
