"""What a running process takes, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

_MEGABYTE_IN_KIB = 1024
_NANOSECONDS = 1e9


def resident_mb(pid: int) -> float:
    """Resident memory in megabytes (2^20 bytes), pages shared with other processes included."""
    return _kib(Path(f"/proc/{pid}/status"), "VmRSS:") / _MEGABYTE_IN_KIB


def proportional_mb(pid: int) -> float | None:
    """The same with shared pages divided among their users; None for a process that does not let us look."""
    try:
        return _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") / _MEGABYTE_IN_KIB
    except PermissionError:
        return None


def processor_seconds(pid: int) -> float:
    """What all threads of the process computed so far; other load on the machine does not count."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds += int((thread / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            continue  # it ended just now
    return nanoseconds / _NANOSECONDS


def _kib(path: Path, field: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise ValueError(f"{path} has no {field}")
