"""The one place that names concrete parts and puts them together; it starts nodes and finds them.

What is exported here is loaded when it is first asked for: a command that only talks to a running node must
not load an engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuichat.bootstrap.attaching import NoNodeError, attach, reattach
    from tuichat.bootstrap.backup import check_restorable, restore_profile
    from tuichat.bootstrap.bridges import look_at_bridges
    from tuichat.bootstrap.health import make_http_token
    from tuichat.bootstrap.locking import change_passphrase, complete_wipe, set_duress, wipe_profile
    from tuichat.bootstrap.profiles import (
        check_no_profile,
        create_profile,
        has_passphrase,
        make_key_file,
        profile_paths,
        sealed_identity,
        socket_path,
        uses_key_file,
    )
    from tuichat.bootstrap.running import run_node
    from tuichat.bootstrap.saving import save_copy
    from tuichat.bootstrap.tor_options import child_options
    from tuichat.store.profile_paths import ProfilePaths, nothing_is_left, profile_exists

__all__ = [
    "NoNodeError",
    "ProfilePaths",
    "attach",
    "change_passphrase",
    "check_no_profile",
    "check_restorable",
    "child_options",
    "complete_wipe",
    "create_profile",
    "has_passphrase",
    "look_at_bridges",
    "make_http_token",
    "make_key_file",
    "nothing_is_left",
    "profile_exists",
    "profile_paths",
    "reattach",
    "restore_profile",
    "run_node",
    "save_copy",
    "sealed_identity",
    "set_duress",
    "socket_path",
    "uses_key_file",
    "wipe_profile",
]

_HOMES = {
    "NoNodeError": "tuichat.bootstrap.attaching",
    "ProfilePaths": "tuichat.store.profile_paths",
    "attach": "tuichat.bootstrap.attaching",
    "change_passphrase": "tuichat.bootstrap.locking",
    "check_no_profile": "tuichat.bootstrap.profiles",
    "check_restorable": "tuichat.bootstrap.backup",
    "child_options": "tuichat.bootstrap.tor_options",
    "complete_wipe": "tuichat.bootstrap.locking",
    "create_profile": "tuichat.bootstrap.profiles",
    "has_passphrase": "tuichat.bootstrap.profiles",
    "look_at_bridges": "tuichat.bootstrap.bridges",
    "make_http_token": "tuichat.bootstrap.health",
    "make_key_file": "tuichat.bootstrap.profiles",
    "nothing_is_left": "tuichat.store.profile_paths",
    "profile_exists": "tuichat.store.profile_paths",
    "profile_paths": "tuichat.bootstrap.profiles",
    "reattach": "tuichat.bootstrap.attaching",
    "restore_profile": "tuichat.bootstrap.backup",
    "run_node": "tuichat.bootstrap.running",
    "save_copy": "tuichat.bootstrap.saving",
    "sealed_identity": "tuichat.bootstrap.profiles",
    "set_duress": "tuichat.bootstrap.locking",
    "socket_path": "tuichat.bootstrap.profiles",
    "uses_key_file": "tuichat.bootstrap.profiles",
    "wipe_profile": "tuichat.bootstrap.locking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
