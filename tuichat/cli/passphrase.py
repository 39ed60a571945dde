"""Where the passphrase comes from: a file, a descriptor, the service manager, or the terminal; never argv."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import msgspec

from tuichat.cli.output import say
from tuichat.cli.streams import heeded_signals, raise_on_ending_signals
from tuichat.errors import LockedError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

MAX_PASSPHRASE_BYTES = 1024
"""The longest passphrase, in bytes of UTF-8."""

_SERVICE = "CREDENTIALS_DIRECTORY"


class PassphraseSources(msgspec.Struct, frozen=True):
    """The ways a passphrase may come, the first that is given counts.

    Attributes:
        file: `--passphrase-file`.
        descriptor: `--passphrase-fd`.
        environment: for TUICHAT_PASSPHRASE_FILE and CREDENTIALS_DIRECTORY.
    """

    file: Path | None
    descriptor: int | None
    environment: Mapping[str, str]

    def given(self) -> str | None:
        """The passphrase from a source that needs nobody at the terminal, None if there is no such source.

        Raises:
            LockedError: the source cannot be read, or holds no usable passphrase.
        """
        if self.file is not None:
            return from_file(self.file, "--passphrase-file")
        if self.descriptor is not None:
            return _from_descriptor(self.descriptor)
        if named := self.environment.get("TUICHAT_PASSPHRASE_FILE"):
            return from_file(Path(named), "TUICHAT_PASSPHRASE_FILE")
        if directory := self.environment.get(_SERVICE):
            credential = Path(directory) / "passphrase"
            if credential.exists():
                return from_file(credential, _SERVICE)
        return None

    def given_or_asked(self) -> str | None:
        """As `read`, but None where there is neither a source nor a terminal."""
        given = self.given()
        return _asked(_("Passphrase: ")) if given is None and _has_terminal() else given

    def read(self) -> str:
        """The passphrase of an existing profile, asked for on the terminal if no source is given.

        Raises:
            LockedError: no source and no terminal, or an unusable passphrase.
        """
        with _interruptible():  # nobody need ever write into a pipe
            given = self.given()
        return given if given is not None else _asked(_("Passphrase: "))

    def read_new(self) -> str:
        """The passphrase for a new profile; on the terminal it is asked for twice. Raises LockedError."""
        given = self.given()
        return _asked_twice() if given is None else given


class NewPassphrase(msgspec.Struct, frozen=True):
    """The ways a passphrase that takes another's place may come; beside it stands the other one's source.

    Attributes:
        file: `--new-passphrase-file`.
        descriptor: `--new-passphrase-fd`.
    """

    file: Path | None
    descriptor: int | None

    @property
    def is_given(self) -> bool:
        """Whether nobody at a terminal has to be asked."""
        return self.file is not None or self.descriptor is not None

    def read(self) -> str:
        """The passphrase; on the terminal it is asked for twice. Raises LockedError."""
        if not self.is_given:
            return _asked_twice(_("Give it with --new-passphrase-file or --new-passphrase-fd."))
        with _interruptible():
            if self.file is not None:
                return from_file(self.file, "--new-passphrase-file")
            assert self.descriptor is not None
            return _from_descriptor(self.descriptor, "--new-passphrase-fd")


def usable(data: bytes, source: str) -> str:
    """The passphrase in `data`, without one newline at its end. Raises LockedError that names `source`."""
    if data.endswith(b"\n"):
        data = data[:-1].removesuffix(b"\r")
    if not data:
        raise LockedError(_("{source}: the passphrase is empty.").format(source=source))
    if len(data) > MAX_PASSPHRASE_BYTES:
        message = _("{source}: this is longer than {limit} bytes, so it is no passphrase.")
        raise LockedError(message.format(source=source, limit=MAX_PASSPHRASE_BYTES))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise LockedError(_("{source}: the passphrase is not UTF-8.").format(source=source)) from None


def from_file(path: Path, option: str) -> str:
    """The passphrase in the file that `option` named. Raises LockedError."""
    source = f"{option} {path}"
    try:
        with path.open("rb") as file:
            if option != _SERVICE:
                _warn_if_others_read(path, os.fstat(file.fileno()))
            return usable(file.read(MAX_PASSPHRASE_BYTES + 3), source)
    except (OSError, ValueError) as error:
        raise _unreadable(source, error) from error


def _warn_if_others_read(path: Path, status: os.stat_result) -> None:
    """A word about a file whose mode opens it to others; the service manager guards its own itself."""
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        say(
            _("Others may read the passphrase. Close the file: chmod 600 {path}").format(
                path=quote(str(path))
            )
        )


def _from_descriptor(descriptor: int, option: str = "--passphrase-fd") -> str:
    source = f"{option} {descriptor}"
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return usable(file.read(MAX_PASSPHRASE_BYTES + 3), source)
    except (OSError, ValueError, TypeError) as error:  # the last for a number no descriptor can have
        raise _unreadable(source, error) from error


def _unreadable(source: str, error: Exception) -> LockedError:
    why = reason_of(error)
    return LockedError(_("{source} cannot be read: {why}.").format(source=source, why=why))


def _asked_twice(otherwise: str = "") -> str:
    first = _asked(_("New passphrase: "), otherwise)
    if _asked(_("The same again: "), otherwise) != first:
        raise LockedError(_("The two passphrases differ."), _("Nothing was changed; start again."))
    return first


def _asked(prompt: str, otherwise: str = "") -> str:
    """What is typed; `otherwise` says how to give it where nobody can be asked."""
    import getpass

    if not _has_terminal():
        raise LockedError(
            _("A passphrase is needed, and there is no terminal to ask on."),
            otherwise or _("Give it with --passphrase-file, --passphrase-fd or TUICHAT_PASSPHRASE_FILE."),
        )
    try:
        with _interruptible():
            answer = getpass.getpass(prompt)
    except (EOFError, OSError):
        raise LockedError(_("No passphrase was given.")) from None
    return usable(answer.encode("utf-8", "surrogateescape"), _("terminal"))


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def _interruptible() -> Iterator[None]:
    """While somebody is waited for, an ending signal raises at once, also where a loop holds the handlers."""
    before = {number: signal.getsignal(number) for number in heeded_signals()}
    raise_on_ending_signals()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
