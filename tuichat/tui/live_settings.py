"""The settings of the interface that take effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tuichat.errors import TuichatError
from tuichat.settings import SETTINGS
from tuichat.tui.choices import Choice
from tuichat.tui.guard import Guard
from tuichat.tui.notifications import WAYS, Notifications
from tuichat.tui.pressed import Pressed
from tuichat.tui.session import Session
from tuichat.tui.words import error_text

if TYPE_CHECKING:
    from textual.app import App

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


def node_told(app: App[int], session: Session, failed: Callable[[str], None]) -> Callable[[], None]:
    """Has the node that runs go by a file of settings that was changed, or says why it does not."""

    async def tell() -> None:
        try:
            await session.have_settings_read()
        except TuichatError as error:
            failed(error_text(error))

    def start() -> None:
        app.run_worker(tell, group="settings")  # type: ignore[arg-type]  # as in guard.py

    return start


def _panic_keys() -> list[str]:
    choices = SETTINGS["ui.panic_key"].choices
    return list(choices()) if choices is not None else []
