"""The table of all settings: their names, what each may be, and what is said about a value it cannot be."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from tuichat.durations import parse_duration
from tuichat.errors import UsageError
from tuichat.i18n import _, translated
from tuichat.sizes import parse_size
from tuichat.toml_words import toml_reason

ENVIRONMENT_PREFIX = "TUICHAT_"

MOST_CIRCUITS = 16
"""The most circuits that one file may come over: beyond them it gets no faster, and tor has more to do."""

MOST_SOCKET_BYTES = 100
"""The longest path of a UNIX socket: the kernel takes little more."""

HOOKS = "hooks"
"""The section that has no keys of its own, but tables: see `tuichat.hook_settings`."""

_PACKAGE = Path(__file__).parent

Value = str | int | tuple[str, ...]
"""Of a switch it is a bool, which is an int."""

Form = Literal["text", "list", "count", "size", "time", "switch"]


class Setting(msgspec.Struct, frozen=True):
    """One key.

    Attributes:
        form: a text; a list of texts; a whole number; an amount of data or time, kept as it was written; or a
            switch. Numbers, amounts of data and switches may stand in the file with or without quotes.
        choices: lists the only valid values.
        check: returns a sentence about a bad value, or "".
        is_path: a relative one is meant from where it is written.
    """

    name: str
    form: Form = "text"
    choices: Callable[[], tuple[str, ...]] | None = None
    check: Callable[[str], str] | None = None
    is_path: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        section, key = self.name.split(".")
        return f"{ENVIRONMENT_PREFIX}{section.upper()}__{key.upper()}"


def themes(own: Path | None = None) -> tuple[str, ...]:
    """The names of the themes that came with tuichat, from the package or a checkout, and of those in `own`.

    A file there that is no theme is left out: the interface names its mistake.
    """
    places = (_PACKAGE / "data" / "themes", _PACKAGE.parent / "themes")
    return _names_in(next((place for place in places if place.is_dir()), places[0]), own)


def keymaps(own: Path | None = None) -> tuple[str, ...]:
    """As `themes`, of keymaps."""
    return _names_in(_PACKAGE / "tui" / "keymaps", own)


def _names_in(shipped: Path, own: Path | None) -> tuple[str, ...]:
    names = {file.stem for file in shipped.glob("*.toml")}
    for file in sorted(own.glob("*.toml")) if own is not None else ():
        names |= _name_inside(file)
    return tuple(sorted(names))


def _name_inside(file: Path) -> set[str]:
    import tomllib  # few people have a theme or keymap of their own

    try:
        name = tomllib.loads(file.read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError, RecursionError):
        return set()
    return {name} if isinstance(name, str) else set()


def languages() -> tuple[str, ...]:
    """The languages there are catalogues for, and English."""
    catalogues = (Path(__file__).parent / "data" / "locale").glob("*/LC_MESSAGES/tuichat.mo")
    return ("en", *sorted(file.parent.parent.name for file in catalogues))


def _one_line(value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        return _("it must be one line without control characters")
    return "" if _is_unicode(value) else _("it is not valid UTF-8")


def _is_unicode(value: str) -> bool:
    """Whether no other bytes are in it, which come in the guise of surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _path(value: str) -> str:
    if problem := _one_line(value):
        return problem
    try:
        Path(value).expanduser()
    except RuntimeError:
        return _("there is no such user")
    return ""


def _bridge(value: str) -> str:
    """As `_one_line`, for what is to be a bridge line, an empty one or a comment."""
    from onion.bridges import parse_bridges  # few profiles have any
    from onion.errors import TorError

    if problem := _one_line(value):
        return problem
    try:
        parse_bridges([value])
    except TorError as error:
        return _("it is no bridge line: {reason}").format(reason=translated(error.fields["reason"]))
    return ""


def _endpoint(value: str) -> str:
    if problem := _one_line(value):
        return problem
    if not value or value.startswith("/"):
        return ""
    match = re.fullmatch(r"(?:[0-9.]+|localhost|\[[0-9a-fA-F:]+\]):([0-9]{1,5})", value)
    if match and 0 < int(match[1]) < 65536:
        return ""
    return _("it must be the absolute path of a UNIX socket, or HOST:PORT with a numeric host")


def _listening_place(value: str) -> str:
    if problem := _one_line(value):
        return problem
    if not value or (value.startswith("/") and len(value.encode()) <= MOST_SOCKET_BYTES):
        return ""
    match = re.fullmatch(r"(?P<v4>127(?:\.[0-9]{1,3}){3}|\[::1\]):(?P<port>[0-9]{1,5})", value)
    small = match is None or match["v4"] == "[::1]" or all(int(n) < 256 for n in match["v4"].split("."))
    if match is not None and small and 0 < int(match["port"]) < 65536:
        return ""
    return _(
        "it must be the absolute path of a UNIX socket, 127.0.0.1:PORT or [::1]:PORT: "
        "other machines must not ask"
    )


def _flags() -> tuple[str, ...]:
    return ("false", "true")


def _circuits(value: str) -> str:
    if re.fullmatch(r"[0-9]{1,3}", value, re.ASCII) and 1 <= int(value) <= MOST_CIRCUITS:
        return ""
    return _("it must be a whole number from 1 to {most}").format(most=MOST_CIRCUITS)


def _size(value: str) -> str:
    if value.strip() and parse_size(value) is None:
        return _("it must be a number of bytes, or a size such as 500kB, 10MiB or 20GiB")
    return ""


def _some_size(value: str) -> str:
    return "" if parse_size(value) else _size(value) or _("it must be more than nothing, such as 20GiB")


def _panic_keys() -> tuple[str, ...]:
    return ("", *(f"f{number}" for number in range(2, 13)))


def _auto_lock(value: str) -> str:
    if value in ("", "off") or parse_duration(value):
        return ""
    return _('it must be a time such as 10m or 1h, or "off"')


def _retention(value: str) -> str:
    if value in ("", "off") or parse_duration(value):
        return ""
    return _('it must be a time such as 90d or 52w, or "off"')


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("tor.mode", choices=lambda: ("child", "system")),
        Setting("tor.binary", check=_path),
        Setting("tor.control", check=_endpoint),
        Setting("tor.socks", check=_endpoint),
        Setting("tor.extra_torrc", check=_path, is_path=True),
        Setting("tor.bridges", "list", check=_bridge),
        Setting("privacy.visibility", choices=lambda: ("public", "contacts")),
        Setting("privacy.receipts", "switch", choices=_flags),
        Setting("privacy.typing", "switch", choices=_flags),
        Setting("privacy.presence", "switch", choices=_flags),
        Setting("privacy.auto_lock", "time", check=_auto_lock),
        Setting("privacy.retention", "time", check=_retention),
        Setting("store.key_file", check=_path, is_path=True),
        Setting("files.directory", check=_path, is_path=True),
        Setting("files.circuits", "count", check=_circuits),
        Setting("files.auto_accept_below", "size", check=_size),
        Setting("files.quota", "size", check=_some_size),
        Setting("api.bot_socket", check=_path, is_path=True),
        Setting("api.bot_group", check=_one_line),
        Setting("ui.theme", check=_one_line),
        Setting("ui.keys", check=_one_line),
        Setting("ui.language", choices=languages),
        Setting("ui.panic_key", choices=_panic_keys),
        Setting("ui.time_format", choices=lambda: ("24h", "12h")),
        Setting("ui.notify", choices=lambda: ("off", "bell", "osc9", "osc777", "desktop")),
        Setting("ui.notify_content", "switch", choices=_flags),
        Setting("ui.images", "switch", choices=lambda: ("false", "true")),
        Setting("http.listen", check=_listening_place),
        Setting("http.token_file", check=_path, is_path=True),
        Setting("log.level", choices=lambda: ("error", "warning", "info", "debug")),
        Setting("log.format", choices=lambda: ("text", "json")),
    )
}


def find_setting(name: str, where: str = "") -> Setting:
    """The setting called `name`, such as "tor.mode". Raises UsageError with the valid ones."""
    setting = SETTINGS.get(name)
    if setting is not None:
        return setting
    prefix = _at(where)
    section = name.partition(".")[0]
    if section == HOOKS:
        raise UsageError(
            prefix + _("hooks are not set one by one."),
            _("Write [[hooks]] into the file; the manual says how."),
        )
    siblings = [known for known in SETTINGS if known.startswith(f"{section}.")] or list(SETTINGS)
    raise UsageError(
        prefix + _("there is no setting {name}.").format(name=name),
        _("Valid are: {choices}.").format(choices=", ".join(siblings)),
    )


def setting_named_by(variable: str) -> str | None:
    """The name of a setting that an environment variable speaks of, there is one or not; None: of none."""
    if not variable.startswith(ENVIRONMENT_PREFIX) or "__" not in variable:
        return None
    section, _separator, key = variable.removeprefix(ENVIRONMENT_PREFIX).partition("__")
    return f"{section.lower()}.{key.lower()}"


def paths_from_here(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with a relative path of a setting, as they lead to the same place from anywhere.

    Raises:
        UsageError: as `whole_path` does.
    """
    found = {}
    for variable, text in environment.items():
        setting = SETTINGS.get(setting_named_by(variable) or "")
        if setting is not None and setting.is_path and text and not text.startswith("~"):
            found[variable] = str(whole_path(Path(text), None))
    return found


def whole_path(path: Path, base: Path | None) -> Path:
    """A path from `base` on, or from the current directory.

    Raises:
        UsageError: that is gone; or what leads there is not UTF-8, so that no JSON object can name it.
    """
    try:
        found = path.absolute() if base is None else base / path
    except FileNotFoundError:
        raise UsageError(
            _("The current directory is gone, so {path} leads nowhere.").format(path=path)
        ) from None
    if not _is_unicode(str(found)):
        shown = os.fsencode(found).decode("utf-8", "replace")
        raise UsageError(
            _("The path {path} is not UTF-8.").format(path=shown),
            _("Rename what is on the way to it, or go by another one."),
        )
    return found


def value_from_text(setting: Setting, text: str, where: str = "") -> Value:
    """What a person wrote for `setting`, checked; for a list it is a TOML array, or one item a line."""
    if setting.form != "list":
        return checked(setting, text, where)
    if text.lstrip().startswith("["):
        import tomllib

        try:
            parsed = tomllib.loads(f"value = {text}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            why = toml_reason(error)
            raise UsageError(_("{name}: not a list: {why}.").format(name=setting.name, why=why)) from error
        return checked(setting, parsed, where)
    lines = checked(setting, tuple(line.strip() for line in text.splitlines()), where)
    assert isinstance(lines, tuple)
    return tuple(line for line in lines if line)


def checked(setting: Setting, value: Any, where: str) -> Value:
    """`value`, if `setting` can have it; a number that stands in quotes becomes one.

    Raises:
        UsageError: it cannot; says why, and `where` it stands if that is not "".
    """
    if setting.form == "list":
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise UsageError(_at(where) + _("{name} must be a list of strings.").format(name=setting.name))
        return tuple(
            _checked_text(setting, item, _nth(where, i, len(value))) for i, item in enumerate(value, 1)
        )
    if setting.form in ("count", "size") and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if setting.form == "switch" and isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str):
        wrong = _("{name} must be true or false.") if setting.form == "switch" else _needs_quotes()
        raise UsageError(_at(where) + wrong.format(name=setting.name), _choices_hint(setting))
    text = _checked_text(setting, value, where)
    if setting.form == "switch":
        return text == "true"
    return int(text) if setting.form == "count" else text


def _needs_quotes() -> str:
    return _("{name} must be a string, in quotes.")


def _checked_text(setting: Setting, value: str, where: str) -> str:
    choices = setting.choices() if setting.choices is not None else ()
    if choices and value not in choices:
        message = _("{name} cannot be {value!r}.").format(name=setting.name, value=value)
        raise UsageError(_at(where) + message, _choices_hint(setting))
    problem = setting.check(value) if setting.check is not None else ""
    if problem:
        message = _("{name} cannot be {value!r}: {problem}.")
        raise UsageError(
            _at(where) + message.format(name=setting.name, value=value, problem=problem),
            _bridges_hint() if setting.name == "tor.bridges" else "",
        )
    return value


def bridge_transports(text: str) -> list[str]:
    """The transport of each bridge whose lines stand in `text`, "" for a bridge without one.

    Raises:
        UsageError: a line is none; says which, and why.
    """
    from onion.bridges import parse_bridges
    from onion.errors import TorError

    try:
        return [bridge.transport for bridge in parse_bridges(text.splitlines())]
    except TorError as error:
        raise UsageError(translated(error.message), translated(error.hint)) from error


def _nth(where: str, number: int, count: int) -> str:
    """Where an item of a list stands; one that is alone needs no number."""
    if count == 1:
        return where
    line = _("line {number} of the list").format(number=number)
    return f"{where}, {line}" if where else line


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def _bridges_hint() -> str:
    return _("Paste the lines as https://bridges.torproject.org/ gives them, one bridge a line.")


def _choices_hint(setting: Setting) -> str:
    choices = setting.choices() if setting.choices is not None else ()
    shown = ", ".join(choice or '""' for choice in choices)
    return _("Valid are: {choices}.").format(choices=shown) if choices else ""
