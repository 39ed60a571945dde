"""The screen of settings: every key there is, explained, found by typing, changed, kept and reset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scenery import conversation, then
from tuichat.bootstrap.reloading import LIVE
from tuichat.cli.config_edit import set_key, unset_key
from tuichat.cli.config_standing import standings
from tuichat.settings import HOOKS, SETTINGS
from tuichat.tui.app import TuichatApp
from tuichat.tui.choices import BRIDGES, Keeping
from tuichat.tui.keymap import load_keymaps
from tuichat.tui.screens.bridges import Bridges
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.setting import SettingScreen
from tuichat.tui.screens.settings import SettingsScreen
from tuichat.tui.setting_words import FILE_ONLY, explained, group_title
from tuichat.tui.themes import load_palettes
from tuichat.tui.widgets.pick_list import PickList

FILE = """\
# mine
[ui]
theme = "ember"   # warm
keys = "vi"

[privacy]
receipts = true

[[hooks]]
event = "message.received"
exec = ["ring", "very softly"]
"""


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def keep_in(pilot: Pilot[int], path: Path, environment: dict[str, str] | None = None) -> None:
    """Let the interface keep its settings in this file, as the command line has it do."""
    cast(TuichatApp, pilot.app).choices._keeping = Keeping(
        lambda name, text: set_key(path, name, text),
        lambda name: unset_key(path, name),
        lambda: standings(path, environment or {}),
    )


async def find(main: MainScreen, pilot: Pilot[int], words: str) -> SettingsScreen:
    """Open the screen and type what is looked for."""
    await enter(main, pilot, "/settings")
    screen = top(pilot)
    assert isinstance(screen, SettingsScreen)
    screen.query_one(Input).value = words
    await settle(pilot)
    return screen


def listed(screen: SettingsScreen | SettingScreen) -> str:
    rows = screen.query_one(PickList)
    return "\n".join(rows.render_line(y).text.rstrip() for y in range(rows.size.height))


def said(pilot: Pilot[int], part: str) -> str:
    widget = top(pilot).query_one(part, Static)
    return str(widget.render()) if widget.display else ""


def test_every_setting_is_explained_and_so_is_every_value_it_can_be() -> None:
    assert set(explained()) == set(SETTINGS)
    for name, words in explained().items():
        assert words.meaning.endswith("."), name
        assert group_title(name.partition(".")[0])
        choices = SETTINGS[name].choices
        if choices is not None and name != "ui.panic_key":
            assert set(words.values) >= set(choices()), name
    assert set(explained()["ui.theme"].values) == set(load_palettes())
    assert set(explained()["ui.keys"].values) == set(load_keymaps())


def test_what_is_said_of_when_a_change_takes_effect_is_so(node: MemoryNode) -> None:
    effects = {name: words.effect for name, words in explained().items()}
    live = set(interface(node).choices._live)
    assert {name for name, effect in effects.items() if effect == "now"} == live | {BRIDGES} | LIVE - {
        "ui.language"
    }
    assert {name for name, setting in SETTINGS.items() if setting.form == "list"} == {BRIDGES}


async def test_all_of_them_are_listed_with_their_values_and_where_those_stand(
    node: MemoryNode, tmp_path: Path
) -> None:
    path = tmp_path / "tuichat.toml"
    path.write_text(FILE, encoding="utf-8")
    async with running(node, size=(100, 60)) as (main, pilot):
        keep_in(pilot, path, {"TUICHAT_LOG__LEVEL": "debug"})
        screen = await find(main, pilot, "")
        shown = listed(screen)
        assert sum(name.partition(".")[2] in shown for name in SETTINGS) == len(SETTINGS)
        assert "ember" in shown
        assert "message.received: ring 'very softly'" in shown
        rows = {row.name: row for row in screen._rows}
        assert set(rows) == {*SETTINGS, HOOKS}
        assert (rows["ui.theme"].source, rows["log.level"].source, rows["ui.notify"].source) == (
            "file",
            "environment",
            "default",
        )
        assert "Now: ember, as line 3 of the file says." in said(pilot, "#about")
        screen.query_one(Input).value = "log level"
        await settle(pilot)
        assert "as TUICHAT_LOG__LEVEL in the environment says; it wins over the file" in said(pilot, "#about")
        screen.query_one(Input).value = "nobody learns it writing"
        await settle(pilot)
        assert [row.name for row in screen._rows] == ["privacy.typing"]
        screen.query_one(Input).value = "xyzzy"
        await settle(pilot)
        assert said(pilot, "#about") == "Nothing fits."
        await pilot.press("enter", "ctrl+r")
        assert top(pilot) is screen


async def test_a_value_is_chosen_by_arrows_used_at_once_kept_and_reset(
    node: MemoryNode, tmp_path: Path
) -> None:
    path = tmp_path / "tuichat.toml"
    path.write_text(FILE, encoding="utf-8")
    async with running(node) as (main, pilot):
        keep_in(pilot, path)
        screen = await find(main, pilot, "theme")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), SettingScreen)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert top(pilot) is screen
        assert pilot.app.theme == "light"
        assert 'theme = "light"   # warm' in path.read_text(encoding="utf-8")
        assert said(pilot, ".problem") == "Theme: light"
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert pilot.app.theme == cast(TuichatApp, pilot.app)._fitting_theme
        assert path.read_text(encoding="utf-8") == FILE.replace('theme = "ember"   # warm\n', "")
        assert "one that fits the terminal" in listed(screen)


async def test_a_text_is_checked_while_it_is_typed_with_the_words_of_config_set(
    node: MemoryNode, tmp_path: Path
) -> None:
    path = tmp_path / "tuichat.toml"
    async with running(node, size=(40, 15)) as (main, pilot):
        keep_in(pilot, path)
        screen = await find(main, pilot, "quota")
        await pilot.press("enter")
        await settle(pilot)
        field = top(pilot).query_one(Input)
        assert field.value == "20GiB"
        field.value = "plenty"
        await settle(pilot)
        assert said(pilot, ".problem") == (
            "files.quota cannot be 'plenty': it must be a number of bytes, or a size such as 500kB, 10MiB or "
            "20GiB."
        )
        await pilot.press("enter")
        await settle(pilot)
        assert not path.exists()
        field.value = "5GB"
        await settle(pilot)
        assert said(pilot, ".problem") == ""
        await pilot.press("enter")
        await settle(pilot)
        assert top(pilot) is screen
        assert path.read_text(encoding="utf-8") == '[files]\nquota = "5GB"\n'
        assert said(pilot, ".problem") == "files.quota: 5GB. Takes effect at once."
        assert node.reread == 1


async def test_what_the_environment_says_wins_and_a_broken_file_is_told(
    node: MemoryNode, tmp_path: Path
) -> None:
    path = tmp_path / "tuichat.toml"
    async with running(node) as (main, pilot):
        keep_in(pilot, path, {"TUICHAT_UI__NOTIFY": "off"})
        await enter(main, pilot, "/set ui.notify osc9")
        assert notice_text(main) == (
            "Told of what comes: osc9. At the next start TUICHAT_UI__NOTIFY in the environment wins."
        )
        path.write_text("[ui]\ncolour = 1\n", encoding="utf-8")
        await find(main, pilot, "")
        assert "line 2: there is no setting ui.colour" in said(pilot, ".problem")


async def test_hooks_and_secrets_are_shown_and_bridges_have_their_screen(
    node: MemoryNode, tmp_path: Path
) -> None:
    path = tmp_path / "tuichat.toml"
    path.write_text(f"{FILE}[store]\nkey_file = 'stick.key'\n", encoding="utf-8")
    async with running(node) as (main, pilot):
        keep_in(pilot, path)
        screen = await find(main, pilot, "key_file")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), SettingScreen)
        assert "stick.key" in said(pilot, "#standing")
        assert not top(pilot).query(Input)
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert "is changed in the file alone" in said(pilot, ".problem")
        await pilot.press("escape")
        await settle(pilot)
        screen.query_one(Input).value = "hooks"
        await settle(pilot)
        await pilot.press("enter", "ctrl+r")
        await settle(pilot)
        assert "They are written into the file" in said(pilot, ".problem")
        screen.query_one(Input).value = "bridges"
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), Bridges)
        await pilot.press("escape", "escape")
        await settle(pilot)
        for name in FILE_ONLY:
            await enter(main, pilot, f"/set {name} /elsewhere")
            assert "is changed in the file alone" in notice_text(main)
    assert path.read_text(encoding="utf-8").startswith(FILE)


async def test_the_mouse_picks_and_opens_and_the_wheel_goes_through(node: MemoryNode) -> None:
    async with running(node) as (main, pilot):
        screen = await find(main, pilot, "")
        await pilot.click(PickList, offset=(5, 2))
        assert screen.row is not None
        assert screen.row.name == "ui.keys"
        await pilot.click(PickList, offset=(5, 2))
        await settle(pilot)
        assert isinstance(top(pilot), SettingScreen)
        await pilot.click(PickList, offset=(5, 1))
        await pilot.click(PickList, offset=(5, 1))
        await settle(pilot)
        assert cast(TuichatApp, pilot.app).pressed.keymap.name == "vi"
        screen.query_one(PickList).post_message(PickList.Wheeled(3))
        await settle(pilot)
        assert screen.row.name == "ui.images"
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert screen.row.name == HOOKS


async def test_other_settings_that_take_effect_at_once_do(node: MemoryNode) -> None:
    async with running(node) as (main, pilot):
        app = cast(TuichatApp, pilot.app)
        await enter(main, pilot, "/set ui.notify_content true")
        assert app.notifications._content
        await enter(main, pilot, "/set panic_key f9")
        assert app.guard._panic._key == "f9"
        await enter(main, pilot, "/set privacy.typing true")
        assert "Nothing is kept here" in notice_text(main)
        await enter(main, pilot, "/set")
        assert "What is to be set" in notice_text(main)
        await enter(main, pilot, "/set ui.colour red")
        assert "there is no setting ui.colour" in notice_text(main)
        screen = await find(main, pilot, "panic")
        assert "f9" in listed(screen)
        assert "until you leave" in said(pilot, "#about")
        await pilot.press("ctrl+r")
        assert not app.guard._panic._key


def own_file(app: TuichatApp, path: Path) -> TuichatApp:
    path.write_text(FILE, encoding="utf-8")
    app.choices._keeping = Keeping(standings=lambda: standings(path, {"TUICHAT_UI__LANGUAGE": "en"}))
    return app


def test_settings_in_sixteen_colours(snap_compare: Callable[..., None], tmp_path: Path) -> None:
    app = own_file(interface(conversation(), theme="sixteen"), tmp_path / "tuichat.toml")
    snap_compare(app, then(*"/settings", "enter", "down"))
