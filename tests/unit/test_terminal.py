"""What the environment tells of the terminal, and what is drawn and handed on because of it."""

from __future__ import annotations

import base64
import re

import pytest

from tests.support.console_fonts import ON_EVERY_CONSOLE
from tuichat.cli.qr import code_lines
from tuichat.tui.glyphs import ASCII, CONSOLE, UNICODE, Glyphs, glyphs_for
from tuichat.tui.terminal import is_remote, is_without_colours, passed_on, told_of_colours

IN_TMUX = {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}
IN_SCREEN = {"STY": "3232.pts-2.host", "TERM": "screen.xterm-256color"}


@pytest.mark.parametrize(
    ("encoding", "term", "glyphs"),
    [
        ("utf-8", "xterm-256color", UNICODE),
        ("UTF8", "tmux-256color", UNICODE),
        ("utf-8", "linux", CONSOLE),
        ("gb18030", "xterm", ASCII),
        ("iso8859-1", "linux", ASCII),
    ],
)
def test_signs_are_those_that_the_terminal_can_show(encoding: str, term: str, glyphs: Glyphs) -> None:
    assert glyphs_for(encoding, {"TERM": term}) is glyphs


def test_the_console_is_shown_nothing_that_one_of_its_fonts_lacks() -> None:
    signs = set("".join(str(getattr(CONSOLE, name)) for name in CONSOLE.__struct_fields__))
    assert {sign for sign in signs if not sign.isascii()} <= ON_EVERY_CONSOLE


def test_what_comes_by_ssh_is_far_away() -> None:
    assert not is_remote({"TERM": "xterm", "SSH_TTY": "", "SSH_AUTH_SOCK": "/run/agent"})
    for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"):
        assert is_remote({name: "there"})


@pytest.mark.parametrize(
    ("environment", "without"),
    [
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": ""}, False),
        ({"TERM": "vt100"}, True),
        ({"TERM": "vt220-nav"}, True),
        ({"TERM": "xterm-mono"}, True),
        ({"TERM": "linux-m"}, True),
        ({"TERM": "vt525"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "screen"}, False),
    ],
)
def test_colours_are_left_out_where_nobody_wants_or_sees_them(
    environment: dict[str, str], without: bool
) -> None:
    assert is_without_colours(environment) is without
    assert told_of_colours(environment) is without
    assert ("NO_COLOR" in environment) is without


def test_screen_is_sent_no_colours_that_it_takes_for_blinking() -> None:
    for environment, kept in (({**IN_SCREEN}, False), ({**IN_SCREEN, **IN_TMUX}, True), ({}, True)):
        environment["COLORTERM"] = "truecolor"
        told_of_colours(environment)
        assert ("COLORTERM" in environment) is kept


def test_tmux_and_screen_are_asked_to_hand_it_on() -> None:
    assert passed_on("\x1b]9;x\x07", {}) == "\x1b]9;x\x07"
    assert passed_on("\x1b]9;x\x07", {**IN_SCREEN, **IN_TMUX}) == "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\"
    assert passed_on("\x1b]9;x\x07", IN_SCREEN) == "\x1bP\x1b]9;x\x07\x1b\\"


def test_screen_is_handed_pieces_that_it_does_not_throw_away() -> None:
    whole = f"\x1b]52;c;{base64.b64encode(bytes(3000)).decode()}\x07"
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", passed_on(whole, IN_SCREEN))
    assert "".join(pieces) == whole
    assert max(map(len, pieces)) < 768


def test_codes_are_whole_cells_on_the_console_and_half_blocks_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for term, drawn in (("linux", {" ", "█"}), ("xterm", {" ", "█", "▀", "▄"})):
        monkeypatch.setenv("TERM", term)
        rows = code_lines("q" * 56)
        assert {sign for row in rows for sign in row} == drawn
        assert len({len(row) for row in rows}) == 1
