"""Bridge lines: what a person pastes, checked word by word, made into torrc lines and nothing else.

A line is `[Bridge] [TRANSPORT] ADDRESS:PORT [FINGERPRINT] [NAME=VALUE ...]` (tor's manual, `Bridge`). Which
options a transport needs is its own matter: obfs4's are in its specification, the others' in the manuals of
their programs. `snowflake` alone stands for the lines that come with tuichat.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from onion.errors import TorError
from onion.sentence import NOTHING, Sentence
from onion.torrc import quoted
from onion.transports import PROGRAMS, find_program

SNOWFLAKE = "snowflake"
"""The word that stands for `SNOWFLAKE_LINES`."""

_BROKER = (
    "url=https://voluble-torrone-fc39bf.netlify.app/ fronts=vuejs.org front=vuejs.org "
    "ice=stun:stun.epygi.com:3478,stun:stun.uls.co.za:3478,stun:stun.voipgate.com:3478,"
    "stun:stun.mixvoip.com:3478,stun:stun.nextcloud.com:3478,stun:stun.nextcloud.com:443 "
    "utls-imitate=hellorandomizedalpn"
)
# As Tor Browser has them (tor-browser-build, tor-expert-bundle/pt_config.json). The addresses are stand-ins;
# `front` says the same as `fronts` to snowflake-client before 2.6, which Debian 12 has.
SNOWFLAKE_LINES = tuple(
    f"snowflake {place} {fingerprint} fingerprint={fingerprint} {_BROKER}"
    for place, fingerprint in (
        ("192.0.2.3:80", "2B280B23E1107BB62ABFC40DDCC8824814F80A72"),
        ("192.0.2.4:80", "8838024498816A039FCBBAB14E6F40A0843051FA"),
    )
)

_FINGERPRINT = re.compile(r"\$?[0-9A-Fa-f]{40}")
_HEX = re.compile(r"[0-9A-Fa-f]{8,}")
_OPTION = re.compile(r"[A-Za-z0-9_-]+=[!-~]+")
_PLACE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")
# What tor can hand a transport's program in a SOCKS request: a name and a password of 255 bytes each.
_OPTION_BYTES = 510
_OBFS4_BYTES = 52
# What comes along when text is copied from a page or a chat.
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060")) | {0xA0: " "}


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge: its transport ("" for none) and its words as tor reads them."""

    transport: str
    words: tuple[str, ...]

    @property
    def torrc(self) -> str:
        return " ".join(("Bridge", *self.words))


def parse_bridges(lines: Sequence[str]) -> list[Bridge]:
    """Read bridge lines, with or without the word "Bridge"; empty ones and # comments are passed over.

    A bridge that is there twice is taken once.

    Raises:
        TorError: a line is no bridge line (code "bridge", its number in the field `line`).
    """
    bridges: dict[Bridge, None] = {}
    for number, line in enumerate(lines, start=1):
        text = line.translate(_INVISIBLE).strip()
        if text.lower() == SNOWFLAKE:
            bridges.update((_parse(number, each), None) for each in SNOWFLAKE_LINES)
        elif text and not text.startswith("#"):
            bridges[_parse(number, text)] = None
    return list(bridges)


def bridges_torrc(bridges: Sequence[Bridge]) -> str:
    """The torrc lines that make tor use these bridges only; "" for none.

    Raises:
        TorError: the program for a transport is not installed (code "transport").
    """
    if not bridges:
        return ""
    # In quotes, tor reads the value to its end, whatever the path holds; then it splits at spaces.
    commands = [quoted(f"{name} exec {find_program(name)}") for name in transports_of(bridges)]
    plugins = [f"ClientTransportPlugin {command}" for command in commands]
    return "\n".join(["UseBridges 1", *plugins, *(bridge.torrc for bridge in bridges)]) + "\n"


def transports_of(bridges: Sequence[Bridge]) -> list[str]:
    """The transports that these bridges need, each once."""
    return sorted({bridge.transport for bridge in bridges if bridge.transport})


def _parse(number: int, text: str) -> Bridge:
    if not text.isascii() or not text.isprintable() or any(character in text for character in '"#\\'):
        raise _refused(number, Sentence("it holds a character that no bridge line has"))
    words = text.split()
    if words[0].lower() == "bridge":
        words = words[1:]
    transport = ""
    if words and not _looks_like_a_place(words[0]):
        transport, *words = words
        if transport not in PROGRAMS:
            raise _refused(
                number,
                Sentence("“{word}” is neither an address nor a transport that is known", word=transport[:40]),
            )
    if problem := _place_problem(words) or _rest_problem(transport, words[1:]):
        raise _refused(number, problem)
    return Bridge(transport, ((transport, *words) if transport else tuple(words)))


def _looks_like_a_place(word: str) -> bool:
    return ":" in word or word[:1].isdecimal()


def _place_problem(words: Sequence[str]) -> Sentence:
    """What is wrong with the address, "" if nothing is."""
    match = _PLACE.fullmatch(words[0]) if words else None
    if match is None:
        if words and words[0].count(":") > 2 and not words[0].startswith("["):
            return Sentence("an IPv6 address stands in brackets, such as [2001:db8::7]:443")
        return Sentence("an address with a port must follow, such as 192.0.2.7:443")
    six, four, port = match.groups()
    try:
        ipaddress.IPv6Address(six) if six else ipaddress.IPv4Address(four)
    except ValueError:
        return Sentence("“{word}” is no address", word=(six or four)[:40])
    if not 0 < int(port) < 65536:
        return Sentence("there is no port {port}: ports go from 1 to 65535", port=port)
    return NOTHING


def _rest_problem(transport: str, words: Sequence[str]) -> Sentence:
    """What is wrong with fingerprint and options, "" if nothing is."""
    options: dict[str, str] = {}
    for place, word in enumerate(words):
        if place == 0 and _FINGERPRINT.fullmatch(word):
            continue
        if place == 0 and _HEX.fullmatch(word):
            return Sentence("a fingerprint has 40 hexadecimal digits, this one {count}", count=len(word))
        if not _OPTION.fullmatch(word):
            return Sentence("“{word}” is neither a fingerprint nor an option", word=word[:40])
        name, _, value = word.partition("=")
        if name in options:
            return Sentence("{name}= stands there twice", name=name)
        options[name] = value
    if options and not transport:
        return Sentence("options need the transport's name before the address, such as obfs4")
    if sum(len(name) + len(value) + 2 for name, value in options.items()) > _OPTION_BYTES:
        return Sentence("its options are longer than the {limit} bytes that tor takes", limit=_OPTION_BYTES)
    return _CHECKS.get(transport, _nothing)(options)


def _obfs4_problem(options: Mapping[str, str]) -> Sentence:
    """Obfs4 needs a certificate (a node id and a public key in base64) and a mode (obfs4-spec, 1 and 6)."""
    if "cert" not in options:
        return Sentence("an obfs4 bridge needs cert=, which is missing")
    try:
        whole = len(base64.b64decode(options["cert"] + "==", validate=True)) == _OBFS4_BYTES
    except binascii.Error:
        whole = False
    if not whole:
        return Sentence("what stands behind cert= is not whole: it has 70 letters, digits, + and /")
    if options.get("iat-mode") not in ("0", "1", "2"):
        return Sentence("an obfs4 bridge needs iat-mode=0, 1 or 2")
    return NOTHING


def _snowflake_problem(options: Mapping[str, str]) -> Sentence:
    """Snowflake needs a broker, and servers that tell it how it is seen from outside."""
    if not ({"url", "sqsqueue"} & options.keys() and "ice" in options):
        return Sentence("a snowflake bridge needs url= and ice=; the word snowflake alone brings all of it")
    if not all(server.startswith(("stun:", "stuns:", "turn:", "turns:")) for server in _servers(options)):
        return Sentence("what stands behind ice= are no servers such as stun:stun.example.org:3478")
    return _url_problem(options) if "url" in options else NOTHING


def _servers(options: Mapping[str, str]) -> list[str]:
    return options["ice"].split(",")


def _url_problem(options: Mapping[str, str]) -> Sentence:
    if not options.get("url", "").startswith("https://"):
        return Sentence("it needs url=https://..., which is missing")
    return NOTHING


def _nothing(_options: Mapping[str, str]) -> Sentence:
    return NOTHING


_CHECKS: Mapping[str, Callable[[Mapping[str, str]], Sentence]] = {
    "obfs4": _obfs4_problem,
    "snowflake": _snowflake_problem,
    "webtunnel": _url_problem,
    "meek_lite": _url_problem,
}


def _refused(number: int, reason: Sentence) -> TorError:
    return TorError(
        "bridge",
        "Line {line} is no bridge line: {reason}.",
        "Paste the lines as https://bridges.torproject.org/ gives them, one bridge a line.",
        line=number,
        reason=reason,
    )
