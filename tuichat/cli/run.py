"""The way of every command: streams, words, work, and the one place where an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from tuichat.cli import interface
from tuichat.cli.commands import parser_for
from tuichat.cli.context import Context
from tuichat.cli.first_language import first_language
from tuichat.cli.invocation import Invocation
from tuichat.cli.output import Output, report
from tuichat.cli.parser import exclude, is_unicode
from tuichat.cli.passphrase import PassphraseSources
from tuichat.cli.streams import (
    fill_closed_streams,
    print_anything,
    raise_on_ending_signals,
    silence_stdout,
)
from tuichat.clock import SystemClock
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _, use_language

_INTERFACES: Final = (interface.__name__, "tuichat.cli.demo")
"""Commands that open one; the second is imported for itself alone."""


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` say and give the exit code. Raises KeyboardInterrupt on an ending signal."""
    fill_closed_streams()
    raise_on_ending_signals()
    print_anything()
    invocation = Invocation(sys.argv[0])
    try:
        use_language(first_language(arguments, os.environ))
        code = _dispatched(arguments, invocation)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except TuichatError as error:
        report(error, invocation.filled(error.hint))
        return error.exit_code
    except BrokenPipeError:
        silence_stdout()
        return 0


def _dispatched(arguments: Sequence[str], invocation: Invocation) -> int:
    for number, argument in enumerate(arguments, 1):
        if not is_unicode(argument):
            raise UsageError(_("Argument {number} is not valid UTF-8.").format(number=number))
    parser = parser_for(arguments)
    try:
        words = parser.parse_args(arguments)
    except SystemExit:  # --help and --version have printed what they had to say
        return 0
    invocation.understood(words)
    if words.plain and words.run.__module__ not in _INTERFACES:
        raise UsageError(_("--plain is for the interface alone, not for a command."), _("Leave it out."))
    if words.passphrase_file is not None and words.passphrase_fd is not None:
        raise exclude("--passphrase-file", "--passphrase-fd")
    if words.run is None:
        raise UsageError(
            _("{command} needs one more word.").format(command=words.group.prog),
            _("One of: {names}.").format(names=", ".join(words.group.subcommands)),
        )
    from tuichat.bootstrap.hardening import harden

    harden()  # from here on a passphrase may be read
    context = Context(
        words=words,
        output=Output(json=words.json, filled=invocation.filled),
        environment=os.environ,
        passphrase=PassphraseSources(words.passphrase_file, words.passphrase_fd, os.environ),
        clock=SystemClock(),
    )
    code: int = words.run(context)
    return code
