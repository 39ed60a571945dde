"""`tuichat service install`: a unit of systemd for the daemon, and what is left to do by hand."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from tuichat.cli.context import Context
from tuichat.cli.output import print_out, printable, say
from tuichat.cli.parser import Parser, exclude
from tuichat.cli.service_unit import ACCOUNT, DATA, Scope, TorMode, Unit, filled, this_program
from tuichat.errors import StorageError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

_APPARMOR = Path("/etc/apparmor.d/system_tor")


def add(parser: Parser) -> None:
    """Add the command."""
    group = parser.add_command("service", None, _("have systemd keep the daemon running"))
    install = group.add_command("install", run, _("write a unit of systemd for the daemon"))
    install.add_argument("--user", action="store_true", help=_("for you alone; that is meant, but for root"))
    install.add_argument("--system", action="store_true", help=_("for the whole system, as the user tuichat"))
    install.add_argument(
        "--tor", choices=("child", "system"), default="child", help=_("a tor of its own, or the system's")
    )
    install.add_argument("--print", action="store_true", help=_("print the unit, and write nothing"))
    install.add_argument("--force", action="store_true", help=_("replace a unit that is there, unasked"))


def run(context: Context) -> int:
    """Write the unit, or print it, and say what comes next."""
    unit = _unit(context)
    text = unit.text()
    if context.words.print:
        print_out(text)
        return 0
    path = unit.path(context.environment)
    _check_may(unit)
    is_new = _write(path, text, force=context.words.force)
    steps = list(_steps(context, unit))
    words = _("Written: {path}") if is_new else _("Already as it should be: {path}")
    if context.output.json:
        context.output.json_line({"path": str(path), "written": is_new, "next": steps})
        return 0
    context.output.line(words.format(path=printable(path)))
    context.output.note("\n".join([_("Next:"), *(f"    {step}" for step in steps)]))
    return 0


def _unit(context: Context) -> Unit:
    words = context.words
    if words.user and words.system:
        raise exclude("--user", "--system")
    if words.home is not None or words.config is not None:
        raise UsageError(
            _("A service keeps its profile in the usual place."), _("Name it with --profile, without --home.")
        )
    profile = words.profile or context.environment.get("TUICHAT_PROFILE") or "default"
    scope: Scope = "system" if words.system or (os.geteuid() == 0 and not words.user) else "user"
    tor: TorMode = words.tor
    return Unit(scope, tor, profile, this_program(sys.argv[0]))


def _check_may(unit: Unit) -> None:
    """Raise TuichatError unless the unit can be written and would find its program."""
    if unit.scope == "system" and os.geteuid() != 0:
        raise TuichatError(
            _("Only root can install a service for the whole system."),
            _("Run it with sudo, or install one for yourself: tuichat service install --user"),
        )
    if hidden := unit.hidden_program():
        raise TuichatError(
            _("A service of the system sees no home, so it could not start {path}.").format(path=hidden),
            _("Install tuichat for everybody first, in /opt/tuichat say; docs/server.md has how."),
        )


def _write(path: Path, text: str, *, force: bool) -> bool:
    """Write the unit; False if it was there like this. Raises TuichatError; asks before it replaces one."""
    try:
        present = path.read_text(encoding="utf-8", errors="replace") if os.path.lexists(path) else None
        if present == text:
            return False
        if present is not None and not force:
            _ask(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.unlink(missing_ok=True)
        # Root may write into somebody's directory: a link that lies there is not followed.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(unfinished, flags, 0o644), "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {why}.").format(path=printable(path), why=reason_of(error))
        ) from error
    return True


def _ask(path: Path) -> None:
    """Raise UsageError unless the person at the terminal wants the file replaced."""
    if not os.isatty(0):
        raise UsageError(
            _("{path} is there and differs.").format(path=printable(path)),
            _("Nothing was done. To replace it: tuichat service install --force"),
        )
    say(_("{path} is there and differs. Replace it? [y/N]").format(path=printable(path)))
    if sys.stdin.readline().strip().lower() not in ("y", "yes", _("yes")):
        raise UsageError(_("It was left as it is."))


def _steps(context: Context, unit: Unit) -> Iterator[str]:
    """The commands that are left, each a line."""
    if unit.scope == "system":
        yield from _system_steps(unit)
    else:
        yield from _user_steps(context, unit)


def _system_steps(unit: Unit) -> Iterator[str]:
    import pwd

    program = " ".join(map(shlex.quote, unit.program))
    try:
        home = Path(pwd.getpwnam(ACCOUNT).pw_dir)
    except KeyError:
        home = Path("/var/lib") / ACCOUNT
        yield f"adduser --system --group --home {home} {ACCOUNT}"
    if not os.path.lexists(home / ".local/share/tuichat" / unit.profile / "identity.sealed"):
        yield f"sudo -H -u {ACCOUNT} {program} --profile {unit.profile} init"
    if unit.tor == "system" and _APPARMOR.exists():
        yield f"tee -a /etc/apparmor.d/local/system_tor <{shlex.quote(str(DATA / 'apparmor-system_tor'))}"
        yield "systemctl reload apparmor && systemctl restart tor"
    yield f"systemctl daemon-reload && systemctl enable --now {unit.name}"


def _user_steps(context: Context, unit: Unit) -> Iterator[str]:
    import getpass

    from tuichat import bootstrap

    person = shlex.quote(getpass.getuser())
    if not bootstrap.profile_exists(context.paths()):
        yield " ".join([*map(shlex.quote, unit.program), "--profile", unit.profile, "init"])
    if unit.tor == "system":
        yield f"sudo adduser {person} debian-tor"
        lines = filled(DATA / "tmpfiles.conf", unit.tor, PROFILE=unit.profile, USER=person)
        entries = " ".join(shlex.quote(line) for line in lines.splitlines() if not line.startswith("#"))
        yield f"printf '%s\\n' {entries} | sudo tee /etc/tmpfiles.d/tuichat.conf"
        yield "sudo systemd-tmpfiles --create tuichat.conf"
        if _APPARMOR.exists():
            source = shlex.quote(str(DATA / "apparmor-system_tor"))
            yield f"sudo tee -a /etc/apparmor.d/local/system_tor <{source}"
            yield "sudo systemctl reload apparmor && sudo systemctl restart tor"
    yield f"systemctl --user daemon-reload && systemctl --user enable --now {unit.name}"
    yield f"sudo loginctl enable-linger {person}"
