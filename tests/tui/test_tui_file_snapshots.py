"""How files look: in a history, on their card, in the list of all, in questions about them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_snapshots import assert_looks, sizes, then
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., bool]

ODS = "application/vnd.oasis.opendocument.spreadsheet"


def files() -> MemoryNode:
    """A conversation with bob in which files stand in as many ways as fit on a screen."""
    clock = FixedClock()
    node = MemoryNode.sample(clock, node="detached", files=True)
    clock.advance(600)
    mine = node._send(
        "bob", "/home/you/第三页 final figures of the year 2026.ods", "", 9_400_000, "", False, None
    )
    node.set_state(mine.message.id, "delivered")
    node.set_file(mine.file.id, state="waiting")
    node.progress(mine.file.id, 3_100_000, rate=410_000, circuits=4)
    done = node.offer("bob", "minutes.pdf", 184_000, media_type="application/pdf", caption="as promised")
    node.end(done.id, "complete")
    return node


def hostile() -> MemoryNode:
    """Names that would be markup, hide their kind, fill the row or turn it."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob", stage="linked", verified=True)
    trick = node.offer("bob", "[@click=app.quit]free[/] [red]holiday.jpg" + " " * 40 + ".exe", 812)
    node.end(trick.id, "complete")
    node.set_file(trick.id, media_type="image/jpeg", sniffed_type="application/x-elf")
    node.offer(
        "bob", "长" * 120 + ".tar.gz", 2**62, media_type="application/gzip", place="[b]a[/b]/" + "b" * 63
    )
    node.offer("bob", "\\[bold]ok\\[/].ods", 0, media_type=ODS, caption="[link=http://a]not a link[/link]")
    stopped = node.offer("bob", "film.mkv", 734_000_000, media_type="video/x-matroska")
    node.progress(stopped.id, 1_000_000, rate=1, circuits=12)
    return node


@sizes
def test_files_in_a_history(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=then("alt+end"))


def test_files_in_a_history_ascii(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(files(), glyphs=ASCII), run_before=then())


def test_files_in_a_history_light(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(files(), theme="light"), run_before=then())


@sizes
def test_a_file_is_chosen(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=then("alt+end", "escape"))


@sizes
def test_an_offer_is_chosen(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("alt+end", "escape", "up", "up", "up")
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=before)


@sizes
def test_hostile_names(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(hostile()), terminal_size=size, run_before=then("alt+end"))


@sizes
def test_the_list_of_all_files(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then(*"/files", "enter", "down")
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=before)


@sizes
def test_the_card_of_an_offer(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("alt+end", "escape", "up", "up", "up", "O", "s", *"~/pictures")
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=before)


@sizes
def test_the_card_of_a_complete_file(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(
        snap_compare, interface(files()), terminal_size=size, run_before=then("alt+end", "escape", "o")
    )


def test_the_card_of_a_hostile_file(snap_compare: Compare) -> None:
    before = then("alt+end", "escape", "up", "up", "up", "o")
    assert_looks(snap_compare, interface(hostile()), run_before=before)


@pytest.mark.parametrize("size", [(40, 15), (80, 24)], ids=["small", "usual"])
def test_declining_is_asked_about(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("alt+end", "escape", "up", "up", "up", "d")
    assert_looks(snap_compare, interface(files()), terminal_size=size, run_before=before)
