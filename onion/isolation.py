"""One SOCKS credential per purpose, and so one circuit per purpose.

Tor never lets streams with different SOCKS usernames share a circuit (`IsolateSOCKSAuth`, on by default). A
*token* is such a username. It says nothing about whom it stands for, since tor shows it on its control port.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

# Tor wants one and compares it too; all the difference is in the username.
PASSWORD = "x"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Isolation:
    """Makes tokens: the same purpose gives the same token within one process, and no one can tell which.

    Args:
        secret: keys the tokens; random by default.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def token(self, *purpose: str) -> str:
        """The token of a purpose, such as ("link", address)."""
        digest = hashlib.blake2b(key=self._secret, digest_size=20)
        for part in purpose:
            data = part.encode()
            digest.update(len(data).to_bytes(4, "big") + data)
        return base64.b32encode(digest.digest()).decode("ascii").lower()


def fresh_token() -> str:
    """A token that was never used: a circuit of its own."""
    return secrets.token_hex(16)


def check_token(token: str) -> str:
    """Returns the token; raises ValueError if it could be taken for syntax on the control port."""
    if _TOKEN.fullmatch(token) is None:
        raise ValueError("a token has 1 to 128 letters, digits, hyphens and underscores")
    return token
