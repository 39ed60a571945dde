"""An onion service's descriptor as somebody sees it who knows the address (rend-spec-v3, 2.4 and 2.5).

It has two encrypted layers. The outer one opens with the address alone and lists those who are authorized,
in a form that names nobody; the inner one, with the introduction points, opens with the address if the
service is public, and else with an authorized client's key. Directories that do not know the address see
neither.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from stem.descriptor.hidden_service import HiddenServiceDescriptorV3, InnerLayer

from onion.address import OnionAddress
from onion.child import ChildOptions, ChildTor
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.events import Event

_SALT, _MAC, _KEY, _IV = 16, 32, 32, 16

_ATTEMPT_SECONDS = 1.0
"""A fetch that comes at all comes soon. Where tor has asked every directory within the last 5 seconds (the
time of a testing network) it does nothing and says nothing: it is told again."""

_FAILURES = 3


@dataclass(frozen=True, slots=True)
class SeenDescriptor:
    """One descriptor.

    Attributes:
        size: of the whole, in bytes, without the digits of the counter: what every directory sees.
        revision: the revision counter, which every directory sees.
        lifetime: in minutes, how long directories keep it.
        period: the blinded key, another one in each time period.
        entries: how many `auth-client` lines the outer layer has, real ones and others.
        outer_size: of the outer layer without its padding.
        inner: the inner layer; None for who cannot open it.
    """

    size: int
    revision: int
    lifetime: int
    period: bytes
    entries: int
    outer_size: int
    inner: str | None

    @property
    def introduction_keys(self) -> frozenset[bytes]:
        """The authentication keys by which its introduction points know the service; for who can open it."""
        if self.inner is None:
            raise ValueError("the inner layer does not open")
        points = InnerLayer(self.inner.encode(), validate=True).introduction_points
        return frozenset(point.auth_key_cert.key for point in points)


class Onlooker:
    """A tor that can fetch anybody's descriptor. Attributes: `tor`, it.

    Args:
        directory: for its files; 60 bytes long at most.
        torrc: the fragment that makes it a member of a network.
    """

    def __init__(self, directory: Path, torrc: Path) -> None:
        self._data, self._run = directory / "data", directory / "run"
        directory.mkdir(mode=0o700)
        self.tor = ChildTor(ChildOptions(self._data, self._run, extra_torrc=torrc))

    async def fetch(self, address: OnionAddress, timeout: float, key: bytes | None = None) -> SeenDescriptor:
        """Fetch a descriptor from a directory, though this tor may have done so a moment ago.

        Directories get a new one at different moments: the one that is asked may have the last one still.

        Args:
            key: an authorized client's private key.

        Raises:
            LookupError: no directory that was asked has one.
        """
        control = Endpoint(path=self._run / "control")
        controller = await Controller.connect(control, _ignore, self._data / "control_auth_cookie")
        try:
            async with asyncio.timeout(timeout):
                await controller.call("SIGNAL NEWNYM")  # it forgets descriptors, and whom it asked for them
                await self._fetched(address)
                text = await controller.get_info(f"hs/client/desc/id/{address}")
        except TimeoutError:
            raise LookupError(str(address)) from None
        finally:
            await controller.close()
        return read(text, address, key)

    async def _fetched(self, address: OnionAddress) -> None:
        """Wait until one directory has given it; LookupError if several have not."""
        loop, failures = asyncio.get_running_loop(), 0
        while failures < _FAILURES:
            began = loop.time()
            if await self.tor.refresh_descriptor(address, _ATTEMPT_SECONDS):
                return
            failures += loop.time() < began + _ATTEMPT_SECONDS
        raise LookupError(str(address))


def read(text: str, address: OnionAddress, key: bytes | None = None) -> SeenDescriptor:
    """A descriptor from its text.

    Raises:
        ValueError: it is none, or not of this address.
    """
    plain = HiddenServiceDescriptorV3.from_str(text, validate=True)
    blinded = plain.signing_cert.signing_key()
    credential = hashlib.sha3_256(b"credential" + address.public_key).digest()
    subcredential = hashlib.sha3_256(b"subcredential" + credential + blinded).digest()
    secret = subcredential + plain.revision_counter.to_bytes(8, "big")
    outer = _opened(_message(plain.superencrypted), blinded + secret, b"hsdir-superencrypted-data")
    if outer is None:
        raise ValueError("the outer layer does not open")
    outer_text = outer.rstrip(b"\0").decode()
    cookie = b"" if key is None else _cookie(outer_text, key, subcredential)
    inner = _opened(_message(outer_text), blinded + cookie + secret, b"hsdir-encrypted-data")
    return SeenDescriptor(
        size=len(text.encode()) - len(str(plain.revision_counter)),
        revision=plain.revision_counter,
        lifetime=plain.lifetime,
        period=blinded,
        entries=len(_clients(outer_text)),
        outer_size=len(outer_text),
        inner=None if inner is None else inner.decode(),
    )


def _ignore(_event: Event) -> None:
    pass  # the tor's own connection hears the same


def _message(text: str) -> bytes:
    """The last PEM-like message of a text."""
    body = text.rpartition("-----BEGIN MESSAGE-----")[2].partition("-----END MESSAGE-----")[0]
    return base64.b64decode(body)


def _clients(outer: str) -> list[tuple[bytes, bytes, bytes]]:
    """Each authorized client's id, IV and encrypted cookie."""
    lines = re.findall(r"^auth-client (\S+) (\S+) (\S+)$", outer, re.MULTILINE)
    return [(_unpadded(name), _unpadded(iv), _unpadded(cookie)) for name, iv, cookie in lines]


def _cookie(outer: str, key: bytes, subcredential: bytes) -> bytes:
    """The secret that the holder of `key` finds in the outer layer; none, if the service does not know it."""
    found = re.search(r"^desc-auth-ephemeral-key (\S+)$", outer, re.MULTILINE)
    assert found is not None
    theirs = X25519PublicKey.from_public_bytes(_unpadded(found[1]))
    shared = X25519PrivateKey.from_private_bytes(key).exchange(theirs)
    keys = hashlib.shake_256(subcredential + shared).digest(8 + _KEY)
    for name, iv, cookie in _clients(outer):
        if name == keys[:8]:
            return _stream(keys[8:], iv, cookie)
    return b""


def _opened(message: bytes, secret: bytes, label: bytes) -> bytes | None:
    """An encrypted layer's plaintext; None if `secret` is the wrong one."""
    salt, data, mac = message[:_SALT], message[_SALT:-_MAC], message[-_MAC:]
    keys = hashlib.shake_256(secret + salt + label).digest(_KEY + _IV + _MAC)
    mac_key = keys[-_MAC:]
    lengths = [len(part).to_bytes(8, "big") for part in (mac_key, salt)]
    if hashlib.sha3_256(lengths[0] + mac_key + lengths[1] + salt + data).digest() != mac:
        return None
    return _stream(keys[:_KEY], keys[_KEY : _KEY + _IV], data)


def _stream(key: bytes, iv: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
