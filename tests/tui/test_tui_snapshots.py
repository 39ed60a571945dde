"""Looks that are no scene of the matrix: few signs, few colours, and what is seen at one size only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tests.support.scenery import command, conversation, done, files, hostile, kept, then
from tests.support.scenes import blocking, linking
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., None]

SMALL = (40, 15)


def test_main_ascii(snap_compare: Compare) -> None:
    snap_compare(interface(conversation(), glyphs=ASCII), then())


def test_main_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    snap_compare(interface(conversation()), then())


def test_main_when_no_answer_came(snap_compare: Compare) -> None:
    node = conversation()
    node.set_service(published=True, reachable=False, missed=3)
    snap_compare(interface(node, hint="Three things to try: write, /help, Ctrl+Q."), then())


def test_small_list(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), then("alt+k"), size=SMALL)


def test_small_list_of_kept_conversations(snap_compare: Compare) -> None:
    snap_compare(interface(kept()), then("alt+k"), size=SMALL)


def test_blocked_in_the_list(snap_compare: Compare) -> None:
    snap_compare(interface(blocking()), then())


def test_unlock_before_there_is_a_node(snap_compare: Compare) -> None:
    app = interface(conversation(), sealed=True, started=asyncio.Event())
    snap_compare(app, then(*"correct horse"), size=SMALL)


def test_unlock_without_a_passphrase(snap_compare: Compare) -> None:
    snap_compare(interface(MemoryNode(FixedClock(), locked=True)), then(), size=SMALL)


def test_take_back(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), then(*"/query alice", "enter", "escape", "x"), size=SMALL)


@pytest.mark.parametrize("size", [SMALL, (80, 24)], ids=["small", "usual"])
def test_sixteen_colours(snap_compare: Compare, size: tuple[int, int]) -> None:
    snap_compare(interface(conversation(), theme="sixteen"), then(), size=size)


def test_question_in_sixteen_colours(snap_compare: Compare) -> None:
    snap_compare(interface(conversation(), theme="sixteen"), command("quit"))


def test_own_address_copied_where_no_code_can_be_drawn(snap_compare: Compare) -> None:
    snap_compare(interface(conversation(), glyphs=ASCII), command("address", "c"), size=SMALL)


def test_kept_conversations_in_ascii(snap_compare: Compare) -> None:
    snap_compare(interface(kept(), glyphs=ASCII), then())


def test_quick_switch_over_all(snap_compare: Compare) -> None:
    snap_compare(interface(kept()), command("switch"))


def test_what_was_done_to_messages_ascii(snap_compare: Compare) -> None:
    snap_compare(interface(done(), glyphs=ASCII), then())


def test_files_in_a_history_ascii(snap_compare: Compare) -> None:
    snap_compare(interface(files(), glyphs=ASCII), then())


def test_the_card_of_a_hostile_file(snap_compare: Compare) -> None:
    snap_compare(interface(hostile()), then("alt+end", "escape", "up", "up", "up", "o"))


def test_asked_but_not_answered(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), then("alt+4"))


def test_choosing_what_waits(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), then(*"/query alice", "enter", "escape"), size=SMALL)


def test_an_own_message_is_chosen(snap_compare: Compare) -> None:
    snap_compare(interface(done()), then("escape", "up", "up", "up", "up"), size=SMALL)


def test_a_file_is_chosen(snap_compare: Compare) -> None:
    snap_compare(interface(files()), then("alt+end", "escape"), size=SMALL)


def test_card_of_somebody_with_tags(snap_compare: Compare) -> None:
    snap_compare(interface(kept()), then("alt+i"))


def test_question_before_erasing(snap_compare: Compare) -> None:
    snap_compare(interface(kept()), command("erase"), size=SMALL)


def test_question_before_declining(snap_compare: Compare) -> None:
    snap_compare(interface(files()), then("alt+end", "escape", "up", "up", "up", "d"), size=SMALL)


def test_quick_switch_by_a_tag(snap_compare: Compare) -> None:
    snap_compare(interface(kept()), command("switch", "#", "家", "down"))


def test_a_setting_that_is_wrong(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), then(*"/settings", "enter", *"quota", "enter", "x"), size=SMALL)


def test_link_in_a_message(snap_compare: Compare) -> None:
    snap_compare(interface(linking()), then())


def test_passphrases_that_are_not_the_same(snap_compare: Compare) -> None:
    snap_compare(interface(conversation()), command("passphrase", "x", "enter", "y", "enter"))
