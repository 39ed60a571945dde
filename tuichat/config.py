"""The settings: what `tuichat.toml` and the environment may say, and what is taken when they say nothing.

Every setting stands in the table of `tuichat.settings`; reading, checking, showing and changing them all go
by it. A file is never half understood: an unknown section, key or value is an error that names the file, the
line and the valid choices. `TUICHAT_<SECTION>__<KEY>` in the environment wins over the file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from tuichat.config_owner import NAME_PROGRAMS, check_owner
from tuichat.daemon_config import HttpConfig, LogConfig
from tuichat.durations import parse_duration
from tuichat.errors import StorageError, UsageError
from tuichat.hook_settings import Hook, read_hooks
from tuichat.i18n import _
from tuichat.settings import (
    HOOKS,
    SETTINGS,
    Setting,
    Value,
    checked,
    find_setting,
    keymaps,
    setting_named_by,
    themes,
    value_from_text,
    whole_path,
)
from tuichat.sizes import exact_size, parse_size
from tuichat.system_reasons import reason_of
from tuichat.toml_words import toml_reason

MAX_CONFIG_BYTES = 256 * 1024
"""A longer file is not read: it is not a configuration."""

THEMES_DIRECTORY = "themes"
"""Where a person's own themes are, beside the file of settings."""

KEYS_DIRECTORY = "keys"
"""Likewise their own keymaps."""

TimeFormat = Literal["", "24h", "12h"]
Notify = Literal["off", "bell", "osc9", "osc777", "desktop"]


class TorConfig(msgspec.Struct, frozen=True):
    """Which tor carries us.

    Attributes:
        mode: "child" starts a tor of our own, "system" uses one that runs already.
        binary: the tor program of mode child, "" for the one in PATH.
        control, socks: of mode system: an absolute path of a UNIX socket, or HOST:PORT; "" for the usual one.
        extra_torrc: a file whose lines are appended to the child's torrc, or None.
        bridges: bridge lines for the child.
    """

    mode: Literal["child", "system"] = "child"
    binary: str = ""
    control: str = ""
    socks: str = ""
    extra_torrc: Path | None = None
    bridges: tuple[str, ...] = ()


class PrivacyConfig(msgspec.Struct, frozen=True):
    """Who may connect, who may look, and what others learn.

    Attributes:
        visibility: who may connect to our onion service: everybody who knows the address, or who holds a key
            of ours.
        receipts, typing, presence: whether contacts are told what was seen, that we write, that we are here.
        auto_lock: after how long without a person the node locks itself, as it was written; "" or "off" for
            never.
        retention: after how long messages are deleted here, as it was written; "" or "off" for never.
    """

    visibility: Literal["public", "contacts"] = "public"
    receipts: bool = False
    typing: bool = False
    presence: bool = False
    auto_lock: str = ""
    retention: str = ""

    @property
    def auto_lock_seconds(self) -> int:
        """That time in seconds, 0 for never."""
        return parse_duration(self.auto_lock) or 0

    @property
    def retention_seconds(self) -> int:
        """That time in seconds, 0 for never."""
        return parse_duration(self.retention) or 0


class StoreConfig(msgspec.Struct, frozen=True):
    """What opens the profile: `key_file` is needed beside the passphrase, None if none is."""

    key_file: Path | None = None


class FilesConfig(msgspec.Struct, frozen=True):
    """What becomes of files that others offer.

    Attributes:
        directory: where received files are put; None for the profile's own inbox.
        circuits: the most that one file comes over.
        auto_accept_below: files of verified contacts smaller than so many bytes are fetched unasked; 0: none.
        quota: bytes that all files in the inbox together may have.
    """

    directory: Path | None = None
    circuits: int = 12
    auto_accept_below: int = 0
    quota: int = 20 * 2**30


class ApiConfig(msgspec.Struct, frozen=True):
    """Who else may use the local API.

    Attributes:
        bot_socket: where a daemon serves bots that have a token, under whatever user; None for nowhere.
        bot_group: the group that may open it, by name; "" is the daemon's own.
    """

    bot_socket: Path | None = None
    bot_group: str = ""


class UiConfig(msgspec.Struct, frozen=True):
    """How the interface looks, and the key that wipes.

    Attributes:
        theme: "" is the interface's own choice.
        keys: the name of the keymap.
        language, time_format: "" is the environment's.
        notify: how one is told of what comes.
        notify_content: whether that says from whom, and what.
        images: whether pictures that were received or offered are shown.
        panic_key: "" is none.
    """

    theme: str = ""
    keys: str = "default"
    language: str = ""
    time_format: TimeFormat = ""
    notify: Notify = "bell"
    notify_content: bool = False
    images: bool = False
    panic_key: str = ""


class Config(msgspec.Struct, frozen=True):
    """All settings of one profile."""

    tor: TorConfig = TorConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    store: StoreConfig = StoreConfig()
    files: FilesConfig = FilesConfig()
    ui: UiConfig = UiConfig()
    api: ApiConfig = ApiConfig()
    hooks: tuple[Hook, ...] = ()
    http: HttpConfig = HttpConfig()
    log: LogConfig = LogConfig()


def load_config(
    path: Path, environment: Mapping[str, str], *, required: bool = False, patient: bool = True
) -> Config:
    """The settings of the file at `path` and of the environment.

    If there is no such file it sets nothing, unless it is `required`: somebody named it. Then it may also be
    a pipe, which is waited for by who is `patient`.

    A relative path is meant from the file's directory, or from the current one in the environment.

    Raises:
        UsageError: an unknown key or a bad value; names the file and line, or the variable; or the required
            file is not there; or others may change the file, and it names programs.
        StorageError: the file cannot be read.
    """
    text = read_config_text(path, pipes=required and patient)
    if text is None and required:
        raise UsageError(
            _("There is no file {path}.").format(path=path),
            _("Correct what stands behind --config, or leave it out for the usual settings."),
        )
    found = parse_config(text, path) if text is not None else {}
    from_environment = environment_values(environment)
    values = {**found, **from_environment}
    check_together(values, text or "", path, from_environment)
    built = _build(values, lambda name: None if name in from_environment else path.parent)
    hooks = parse_hooks(text or "", path)
    named = {**found, HOOKS: hooks}
    for name in NAME_PROGRAMS:
        if named.get(name):
            check_owner(path, name)
    return msgspec.structs.replace(built, hooks=hooks)


def read_config_text(path: Path, *, pipes: bool = False) -> str | None:
    """The file's text, None if there is no file. With `pipes` it may be one, and is waited for.

    Raises:
        UsageError: it is too long, or not UTF-8, or a pipe.
        StorageError: it cannot be read.
    """
    try:
        data = _read(path, pipes=pipes)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            _("{path} cannot be read: {why}.").format(path=path, why=reason_of(error))
        ) from error
    if len(data) > MAX_CONFIG_BYTES:
        raise UsageError(_("{path} is too long to be a configuration.").format(path=path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            _("{path}, line {line}: this is not UTF-8.").format(path=path, line=line),
            _("Save it as UTF-8 in an editor, or move the file away to use the defaults."),
        ) from error


def _read(path: Path, *, pipes: bool) -> bytes:
    """At most a byte more than a configuration has; nobody is waited for who may never write into a pipe."""
    patience = 0 if pipes else os.O_NONBLOCK
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | patience)) as file:
        if not pipes and stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise UsageError(
                _("{path} is a pipe; the settings are read from a file.").format(path=path),
                _("Move it away to use the defaults, or name a file with --config."),
            )
        return file.read(MAX_CONFIG_BYTES + 1)


def parse_config(text: str, path: Path) -> dict[str, Value]:
    """The values that `text` sets, checked one by one; `path` is for the error messages."""
    values: dict[str, Value] = {}
    for section, table in _document(text, path).items():
        if section == HOOKS:
            read_hooks(table, text, path)
            continue
        _check_section(section, table, text, path)
        for key, value in table.items():
            name = f"{section}.{key}"
            where = _place(text, name, path)
            values[name] = checked(find_setting(name, where), value, where)
    return values


def parse_hooks(text: str, path: Path) -> tuple[Hook, ...]:
    """The hooks in `text`; `path` is for the error messages."""
    return read_hooks(_document(text, path).get(HOOKS, []), text, path) if HOOKS in text else ()


def _document(text: str, path: Path) -> dict[str, Any]:
    import tomllib  # most profiles have no file, and commands start faster without

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            _("{path} is not valid TOML: {why}.").format(path=path, why=toml_reason(error)),
            _("Mend that line, or move the file away to use the defaults."),
        ) from error


def check_together(
    values: Mapping[str, Value], text: str, path: Path, environment: Mapping[str, Value] | None = None
) -> None:
    """Raise UsageError if `values`, each valid alone, contradict each other or what lies beside the file."""
    _check_named("ui.theme", themes(path.parent / THEMES_DIRECTORY), (values, environment or {}), text, path)
    _check_named("ui.keys", keymaps(path.parent / KEYS_DIRECTORY), (values, environment or {}), text, path)
    if values.get("tor.mode") != "system":
        return
    for name in ("tor.extra_torrc", "tor.bridges"):
        if values.get(name):
            where = SETTINGS[name].variable if name in (environment or {}) else _place(text, name, path)
            raise UsageError(
                _('{where}: {name} needs mode = "child": a running tor is not ours to configure.').format(
                    where=where, name=name
                ),
                _("Put it in that tor's own torrc, or take it out here."),
            )


def _check_named(
    name: str,
    known: tuple[str, ...],
    given: tuple[Mapping[str, Value], Mapping[str, Value]],
    text: str,
    path: Path,
) -> None:
    """What `name` is set to, in all that is `given` or in the environment's part of it, must be known."""
    values, environment = given
    chosen = values.get(name)
    if not chosen or chosen in known:
        return
    where = SETTINGS[name].variable if name in environment else _place(text, name, path)
    message = _("{where}: {setting} cannot be {value!r}: there is none of that name.")
    raise UsageError(
        message.format(where=where, setting=name, value=chosen),
        _("Valid are: {choices}.").format(choices=", ".join(known)),
    )


def value_of(config: Config, name: str) -> Value:
    """The value in force of the setting called `name`, as it can be written; an unset path is ""."""
    section, key = name.split(".")
    value: Value | Path | None = getattr(getattr(config, section), key)
    if value is None or isinstance(value, Path):
        return "" if value is None else str(value)
    return exact_size(value) if SETTINGS[name].form == "size" and isinstance(value, int) else value


def _check_section(section: str, table: object, text: str, path: Path) -> None:
    where = _place(text, section, path)
    sections = sorted({name.partition(".")[0] for name in SETTINGS} | {HOOKS})
    if section not in sections or not isinstance(table, dict):
        raise UsageError(
            _("{where}: there is no section or setting {section}.").format(where=where, section=section),
            _("Valid are: {choices}.").format(choices=", ".join(f"[{name}]" for name in sections)),
        )


def environment_values(environment: Mapping[str, str]) -> dict[str, Value]:
    """The settings that the environment says. Raises UsageError as `load_config` does."""
    values: dict[str, Value] = {}
    for variable, text in environment.items():
        if (name := setting_named_by(variable)) is None:
            continue
        setting = find_setting(name, variable)
        values[setting.name] = value_from_text(setting, text, variable)
    return values


def _build(values: Mapping[str, Value], base: Callable[[str], Path | None]) -> Config:
    sections: dict[str, dict[str, Any]] = {name.partition(".")[0]: {} for name in SETTINGS}
    for name, value in values.items():
        section, key = name.split(".")
        sections[section][key] = _taken(SETTINGS[name], value, base)
    kinds: dict[str, Any] = {name: type(getattr(Config(), name)) for name in sections}
    return Config(**{name: kind(**sections[name]) for name, kind in kinds.items()})


def _taken(setting: Setting, value: Value, base: Callable[[str], Path | None]) -> Value | Path | None:
    """A written value as the records hold it: a path whole, an amount in bytes."""
    if setting.is_path:
        return whole_path(Path(str(value)).expanduser(), base(setting.name)) if value else None
    if setting.form == "size":
        return parse_size(str(value)) or 0
    return value


def line_of(text: str, name: str) -> int:
    """The line, from 1, where `text` sets `name` ("tor.mode") or opens the section `name`; 1 if it hides."""
    wanted_section, _dot, wanted_key = name.partition(".")
    section, best = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]\s]+)\s*\]", line)
        if header:
            section = header[1].strip("\"'")
            if section == wanted_section:
                best = number
                if not wanted_key:
                    return number
            continue
        key = re.match(r"""\s*["']?([\w.\-]+)["']?\s*=""", line)
        if key and name in (f"{section}.{key[1]}" if section else key[1], key[1]):
            if not section or section == wanted_section:
                return number
        elif key and not section and key[1] == wanted_section:
            best = number
    return best


def _place(text: str, name: str, path: Path) -> str:
    return _("{path}, line {line}").format(path=path, line=line_of(text, name))
