"""Runs a command under a unit's SystemCallFilter=, MemoryDenyWriteExecute= and RestrictAddressFamilies=.

    python unit_sandbox.py RULES COMMAND ...

RULES is JSON: `calls`, the names of the system calls that are allowed, and `families`, the numbers of the
address families. As under systemd what is not allowed fails with EPERM, or EAFNOSUPPORT for a family. It uses
nothing but the standard library and libseccomp, which systemd itself needs, since it runs as anybody.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from typing import Any

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EQUAL, _MASKED_EQUAL = 4, 7
_WRITE, _EXECUTE = 2, 4
_HIGHEST_FAMILY = 64


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


class _Filter:
    """One filter; of several the strictest counts."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def rule(self, action: int, call: str, *comparisons: tuple[int, int, int, int]) -> None:
        """Do this at a call whose arguments compare so; one that this machine lacks is passed over."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        compared = (_Comparison * len(comparisons))(*(_Comparison(*each) for each in comparisons))
        self._done(
            self._library.seccomp_rule_add_array(
                self._context, ctypes.c_uint32(action), number, len(comparisons), compared
            )
        )

    def load(self) -> None:
        """It holds from now on, for good."""
        self._done(self._library.seccomp_load(self._context))

    @staticmethod
    def _done(result: int) -> None:
        if result < 0:
            raise OSError(-result, os.strerror(-result))


def confine(rules: dict[str, Any]) -> None:
    """Give up what the rules do not allow."""
    denied = _Filter(_ALLOW)
    refused = _ERRNO | errno.EPERM
    both = _WRITE | _EXECUTE
    denied.rule(refused, "mmap", (2, _MASKED_EQUAL, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        denied.rule(refused, call, (2, _MASKED_EQUAL, _EXECUTE, _EXECUTE))
    for family in range(_HIGHEST_FAMILY):
        if family not in rules["families"]:
            denied.rule(_ERRNO | errno.EAFNOSUPPORT, "socket", (0, _EQUAL, family, 0))
    denied.load()
    allowed = _Filter(refused)
    for call in rules["calls"]:
        allowed.rule(_ALLOW, call)
    allowed.load()


if __name__ == "__main__":
    confine(json.loads(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
