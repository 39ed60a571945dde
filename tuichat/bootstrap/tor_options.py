"""What the settings of a profile mean for a tor of our own."""

from __future__ import annotations

from pathlib import Path

from onion.child import ChildOptions
from tuichat.config import TorConfig
from tuichat.store.profile_paths import ProfilePaths


def child_options(paths: ProfilePaths, config: TorConfig, *, create: bool = False) -> ChildOptions:
    """How the profile's tor is run; with `create` the directory of its sockets exists afterwards.

    Raises:
        StorageError: that directory cannot be used.
    """
    return ChildOptions(
        data_directory=paths.tor,
        run_directory=paths.run_directory(create=create),
        binary=Path(config.binary) if config.binary else None,
        extra_torrc=config.extra_torrc,
        bridges=config.bridges,
    )
