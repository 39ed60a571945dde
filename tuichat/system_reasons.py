"""Why the operating system refuses something, in the chosen language; its own words are English."""

from __future__ import annotations

import errno
import os

from tuichat.i18n import _


def reason_of(failure: Exception) -> str:
    """Why this failed, without a full stop: a part of a sentence, like "{path} cannot be read: {reason}."."""
    if not isinstance(failure, OSError):
        return str(failure) or type(failure).__name__
    number = failure.errno or 0
    if number > 0:  # not the words in it: asyncio puts addresses into them
        return _reasons().get(number) or os.strerror(number)
    return failure.strerror or type(failure).__name__


def _reasons() -> dict[int, str]:
    """Those that a person may meet; the English words are the system's own."""
    return {
        errno.EPERM: _("Operation not permitted"),
        errno.ENOENT: _("No such file or directory"),
        errno.EINTR: _("Interrupted system call"),
        errno.EIO: _("Input/output error"),
        errno.ENXIO: _("No such device or address"),
        errno.E2BIG: _("Argument list too long"),
        errno.ENOEXEC: _("Exec format error"),
        errno.EBADF: _("Bad file descriptor"),
        errno.EAGAIN: _("Resource temporarily unavailable"),
        errno.ENOMEM: _("Cannot allocate memory"),
        errno.EACCES: _("Permission denied"),
        errno.EBUSY: _("Device or resource busy"),
        errno.EEXIST: _("File exists"),
        errno.EXDEV: _("Invalid cross-device link"),
        errno.ENODEV: _("No such device"),
        errno.ENOTDIR: _("Not a directory"),
        errno.EISDIR: _("Is a directory"),
        errno.EINVAL: _("Invalid argument"),
        errno.ENFILE: _("Too many open files in system"),
        errno.EMFILE: _("Too many open files"),
        errno.ENOTTY: _("Inappropriate ioctl for device"),
        errno.ETXTBSY: _("Text file busy"),
        errno.EFBIG: _("File too large"),
        errno.ENOSPC: _("No space left on device"),
        errno.ESPIPE: _("Illegal seek"),
        errno.EROFS: _("Read-only file system"),
        errno.EMLINK: _("Too many links"),
        errno.EPIPE: _("Broken pipe"),
        errno.ENAMETOOLONG: _("File name too long"),
        errno.ENOSYS: _("Function not implemented"),
        errno.ENOTEMPTY: _("Directory not empty"),
        errno.ELOOP: _("Too many levels of symbolic links"),
        errno.EOVERFLOW: _("Value too large for defined data type"),
        errno.EPROTO: _("Protocol error"),
        errno.ENOTSOCK: _("Socket operation on non-socket"),
        errno.EOPNOTSUPP: _("Operation not supported"),
        errno.EAFNOSUPPORT: _("Address family not supported by protocol"),
        errno.EADDRINUSE: _("Address already in use"),
        errno.EADDRNOTAVAIL: _("Cannot assign requested address"),
        errno.ENETDOWN: _("Network is down"),
        errno.ENETUNREACH: _("Network is unreachable"),
        errno.ECONNABORTED: _("Software caused connection abort"),
        errno.ECONNRESET: _("Connection reset by peer"),
        errno.ENOBUFS: _("No buffer space available"),
        errno.ENOTCONN: _("Transport endpoint is not connected"),
        errno.ETIMEDOUT: _("Connection timed out"),
        errno.ECONNREFUSED: _("Connection refused"),
        errno.EHOSTDOWN: _("Host is down"),
        errno.EHOSTUNREACH: _("No route to host"),
        errno.ESTALE: _("Stale file handle"),
        errno.EDQUOT: _("Disk quota exceeded"),
        errno.ENOKEY: _("Required key not available"),
        errno.EUCLEAN: _("Structure needs cleaning"),
    }
