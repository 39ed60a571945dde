"""Keys as the terminal sends them, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

from tuichat.tui.terminal_keys import as_paste, know_alt_keys, take_any_bytes


@pytest.fixture
def freed() -> Iterator[None]:
    table = ANSI_SEQUENCES_KEYS
    assert isinstance(table, dict)
    before = dict(table)
    know_alt_keys()
    yield
    table.clear()
    table.update(before)


def keys(sequence: str) -> list[str]:
    parser = XTermParser()
    found = list(parser.feed(sequence)) + list(parser.feed(""))
    return [event.key for event in found if isinstance(event, events.Key)]


def test_exactly_thirteen_option_characters_are_dropped(freed: None) -> None:
    plain = [name for name, meaning in ANSI_SEQUENCES_KEYS.items() if isinstance(meaning, str)]
    assert not [name for name in plain if len(name) == 2 and name[1] in "§1234567890-="]
    assert "\x1bf" in ANSI_SEQUENCES_KEYS


@pytest.mark.parametrize("digit", "1234567890")
def test_escape_and_a_digit_arrive_as_alt_and_the_digit(freed: None, digit: str) -> None:
    assert keys(f"\x1b{digit}") == [f"alt+{digit}"]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [("\x1ba", "alt+a"), ("\x1bk", "alt+k"), ("\x1b[1;3A", "alt+up"), ("\n", "ctrl+j"), ("\r", "enter")],
)
def test_other_keys_of_the_main_screen_arrive_as_named(freed: None, sequence: str, key: str) -> None:
    assert keys(sequence) == [key]


@pytest.mark.parametrize(
    ("heap", "names"),
    [
        ("\x1bk\x1bk\x1b2", ["alt+k", "alt+k", "alt+2"]),
        ("\x1b2" + "a" * 30, ["alt+2", *"a" * 30]),  # more than any sequence has
        ("\x1ba\x1b[B", ["alt+a", "down"]),
        ("\x1bOP\x1b[1;3B\x1bK", ["f1", "alt+down", "alt+shift+k"]),
        ("\x1b\x1bk", ["escape", "alt+k"]),
        ("\x1bf\x1bb", ["ctrl+right", "ctrl+left"]),
    ],
)
def test_keys_with_alt_that_come_in_a_heap_are_no_text(freed: None, heap: str, names: list[str]) -> None:
    assert keys(heap) == names


@pytest.mark.parametrize(
    ("encoding", "pieces", "text"),
    [
        ("utf-8", [b"a\xe4", b"\xbd\xa0b"], "a你b"),
        ("utf-8", [b"a\xc4\xe3b"], "a\ufffd\ufffdb"),
        ("gb18030", [b"a\xc4", b"\xe3b\x1b[A"], "a你b\x1b[A"),
        ("gb18030", [b"a\xff\xffb"], "a\ufffd\ufffdb"),
    ],
)
def test_what_comes_is_read_in_the_terminals_encoding_and_no_byte_ends_the_interface(
    monkeypatch: pytest.MonkeyPatch, encoding: str, pieces: list[bytes], text: str
) -> None:
    monkeypatch.setitem(vars(linux_driver), "getincrementaldecoder", None)
    take_any_bytes(encoding)
    decode = vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode
    assert "".join(map(decode, pieces)) == text


@pytest.mark.parametrize("text", ["one\rtwo", "one\ntwo\n", "\r\r第", "a b\rc d\re f\r"])
def test_lines_that_come_in_one_read_are_a_paste(text: str) -> None:
    assert as_paste(text) == f"\x1b[200~{text}\x1b[201~"


@pytest.mark.parametrize(
    "text", ["", "a", "\r", "hello\r", "\r\r", "two words", "\x1b[200~one\rtwo\x1b[201~", "\x1b[A\rx"]
)
def test_what_somebody_types_is_none(text: str) -> None:
    assert as_paste(text) == text


def test_pastes_are_guessed_until_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(linux_driver), "getincrementaldecoder", None)
    take_any_bytes("utf-8", pastes_told=False)
    decode = vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode
    assert decode(b"one\rtwo") == "\x1b[200~one\rtwo\x1b[201~"
    assert decode(b"\x1b[200~one\rtwo") == "\x1b[200~one\rtwo"
    assert decode(b"three\rfour\x1b[201~") == "three\rfour\x1b[201~"
    assert decode(b"one\rtwo") == "one\rtwo"
