"""Whose process is at the other end of a UNIX socket, as the kernel tells it, and who may talk with whom."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from pathlib import Path

from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _

_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


def peer_uid(connection: socket.socket) -> int:
    """The user id at the other end; of who listens, as it was when it began to."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])


def refusal_for(peer: int, owner: int) -> TuichatError | None:
    """Why a process of user `peer` may not use the node of user `owner`; None if it may."""
    if peer == owner:
        return None
    return UnreachableError(_("This node belongs to another user."), _hint(peer, owner))


def check_listener(connection: socket.socket, path: Path) -> None:
    """Refuse whoever else listens in our node's place: the first thing that it hears may be a passphrase.

    Raises:
        UnreachableError: what listens at `path` is not ours.
    """
    own, listener = os.getuid(), peer_uid(connection)
    if own != listener:
        raise UnreachableError(
            _("What listens at {path} belongs to another user. Nothing was said to it.").format(path=path),
            _hint(own, listener),
        )


def _hint(peer: int, owner: int) -> str:
    return _("Become that user: sudo -u {user} tuichat").format(user=_user_name(owner)) if peer == 0 else ""


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
