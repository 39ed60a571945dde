"""What the doctor finds about the computer: where secrets could leak to, and the disk below the profile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tuichat.cli.finding import Finding
from tuichat.cli.output import printable
from tuichat.cli.surroundings import Mount, Surroundings
from tuichat.i18n import _

_SCARCE_BYTES: Final = 200 * 1024 * 1024
_LEAST_BYTES: Final = 20 * 1024 * 1024
_LEAST_NODES: Final = 100
_IN_MEMORY: Final = ("tmpfs", "ramfs")
_FAR: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "fuse.sshfs", "fuse.rclone")
_UNSAFE_OPTIONS: Final = ("nobarrier", "barrier=0", "nolock")


def swap(machine: Surroundings) -> Iterator[Finding]:
    """Whether memory, with keys and texts in it, may be written to a disk as it is."""
    lines = (machine.read("proc/swaps") or "").splitlines()[1:]
    plain = [name for name, kind in map(_swap_line, lines) if not _is_safe_swap(machine, name, kind)]
    if plain:
        text = _("memory may be written to {devices}, not encrypted: keys and texts with it")
        hint = _("Encrypt the swap, or do without it: sudo swapoff -a")
        yield Finding("swap", "warning", text.format(devices=", ".join(plain)), hint, "plain")
    else:
        yield Finding("swap", "ok", _("encrypted or in memory") if lines else _("none"))


def _swap_line(line: str) -> tuple[str, str]:
    words = line.split()
    return (words[0].replace(r"\040", " "), words[1]) if len(words) > 1 else (line, "")


def _is_safe_swap(machine: Surroundings, name: str, kind: str) -> bool:
    if kind == "file":
        mount = machine.mount_of(Path(name))
        return mount is not None and machine.is_encrypted(mount.device)
    device = Path(name).name
    return device.startswith("zram") or machine.is_encrypted(device)


def memory(machine: Surroundings) -> Iterator[Finding]:
    """How much a process might keep out of the swap; whether others of this user may read memory."""
    if machine.lock_limit < 0:
        text = _("a process may lock any amount of memory")
    else:
        text = _("a process may lock {size} KiB of memory").format(size=machine.lock_limit // 1024)
    yield Finding("memory", "ok", text, what="lock_limit")
    scope = (machine.read("proc/sys/kernel/yama/ptrace_scope") or "0").strip()
    if scope != "0":
        text = _("programs of yours cannot read each other's memory")
        yield Finding("memory", "ok", text, what="ptrace")
    else:
        yield Finding(
            "memory",
            "warning",
            _("programs of yours may read each other's memory: tuichat forbids it, its terminal does not"),
            _("Where the system has Yama: sudo sysctl kernel.yama.ptrace_scope=1"),
            "ptrace",
        )


def core_dumps(machine: Surroundings) -> Iterator[Finding]:
    """Whether a crash could write the memory of tuichat to the disk."""
    pattern = (machine.read("proc/sys/kernel/core_pattern") or "core").strip()
    piped = pattern.startswith("|")
    if machine.dumpable is False:
        yield Finding("core_dumps", "ok", _("tuichat's processes leave none"))
    elif piped or machine.core_limit != 0:
        program = pattern[1:].split(" ", 1)[0] if piped else pattern
        text = _("a crash may leave the memory of tuichat with {place}").format(place=program)
        hint = _("Turn them off: ulimit -c 0, and sudo sysctl kernel.core_pattern=core")
        yield Finding("core_dumps", "warning", text, hint, "possible")
    else:
        yield Finding("core_dumps", "ok", _("none: their size is limited to 0"))


def disk(machine: Surroundings, home: Path) -> Iterator[Finding]:
    """The room where the profile is or would be, and what kind of file system that is."""
    existing = next(path for path in (home, *home.absolute().parents) if os.access(path, os.F_OK))
    free, nodes = shutil.disk_usage(existing).free, os.statvfs(existing)
    yield about_room(free, existing)
    if nodes.f_files and nodes.f_favail < _LEAST_NODES:
        text = _("no more files can be made in {path}").format(path=printable(existing))
        yield Finding("disk", "error", text, _("Remove files that are not needed."), "inodes")
    mount = machine.mount_of(existing.resolve())
    if mount is not None:
        yield from about_file_system(machine, mount, existing)


def about_room(free: int, place: Path) -> Finding:
    """What `free` bytes mean."""
    text = _("{size} MiB free in {path}").format(size=free // (1024 * 1024), path=printable(place))
    if free >= _SCARCE_BYTES:
        return Finding("disk", "ok", text)
    hint = _("Make room: messages that cannot be written are refused.")
    return Finding("disk", "warning" if free >= _LEAST_BYTES else "error", text, hint, "room")


def about_file_system(machine: Surroundings, mount: Mount, place: Path) -> Iterator[Finding]:
    """What a file system, or what stands before it, does not keep; nothing if all is well."""
    path = printable(place)
    if mount.kind in _IN_MEMORY:
        text = _("{path} is in memory: it is gone when the computer is switched off").format(path=path)
        yield Finding("disk", "warning", text, _("Choose another place: --home DIR"), "in_memory")
    if mount.kind in _FAR:
        text = _("{path} is on another computer ({kind}), where locks and writes may not hold")
        hint = _("Keep the profile on a disk of this one: --home DIR")
        yield Finding("disk", "warning", text.format(path=path, kind=mount.kind), hint, "network")
    if "ro" in mount.options:
        text = _("{path} is mounted to be read only").format(path=path)
        yield Finding("disk", "error", text, _("Mount it to be written, or choose another: --home DIR"), "ro")
    if unsafe := [option for option in _UNSAFE_OPTIONS if option in mount.options]:
        text = _("{path} is mounted with {option}: what was written may be lost when the power fails")
        hint = _("Mount it without that.")
        yield Finding("disk", "warning", text.format(path=path, option=unsafe[0]), hint, "unsafe_mount")
    if "eatmydata" in machine.environment.get("LD_PRELOAD", ""):
        text = _("eatmydata is loaded: what was written may be lost when the power fails")
        yield Finding("disk", "warning", text, _("Start tuichat without it: unset LD_PRELOAD"), "no_fsync")
