"""`tuichat doctor`: what could keep tuichat from working here, and what to do about each; starts nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps

from tuichat.cli import doctor_machine
from tuichat.cli.context import Context
from tuichat.cli.doctor_clock import clock
from tuichat.cli.doctor_profile import database, node, profile, settings
from tuichat.cli.doctor_terminal import terminal
from tuichat.cli.doctor_tor import reach, tor
from tuichat.cli.finding import Finding, Probe
from tuichat.cli.output import width_of
from tuichat.cli.parser import Parser
from tuichat.cli.surroundings import Surroundings
from tuichat.errors import TuichatError
from tuichat.i18n import _

_ADDRESS = re.compile(r"(?<![a-z2-7])[a-z2-7]{56}(?![a-z2-7])")

_AS_USER = re.compile(r"(sudo -u )[^ ]+")


def add(parser: Parser) -> None:
    """Add the command."""
    parser.add_command("doctor", run, _("look for what could keep tuichat from working"))


def run(context: Context) -> int:
    """Print every finding; 1 if one is an error."""
    worst = 0
    told: set[str] = set()
    for probe in PROBES:
        for found in _found(probe, context, told):
            finding = _without_names(replace(found, hint=context.output.filled(found.hint)), context)
            context.output.result(_record(finding), _line(finding))
            worst = max(worst, finding.state == "error")
            told.add(found.text)
    if sys.stderr is not None and sys.stderr.isatty():
        context.output.note(_("This holds no address, contact or text: it can be shown to who helps you."))
    return worst


def _found(probe: Probe, context: Context, told: set[str]) -> Iterator[Finding]:
    """What `probe` finds; an error that keeps it from looking is told in full once."""
    try:
        yield from probe(context)
    except TuichatError as error:
        if error.message not in told:
            yield Finding(probe.__name__, "error", error.message, error.hint, "failed")
        else:
            text = _("not looked into, because of the error above")
            yield Finding(probe.__name__, "warning", text, _("Mend that first."), "skipped")


def _without_names(finding: Finding, context: Context) -> Finding:
    """What can be shown to others: no address, and no name of a user in a path."""
    return replace(
        finding,
        text=anonymous(finding.text, context.environment),
        hint=anonymous(finding.hint, context.environment),
    )


def anonymous(text: str, environment: Mapping[str, str]) -> str:
    """`text` with ~ for the home directory, so that commands in it still work; no address, no user's name."""
    home = environment.get("HOME", "").rstrip("/")
    if home:
        quoted = re.escape(home)
        text = re.sub(rf"'{quoted}/([^']*)'", r"~/'\1'", text)
        text = re.sub(rf"(?<![\w.'/-]){quoted}(?![\w.-])", "~", text)
    return _ADDRESS.sub("ADDRESS", _AS_USER.sub(r"\1USER", text))


def _record(finding: Finding) -> dict[str, str]:
    return {
        "id": finding.id,
        "check": finding.check,
        "state": finding.state,
        "text": finding.text,
        "hint": finding.hint,
    }


def _line(finding: Finding) -> str:
    words = {"ok": _("ok"), "warning": _("warning"), "error": _("error")}
    hint = f"\n         {finding.hint}" if finding.hint else ""
    state = words[finding.state]
    return f"{state}{' ' * (8 - width_of(state))} {_check_word(finding.check)}: {finding.text}{hint}"


def _check_word(check: str) -> str:
    """What was looked at; programs get its name, which is the English word."""
    words = {
        "bridges": _("bridges"),
        "clock": _("clock"),
        "core_dumps": _("core_dumps"),
        "database": _("database"),
        "disk": _("disk"),
        "locale": _("locale"),
        "memory": _("memory"),
        "node": _("node"),
        "profile": _("profile"),
        "reach": _("reach"),
        "settings": _("settings"),
        "swap": _("swap"),
        "terminal": _("terminal"),
    }
    return words.get(check, check)  # python and tor are called so everywhere


def _python(_context: Context) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", "ok", version)


def _locale(_context: Context) -> Iterator[Finding]:
    yield about_encoding((sys.stdout.encoding if sys.stdout is not None else None) or "")


def about_encoding(encoding: str) -> Finding:
    """Whether every script can be shown."""
    if encoding.lower().replace("-", "") == "utf8":
        return Finding("locale", "ok", encoding)
    text = _("the encoding is {encoding}; other scripts show as escapes").format(encoding=encoding)
    return Finding("locale", "warning", text, _("Use a UTF-8 locale, such as LANG=C.UTF-8."), "encoding")


def _disk(context: Context) -> Iterator[Finding]:
    yield from doctor_machine.disk(Surroundings.here(context.environment), context.paths().home)


def _around(look: Callable[[Surroundings], Iterator[Finding]]) -> Probe:
    """A look at the surroundings alone."""

    @wraps(look)
    def probe(context: Context) -> Iterator[Finding]:
        yield from look(Surroundings.here(context.environment))

    return probe


def _named(name: str, probe: Probe) -> Probe:
    probe.__name__ = name
    return probe


PROBES: tuple[Probe, ...] = (
    _named("python", _python),
    clock,
    _named("locale", _locale),
    _around(terminal),
    settings,
    _named("disk", _disk),
    _around(doctor_machine.swap),
    _around(doctor_machine.memory),
    _around(doctor_machine.core_dumps),
    profile,
    database,
    node,
    tor,
    reach,
)
