"""The settings: what `tuichat.toml` and the environment may say, and what is taken when they say nothing.

Every setting stands in `SETTINGS`, one line each; reading, checking, showing and changing them all go by that
table. A file is never half understood: an unknown section, key or value is an error that names the file, the
line and the valid choices. `TUICHAT_<SECTION>__<KEY>` in the environment wins over the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _

MAX_CONFIG_BYTES = 256 * 1024
"""A longer file is not read: it is not a configuration."""

ENVIRONMENT_PREFIX = "TUICHAT_"

_LATER_SECTIONS = ("files", "hooks")
_LATER_KEYS = ("privacy.receipts", "privacy.typing", "privacy.presence", "ui.keys", "ui.notify")

Value = str | tuple[str, ...]
TimeFormat = Literal["24h", "12h"]


@dataclass(frozen=True, slots=True)
class TorConfig:
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


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    """Who may connect to our onion service: everybody who knows the address, or who holds a key of ours."""

    visibility: Literal["public", "contacts"] = "public"


@dataclass(frozen=True, slots=True)
class UiConfig:
    """How the interface looks. `language` "" is the environment's; `theme` "" the interface's own choice."""

    theme: str = ""
    language: str = ""
    time_format: TimeFormat = "24h"


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one profile."""

    tor: TorConfig = TorConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    ui: UiConfig = UiConfig()


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: `check` returns a sentence about a bad value, or ""; `choices` lists the only valid ones."""

    name: str
    is_list: bool = False
    choices: Callable[[], tuple[str, ...]] | None = None
    check: Callable[[str], str] | None = None

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        section, key = self.name.split(".")
        return f"{ENVIRONMENT_PREFIX}{section.upper()}__{key.upper()}"


def themes() -> tuple[str, ...]:
    """The names of the themes that came with tuichat, from the package or a source checkout."""
    package = Path(__file__).parent
    for directory in (package / "data" / "themes", package.parent / "themes"):
        if directory.is_dir():
            return tuple(sorted(file.stem for file in directory.glob("*.toml")))
    return ()


def languages() -> tuple[str, ...]:
    """The languages there are catalogues for, and English."""
    catalogues = (Path(__file__).parent / "data" / "locale").glob("*/LC_MESSAGES/tuichat.mo")
    return ("en", *sorted(file.parent.parent.name for file in catalogues))


def _one_line(value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        return _("it must be one line without control characters")
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
        return _("it is no bridge line: {reason}").format(reason=error.fields["reason"])
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


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("tor.mode", choices=lambda: ("child", "system")),
        Setting("tor.binary", check=_one_line),
        Setting("tor.control", check=_endpoint),
        Setting("tor.socks", check=_endpoint),
        Setting("tor.extra_torrc", check=_one_line),
        Setting("tor.bridges", is_list=True, check=_bridge),
        Setting("privacy.visibility", choices=lambda: ("public", "contacts")),
        Setting("ui.theme", choices=themes),
        Setting("ui.language", choices=languages),
        Setting("ui.time_format", choices=lambda: ("24h", "12h")),
    )
}


def load_config(path: Path, environment: Mapping[str, str], *, required: bool = False) -> Config:
    """The settings of the file at `path` and of the environment.

    If there is no such file it sets nothing, unless it is `required`: somebody named it.

    A relative `extra_torrc` is meant from the file's directory, or from the current one in the environment.

    Raises:
        UsageError: an unknown key or a bad value; names the file and line, or the variable; or the required
            file is not there.
        StorageError: the file cannot be read.
    """
    text = read_config_text(path)
    if text is None and required:
        raise UsageError(
            _("There is no file {path}.").format(path=path),
            _("Correct what stands behind --config, or leave it out for the usual settings."),
        )
    found = parse_config(text, path) if text is not None else {}
    from_environment = _environment_values(environment)
    base = Path.cwd() if "tor.extra_torrc" in from_environment else path.parent
    values = {**found, **from_environment}
    check_together(values, text or "", path, from_environment)
    return _build(values, base)


def read_config_text(path: Path) -> str | None:
    """The file's text, None if there is no file.

    Raises:
        UsageError: it is too long, or not UTF-8.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
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


def parse_config(text: str, path: Path) -> dict[str, Value]:
    """The values that `text` sets, checked one by one; `path` is for the error messages."""
    import tomllib  # most profiles have no file, and commands start faster without

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            _("{path} is not valid TOML: {why}.").format(path=path, why=str(error).rstrip(".")),
            _("Mend that line, or move the file away to use the defaults."),
        ) from error
    values: dict[str, Value] = {}
    for section, table in document.items():
        _check_section(section, table, text, path)
        for key, value in table.items():
            name = f"{section}.{key}"
            where = _place(text, name, path)
            values[name] = _checked(find_setting(name, where), value, where)
    return values


def check_together(
    values: Mapping[str, Value], text: str, path: Path, environment: Mapping[str, Value] | None = None
) -> None:
    """Raise UsageError if `values`, each valid alone, contradict each other."""
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


def find_setting(name: str, where: str = "") -> Setting:
    """The setting called `name`, such as "tor.mode". Raises UsageError with the valid ones."""
    setting = SETTINGS.get(name)
    if setting is not None:
        return setting
    prefix = _at(where)
    section = name.partition(".")[0]
    if name in _LATER_KEYS or section in _LATER_SECTIONS:
        raise UsageError(prefix + _("the setting {name} is not in this version.").format(name=name))
    siblings = [known for known in SETTINGS if known.startswith(f"{section}.")] or list(SETTINGS)
    raise UsageError(
        prefix + _("there is no setting {name}.").format(name=name),
        _("Valid are: {choices}.").format(choices=", ".join(siblings)),
    )


def value_from_text(setting: Setting, text: str) -> Value:
    """What a person typed for `setting`: as it stands, or for a list a TOML array or one item a line."""
    if not setting.is_list:
        return text
    if text.lstrip().startswith("["):
        import tomllib

        try:
            parsed = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError as error:
            why = str(error).rstrip(".")
            raise UsageError(_("{name}: not a list: {why}.").format(name=setting.name, why=why)) from error
        return _checked(setting, parsed, "")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def check_value(setting: Setting, value: Value) -> None:
    """Raise UsageError, which names no file, if `setting` cannot have this value."""
    _checked(setting, value, "")


def value_of(config: Config, name: str) -> Value:
    """The value in force of the setting called `name`; an unset path is ""."""
    section, key = name.split(".")
    value: Value | Path | None = getattr(getattr(config, section), key)
    if value is None or isinstance(value, Path):
        return "" if value is None else str(value)
    return value


def _check_section(section: str, table: object, text: str, path: Path) -> None:
    where = _place(text, section, path)
    sections = sorted({name.partition(".")[0] for name in SETTINGS})
    if section in _LATER_SECTIONS:
        raise UsageError(
            _("{where}: the section [{section}] is not in this version.").format(
                where=where, section=section
            ),
            _("Valid are: {choices}.").format(choices=", ".join(f"[{name}]" for name in sections)),
        )
    if section not in sections or not isinstance(table, dict):
        raise UsageError(
            _("{where}: there is no section or setting {section}.").format(where=where, section=section),
            _("Valid are: {choices}.").format(choices=", ".join(f"[{name}]" for name in sections)),
        )


def _checked(setting: Setting, value: Any, where: str) -> Value:
    if setting.is_list:
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise UsageError(_at(where) + _("{name} must be a list of strings.").format(name=setting.name))
        return tuple(_checked_text(setting, item, where) for item in value)
    if not isinstance(value, str):
        message = _("{name} must be a string, in quotes.").format(name=setting.name)
        raise UsageError(_at(where) + message, _choices_hint(setting))
    return _checked_text(setting, value, where)


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


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def _bridges_hint() -> str:
    return _("Paste the lines as https://bridges.torproject.org/ gives them, one bridge a line.")


def _choices_hint(setting: Setting) -> str:
    choices = setting.choices() if setting.choices is not None else ()
    return _("Valid are: {choices}.").format(choices=", ".join(choices)) if choices else ""


def _environment_values(environment: Mapping[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or "__" not in variable:
            continue
        section, _separator, key = variable.removeprefix(ENVIRONMENT_PREFIX).partition("__")
        setting = find_setting(f"{section.lower()}.{key.lower()}", variable)
        values[setting.name] = _checked(setting, value_from_text(setting, text), variable)
    return values


def _build(values: Mapping[str, Value], base: Path) -> Config:
    sections: dict[str, dict[str, Any]] = {"tor": {}, "privacy": {}, "ui": {}}
    for name, value in values.items():
        section, key = name.split(".")
        sections[section][key] = value
    tor = sections["tor"]
    extra = tor.get("extra_torrc")
    tor["extra_torrc"] = base / Path(extra).expanduser() if extra else None
    return Config(TorConfig(**tor), PrivacyConfig(**sections["privacy"]), UiConfig(**sections["ui"]))


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
