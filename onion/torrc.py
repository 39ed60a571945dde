"""Writing torrc values so that no value can become another line."""

from __future__ import annotations

from pathlib import Path

from onion.errors import TorError

SOCKET_PATH_BYTES = 107


def quoted(value: str) -> str:
    """A value in tor's double quotes, for paths with spaces or `#`.

    Raises:
        TorError: it holds a control character, or bytes that are not UTF-8 (code "path_characters").
    """
    if any(ord(character) < 0x20 or ord(character) == 0x7F or _is_alone(character) for character in value):
        raise TorError(
            "path_characters",
            "A path for tor holds a line break, another control character, or what is not UTF-8.",
            "Choose a directory with a plain name.",
        )
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def socket_path(path: str) -> str:
    """`unix:` and the quoted path of a UNIX socket.

    Raises:
        TorError: the path is longer than the 107 bytes that the kernel takes, or holds control characters.
    """
    written = quoted(path)
    length = len(path.encode())
    if length > SOCKET_PATH_BYTES:
        raise TorError(
            "path_too_long",
            "The path of a socket has {length} bytes; the system takes {limit}.",
            "Choose a shorter directory.",
            length=length,
            limit=SOCKET_PATH_BYTES,
        )
    return f"unix:{written}"


def service_target(target: Path) -> str:
    """The `unix:` target of an onion service, as the control port takes it: without quotes.

    Raises:
        TorError: the path is too long, not absolute, or holds what would end the word.
    """
    path = str(target)
    socket_path(path)
    if any(character in path for character in ' "\\,') or not target.is_absolute():
        raise TorError(
            "path_characters",
            "Tor cannot use the socket's path: it holds a space, a comma, a quote or a backslash.",
            "Choose a directory with a plain name.",
        )
    return f"unix:{path}"


def _is_alone(character: str) -> bool:
    """Whether it is a surrogate, in whose guise a byte that is not UTF-8 comes with a path."""
    return 0xD800 <= ord(character) <= 0xDFFF
