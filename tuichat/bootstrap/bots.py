"""The socket for bots, where the settings ask for one."""

from __future__ import annotations

import grp

from tuichat.api.bot_server import BotServer
from tuichat.api.scoped import ServedApi
from tuichat.config import ApiConfig
from tuichat.errors import UsageError
from tuichat.i18n import _


def bot_server(api: ServedApi, config: ApiConfig) -> BotServer | None:
    """What is to serve bots; None where nobody asks for it.

    Raises:
        UsageError: the group does not exist.
    """
    if config.bot_socket is None:
        return None
    try:
        group = grp.getgrnam(config.bot_group).gr_gid if config.bot_group else None
    except KeyError:
        raise UsageError(
            _("There is no group {name}.").format(name=config.bot_group),
            _("Correct the setting api.bot_group, or make the group: addgroup --system NAME"),
        ) from None
    return BotServer(api, config.bot_socket, group)
