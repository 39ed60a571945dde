"""What a file and its folders are called: labels, which people read, and names that are safe on a disk.

A label is what the offer carries: the last part of a path, sanitised as every string is (sanitize.py), at
most 255 characters with its extension kept. A place is at most sixteen such labels of folders joined by "/",
none of them empty or made of dots. Both say nothing about a path here; sanitising either again changes
nothing.

Only when a person chose a directory does a label become a name in it, under these rules:

    out     control, format and direction characters; dots, dashes and spaces in front; dots and spaces behind
    turned  what separates folders, looks like it (U+2215, U+FF0F, U+29F8 ...) or means something to a file
            system of another kind (: * ? " < > |) into "_"; dots of other widths (U+FF0E ...) into "."
    marked  names that are devices elsewhere (CON, NUL, COM1 ..., also with an extension) by "_" in front
    bounded to 200 bytes of UTF-8, which leaves room for what a writer puts behind; the extension is kept
    never   empty: "file"

Two labels may come to one name; whoever puts the file there takes the next `numbered` one then.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from tuichat.protocol.bodies import MAX_FILE_NAME
from tuichat.protocol.sanitize import sanitize_name

MAX_FOLDER_LABEL: Final = 63
"""The longest label of a folder, in characters: sixteen of them, joined, are fewer than 1,024."""

MAX_DEPTH: Final = 16
"""The most folders in a place; those further down are left out."""

MAX_DISK_NAME: Final = 200
"""The longest name on a disk, in bytes of UTF-8."""

_NAMELESS = "file"

_SEPARATORS = re.compile(r"[/\\]+")
_DOTS_ONLY = re.compile(r"[. ]*")
_EXTENSION = re.compile(r"(?<=.)(?:\.tar)?\.[^. ]{1,15}$")
_TO_NAME = str.maketrans(
    {
        **dict.fromkeys("/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c", "_"),
        **dict.fromkeys(':*?"<>|', "_"),
        **dict.fromkeys("\u2024\ufe52\uff0e", "."),
        "\u2025": "..",
    }
)
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)",
    re.IGNORECASE,
)


def label(name: str) -> str:
    """The label of a file from its name or its path, ours or a peer's; never empty. Idempotent."""
    base = _SEPARATORS.split(name.rstrip("/\\"))[-1]
    clean = sanitize_name(base, _unbounded(base))
    if len(clean) > MAX_FILE_NAME:
        stem, extension = _split(clean)
        clean = sanitize_name(stem[: MAX_FILE_NAME - len(extension)] + extension, MAX_FILE_NAME)
    return _NAMELESS if _DOTS_ONLY.fullmatch(clean) else clean


def place(parts: Iterable[str]) -> str:
    """Folders, the outermost first, as a place; "" for none. Idempotent over `place(x).split("/")`."""
    pieces = (piece for part in parts for piece in _SEPARATORS.split(part))
    labels = (sanitize_name(piece, MAX_FOLDER_LABEL) for piece in pieces)
    return "/".join([each for each in labels if not _DOTS_ONLY.fullmatch(each)][:MAX_DEPTH])


def is_kept(parts: Sequence[str]) -> bool:
    """Whether a place says all of these folders, whose names may only be composed in another way."""
    return place(parts) == unicodedata.normalize("NFC", "/".join(parts))


def disk_name(label: str) -> str:
    """A name for a file in a directory that the person chose. Idempotent."""
    return _disk_form(label) or _NAMELESS


def disk_place(place: str) -> tuple[str, ...]:
    """Names for the folders of a place, below a directory that the person chose."""
    forms = (_disk_form(part) for part in place.split("/"))
    return tuple(form for form in forms if form)[:MAX_DEPTH]


def numbered(name: str, number: int) -> str:
    """What to call the next file of one name on a disk: "name (2).ext" for `number` 2, at most 200 bytes."""
    stem, extension = _split(name)
    return _cut(stem, f" ({number}){extension}")


def _unbounded(name: str) -> int:
    """A limit that no sanitised form of `name` reaches: NFC makes at most three of one character."""
    return 4 * len(name) + 1


def _split(name: str) -> tuple[str, str]:
    """Stem and extension, the latter with its dot, or "" if there is none."""
    match = _EXTENSION.search(name)
    return (name[: match.start()], match[0]) if match else (name, "")


def _disk_form(text: str) -> str:
    before = None
    while text != before:
        before, text = text, _disk_pass(text)
    return text


def _disk_pass(text: str) -> str:
    text = sanitize_name(text, _unbounded(text)).translate(_TO_NAME)
    text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = text.lstrip(" .-").rstrip(" .")
    if _DEVICE.match(text):
        text = "_" + text
    return text if len(text.encode()) <= MAX_DISK_NAME else _cut(*_split(text))


def _cut(stem: str, rest: str) -> str:
    """`stem` as far as it fits before `rest`."""
    room = MAX_DISK_NAME - len(rest.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" ") + rest
