"""The settings of the interface that take effect at once."""

from __future__ import annotations

from typing import Final

from tuichat.settings import SETTINGS
from tuichat.tui.choices import Choice
from tuichat.tui.guard import Guard
from tuichat.tui.notifications import WAYS, Notifications
from tuichat.tui.pressed import Pressed

_FLAGS: Final = ("false", "true")


def live_settings(
    theme: Choice, pressed: Pressed, notifications: Notifications, guard: Guard
) -> dict[str, Choice]:
    """By their whole names."""
    return {
        "ui.theme": theme,
        "ui.keys": Choice(pressed.names, pressed.choose, "default"),
        "ui.notify": Choice(lambda: list(WAYS), notifications.choose, "bell"),
        "ui.notify_content": Choice(lambda: list(_FLAGS), notifications.show_content, "false"),
        "ui.panic_key": Choice(_panic_keys, guard.use_panic_key, ""),
    }


def _panic_keys() -> list[str]:
    choices = SETTINGS["ui.panic_key"].choices
    return list(choices()) if choices is not None else []
