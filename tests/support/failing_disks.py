"""Disks that fail for somebody, once or until they are well again: full, or with EIO for all but reading."""

from __future__ import annotations

from pathlib import Path

from tests.support.disk_faults import DiskFault


class FailingDisks:
    """A Watcher. Somebody's files begin with their name and a hyphen."""

    def __init__(self) -> None:
        self._faults: dict[str, DiskFault] = {}
        self._sound = DiskFault("failing", at=0)
        self._past = 0

    @property
    def struck(self) -> int:
        """How often something failed."""
        return self._past + sum(fault.struck for fault in self._faults.values())

    def fails(self, name: str) -> bool:
        """Whether this person's disk fails, or is about to."""
        fault = self._faults.get(name)
        return fault is not None and (fault.lasting or fault.struck == 0)

    def break_down(self, name: str, fault: DiskFault) -> None:
        """From now on this is wrong with somebody's disk."""
        self.repair(name)
        self._faults[name] = fault

    def repair(self, name: str) -> None:
        """Somebody's disk is well again."""
        fault = self._faults.pop(name, None)
        self._past += 0 if fault is None else fault.struck

    def repair_all(self) -> None:
        """All disks are well."""
        for name in list(self._faults):
            self.repair(name)

    def open(self, path: Path) -> None:
        """Opening succeeds: what is opened cannot be written."""

    def read(self, path: Path) -> None:
        """Reading succeeds, as it often does on a disk that is about to die."""

    def write(self, path: Path, offset: int, data: bytes) -> None:
        self._fault(path).write(path, offset, data)

    def truncate(self, path: Path, size: int) -> None:
        self._fault(path).truncate(path, size)

    def sync(self, path: Path, *, with_directory: bool) -> None:
        self._fault(path).sync(path, with_directory=with_directory)

    def delete(self, path: Path, *, with_directory: bool) -> None:
        self._fault(path).delete(path, with_directory=with_directory)

    def _fault(self, path: Path) -> DiskFault:
        return self._faults.get(path.name.partition("-")[0], self._sound)
