"""Colour profiles (ICC.1): what colours are computed from, without whose screen it is and since when.

    header  128 bytes: size u32 at 0, version at 8, class at 12, date of 12 bytes at 24, "acsp" at 36,
            manufacturer at 48, model at 52, creator at 80, id of 16 bytes at 84
    table   count u32 at 128, then for each tag: signature, offset u32, size u32

A profile of a screen names its maker, its model, on some systems its serial number, and the second of its
calibration. Those fields are emptied, and of the tags only those that a colour is computed from are kept.
Without any profile colours would look different; with curves that were measured for one screen it can still
be told that two pictures come from it.
"""

from __future__ import annotations

from typing import Final

MAX_PROFILE: Final = 16 * 1024 * 1024
"""The longest profile that is kept, in bytes."""

_HEADER, _ENTRY = 128, 12
_MAX_TAGS = 100
_NO_DATE = b"\x07\xd0\0\x01\0\x01\0\0\0\0\0\0"  # a date there must be: the first of January 2000

_TABLES = tuple(way + str(intent) for way in ("A2B", "B2A", "D2B", "B2D") for intent in range(4))
_CURVES = ("rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "kTRC")
_WHITE = ("wtpt", "bkpt", "chad", "cicp", "lumi", "meas", "view", "gamt")
_INKS = ("clrt", "clot", "clro", "pre0", "pre1", "pre2")
_COLOUR_TAGS: Final = frozenset(tag.encode() for tag in _TABLES + _CURVES + _WHITE + _INKS)
# A profile must have these two; they hold words.
_WORDS: Final = frozenset({b"desc", b"cprt"})
_OLD_WORDS = {
    b"desc": b"desc\0\0\0\0\0\0\0\x04icc\0" + bytes(4 + 4 + 2 + 1 + 67),
    b"cprt": b"text\0\0\0\0-\0",
}
_NEW_WORDS = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x06\0\0\0\x1c\0i\0c\0c"


def clean_profile(profile: bytes) -> bytes:
    """The profile without what does not make colours; b"" for what is none. Idempotent."""
    tags = _tags(profile)
    if tags is None:
        return b""
    kept = {signature: content for signature, content in tags if signature in _COLOUR_TAGS}
    new = profile[8] >= 4
    kept |= {word: _NEW_WORDS if new else _OLD_WORDS[word] for word in sorted(_WORDS)}
    return _written(profile[:_HEADER], kept)


def _tags(profile: bytes) -> list[tuple[bytes, bytes]] | None:
    """Signature and content of each tag; None if it is no profile."""
    if not _HEADER + 4 <= len(profile) <= MAX_PROFILE or profile[36:40] != b"acsp":
        return None
    count = int.from_bytes(profile[_HEADER : _HEADER + 4], "big")
    if count > _MAX_TAGS:
        return None
    entries = [profile[at : at + _ENTRY] for at in range(_HEADER + 4, _HEADER + 4 + count * _ENTRY, _ENTRY)]
    found = [(entry[:4], _content(profile, entry)) for entry in entries]
    if any(content is None for _, content in found):
        return None
    tags = [(signature, content) for signature, content in found if content is not None]
    # Tags may share what they point at, as the curves of three colours do; not more than that is believed.
    return tags if sum(len(content) for _, content in tags) <= 4 * len(profile) else None


def _content(profile: bytes, entry: bytes) -> bytes | None:
    start, size = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
    inside = len(entry) == _ENTRY and start >= _HEADER and start + size <= len(profile)
    return profile[start : start + size] if inside else None


def _written(header: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of these tags; equal contents (the curves of three colours, mostly) lie there once."""
    start = _HEADER + 4 + len(tags) * _ENTRY
    table, body, places = bytearray(), bytearray(), dict[bytes, int]()
    for signature, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += signature + places[content].to_bytes(4, "big") + len(content).to_bytes(4, "big")
    whole = len(tags).to_bytes(4, "big") + table + body
    return _anonymous(header, _HEADER + len(whole)) + whole


def _anonymous(header: bytes, size: int) -> bytes:
    return b"".join(
        (
            size.to_bytes(4, "big"),
            bytes(4),  # the preferred program
            header[8:24],
            _NO_DATE,
            header[36:44],
            header[44:48],  # flags
            bytes(8),  # maker and model
            header[56:80],
            bytes(4 + 16),  # creator, id
            bytes(_HEADER - 100),
        )
    )
