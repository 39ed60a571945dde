"""Pictures in the interface: small ones below their rows, one as large as fits, none where none should be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, interface, notice_text, resize, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scenery import then
from tests.support.screenshots import Album, in_all_looks
from tuichat.errors import LockedError
from tuichat.media import drawing
from tuichat.media.drawing import Pixels, UnshownError
from tuichat.model import File
from tuichat.tui.glyphs import ASCII
from tuichat.tui.pictures import KEPT, MOST_ROWS, KnownPictures, half_blocks, is_picture
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.picture_screen import PictureScreen
from tuichat.tui.widgets.half_blocks import HalfBlocks
from tuichat.tui.widgets.history_rows import body_width

BEGIN = datetime(2026, 11, 21, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that has all of them."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def picture(path: Path, size: tuple[int, int] = (400, 200), kind: str = "PNG") -> Path:
    """The sea below the sky, with a red sail in it."""
    drawn = Image.new("RGB", size, (120, 180, 240))
    drawn.paste((20, 60, 120), (0, size[1] // 2, size[0], size[1]))
    drawn.paste((200, 30, 40), (size[0] // 3, size[1] // 4, size[0] // 2, size[1] // 2))
    drawn.save(path, kind)
    return path


def received(node: MemoryNode, path: Path, *, media_type: str = "image/png", sniffed: str = "") -> File:
    """bob's picture, fetched."""
    file = node.offer("bob", "boat.png", 2_345, media_type=media_type)
    node.end(file.id, "complete")
    return node.set_file(file.id, path=str(path), sniffed_type=sniffed or media_type)


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def drawn(pilot: Pilot[int]) -> Widget:
    """What the screen with one picture shows once that is drawn."""
    screen = top(pilot)
    assert isinstance(screen, PictureScreen)
    for _turn in range(500):
        await pilot.pause(0.02)
        found = list(screen.query_one("#place").children)
        if found and found[0].size and "Looking" not in str(found[0].render()):
            return found[0]
    raise AssertionError("nothing was drawn")


async def test_a_received_picture_stands_below_its_row(node: MemoryNode, tmp_path: Path) -> None:
    received(node, picture(tmp_path / "a", (300, 200)))
    async with running(node, images=True) as (screen, pilot):
        await settle(pilot)
        rows = [row for row in history_text(screen).split("\n") if "▀" in row]
        assert len(rows) == MOST_ROWS
        assert {row.count("▀") for row in rows} == {36}
        lines = [screen.history.render_line(y) for y in range(screen.history.size.height)]
        lowest = [line for line in lines if "▀" in line.text][-1]
        (sea,) = {segment.style for segment in lowest if "▀" in segment.text}
        assert sea is not None
        assert sea.color is not None
        assert sea.bgcolor is not None
        assert sea.color.triplet == sea.bgcolor.triplet == (20, 60, 120)


async def test_an_own_offer_shows_its_picture(node: MemoryNode, tmp_path: Path) -> None:
    await node.file_send("bob", [str(picture(tmp_path / "mine.png"))])
    async with running(node, images=True) as (screen, pilot):
        await settle(pilot)
        assert "▀" in history_text(screen)


async def test_pictures_are_off_unless_somebody_turns_them_on(node: MemoryNode, tmp_path: Path) -> None:
    received(node, picture(tmp_path / "a"))
    async with running(node) as (screen, pilot):
        await press(pilot, "escape")
        assert "▀" not in history_text(screen)
        assert "v view" not in str(screen.query_one("#hints", Static).render())
        await press(pilot, "v")
        assert top(pilot) is screen
        assert "ui.images = true" in notice_text(screen)


@pytest.mark.parametrize("why", ["NO_COLOR", "COLORTERM", "sixteen", "ascii"])
async def test_there_are_none_where_colours_or_signs_are_few(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    received(node, picture(tmp_path / "a"))
    options: dict[str, Any] = {"images": True}
    if why == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    elif why == "COLORTERM":
        monkeypatch.delenv("COLORTERM")
        monkeypatch.setenv("TERM", "xterm")
    elif why == "sixteen":
        options["theme"] = "sixteen"
    else:
        options["glyphs"] = ASCII
    async with running(node, **options) as (screen, pilot):
        await press(pilot, "escape")
        assert "▀" not in history_text(screen)
        await press(pilot, "v")
        assert top(pilot) is screen
        assert "has not the colours" in notice_text(screen)


async def test_another_theme_takes_pictures_away_and_brings_them_back(
    node: MemoryNode, tmp_path: Path
) -> None:
    received(node, picture(tmp_path / "a"))
    async with running(node, images=True) as (screen, pilot):
        await enter(screen, pilot, "/theme sixteen")
        assert "▀" not in history_text(screen)
        await enter(screen, pilot, "/theme light")
        assert "▀" in history_text(screen)


async def never(*_words: object) -> Pixels:
    raise AssertionError("this is not to be decoded")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "offered", "path": "", "sniffed_type": ""},
        {"state": "active", "bytes_done": 100},
        {"state": "failed", "reason": "damaged"},
        {"sniffed_type": "application/x-elf"},
        {"sniffed_type": "image/svg+xml"},
        {"direction": "out", "path": ""},
        {"direction": "out", "media_type": "image/tiff"},
    ],
)
def test_what_is_no_whole_picture_is_none(changes: dict[str, object]) -> None:
    assert is_picture(one(1))
    file = msgspec.structs.replace(one(1), **changes)
    assert not is_picture(file)
    assert not enabled().is_wanted(file, 40)


async def test_nothing_is_decoded_that_is_no_whole_picture(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "draw", never)
    received(node, picture(tmp_path / "a"), sniffed="application/x-elf")
    async with running(node, images=True) as (screen, pilot):
        await press(pilot, "escape", "v")
        assert top(pilot) is screen
        assert "no picture that can be shown" in notice_text(screen)


async def test_what_cannot_be_decoded_stays_a_row_and_says_so_when_viewed(
    node: MemoryNode, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    received(node, tmp_path / "a")
    async with running(node) as (screen, _pilot):
        before = history_text(screen).partition("14:00")[2]
    async with running(node, images=True) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        assert history_text(screen).partition("14:00")[2] == before
        await press(pilot, "escape", "v")
        shown = await drawn(pilot)
        assert str(shown.render()) == "This picture cannot be shown."
        await press(pilot, "escape")
        assert top(pilot) is screen


async def test_v_shows_it_as_large_as_fits_and_again_in_another_size(
    node: MemoryNode, tmp_path: Path
) -> None:
    received(node, picture(tmp_path / "a", (1600, 800), "JPEG"), media_type="image/jpeg")
    async with running(node, images=True) as (screen, pilot):
        await press(pilot, "escape")
        assert str(screen.query_one("#hints", Static).render()).startswith("v view  o show")
        await press(pilot, "v")
        shown = await drawn(pilot)
        assert isinstance(shown, HalfBlocks)
        assert shown.size == Size(80, 20)
        await resize(pilot, 40, 24)
        for _turn in range(3000):
            found = list(top(pilot).query_one("#place").children)
            if [each.size for each in found if isinstance(each, HalfBlocks)] == [Size(40, 10)]:
                break
            await pilot.pause(0.02)
        else:
            said = [(each, each.size, str(each.render())[:80]) for each in found]
            raise AssertionError(f"it was not drawn anew in {pilot.app.size}: {said}")
        await press(pilot, "v")
        assert top(pilot) is screen


async def test_the_card_shows_it_too(node: MemoryNode, tmp_path: Path) -> None:
    received(node, picture(tmp_path / "a"))
    async with running(node, images=True) as (_screen, pilot):
        await press(pilot, "escape", "o")
        assert isinstance(top(pilot), FileCard)
        assert "v view" in str(top(pilot).query_one(".keys", Static).render())
        await press(pilot, "v")
        assert isinstance(await drawn(pilot), HalfBlocks)


async def test_graphics_of_the_terminal_are_given_bare_pixels(node: MemoryNode, tmp_path: Path) -> None:
    given: list[tuple[int, int, int]] = []

    def make(data: bytes, width: int, height: int) -> Widget:
        given.append((len(data), width, height))
        return Static("graphics")

    received(node, picture(tmp_path / "a", (4000, 2000)))
    async with running(node, images=True, graphics=make) as (_screen, pilot):
        await press(pilot, "escape", "v")
        assert str((await drawn(pilot)).render()) == "graphics"
    assert given == [(800 * 400 * 3, 800, 400)]


async def test_the_interface_goes_on_while_a_picture_is_decoded(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def slow(*_words: object) -> Pixels:
        await go_on.wait()
        return Pixels(2, 2, bytes(12))

    monkeypatch.setattr(drawing, "draw", slow)
    received(node, picture(tmp_path / "a"))
    async with interface(node, images=True).run_test(size=(80, 24)) as pilot:
        pictures = pilot.app.session.known.files.pictures  # type: ignore[attr-defined]
        while not pictures.busy:
            await pilot.pause(0.02)
        await pilot.press(*"still here")
        screen = pilot.app.main_screen()  # type: ignore[attr-defined]
        assert screen.composer.text == "still here"
        assert "boat.png" in history_text(screen)
        assert "▀" not in history_text(screen)
        go_on.set()
        await settle(pilot)
        assert "▀▀" in history_text(screen)


async def test_a_locked_profile_keeps_no_picture(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received(node, picture(tmp_path / "a"))
    async with running(node, images=True) as (screen, pilot):
        await settle(pilot)
        files, width = screen.shared.session.known.files, body_width(screen.history._pages.style)
        (file,) = [each for each in await node.file_list() if each.name == "boat.png"]
        assert files.pictures.rows(file, width)
        await node.lock()
        await pilot.pause()
        with pytest.raises(LockedError):
            await node.file_list()
        assert files.pictures.rows(file, width) == ()


# What is kept.


def one(number: int, path: str = "/nowhere") -> File:
    return File(
        id=number,
        contact=1,
        message=number,
        direction="in",
        name="a.png",
        size=1,
        media_type="image/png",
        sniffed_type="image/png",
        state="complete",
        path=path,
        offered_at=BEGIN,
        expires_at=BEGIN,
    )


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The files that were decoded, by path and width; at most one at a time."""
    found: list[tuple[str, int]] = []
    busy = asyncio.Lock()

    async def quick(source: Path, _type: str, width: int, _height: int) -> Pixels:
        assert not busy.locked()
        async with busy:
            await asyncio.sleep(0)
            found.append((source.name, width))
        if source.name == "broken":
            raise UnshownError("no")
        return Pixels(1, 1, b"abc")

    monkeypatch.setattr(drawing, "draw", quick)
    return found


async def all_drawn(pictures: KnownPictures) -> list[int]:
    return [file.id async for file in pictures.drawn()]


def enabled() -> KnownPictures:
    pictures = KnownPictures()
    pictures.enabled = True
    return pictures


async def test_one_is_decoded_at_a_time_and_what_came_into_sight_last_first(
    decoded: list[tuple[str, int]],
) -> None:
    pictures = enabled()
    for number in (1, 2, 3):
        pictures.ask(one(number), 40)
    told = await asyncio.gather(all_drawn(pictures), all_drawn(pictures))
    assert sorted(told) == [[], [3, 2, 1]]
    assert len(decoded) == 3


async def test_a_picture_is_decoded_once_for_a_width_also_if_it_cannot_be_shown(
    decoded: list[tuple[str, int]],
) -> None:
    pictures, file = enabled(), one(1, "/broken")
    assert pictures.is_wanted(file, 40)
    pictures.ask(file, 40)
    assert not pictures.is_wanted(file, 40)
    assert await all_drawn(pictures) == [1]
    assert not pictures.is_wanted(file, 40)
    assert pictures.rows(file, 40) == ()
    assert pictures.is_wanted(file, 30)
    assert decoded == [("broken", 40)]


async def test_however_many_pictures_go_by_few_are_kept_and_few_wait(decoded: list[tuple[str, int]]) -> None:
    pictures = enabled()
    for number in range(1, 301):
        pictures.ask(one(number), 40)
        if number % 10 == 0:
            await all_drawn(pictures)
    assert len(decoded) == 300
    assert len([number for number in range(1, 301) if pictures.rows(one(number), 40)]) == KEPT
    for number in range(1, 301):
        pictures.ask(one(number), 50)
    assert len(await all_drawn(pictures)) == 16


async def test_what_was_decoded_for_a_profile_that_was_locked_is_not_kept(
    decoded: list[tuple[str, int]],
) -> None:
    pictures = enabled()
    pictures.ask(one(1), 40)
    drawing_now = asyncio.create_task(all_drawn(pictures))
    await asyncio.sleep(0)
    pictures.forget()
    assert await drawing_now == []
    assert pictures.rows(one(1), 40) == ()
    assert decoded == [("nowhere", 40)]


def test_two_rows_of_pixels_are_one_of_cells_and_a_last_single_one_stands_alone() -> None:
    red, blue = b"\xff\0\0", b"\0\0\xff"
    rows = half_blocks(Pixels(3, 3, red * 3 + blue * 2 + red + red * 3))
    assert rows == (
        [("▀ff00000000ff", "▀▀"), ("▀ff0000ff0000", "▀")],
        [("▀ff0000", "▀▀▀")],
    )


@pytest.mark.parametrize("goes", ["contact", "message", "history", "while-no-node-was-there", "behind"])
async def test_a_picture_is_seen_no_longer_than_its_file_is_there(
    node: MemoryNode, tmp_path: Path, goes: str
) -> None:
    file = received(node, picture(tmp_path / "a"))
    assert file.message is not None
    async with running(node, images=True) as (screen, pilot):
        await pilot.app.push_screen(PictureScreen(screen.shared, file))
        await drawn(pilot)
        if goes == "contact":
            await node.contact_remove("bob")
        elif goes == "message":
            node.disappeared(file.message)
        elif goes == "history":
            await node.contact_erase("bob")
        elif goes == "behind":
            question = Confirm("Sure?", "y  n", screen.shared.glyphs)
            await pilot.app.push_screen(question)
            node.disappeared(file.message)
            await press(pilot, "n")
        else:
            del node._files[file.id]
            node.break_off("handover")
        await settle(pilot)
        assert top(pilot) is screen


# How it looks.


async def drawn_anew(pilot: Pilot[int]) -> None:
    await settle(pilot)
    under_way = [each for each in pilot.app.workers if each.group == "draw" and not each.is_finished]
    if under_way:  # of none, all are waited for
        await pilot.app.workers.wait_for_complete(under_way)
    await settle(pilot)


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("key", ["down", "v"], ids=["in-a-history", "as-large-as-fits"])
async def test_a_picture(
    album: Album, node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(picture(tmp_path / "boat.png").parent)
    received(node, Path("boat.png"))
    app = interface(node, images=True)
    async with app.run_test() as pilot:
        await then("alt+end", "escape", key)(pilot)
        await in_all_looks(pilot, album, drawn_anew)
    album.close()
