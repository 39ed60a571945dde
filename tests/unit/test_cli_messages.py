"""How messages, statuses and findings are shown to a person."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from tests.support.fixed_clock import START, FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.cli.commands import build_parser
from tuichat.cli.messages import shown
from tuichat.cli.output import Output, width_of
from tuichat.cli.search import shown as search_shown
from tuichat.cli.send import text_of as send_text
from tuichat.cli.standard_input import not_utf_8
from tuichat.cli.status import shown as status_shown
from tuichat.errors import UsageError
from tuichat.model import MAX_TEXT_BYTES, Contact, Found, Message, OutboxCounts, Quote, Status, TorState

NOW = datetime.fromtimestamp(START, tz=UTC)


async def contact_called(name: str) -> Contact:
    return MemoryNode(FixedClock()).person(name)


def message(text: str, **changes: object) -> Message:
    made = Message(
        id=7,
        contact=1,
        direction="in",
        kind="text",
        text=text,
        sent_at=NOW,
        received_at=NOW,
        state="delivered",
    )
    return msgspec.structs.replace(made, **changes)


async def test_a_message_of_today_has_a_time_and_an_older_one_a_date() -> None:
    bob = await contact_called("bob")
    local = NOW.astimezone()
    assert shown(message("hi"), bob, local) == f"{local:%H:%M} bob  hi"
    assert shown(message("hi"), bob, local + timedelta(days=3)) == f"{local:%Y-%m-%d %H:%M} bob  hi"
    epoch = datetime.fromtimestamp(0, tz=UTC).astimezone()
    assert shown(message("hi", received_at=epoch), bob, epoch) == f"{epoch:%H:%M} bob  hi"


@pytest.mark.parametrize("break_", ["\n", "\n\n", "\n14:02 me  "])
async def test_no_text_can_look_like_another_message(break_: str) -> None:
    first, *more = shown(message(f"one{break_}two"), await contact_called("bob"), NOW).split("\n")
    assert first.endswith("bob  one")
    assert all(line.startswith("      ") for line in more)


@pytest.mark.parametrize("name", ["me", "ME", "me [7 queued]", "bob  14:03 me"])
async def test_no_name_can_look_like_me(name: str) -> None:
    assert f' "{name}"  hi' in shown(message("hi"), await contact_called(name), NOW)


async def test_my_undelivered_message_shows_its_number_and_state() -> None:
    bob = await contact_called("bob")
    assert " me [7 queued]  hi" in shown(message("hi", direction="out", state="queued"), bob, NOW)
    assert " me  hi" in shown(message("hi", direction="out", state="read"), bob, NOW)


async def test_a_kind_from_a_later_version_is_not_shown_as_text() -> None:
    shown_as = shown(message("", kind="unsupported"), await contact_called("bob"), NOW)
    assert shown_as.endswith("bob  This message needs a newer tuichat.")


async def test_what_has_no_words_says_in_the_search_what_it_is() -> None:
    bob = await contact_called("bob")
    for kind in ({"kind": "unsupported"}, {"unsent": "done"}, {"kind": "timer", "timer": 0}):
        line = search_shown(Found(message=message("", **kind)), bob, NOW, "24h")
        assert line.split("bob  ")[1] in {
            "This message needs a newer tuichat.",
            "taken back",
            "set messages to stay",
        }


async def test_what_somebody_does_is_told_of_them() -> None:
    bob = await contact_called("bob")
    assert shown(message("/me waves"), bob, NOW).endswith("bob  * bob waves")
    assert shown(message("/me waves", direction="out"), bob, NOW).endswith("me  * me waves")
    assert shown(message("/media"), bob, NOW).endswith("bob  /media")


def test_status_tells_what_hinders_tor_and_how_much_waits() -> None:
    status = Status(
        address="a" * 56,
        node="daemon",
        locked=False,
        tor=TorState(problem="clock_skew"),
        outbox=OutboxCounts(queued=3, oldest_at=NOW),
    )
    text = status_shown(status)
    assert "clock is wrong" in text
    assert "3 queued" in text
    assert status_shown(Status(address=None, node="none", locked=False)) == "no node is running"


def test_wide_and_combining_characters_are_measured_in_cells() -> None:
    assert [width_of(text) for text in ("abc", "小明", "e\u0301")] == [3, 4, 1]


def test_text_that_is_too_long_is_told_what_to_do_with_it() -> None:
    with pytest.raises(UsageError) as caught:
        send_text("x" * (MAX_TEXT_BYTES + 1))
    assert "48 KiB" in caught.value.message
    assert caught.value.hint.startswith("Send it in parts, ")
    assert "--file" in caught.value.hint


def test_standard_input_that_is_not_utf_8_is_told_what_to_do_with_it() -> None:
    with pytest.raises(UnicodeDecodeError) as found:
        b"caf\xe9".decode()
    error = not_utf_8(found.value)
    assert "at byte 4" in error.message
    assert "iconv" in error.hint


async def test_what_was_done_to_a_message_stands_where_no_text_comes() -> None:
    bob = await contact_called("bob")
    answer = message("yes", reply_to=3, quote=Quote(message=3, direction="out", text="?"), edited=True)
    assert shown(answer, bob, NOW).endswith("bob [answers 3] [edited]  yes")
    unknown = message("yes", quote=Quote(), reactions=("👍", "👍"))
    assert shown(unknown, bob, NOW).endswith("bob [answers a message you do not have] [👍 👍]  yes")
    assert shown(message("hi"), bob, NOW, numbered=True).endswith("bob [7]  hi")
    assert shown(message("", unsent="done"), bob, NOW).endswith("bob  (taken back)")


def test_a_text_that_is_missing_is_asked_for_in_words_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _descriptor: True)
    for edits, command in ((False, "tuichat send REF TEXT"), (True, "tuichat edit MESSAGE TEXT")):
        with pytest.raises(UsageError) as refused:
            send_text(None, edits=edits)
        assert refused.value.hint.endswith(command)
        with pytest.raises(UsageError) as refused:
            send_text("x" * (MAX_TEXT_BYTES + 1), edits=edits)
        assert ("--file" in refused.value.hint) is not edits


def test_no_invite_is_made_where_its_code_cannot_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    words = build_parser().parse_args(["invite", "create", "--qr"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(UsageError, match="not UTF-8"):
        words.run(SimpleNamespace(words=words, output=Output()))
