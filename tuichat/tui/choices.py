"""The settings as one changes them while the interface runs: checked, used at once if possible, kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tuichat.config import Config, value_of
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.settings import SETTINGS, Value, find_setting, value_from_text
from tuichat.tui.setting_words import FILE_ONLY, effect_words, explained
from tuichat.tui.standing import Standing, Standings

BRIDGES: Final = "tor.bridges"
"""They have a screen of their own, which has tor use them."""


class Choice(msgspec.Struct, frozen=True):
    """A setting that takes effect at once.

    Attributes:
        names: of what can be chosen.
        choose: takes one of the names; raises UsageError for any other.
        standard: what holds where nothing is set.
    """

    names: Callable[[], list[str]]
    choose: Callable[[str], None]
    standard: str


class Keeping(msgspec.Struct, frozen=True):
    """How settings are kept; each is None where nothing is.

    Attributes:
        save: keeps a setting, by its whole name, as it is written.
        reset: keeps it no longer.
        standings: how all of them stand. Raises TuichatError.
    """

    save: Callable[[str, str], None] | None = None
    reset: Callable[[str], None] | None = None
    standings: Callable[[], Standings] | None = None


class Choices:
    """All settings.

    Args:
        live: those that take effect at once, by their whole names.
        keeping: how they are kept.
        kept: another one was kept: the node may have to be told.
    """

    def __init__(self, live: Mapping[str, Choice], keeping: Keeping, kept: Callable[[], None]) -> None:
        self._live = live
        self._keeping = keeping
        self._kept = kept
        self._chosen: dict[str, Standing] = {}

    def standings(self) -> Standings:
        """How all of them stand. Raises TuichatError."""
        if self._keeping.standings is not None:
            return self._keeping.standings()
        standard = Config()
        settled = {name: Standing(value_of(standard, name)) for name in SETTINGS}
        return Standings({**settled, **self._chosen})

    def names(self, setting: str) -> list[str]:
        """What `setting` can be; nothing if that is no matter of a choice."""
        if setting in self._live:
            return self._live[setting].names()
        choices = SETTINGS[setting].choices
        return list(choices()) if choices is not None else []

    def completions(self) -> dict[str, tuple[str, ...]]:
        """What may stand behind /set and a setting's name there, behind /theme, /timer and the like."""
        settable = [name for name in SETTINGS if name not in FILE_ONLY and name != BRIDGES]
        short = {name: name.removeprefix("ui.") for name in settable}
        values = {name: tuple(self.names(name)) for name in settable}
        return {
            "theme": values["ui.theme"],
            "memory": ("on", "off"),
            "timer": ("off",),
            "retention": ("off", "default"),
            "set": tuple(short.values()),
            **{f"set {short[name]}": found for name, found in values.items()},
            **{f"set {name}": found for name, found in values.items()},
        }

    def check(self, setting: str, text: str) -> None:
        """Raise UsageError if `setting` cannot be what a person wrote."""
        value_from_text(find_setting(setting), text)

    def choose(self, name: str, text: str) -> str:
        """Set one to what a person wrote, by its whole name or, of the interface's, without "ui.".

        Returns:
            What is so now, and from when on.

        Raises:
            UsageError: there is no such setting, or it cannot be that, or not from here; says what can.
            StorageError: it cannot be kept.
        """
        setting = self._changeable(name)
        value = value_from_text(SETTINGS[setting], text)
        live = self._live.get(setting)
        if live is not None:
            live.choose(text)
        if self._keeping.save is not None:
            self._keeping.save(setting, text)
        self._chosen[setting] = Standing(value, "session")
        if live is None:
            self._kept()
        return self._told(setting, shown_value(setting, value))

    def reset(self, name: str) -> str:
        """Have one be what it is by itself. Returns and raises as `choose`."""
        setting = self._changeable(name)
        live = self._live.get(setting)
        if live is not None:
            live.choose(live.standard)
        if self._keeping.reset is not None:
            self._keeping.reset(setting)
        self._chosen.pop(setting, None)
        if live is None:
            self._kept()
        return self._told(setting, shown_value(setting, value_of(Config(), setting)))

    def _changeable(self, name: str) -> str:
        setting = find_setting(name if "." in name else f"ui.{name}").name
        if setting == BRIDGES:
            raise UsageError(_("Bridges have a screen of their own."), _("Open it: /bridges"))
        if setting in FILE_ONLY:
            hint = _("Write it there; /settings says where that is.")
            raise UsageError(_("{name} is changed in the file alone.").format(name=setting), hint)
        if setting not in self._live and self._keeping.save is None:
            raise UsageError(
                _("Nothing is kept here, and {name} takes effect at a start only.").format(name=setting),
                _("What can be set here: {names}.").format(names=", ".join(self._live)),
            )
        return setting

    def _told(self, setting: str, value: str) -> str:
        said = {
            "ui.theme": _("Theme: {value}"),
            "ui.keys": _("Keys: {value}. F1 shows them."),
            "ui.notify": _("Told of what comes: {value}"),
        }
        text = said.get(setting, f"{setting}: {{value}}").format(value=value)
        if setting not in self._live:
            effect = explained()[setting].effect
            here = effect == "now" and setting.startswith("ui.")
            text = f"{text}. {effect_words('interface' if here else effect)}"
        if self._wins(setting):
            wins = _("At the next start {variable} in the environment wins.")
            text = f"{text.rstrip('.')}. {wins.format(variable=SETTINGS[setting].variable)}"
        return text

    def _wins(self, setting: str) -> bool:
        """Whether the environment says something else at the next start."""
        if self._keeping.standings is None:
            return False
        return self._keeping.standings().settings[setting].source == "environment"


def shown_value(setting: str, value: Value) -> str:
    """A value as people read it; what holds by itself where nothing is set."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return explained()[setting].unset or text if text in ("", "0") else text
