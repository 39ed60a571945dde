"""Debian's tor as its package runs it carries people whose daemons have no network at all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from onion.system import DEBIAN_CONTROL
from tests.support.debian_machine import (
    RESPECTED,
    TOR_DEFAULTS,
    TOR_UNIT,
    Machine,
    Resident,
    hardening_of,
    lacking,
    tor_uid,
)
from tests.support.network_thread import NetworkThread
from tests.support.people import ROOT, Person
from tests.support.pictures import CANARY, telling_jpeg
from tests.support.unit_rules import SANDBOX, directives, sandbox_rules
from tuichat.bootstrap.onion_place import SHARED
from tuichat.cli.service_unit import Unit

pytestmark = pytest.mark.tor

SOMEBODY = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid"  # the Tor Project's, an example

UIDS = {"alice": 61_001, "bob": 61_002}


def test_debians_tor_looks_where_we_do() -> None:
    if not TOR_UNIT.exists():
        print("\nDebian's tor package is not here: its files are not compared.")
        return
    hardening = hardening_of(TOR_UNIT.read_text())
    assert hardening.keys() <= RESPECTED, "Debian's unit has directives that the test below does not know"
    assert "-/run" in hardening["ReadWriteDirectories"]
    assert (hardening["ProtectHome"], hardening["PrivateTmp"]) == (["yes"], ["yes"])
    defaults = TOR_DEFAULTS.read_text()
    assert f"ControlSocket {DEBIAN_CONTROL} GroupWritable" in defaults
    assert "SocksPort unix:/run/tor/socks" in defaults
    assert "CookieAuthFileGroupReadable 1" in defaults
    ours = directives(Unit("system", "system", "default", ("/opt/tuichat/bin/tuichat",)).text())
    assert ours["RuntimeDirectory"] == [f"{SHARED.name}/default"]
    assert ours["Group"] == ["debian-tor"]


async def test_two_people_without_any_network_talk_over_debians_tor(tor_network: NetworkThread) -> None:
    if missing := lacking():
        print(f"\nNot played, only compared, for lack of {missing}: two people over Debian's tor.")
        return
    async with Machine(tor_network.torrc.read_text()) as machine:
        alice, bob = (Resident(machine, name, uid) for name, uid in UIDS.items())
        try:
            for person in (alice, bob):
                person.move_in()
                person.address = (await person.must("init", "--no-passphrase", "--name", person.name)).strip()
                await person.start()
            await asyncio.gather(*(person.must(*REACHABLE) for person in (alice, bob)))
            for person in (alice, bob):
                has_nothing_but_tor(person)
            await talk(alice, bob)
            await a_file_goes_on_after_both_were_stopped(alice, bob)
        finally:
            ends = [await person.stop() for person in (alice, bob)]
        assert [code for code, _said in ends] == [0, 0]
        assert not any("Traceback" in said or "error" in said for _code, said in ends)
        assert [list(person.runtime.iterdir()) for person in (alice, bob)] == [[], []]


REACHABLE = ("status", "--wait", "reachable", "--timeout", "240")


def has_nothing_but_tor(person: Resident) -> None:
    """The daemon's own surroundings, as the kernel has them."""
    process = Path(f"/proc/{person.pid}")
    links = [line.split(":")[0].strip() for line in (process / "net/dev").read_text().splitlines()[2:]]
    assert links == ["lo"]
    assert (process / "net/route").read_text().count("\n") <= 1
    fields = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    assert set(fields["Uid"].split()) == {str(UIDS[person.name])}
    assert str(tor_uid()) not in fields["Uid"].split()
    assert (int(fields["CapBnd"], 16), int(fields["CapEff"], 16)) == (0, 0)
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    found = person.runtime.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (UIDS[person.name], 0o750)
    assert (person.runtime / "onion.sock").is_socket()


async def talk(alice: Resident, bob: Resident) -> None:
    await alice.must("contact", "add", bob.address, "--name", "bob", "--message", "no network here")
    await bob.until("no network here", "contact", "requests")
    await bob.must("contact", "accept", alice.address)
    await bob.must("contact", "rename", alice.address, "alice")
    await alice.must("send", "bob", "hello", "--wait", "delivered", "--timeout", "120")
    await bob.must("send", "alice", "hello yourself", "--wait", "delivered", "--timeout", "120")
    assert "hello yourself" in await alice.must("messages", "bob")


async def a_file_goes_on_after_both_were_stopped(alice: Resident, bob: Resident) -> None:
    """Both are stopped while it is on its way, in order and in time, and nothing of it is lost."""
    content = os.urandom(8 << 20)
    await alice.must("send", "bob", "--file", alice.put("figures.bin", content))
    await bob.until("figures.bin", "files", "list")
    os.kill(alice.pid, signal.SIGSTOP)  # on a quick machine it would be there before both are stopped
    try:
        await bob.must("files", "accept", "1")
    finally:
        os.kill(alice.pid, signal.SIGCONT)
    ends = await asyncio.gather(bob.stop(), alice.stop())
    assert [code for code, _said in ends] == [0, 0]
    inbox = bob.home / ".local/share/tuichat/bob/inbox"
    there = {path.name for path in inbox.iterdir()}
    await asyncio.gather(alice.start(), bob.start())
    (listed,) = (await bob.until('"state":"complete"', "files", "list", "--json")).splitlines()
    received = inbox / Path(json.loads(listed)["path"]).name
    assert received.name not in there
    assert received.read_bytes() == content


class Confined(Person):
    """Somebody whose daemon, with a tor of its own, runs under the rules of the unit for that."""

    async def _spawn(self, *words: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        unit = Unit("system", "child", "default", ("/opt/tuichat/bin/tuichat",)).text()
        program = [sys.executable, "-m", "tuichat", "--home", str(self.paths.home), *words]
        confined = [sys.executable, "-S", str(SANDBOX), sandbox_rules(unit)] if words[0] == "daemon" else []
        return await asyncio.create_subprocess_exec(
            *confined,
            *program,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._environment,
            cwd=ROOT,
        )


async def test_a_tor_of_our_own_and_the_cleaning_of_pictures_work_under_the_units_rules(
    tor_network: NetworkThread, short_directory: Path
) -> None:
    alice = Confined("alice", short_directory, tor_network.torrc)
    try:
        await alice.create()
        await alice.start()
        assert "Seccomp:\t2" in Path(f"/proc/{alice.pid}/status").read_text()
        await alice.reachable()
        assert "Seccomp:\t2" in Path(f"/proc/{alice.tor_pid()}/status").read_text()
        picture = short_directory / "picture.jpg"
        picture.write_bytes(telling_jpeg())
        await alice.must("contact", "add", SOMEBODY, "--name", "somebody")
        await alice.must("send", "somebody", "--file", str(picture))
        (cleaned,) = alice.paths.outgoing.iterdir()
        assert CANARY in picture.read_bytes()
        assert CANARY not in cleaned.read_bytes()
        assert await alice.complaints() == []
    finally:
        await alice.stop()
