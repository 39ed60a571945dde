"""What two people scan to be sure of each other: the whole hashes behind the safety number (K4).

    tuichat-verify1: base32, lower case, without padding, of 129 bytes:
    offset  size  field
         0     1  version of the protocol, 1
         1    64  BLAKE2b-512("tuichat/1 safety" | version 1 | onion | SIG) of the lower onion key
        65    64  the same of the higher onion key

Both people's codes are the same text, so that whoever scans the other's compares every bit of both hashes.
Upper case is read too: a QR code of capitals is smaller.
"""

from __future__ import annotations

import base64
from typing import Final

from tuichat.crypto.identity import safety_hashes
from tuichat.protocol.knock import PROTOCOL_VERSION

PREFIX: Final = "tuichat-verify1:"

Keys = tuple[bytes, bytes]
"""One person's onion and SIG, 32 bytes each."""


def safety_code(one: Keys, other: Keys) -> str:
    """The code of two people; the same whoever is `one`."""
    data = bytes([PROTOCOL_VERSION]) + b"".join(safety_hashes(PROTOCOL_VERSION, one, other))
    return PREFIX + base64.b32encode(data).decode("ascii").lower().rstrip("=")


def looks_like_safety_code(text: str) -> bool:
    """Whether a person meant a code and not the digits, however cut or mistyped."""
    return text.strip().lower().startswith(PREFIX.rstrip("1:"))


def same_safety_code(text: str, code: str) -> bool:
    """Whether a scanned or pasted text is this code; spaces, line breaks and upper case do no harm."""
    return "".join(text.split()).lower() == code
