"""A file in words and rows: every state differs without colour, no row is too wide, nothing is obeyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from tuichat.file_words import percent as percent_of
from tuichat.file_words import time_left
from tuichat.model import File, FileReason, Message
from tuichat.tui import file_words
from tuichat.tui.dates import Calendar
from tuichat.tui.glyphs import ASCII, UNICODE, Glyphs
from tuichat.tui.harmless import harmless
from tuichat.tui.widgets.history_rows import RowStyle, message_rows
from tuichat.tui.wrapping import cells, fit_middle, wrap_whole

BEGIN = datetime(2026, 11, 21, 14, tzinfo=UTC)
ODS = "application/vnd.oasis.opendocument.spreadsheet"

HOSTILE = [
    "[@click=app.quit]free[/].ods",
    "长" * 255,
    "a" * 250 + ".docx",
    "photo.jpg" + " " * 90 + ".exe",
    "no_extension_but_a_very_long_name_" * 6,
    ".hidden",
    "x." + "y" * 200,
    "👩‍👩‍👧‍👦" * 20 + ".png",
    "\u0645\u0644\u0641.pdf",
]


def file(**changes: Any) -> File:
    fields: dict[str, Any] = {
        "id": 1,
        "contact": 1,
        "message": 7,
        "direction": "in",
        "name": "figures.ods",
        "size": 2_097_152,
        "media_type": ODS,
        "state": "offered",
        "offered_at": BEGIN,
        "expires_at": BEGIN + timedelta(days=30),
    }
    fields["accepted"] = changes.get("state", "offered") not in {"offered", "declined"}
    return File(**{**fields, **changes})


def rows(
    one: File | None, width: int = 80, glyphs: Glyphs = UNICODE, *, chosen: bool = False, **changes: Any
) -> list[str]:
    fields: dict[str, Any] = {
        "id": 7,
        "contact": 1,
        "direction": "in" if one is None else one.direction,
        "kind": "file",
        "text": "",
        "sent_at": BEGIN,
        "received_at": BEGIN,
        "state": "delivered",
        "file": 1,
    }
    style = RowStyle(width, "bob", True, glyphs, Calendar(UTC, BEGIN.date()))
    made = message_rows(Message(**{**fields, **changes}), style, file=one, chosen=chosen)
    return ["".join(text for _part, text in row).rstrip() for row in made]


def told(one: File, width: int = 80, **changes: Any) -> str:
    """What the rows say, wherever they are broken."""
    return " ".join(" ".join(rows(one, width, **changes)).split())


def test_file_that_is_to_disappear_says_so() -> None:
    assert "disappears 1 hour after it was seen, from the inbox, too" in told(file(), timer=3600)
    assert "disappears after 1 hour" in told(file(direction="out"), timer=3600)
    assert "disappears" not in told(file())


def active(**changes: Any) -> File:
    return file(**{"state": "active", "bytes_done": 1_430_000, "rate": 1_900_000, "circuits": 8, **changes})


def test_a_file_on_its_way_shows_a_bar_percent_rate_circuits_and_the_time_left() -> None:
    assert rows(active(), 61)[0].endswith("figures.ods  2.1 MB  spreadsheet")
    assert rows(active(), 62)[1].strip() == "▓▓▓▓▓▓▓▓░░░░░ 68%  1.9 MB/s  8 circuits  1 s"
    assert rows(active(), 80, ASCII)[1].strip() == "##########...... 68%  1.9 MB/s  8 circuits  1 s"


def test_in_a_narrow_window_a_file_on_its_way_takes_one_row() -> None:
    assert rows(active(), 40)[1:] == ["   figures.ods 2.1 MB ▓▓▓▓▓░░░ 68% 1 s"]


def test_in_a_narrow_window_a_longer_name_leaves_circuits_out_before_the_time_left() -> None:
    shown = rows(active(name="the figures of this year.ods", rate=190_000), 40)
    assert shown[1] == "   the figures of this year.ods  2.1 MB"
    assert shown[2].endswith("68%  190 kB/s  4 s")


def test_an_offer_says_what_it_is_and_how_to_take_it() -> None:
    shown = "\n".join(rows(file(width=640, height=480, media_type="image/png", name="a.png"), 80))
    assert "a.png  2.1 MB  picture  640×480" in shown
    assert "offered until Monday 21 December" in shown
    assert "o fetch, d decline" in shown


def test_the_words_with_a_file_are_shown_as_they_are() -> None:
    shown = rows(file(), 80, text="[b]as[/b] promised")
    assert shown[1].strip() == "[b]as[/b] promised"


def test_a_complete_file_says_where_it_is_and_all_of_it_when_chosen() -> None:
    path = "/home/you/.local/share/tuichat/default/inbox/" + "7" * 32
    done = file(state="complete", bytes_done=2_097_152, path=path)
    assert "…" in rows(done, 61)[1]
    assert "7777" in rows(done, 61)[1]
    assert path in "".join(row.strip("▌ ") for row in rows(done, 61, chosen=True))


@pytest.mark.parametrize(
    ("found", "warned"), [("application/x-elf", True), (ODS, False), ("application/zip", False), ("", False)]
)
def test_bytes_that_are_not_what_was_said_are_pointed_out(found: str, warned: bool) -> None:
    shown = told(file(state="complete", sniffed_type=found, path="/home/you/a"))
    assert ("✗ not what was said: offered as spreadsheet, looks like program" in shown) is warned


def test_bytes_that_are_not_what_the_name_says_are_pointed_out() -> None:
    one = file(
        state="complete", name="a.pdf", media_type="text/x-shellscript", sniffed_type="text/x-shellscript"
    )
    assert "not what its name says: it looks like a program" in "\n".join(rows(one))


def _standings() -> list[File]:
    made = [
        file(direction=direction, state=state)
        for direction in ("in", "out")
        for state in ("offered", "waiting", "active", "complete", "declined", "cancelled", "failed")
    ]
    made += [
        file(direction=direction, state="paused", paused_by=by)
        for direction in ("in", "out")
        for by in ("me", "them", "both")
    ]
    return made


def test_every_standing_differs_without_colour_in_both_directions() -> None:
    for direction in ("in", "out"):
        shown = ["\n".join(rows(one)) for one in _standings() if one.direction == direction]
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_every_reason_of_a_failure_is_told_with_what_to_do(direction: str) -> None:
    reasons: list[FileReason] = ["changed", "space", "unreadable", "expired", "peer", "restored", "damaged"]
    shown = [told(file(direction=direction, state="failed", reason=each)) for each in reasons]
    known = reasons if direction == "in" else ["changed", "unreadable", "expired", "peer", "restored"]
    assert len(set(shown)) >= len(known)
    for each in shown:
        assert "✗ failed" in each
        assert any(what in each for what in ("ask bob", "make room", "mend that", "offer it again with")), (
            each
        )


def test_an_offer_that_has_not_left_says_only_what_it_waits_for() -> None:
    shown = "\n".join(rows(file(direction="out"), 80, state="queued"))
    assert "has not answered" not in shown
    assert "bob has not answered" in "\n".join(rows(file(direction="out"), 80, state="delivered"))


def test_a_file_that_is_not_known_is_said_to_be_so() -> None:
    assert rows(None, text="look")[0].endswith("a file that is not known here any more")
    assert rows(None, text="look")[1].strip() == "look"


@pytest.mark.parametrize("width", [20, 40, 56, 61, 80, 200])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_row_is_wider_than_the_view(width: int, glyphs: Glyphs) -> None:
    for one in _standings():
        for name in (*HOSTILE, one.name):
            hostile = file(
                name=name,
                place="/".join(["b" * 63] * 16),
                size=2**62,
                direction=one.direction,
                state=one.state,
                paused_by=one.paused_by,
                bytes_done=2**61,
                rate=3,
                circuits=16,
                path="/home/you/" + name,
                width=4_000_000_000,
                height=4_000_000_000,
                sniffed_type="application/x-elf" if one.state == "complete" else "",
            )
            for chosen in (False, True):
                for row in rows(hostile, width, glyphs, chosen=chosen, text="look at this"):
                    assert cell_len(row) <= width


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shortened_name_keeps_its_end_for_the_kind_is_there(name: str) -> None:
    short = file_words.short_name(name, 24, UNICODE)
    assert cells(short) <= 24
    extension = name.rpartition(".")[2]
    if "." in name and len(extension) < 10:
        assert short.endswith("." + extension)


def test_the_middle_of_a_text_goes_first() -> None:
    assert fit_middle("abcdefgh.ods", 9, 5) == "abc…h.ods"
    assert fit_middle("abcdefgh.ods", 9, 5, "...") == "a...h.ods"
    assert fit_middle("短い名前のファイル.ods", 12, 4) == "短い名….ods"
    assert fit_middle("abcdef", 6, 3) == "abcdef"
    assert fit_middle("abcdef", 3, 3) == "ab…"


def test_keys_are_never_parted() -> None:
    assert wrap_whole(["o fetch", "d decline", "Esc close"], 20) == ["o fetch   d decline", "Esc close"]
    assert wrap_whole([], 20) == []


def test_nothing_of_a_path_reaches_the_terminal_as_a_command() -> None:
    assert (
        harmless("/home/you/a\x1b]52;c;eA==\x07b\u202ec\nd")
        == "/home/you/a\ufffd]52;c;eA==\ufffdb\ufffdc\ufffdd"
    )
    assert harmless("/home/you/第三页 é.ods") == "/home/you/第三页 é.ods"


@pytest.mark.parametrize(
    ("done", "size", "percent"), [(0, 0, 100), (0, 10, 0), (999, 1000, 99), (10, 10, 100), (11, 10, 100)]
)
def test_a_hundred_percent_is_all_of_it(done: int, size: int, percent: int) -> None:
    assert percent_of(file(bytes_done=done, size=size)) == percent


def test_nobody_says_how_long_it_takes_where_that_is_unknown() -> None:
    assert time_left(file(rate=0)) == ""
    assert time_left(file(rate=1, size=2**62)) == ""
    assert time_left(active()) == "1 s"


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, ["o fetch", "d decline"]),
        ({"state": "waiting"}, ["p pause", "d cancel"]),
        ({"state": "active"}, ["p pause", "d cancel"]),
        ({"state": "paused", "paused_by": "me"}, ["p go on", "d cancel"]),
        ({"state": "paused", "paused_by": "both"}, ["p go on", "d cancel"]),
        ({"state": "paused", "paused_by": "them"}, ["d cancel"]),
        ({"state": "paused", "paused_by": "them", "accepted": False}, ["o fetch", "d decline"]),
        ({"state": "complete"}, ["o show"]),
        ({"state": "failed", "reason": "space"}, ["p go on", "d cancel"]),
        ({"state": "failed", "reason": "damaged"}, ["o details"]),
        ({"state": "declined"}, ["o details"]),
        ({"direction": "out"}, ["d take back"]),
        ({"direction": "out", "state": "active"}, ["p pause", "d cancel"]),
        ({"direction": "out", "state": "failed", "reason": "space"}, ["o details"]),
    ],
)
def test_only_keys_that_do_something_are_offered(changes: dict[str, Any], keys: list[str]) -> None:
    assert file_words.keys(file(**changes)) == keys
