"""Two people meet for the first time, each at a terminal of their own, and in the end nothing is left of it.

Nothing is done but by keys and nothing is known but by what a terminal shows. Every step waits for what is
seen, however long that takes: a call over Tor may fail and be made again.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from onion.binary import find_tor
from tests.support.process_tree import Process, living, processes_of
from tests.support.tmux_terminal import TmuxTerminal, tmux_terminal

PATIENCE: Final = 180.0
"""Seconds after which what is awaited will not come, on a machine that does other things too."""

FIGURES: Final = "".join(f"{number},{number**3}\n" for number in range(20_000)).encode()

_LOOK_SECONDS: Final = 0.1
_CALL_SECONDS: Final = 30.0
_STRANGER: Final = re.compile(r"^.● [a-z2-7]{8} ", re.MULTILINE)
_NUMBER: Final = re.compile(r"(?:\b\d{5}\b[ │]*?){6}")


@dataclass(frozen=True, slots=True)
class Scene:
    """What somebody saw at one moment of the way.

    Attributes:
        step: the heading below which it stands.
        says: what is done, in a sentence.
        screen: the rows of the terminal.
        seen: what has to be on it.
    """

    step: str
    says: str
    screen: str
    seen: tuple[str, ...]


class Traveller:
    """One of the two: a terminal, a home, and a passphrase to remember."""

    def __init__(self, name: str, terminal: TmuxTerminal, directory: Path) -> None:
        self.name = name
        self.home = directory / name.lower()
        self.profile = self.home / "tuichat"
        self.passphrase = f"five words that {name} remembers"
        self._terminal = terminal

    def start(self, torrc: Path) -> None:
        """Open the interface, for the first time."""
        (self.home / "Downloads").mkdir(parents=True)
        environment = {
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "TUICHAT_TOR__BINARY": str(find_tor()),
            "TUICHAT_TOR__EXTRA_TORRC": str(torrc),
        }
        command = [sys.executable, "-m", "tuichat", "--home", str(self.profile)]
        self._terminal.start(command, environment, (80, 24))

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux does."""
        self._terminal.press(*keys)

    def say(self, line: str) -> None:
        """Type a line and send it."""
        self._terminal.type(line)
        self._terminal.press("Enter")

    async def write(self, text: str) -> None:
        """Write into a field."""
        self._terminal.type(text)
        await self.sees(text)

    async def next_field(self) -> None:
        """Go to the next field; what is typed before the cursor is there goes into the one before."""
        row = self._terminal.cursor()[0]
        self._terminal.press("Enter")
        await self.until(lambda _screen: self._terminal.cursor()[0] != row, "another field")

    def paste(self, text: str) -> None:
        """What another terminal has copied."""
        self._terminal.paste(text)

    def copied(self) -> str:
        """What the interface has put into the terminal's clipboard."""
        return self._terminal.clipboard()

    async def sees(self, *texts: str) -> str:
        """Wait until all of `texts` are on the screen; gives it."""
        return await self.until(lambda screen: all(text in screen for text in texts), *texts)

    async def until(self, reached: Callable[[str], object], *wanted: str) -> str:
        """Wait until the screen is as it is to be; gives it."""
        screen = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while not reached(screen := self._terminal.screen()):
                    assert "exit code" not in screen, screen
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.name} never saw {wanted}, but:\n{screen}") from None
        return screen

    def everybody(self) -> set[Process]:
        """The interface, the node and its tor; not the terminal, whose command line names the home, too."""
        return processes_of(self._terminal.pid(), f"--home {self.profile} --config")

    async def leave(self) -> str:
        """Wait until the interface has ended and everything with it; gives the last screen."""
        screen = ""
        async with asyncio.timeout(PATIENCE):
            while "exit code" not in screen:
                await asyncio.sleep(_LOOK_SECONDS)
                screen = self._terminal.screen()
        return screen


@asynccontextmanager
async def travelled(torrc: Path) -> AsyncIterator[Journey]:
    """The whole way, gone on the Tor network that `torrc` describes; nothing of it stays behind."""
    with tempfile.TemporaryDirectory(prefix="j", ignore_cleanup_errors=True) as directory:
        async with tmux_terminal() as one, tmux_terminal() as other:
            ada = Traveller("Ada", one, Path(directory))
            bob = Traveller("Bob", other, Path(directory))
            journey = Journey(ada, bob)
            await journey.go(torrc)
            yield journey


@dataclass
class Journey:
    """The way of two people, told in scenes.

    Attributes:
        received: what arrived of the file that was sent.
        numbers: the safety number, as each of them sees it.
        left: what lies in their profiles in the end, when every process of theirs has ended.
    """

    ada: Traveller
    bob: Traveller
    scenes: list[Scene] = field(default_factory=list)
    received: bytes = b""
    numbers: list[str] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)

    async def go(self, torrc: Path) -> None:
        """The whole way."""
        for person in (self.ada, self.bob):
            person.start(torrc)
        await asyncio.gather(self._first_run(self.ada), self._first_run(self.bob))
        await self._invite()
        await self._accept()
        await self._chat()
        await self._file()
        await self._verify()
        await self._lock()
        await self._wipe()

    async def _show(self, step: str, who: Traveller, says: str, *seen: str) -> str:
        screen = await who.sees(*seen)
        self.scenes.append(Scene(step, says, screen, seen))
        return screen

    async def _first_run(self, person: Traveller) -> None:
        step, told = "First run", person is self.ada
        await person.sees("A passphrase locks everything kept here")
        if told:
            says = "Ada opens tuichat for the first time, and chooses a passphrase."
            await self._show(step, person, says, "A passphrase locks")
        person.say(person.passphrase)
        await person.sees("The same passphrase again")
        person.say(person.passphrase)
        await person.sees("The name you suggest")
        person.say(person.name)
        await person.sees("Your address.", "100%")
        if told:
            says = "A name, and there is her address, while tor connects. In another place Bob does the same."
            await self._show(step, person, says, "Your address.", "100%", "add someone")

    async def _invite(self) -> None:
        self.ada.press("Enter")
        await self.ada.sees("● reachable")
        self.ada.say("/invite")
        await self.ada.sees("Your invite", "c copy")
        says = "Ada writes `/invite`. Whoever gets this text first is her contact; c copies it."
        screen = await self._show("Invite", self.ada, says, "Your invite", "tuichat1:", "c copy")
        self.ada.press("c")
        await self.ada.sees("Copied")
        assert self.ada.copied()[:60] in screen
        self.ada.press("Escape")
        await self.ada.until(lambda screen: "Your invite" not in screen, "the invite closed")

    async def _accept(self) -> None:
        self.bob.press("a")
        await self.bob.sees("Their address or invite")
        self.bob.paste(self.ada.copied())
        await self.bob.sees("tuichat1:")
        await self.bob.next_field()
        await self.bob.write("ada")
        await self.bob.next_field()
        await self.bob.write("it is me, Bob")
        says = "Bob presses a and pastes it; what he calls her, and a word to her, are up to him."
        await self._show("Accept", self.bob, says, "tuichat1:", "ada", "it is me, Bob")
        self.bob.press("Enter")
        await self.bob.sees("ada", "● linked")
        await self.ada.until(_STRANGER.search, "somebody who is linked")
        says = "Nobody has to answer. Bob's tuichat calls Ada's, and they are contacts; she is told who came."
        await self._show("Accept", self.ada, says, "Your invite was used", "“Bob”", "it is me, Bob")
        self.ada.press("M-1")
        await self.ada.sees("They call themselves “Bob”", "● linked")
        self.ada.say("/rename Bob")
        await self.ada.sees("▌● Bob")

    async def _chat(self) -> None:
        self.ada.say("你好 Bob 👋 第三页有图表")
        await self.bob.sees("第三页有图表")
        self.bob.say("看到了, thanks 🎉")
        await self.bob.sees("✓✓")
        says = "They write. ✓✓ says that a message lies on the other one's disk."
        await self._show("Chat", self.ada, says, "第三页有图表", "看到了, thanks 🎉", "✓✓")

    async def _file(self) -> None:
        (self.bob.home / "figures.csv").write_bytes(FIGURES)
        self.bob.say("/file ~/figures.csv")
        says = "Bob writes `/file ~/figures.csv`. Nothing is fetched before Ada says so."
        await self._show("File", self.ada, says, "figures.csv", "offered until", "o fetch")
        self.ada.press("Escape")
        await self.ada.sees("O choose where")
        self.ada.press("O")
        await self.ada.sees("s fetch into a directory")
        self.ada.press("s")
        await self.ada.sees("a directory, such as")
        self.ada.say("~/Downloads")
        await self.ada.sees("complete")
        self.ada.press("Escape")
        await self.ada.until(lambda screen: "Esc close" not in screen, "the card closed")
        says = "She presses Esc, O, s, and names a directory. It comes straight from Bob's computer."
        await self._show("File", self.ada, says, "figures.csv", "✓ complete", "Downloads", "o show")
        self.received = (self.ada.home / "Downloads" / "figures.csv").read_bytes()
        self.ada.press("Escape")
        await self.ada.sees("Esc choose")

    async def _lock(self) -> None:
        self.ada.say("/lock")
        says = "Ada leaves her desk: `/lock`. What her profile keeps is sealed, and nothing of it is shown."
        screen = await self._show("Lock", self.ada, says, "This profile is locked.", "Enter unlock")
        assert "Bob" not in screen
        self.ada.say("not the passphrase")
        await self.ada.sees("That is not the passphrase.")
        self.ada.say(self.ada.passphrase)
        says = "With the passphrase everything is back, and her tuichat calls Bob's."
        await self._show("Lock", self.ada, says, "看到了, thanks 🎉", "● linked", "● reachable")

    async def _verify(self) -> None:
        self.numbers.append(await self._number_of_bob())
        says = "Alt+I shows the card of a contact. Both read the safety number to each other."
        await self._show("Verify", self.ada, says, "safety", "v compare", "not verified")
        self.bob.press("M-i")
        self.numbers.append(_number(await self.bob.until(_number, "a safety number")))
        for person, other in ((self.ada, "Bob"), (self.bob, "ada")):
            person.press("v")
            says = "It is the same for both, so each presses v, then y: the other is who they think it is."
            question = "Do both of you see the same?"
            await (
                self._show("Verify", person, says, question) if person is self.ada else person.sees(question)
            )
            person.press("y")
            await person.sees("Verified.")
            person.press("Escape")
            await person.sees(f"{other} ✓ verified")

    async def _number_of_bob(self) -> str:
        """Bob has called Ada, not she him: to show a number her tuichat calls back, again if that fails."""
        while True:
            self.ada.press("M-i")
            try:
                async with asyncio.timeout(_CALL_SECONDS):
                    return _number(await self.ada.until(_number, "a safety number"))
            except TimeoutError:
                self.ada.press("Escape")
                await self.ada.until(lambda seen: "Esc close" not in seen, "the card closed")

    async def _wipe(self) -> None:
        running = self.ada.everybody() | self.bob.everybody()
        for person, words in ((self.ada, "/wipe"), (self.bob, "/wipe")):
            person.say(words)
            if person is self.ada:
                says = "All that is left to do is to leave nothing. `/wipe` asks for the profile's name."
                await self._show("Wipe", person, says, "This destroys the keys", "type the profile's name")
            await person.sees("type the profile's name: tuichat")
            person.say("tuichat")
            screen = await person.leave()
            if person is self.ada:
                says = "Keys first, then the rest: the program ends, and so do the node and its tor."
                self.scenes.append(Scene("Wipe", says, screen, ("exit code 0",)))
            assert "exit code 0" in screen, screen
        async with asyncio.timeout(PATIENCE):
            while living(running):  # noqa: ASYNC110 - other processes bring it about
                await asyncio.sleep(_LOOK_SECONDS)
        self.left = [path for person in (self.ada, self.bob) for path in person.profile.rglob("*")]


def _number(screen: str) -> str:
    """The sixty digits of a card; "" if it does not show them yet."""
    rows = _NUMBER.findall(screen)
    return "".join(re.findall(r"\d", "".join(rows))) if len(rows) == 2 else ""
