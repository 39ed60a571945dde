"""Finds the English words that are left in a text of another language."""

from __future__ import annotations

import re
from collections.abc import Collection

_NOT_WORDS = re.compile(
    r"""
      https?://\S+ | ~?/[\w./~*-]+ | (?<!\w)--?[a-z][\w-]*     # addresses, paths and commands, options
    | \b(?:Ctrl|Alt|Shift)\+\w+ | \b[a-z0-9_]+(?:[._-][a-z0-9_]+)+\b   # keys; settings, methods, files
    | \b\w*[0-9]\w*\b                                          # numbers, times, versions, addresses
    | \btuichat(?:\s[a-z-]+)+                                  # commands of the program
    """,
    re.VERBOSE,
)
_TERMS = """
    tuichat tor Tor Project Browser onion UNIX UTF JSON RPC OpenRPC TOML PATH HTTP QR OSC ASCII Unicode Latin
    systemd root shell bash zsh fish ssh tmux screen mosh snowflake SOCKS TLS NUL torrc cookie lyrebird
    VISUAL EDITOR
    Esc Enter Tab Up Down Home End PageUp PageDown Space Del Shift Ctrl Alt
    ID SEQ SHELL N B kB MB GB TB KiB MiB GiB
"""
TERMS = frozenset(_TERMS.split())
"""What a Chinese text says in Latin letters, too: names, keys, terms, units, and what stands for a number."""


def left_over(text: str, names: Collection[str] = ()) -> list[str]:
    """The words of Latin letters in `text` that are neither terms nor among `names`."""
    words = re.findall(r"[A-Za-z]+(?:'[a-z]+)?", _NOT_WORDS.sub(" ", text))
    return sorted({word for word in words if word not in TERMS and word not in names})
