"""What every command is given: its words, its output, the profile it is about, and the way to that node."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tuichat.cli.output import Output, printable
from tuichat.cli.parser import is_unicode, profile_name, some_path
from tuichat.cli.passphrase import PassphraseSources
from tuichat.cli.streams import heeded_signals, raise_on_ending_signals
from tuichat.clock import Clock
from tuichat.errors import TuichatError, UnreachableError, UsageError
from tuichat.i18n import _, use_language
from tuichat.signals_heard import waking_signals

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.bootstrap import ProfilePaths
    from tuichat.config import Config
    from tuichat.times import Hours

Result = TypeVar("Result")

ATTACH_SECONDS = 30.0
"""How long a command waits for a node to start, or for one that is starting or handing over."""


def no_profile(paths: ProfilePaths) -> TuichatError:
    """Why a command that needs a profile does nothing where there is none."""
    return TuichatError(
        _("There is no profile in {path}.").format(path=paths.home), _("Make one: tuichat init")
    )


class Context(msgspec.Struct, frozen=True):
    """One call of the command line.

    Attributes:
        words: the parsed arguments.
        output: where results go.
        environment: the process's, for TUICHAT_HOME and its like.
        passphrase: where it comes from, should one be needed.
        clock: what time it is.
        kept: the settings, once they were read from what can be read only once.
    """

    words: argparse.Namespace
    output: Output
    environment: Mapping[str, str]
    passphrase: PassphraseSources
    clock: Clock
    kept: list[Config] = []

    def paths(self, *, shown_only: bool = False) -> ProfilePaths:
        """Where the profile's files are; nothing is made or looked at.

        Raises:
            UsageError: an option or a variable names no place; or, unless it is `shown_only`, one in bytes
                that are not UTF-8: neither tor nor a JSON object could be told it.
        """
        from tuichat import bootstrap

        home: Path | None = self.words.home or self._from_environment("TUICHAT_HOME", some_path)
        profile = self.words.profile or self._from_environment("TUICHAT_PROFILE", profile_name)
        found = bootstrap.profile_paths(home, profile or "default", self.words.config)
        if not shown_only:
            self._check_unicode(found.home, "--home")
            self._check_unicode(found.config, "--config")
        return found

    def finish_wipe(self) -> None:
        """If a wipe of the profile was broken off, finish it and say so. Raises TuichatError."""
        paths = self.paths()
        if not os.path.lexists(paths.wiping):
            return
        from tuichat import bootstrap

        if bootstrap.complete_wipe(paths):
            self.output.note(_("A wipe of this profile had been broken off. It is complete now."))

    def _check_unicode(self, path: Path, option: str) -> None:
        if is_unicode(str(path)):
            return
        if not is_unicode(self.environment.get("TUICHAT_HOME", "")):
            raise UsageError(_("TUICHAT_HOME is not valid UTF-8."))
        raise UsageError(
            _("The path {path} is not valid UTF-8.").format(path=printable(path)),
            _("Name another with {option}.").format(option=option),
        )

    def _from_environment(self, variable: str, kind: Callable[[str], Result]) -> Result | None:
        value = self.environment.get(variable)
        try:
            return kind(value) if value else None
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"{variable}: {error}.") from None

    def config(self, *, required: bool = True, patient: bool = True) -> Config:
        """The settings in force; from here on sentences are in the language they ask for.

        A file that `--config` names must be there, unless it is not `required`; if it is a pipe, only who is
        `patient` waits for what comes.
        """
        from tuichat.config import load_config

        if self.kept and patient:
            return self.kept[0]
        named, path = self.words.config is not None, self.paths().config
        found = load_config(path, self.environment, required=required and named, patient=patient)
        if named and path.exists() and not path.is_file():
            self.kept.append(found)
        if found.ui.language:
            use_language(found.ui.language)
        return found

    def hours(self) -> Hours:
        """How times of day are to be written."""
        from tuichat.times import habit

        return self.config().ui.time_format or habit(self.environment)

    def key_file(self, *, warn: bool = True) -> bytes | None:
        """The content of the key file, None where none is named: option, variable, setting, in this order.

        `warn`: say so if others may read it.

        Raises:
            LockedError: it cannot be read, or is none.
        """
        from tuichat.cli.key_file import read_key_file

        if self.words.key_file is not None:
            return read_key_file(self.words.key_file, "--key-file", warn=warn)
        if named := self._from_environment("TUICHAT_KEY_FILE", some_path):
            return read_key_file(named, "TUICHAT_KEY_FILE", warn=warn)
        if (named := self.config(required=False).store.key_file) is not None:
            return read_key_file(named, "store.key_file", warn=warn)
        return None

    @asynccontextmanager
    async def node(
        self, *, start: bool = True, unlock: bool = True, none: str = ""
    ) -> AsyncIterator[AsyncClient]:
        """A connection to the profile's node, unlocked; `start` makes a detached one if none runs.

        `none` is what to do next where none runs and none is to be started, if not to start one.

        Raises:
            UnreachableError: none runs, or it does not come up.
            LockedError: it is locked, and there is no passphrase or a wrong one.
        """
        from tuichat import bootstrap

        self.finish_wipe()
        try:
            client = await bootstrap.attach(self.paths(), start=start, timeout=ATTACH_SECONDS)
        except bootstrap.NoNodeError as error:
            error.hint = none or error.hint
            raise
        async with client:
            if unlock and (await client.hello()).locked:
                await self._unlock(client)
            if unlock:
                await client.active()
            yield client

    async def _unlock(self, client: AsyncClient) -> None:
        """Nobody is asked for a passphrase that the profile does not have. Raises LockedError."""
        from tuichat import bootstrap

        if not bootstrap.has_passphrase(self.paths()):
            await client.unlock("")
            return
        key_file = self.key_file()  # before anybody is asked for anything
        await client.unlock(self.passphrase.read(), key_file)

    def with_node(
        self,
        work: Callable[[AsyncClient], Awaitable[Result]],
        *,
        start: bool = True,
        unlock: bool = True,
        none: str = "",
    ) -> Result:
        """Run `work` with a connection to the node, as `node` gives it; an ending signal cancels it.

        A mistake in the settings is told here, where a person reads it, not by a detached process; and before
        any loop has the signals, since a pipe that holds settings may be waited for.
        """
        self.config()

        async def connected() -> Result:
            async with self.node(start=start, unlock=unlock, none=none) as client:
                return await work(client)

        return run_async(connected())

    async def again(self, client: AsyncClient) -> AsyncClient | None:
        """After `client` was told the node ends: the next node's connection if it handed over, else None."""
        if client.closing != "handover":
            return None
        from tuichat import bootstrap

        try:
            return await bootstrap.reattach(self.paths())
        except UnreachableError:
            return None


def run_async(work: Coroutine[None, None, Result]) -> Result:
    """Run `work` in a loop of its own; SIGINT, SIGTERM and SIGHUP cancel it and raise KeyboardInterrupt.

    The handlers are not the loop's own: those it gives back to the system when it ends, and a signal in that
    moment would end the process without a word.
    """
    outcome: list[Result] = []
    came = False

    async def guarded() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def cancel(_number: int, _frame: FrameType | None) -> None:
            nonlocal came
            came = True
            if task.done():
                raise KeyboardInterrupt
            loop.call_soon_threadsafe(task.cancel)

        for number in heeded_signals():
            signal.signal(number, cancel)
        with waking_signals():
            outcome.append(await work)

    try:
        asyncio.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        raise_on_ending_signals()
    if came:  # when nothing more was to be waited for, so that no cancellation found its way in
        raise KeyboardInterrupt
    return outcome[0]
