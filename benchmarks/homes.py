"""Profiles for measurements, in directories that vanish, with as many messages as wanted, and their nodes."""

from __future__ import annotations

import compileall
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tuichat import bootstrap
from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.network.addresses import address_of
from tuichat.store.profile import create_profile, open_profile
from tuichat.store.store import Store

ROOT = Path(__file__).parents[1]
PEER = "Ada"
NEWEST_TEXT = "the newest message of all"

NO_TOR = '[tor]\nbinary = "/nonexistent/tor"\n'
"""Settings of a node that finds no tor, and so never reaches a network."""

_PATIENCE = 40.0
_TEXTS = (
    "did the draft reach you?",
    "reading it now",
    "The second half needs another look: the numbers of the first table do not add up, and the conclusion "
    "leans on them. I would rather wait a day than send it out like this.",
    "好的，明天再说吧",
    "ok",
    "See you at seven, then? I will bring the other notebook and the map, in case it rains.",
)


class Home:
    """One profile's home. `stop` ends the node that `start` started, which runs `module`."""

    def __init__(self, directory: Path, settings: str = NO_TOR, module: str = "tuichat") -> None:
        directory.mkdir(mode=0o700)
        self._module = module
        (directory / "tuichat.toml").write_text(settings, encoding="utf-8")
        self.paths = bootstrap.profile_paths(directory, "default", None)
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where its node listens."""
        return bootstrap.socket_path(self.paths)

    @property
    def node_pid(self) -> int:
        """The node's process."""
        assert self._daemon is not None
        return self._daemon.pid

    def command(self, *words: str) -> list[str]:
        """A tuichat command on this profile."""
        return [sys.executable, "-m", self._module, "--home", str(self.paths.home), *words]

    def make_profile(self, passphrase: str | None = None) -> str:
        """A new identity; its address."""
        return address_of(create_profile(self.paths, "", passphrase, SystemRng(), SystemClock()))

    def fill(self, messages: int, passphrase: str = "") -> None:
        """Put one contact, PEER, into the profile, and so many messages, all seen."""
        profile = open_profile(self.paths, passphrase)
        store = Store.open(self.paths.database, profile.database_key, synchronous="OFF")
        try:
            now = SystemClock().now()
            onion = Identity.generate(SystemRng(), now).onion
            contact = store.contacts.add(onion, "accepted", PEER, created_at=int(now * 1000))
            fill_conversation(store, contact.id, messages)
        finally:
            store.close()

    def add_contacts(self, count: int) -> None:
        """Put so many contacts into the profile, which has no passphrase; nobody is at their addresses."""
        profile = open_profile(self.paths, "")
        store = Store.open(self.paths.database, profile.database_key, synchronous="OFF")
        try:
            now = SystemClock().now()
            for number in range(count):
                onion = Identity.generate(SystemRng(), now).onion
                store.contacts.add(
                    onion,
                    "accepted",
                    f"contact {number}",
                    created_at=int(now * 1000),
                    pair_sent=SystemRng().bytes(32),
                )
        finally:
            store.close()

    def start(self, *options: str) -> None:
        """Start its node as a daemon and wait until it serves."""
        self._daemon = subprocess.Popen(
            self.command(*options, "daemon", "run"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
        )
        deadline = time.monotonic() + _PATIENCE
        while not self._serves():
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the node did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        """End its node, if it runs."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(_PATIENCE)
            self._daemon = None

    def _serves(self) -> bool:
        asked = subprocess.run(self.command("status", "--json"), capture_output=True, check=False, cwd=ROOT)
        return b'"node":"daemon"' in asked.stdout.replace(b" ", b"")


@contextlib.contextmanager
def new_home(settings: str = NO_TOR, module: str = "tuichat") -> Iterator[Home]:
    """A home without a profile yet, removed at the end with its node; tuichat is compiled as if installed."""
    _compile()
    with tempfile.TemporaryDirectory(prefix="tcb") as directory:
        home = Home(Path(directory) / "home", settings, module)
        try:
            yield home
        finally:
            home.stop()


def _compile() -> None:
    """What is installed has its bytecode beside it, as the libraries here have; a checkout may lack it."""
    for package in ("tuichat", "onion", "benchmarks"):
        if not compileall.compile_dir(ROOT / package, quiet=1):
            raise RuntimeError(f"{package} does not compile")


def fill_conversation(store: Store, contact: int, messages: int) -> None:
    """Put so many messages with a contact into a store, both ways, a minute apart, all seen."""
    now = int(SystemClock().now() * 1000)
    with store.transaction():
        for number in range(messages):
            at = now - (messages - number) * 60_000
            newest = number == messages - 1
            incoming = newest or bool(number % 2)
            store.messages.add(
                contact,
                "in" if incoming else "out",
                number.to_bytes(16, "big"),
                "text",
                NEWEST_TEXT if newest else _TEXTS[number % len(_TEXTS)],
                sent_at=at,
                received_at=at if incoming else None,
                state="read" if incoming else "delivered",
            )
