"""A Debian server, as far as tor and tuichat can tell: its own /run, Debian's tor as Debian's unit starts it,
and people whose daemons run as tuichat's own unit has it, with no network at all.

All of it is in mount namespaces of its own: nothing of this machine is seen to change. It needs root.
"""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.people import Said
from tests.support.unit_rules import SANDBOX, directives, sandbox_rules
from tuichat.cli.service_unit import Unit

TOR_UNIT: Final = Path("/lib/systemd/system/tor@default.service")
TOR_DEFAULTS: Final = Path("/usr/share/tor/tor-service-defaults-torrc")
TOR_USER: Final = "debian-tor"
ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 60.0
_SOCKS_PORT: Final = 9050

# What the directives below mean is done in `_tor_script`; one that is not listed has to be looked at first.
RESPECTED: Final = frozenset(
    (
        *("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectSystem"),
        *("ReadOnlyDirectories", "ReadWriteDirectories", "CapabilityBoundingSet", "AppArmorProfile"),
    )
)
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")


def lacking() -> str:
    """What is missing here for all of it, "" for nothing."""
    tools = [tool for tool in ("unshare", "nsenter", "setpriv", "mount") if shutil.which(tool) is None]
    if os.geteuid() != 0:
        return "root"
    if tools:
        return ", ".join(tools)
    if not TOR_UNIT.exists() or not TOR_DEFAULTS.exists():
        return "Debian's tor package"
    if os.system("unshare --mount --net mount -t tmpfs tmpfs /run 2>/dev/null") != 0:
        return "the right to make namespaces"
    return "" if ROOT.stat().st_mode & 0o005 == 0o005 else "a checkout that others may read"


def hardening_of(unit: str) -> dict[str, list[str]]:
    """The part of Debian's unit that its own comment calls so."""
    return directives(unit.partition("# Hardening")[2])


class Machine:
    """Use with `async with`; `torrc` are lines for the machine's tor.

    Attributes:
        root: where its files are seen from outside.
    """

    def __init__(self, torrc: str) -> None:
        self._torrc = torrc
        self._keep = _needed_in_homes()
        self.root = Path("/")

    async def __aenter__(self) -> Self:
        script = ["set -e", "mount -t tmpfs -o mode=755 tmpfs /run", "mkdir -m 755 /run/keep /run/state"]
        for number, path in enumerate(self._keep):
            script += [
                f"mkdir /run/keep/{number}",
                f"mount --bind {shlex.quote(str(path))} /run/keep/{number}",
            ]
        script += ["echo up", "exec cat"]
        self._holder = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert await self._holder.stdout.readline() == b"up\n"
        self.root = Path(f"/proc/{self._holder.pid}/root")
        (self.root / "run/torrc").write_text(self._torrc + _other_socks_port())
        self._tor = await asyncio.create_subprocess_exec(
            *self.inside("unshare", "--mount", "sh", "-c", self._tor_script()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            await self._wait_for_tor()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def _wait_for_tor(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not (self.root / "run/tor/control").is_socket():
                if self._tor.returncode is not None:
                    raise AssertionError("tor did not start")
                await asyncio.sleep(0.05)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tor.returncode is None:
            self._tor.send_signal(signal.SIGINT)  # KillSignal= of its unit
        said = (await self._tor.communicate())[0].decode()
        assert self._holder.stdin is not None
        self._holder.stdin.close()  # the end of its input is its own
        await self._holder.communicate()
        if error is not None:
            print(f"Debian's tor said:\n{said}")

    def inside(self, *command: str) -> list[str]:
        """A command in this machine's mount namespace."""
        return ["nsenter", f"--target={self._holder.pid}", "--mount", "--", *command]

    def _tor_script(self) -> str:
        """Its unit, line by line."""
        unit = directives(TOR_UNIT.read_text())
        hardening = hardening_of(TOR_UNIT.read_text())
        writable = {path.removeprefix("-") for path in hardening["ReadWriteDirectories"]}
        capabilities = hardening["CapabilityBoundingSet"][0].lower().replace("cap_", "+").replace(" ", ",")
        lines = ["set -e", *_hiding((), "000"), *_devices()]
        for path in sorted(writable - {"/proc", "/run"}):
            lines += [f"mount -t tmpfs tmpfs {path}", f"chown {TOR_USER}: {path}", f"chmod 700 {path}"]
        lines += ["mount --bind /run/torrc /etc/tor/torrc", "mount -o remount,bind,ro /"]
        lines += [_plain(command) for command in unit["ExecStartPre"]]
        (start,) = unit["ExecStart"]
        lines.append(f"exec setpriv --no-new-privs --bounding-set=-all,{capabilities} {start}")
        return "\n".join(lines)

    def view(self) -> list[str]:
        """What tuichat's unit lets its daemon see: no homes, and a /tmp of its own."""
        return _hiding(self._keep, "755")


class Resident:
    """Somebody with a service of the system on a machine, as a user of their own.

    Attributes:
        pid: of the daemon.
    """

    def __init__(self, machine: Machine, name: str, uid: int) -> None:
        self.name = name
        self.address = ""
        self._machine = machine
        self._uid = uid
        self._group = grp.getgrnam(TOR_USER).gr_gid
        self._unit = Unit("system", "system", name, (sys.executable, "-P", "-m", "tuichat")).text()
        self._home = Path("/run/state") / name
        self._daemon: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    @property
    def home(self) -> Path:
        """Their home, as it is seen from outside."""
        return self._machine.root / self._home.relative_to("/")

    @property
    def runtime(self) -> Path:
        """Their RuntimeDirectory=, as it is seen from outside."""
        (place,) = directives(self._unit)["RuntimeDirectory"]
        return self._machine.root / "run" / place

    def move_in(self) -> None:
        """What systemd makes for the unit."""
        (mode,) = directives(self._unit)["RuntimeDirectoryMode"]
        self.home.mkdir(mode=0o700)
        self.runtime.mkdir(parents=True)
        self.runtime.parent.chmod(0o755)
        self.runtime.chmod(int(mode, 8))
        for path in (self.home, self.runtime):
            os.chown(path, self._uid, self._group)

    def put(self, name: str, content: bytes) -> str:
        """A file in their home; its path there."""
        (self.home / name).write_bytes(content)
        return str(self._home / name)

    async def run(self, *words: str) -> Said:
        """A command of theirs, to its end."""
        process = await self._spawn(*words)
        out, err = await asyncio.wait_for(process.communicate(), 300.0)
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())

    async def must(self, *words: str) -> str:
        """The output of a command that succeeds."""
        said = await self.run(*words)
        if said.code != 0:
            raise AssertionError(
                f"{self.name}: tuichat {' '.join(words)} exited with {said.code}: {said.err}"
            )
        return said.out

    async def until(self, wanted: str, *words: str) -> str:
        """Run a command until its output has `wanted`."""
        async with asyncio.timeout(250.0):
            while wanted not in (out := await self.must(*words)):  # noqa: ASYNC110 - others bring it about
                await asyncio.sleep(0.2)
        return out

    async def start(self) -> None:
        """Start the daemon, and wait until it serves."""
        self._daemon = await self._spawn("daemon", "run", confined=True)
        await self.until('"node":"daemon"', "status", "--json")

    async def stop(self) -> tuple[int | None, str]:
        """SIGTERM; the daemon's exit code, and what it said."""
        if self._daemon is None:
            return None, ""
        if self._daemon.returncode is None:
            self._daemon.terminate()
        async with asyncio.timeout(90.0):  # TimeoutStopSec= of the unit
            _out, err = await self._daemon.communicate()
        code = self._daemon.returncode
        self._daemon = None
        return code, err.decode()

    async def _spawn(self, *words: str, confined: bool = False) -> asyncio.subprocess.Process:
        """A tuichat of theirs: in the unit's view, without network, and if wanted under its other rules."""
        program = [sys.executable, "-P", "-m", "tuichat", "--profile", self.name, *words]
        if confined:
            program = [sys.executable, "-S", str(SANDBOX), sandbox_rules(self._unit), *program]
        script = ["set -e", *self._machine.view(), f"cd {shlex.quote(str(ROOT))}"]
        drop = f"setpriv --reuid={self._uid} --regid={self._group} --clear-groups --no-new-privs"
        script.append(f"exec {drop} --bounding-set=-all --inh-caps=-all {shlex.join(program)}")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TUICHAT_", "XDG_"))
        }
        (mode,) = (value for value in directives(self._unit)["Environment"])
        variable, _equals, value = mode.partition("=")
        return await asyncio.create_subprocess_exec(
            *self._machine.inside("unshare", "--net", "--mount", "sh", "-c", "\n".join(script)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**kept, "HOME": str(self._home), variable: value, "PYTHONPATH": _python_path()},
        )


def _other_socks_port() -> str:
    """A line for who has a tor running here already: it has the port that Debian's own line asks for, too."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _SOCKS_PORT))
        except OSError:
            print(f"\nPort {_SOCKS_PORT} is taken, so Debian's tor gets its socket only.")
            return "SocksPort unix:/run/tor/socks WorldWritable\n"
    return ""


def tor_uid() -> int:
    """The user id of Debian's tor."""
    return pwd.getpwnam(TOR_USER).pw_uid


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def _hidden() -> list[str]:
    found = ("/home", "/root", "/run/user", tempfile.gettempdir(), "/tmp", "/var/tmp")
    return [path for path in dict.fromkeys(found) if Path(path).is_dir()]


def _needed_in_homes() -> tuple[Path, ...]:
    """What Python and this checkout need of what is hidden: a server has it elsewhere."""
    places = {Path(place).resolve() for place in (ROOT, sys.prefix, sys.base_prefix)}
    return tuple(sorted(path for path in places if any(path.is_relative_to(hidden) for hidden in _hidden())))


def _hiding(keep: tuple[Path, ...], mode: str) -> list[str]:
    """ProtectHome= and PrivateTmp=, but for what has to be kept."""
    lines = ["umask 022"]
    for path in _hidden():
        lines.append(
            f"[ ! -d {path} ] || mount -t tmpfs -o mode={'1777' if 'tmp' in path else mode} tmpfs {path}"
        )
    for number, kept in enumerate(keep):
        place = shlex.quote(str(kept))
        lines += [f"mkdir -p {place}", f"mount --bind /run/keep/{number} {place}"]
    return lines


def _devices() -> list[str]:
    """PrivateDevices=: a /dev with next to nothing in it."""
    lines = ["mkdir /run/dev", "mount -t tmpfs -o mode=755 tmpfs /run/dev"]
    for device in _DEVICES:
        lines += [f"touch /run/dev/{device}", f"mount --bind /dev/{device} /run/dev/{device}"]
    return [*lines, "mount --rbind /run/dev /dev"]


def _plain(command: str) -> str:
    """A command of a unit without the signs in front of it."""
    return command.lstrip("-+!@:")
