"""Links: where they are in a text, where they lead, and how a browser gets one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tuichat.errors import UsageError
from tuichat.tui.addresses import looks_like_address
from tuichat.tui.browser import browser, open_link
from tuichat.tui.links import cautions, host_of, links

PATIENCE = 10.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.org/a_(b), or not", ["https://example.org/a_(b)"]),
        ("(http://example.org/x). And HTTPS://EXAMPLE.ORG!", ["http://example.org/x", "HTTPS://EXAMPLE.ORG"]),
        ("看https://例子.中国/路径。好", ["https://例子.中国/路径"]),
        ("“https://example.org/?q=1&r=2#s”", ["https://example.org/?q=1&r=2#s"]),
        ("https://evil.example\\@bank.example/ https://\\evil.example", ["https://evil.example"]),
        (f"https://bank.example.{'a.' * 120}example/", []),
        ("https://bank%2eexample/ https://[fe80::1%25x]/", []),
        ("file:///etc/passwd javascript:alert(1) example.org https:// http://[", []),
    ],
)
def test_links_of_a_text_end_where_their_readers_think(text: str, found: list[str]) -> None:
    assert [link.url for link in links(text)] == found
    assert [text[link.start : link.end] for link in links(text)] == found


@pytest.mark.parametrize(
    ("url", "host", "told"),
    [
        ("https://example.org/", "example.org", ""),
        ("https://аpple.com/", "xn--pple-43d.com", "not all Latin"),
        ("https://bank.example｡evil.example/", "bank.example.evil.example", "not all Latin"),
        ("https://1\ufe0f2\ufe0f.example/", "12.example", "not all Latin"),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com", "punycode"),
        ("https://bank.example@evil.example/", "evil.example", "before the @"),
        ("http://example.org/", "example.org", "not encrypted"),
        ("http://25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid.onion/", "25njqamcweflpv", ""),
    ],
)
def test_what_misleads_in_a_link_is_said(url: str, host: str, told: str) -> None:
    assert host_of(url).startswith(host)
    assert told in " ".join(cautions(url))
    assert bool(cautions(url)) is bool(told)


async def test_a_browser_gets_the_link_as_one_argument_and_nothing_else(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$#" "$@" >{seen}\n', encoding="utf-8")
    program.chmod(0o700)
    assert browser({"PATH": str(tmp_path)}) is None
    assert browser({"PATH": str(tmp_path), "DISPLAY": ":0"}) == str(program)
    url = "https://example.org/$(id);a&b=`c` d"
    await open_link(str(program), url)
    async with asyncio.timeout(PATIENCE):
        while not seen.exists() or not seen.read_text(encoding="utf-8").endswith("|"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert seen.read_text(encoding="utf-8") == f"1|{url}|"
    with pytest.raises(UsageError, match="Only links to pages"):
        await open_link(str(program), "file:///etc/passwd")
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="it ended with 3"):
        await open_link(str(program), url)


@pytest.mark.parametrize("text", ["hello", "tuichat", "https://example.org", "a" * 56, ""])
def test_other_texts_are_no_addresses(text: str) -> None:
    assert not looks_like_address(text)


@pytest.mark.parametrize("text", ["{0}", " {0}\n", "http://{0}.onion/", "{0}.ONION", "tuichat1:abc"])
def test_addresses_are_taken_as_they_are_pasted(text: str) -> None:
    assert looks_like_address(text.format("25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"))
