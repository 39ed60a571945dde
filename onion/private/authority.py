"""The directory authority's keys, made by tor's own tools."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path

from onion.errors import TorError
from onion.sentence import Sentence
from onion.torrc import quoted

_TOOL_SECONDS = 20.0
_ANSWER_TRIES = 5
_ANSWER_PAUSE = 0.2


async def make_keys(gencert: Path, keys: Path, dir_port: int) -> str:
    """Create an authority's identity, signing key and certificate in the directory `keys`.

    Returns:
        The `v3ident` of the DirAuthority line: 40 hex digits.

    Raises:
        TorError: tor-gencert failed.
    """
    # The identity key is never used again after the certificate, so its passphrase can be thrown away.
    await _run(
        [
            str(gencert),
            "--create-identity-key",
            "--passphrase-fd",
            "0",
            "-m",
            "1",
            "-a",
            f"127.0.0.1:{dir_port}",
        ],
        secrets.token_hex(16) + "\n",
        keys,
    )
    certificate = (keys / "authority_certificate").read_text()
    match = re.search(r"^fingerprint ([0-9A-F]{40})$", certificate, re.MULTILINE)
    if match is None:
        raise TorError("start", "tor-gencert wrote a certificate without a fingerprint.")
    return match.group(1)


async def make_fingerprint(binary: Path, data: Path, nickname: str) -> str:
    """Create a relay's identity in the directory `data`; returns its fingerprint, 40 hex digits."""
    torrc = f"DataDirectory {quoted(str(data))}\nORPort 127.0.0.1:9\nNickname {nickname}\nContactInfo none\n"
    command = [str(binary), "--defaults-torrc", "/dev/null", "-f", "-", "--list-fingerprint", "--quiet"]
    output = await _run(command, torrc, data)
    words = output.split()
    if len(words) != 11 or words[0] != nickname:
        raise TorError("start", "tor did not tell the fingerprint of a relay.")
    return "".join(words[1:])


async def count_relays(dir_port: int) -> int:
    """How many relays the consensus names that an authority hands out now; 0 while it has none."""
    for _ in range(_ANSWER_TRIES):
        try:
            async with asyncio.timeout(_TOOL_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", dir_port)
                writer.write(b"GET /tor/status-vote/current/consensus-microdesc HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
        except (OSError, TimeoutError):
            return 0
        if answer.startswith(b"HTTP/1.0 200"):
            return len(re.findall(rb"^r ", answer, re.MULTILINE))
        # It hands out a new consensus a moment after it has logged it.
        await asyncio.sleep(_ANSWER_PAUSE)
    return 0


async def _run(command: list[str], text: str, directory: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_TOOL_SECONDS):
            output, complaint = await process.communicate(text.encode())
    except TimeoutError as error:
        raise TorError("start", "{tool} did not end in time.", tool=Path(command[0]).name) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or [Sentence("it gave no reason")]
        raise TorError("start", "{tool} failed: {reason}", tool=Path(command[0]).name, reason=last[0])
    return output.decode(errors="replace")
