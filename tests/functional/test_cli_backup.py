"""Backups as processes: between two homes, with people in them, and a doctor who looks at the database."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, receive, write
from tuichat.crypto.identity import Identity
from tuichat.store.profile import open_profile
from tuichat.store.store import Store

ADA = Identity.generate(SeededRng(b"Ada"), 0.0)


@pytest.fixture
async def homes() -> AsyncIterator[tuple[Home, Home]]:
    """A profile with a contact, a message from it and one that is queued; and an empty place."""
    async with AsyncExitStack() as stack:
        old, new = [await stack.enter_async_context(new_home()) for _ in range(2)]
        old.make_profile(PASSPHRASE)
        store = opened(old)
        contact = add_contact(store, onion=ADA.onion)
        receive(store, contact.id, 1, "before the backup")
        message = write(store, contact.id, 2)
        store.outbox.add(contact.id, message=message.id, wire_id=message.wire_id, body=b"body", queued_at=1)
        store.invites.add(b"i" * 32, 1, 10**15)
        store.close()
        yield old, new


def opened(home: Home) -> Store:
    """The store of a home in which no node runs."""
    return Store.open(home.paths.database, open_profile(home.paths, PASSPHRASE).database_key)


async def run(home: Home, *words: str, code: int | None = 0) -> tuple[str, str]:
    """What a command says, with the passphrase at hand."""
    secret = home.paths.home.parent / "secret"
    secret.write_text(PASSPHRASE)
    process = await home.command(*words, options=("--passphrase-file", str(secret)))
    out, err = (stream.decode() for stream in await process.communicate())
    assert code in (None, process.returncode), out + err
    assert "Traceback" not in err
    return out, err


def found(said: str) -> list[dict[str, Any]]:
    """What the doctor found out about the database."""
    findings: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    return [finding for finding in findings if finding["check"] == "database"]


async def test_a_backup_goes_to_another_machine_and_says_what_may_be_missing(
    homes: tuple[Home, Home],
) -> None:
    old, new = homes
    file = new.paths.home.parent / "backup"
    await run(old, "backup", str(file))
    out, err = await run(new, "restore", str(file))
    address, gap = out.splitlines()
    assert gap.startswith("Ada: messages between 20")
    assert "may be missing" in gap
    for told in ("queued: 1", "open: 1", "removed or blocked", "must not run"):
        assert told in err
    assert (await run(new, "address"))[0].strip() == address
    assert "before the backup" in (await run(new, "messages", "Ada"))[0]
    assert json.loads((await run(new, "invite", "list", "--json"))[0])["state"] == "revoked"
    assert open_profile(new.paths, PASSPHRASE).identity.ik != open_profile(old.paths, PASSPHRASE).identity.ik


async def test_a_backup_goes_through_a_pipe_to_another_machine(homes: tuple[Home, Home]) -> None:
    old, new = homes
    secret = old.paths.home.parent / "secret"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    here, there = (
        f"{sys.executable} -m tuichat --passphrase-file {secret} --home {home.paths.home}" for home in homes
    )

    async def shell(line: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f"set -o pipefail; {line}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    code, out, err = await shell(f"{here} backup - | {there} restore -")
    assert (code, "Ada: messages between 20" in out) == (0, True), err
    assert (await run(new, "address"))[0] == (await run(old, "address"))[0] == out.splitlines()[0] + "\n"
    for line, said in {
        f"{here} backup - >/dev/full": "No space left",
        f"{here} backup - | true": "Broken pipe",
        f"{here} backup - >&-": "There is no standard output",
        f"{here} backup - --json": "no room for JSON",
        f"echo rubbish | {there} restore -": "a profile",
    }.items():
        code, out, err = await shell(line)
        assert (code in (1, 2), out) == (True, ""), line
        assert said in err
        assert "Traceback" not in err
    assert not list(old.paths.home.glob(".piped-*")), "nothing of it is left"


async def test_who_listens_to_a_restored_node_is_told_of_each_contact_and_of_the_old_copy(
    homes: tuple[Home, Home],
) -> None:
    old, new = homes
    file = new.paths.home.parent / "backup"
    await run(old, "backup", str(file))
    gaps = json.loads((await run(new, "restore", str(file), "--json"))[0])["contacts"]
    assert [(gap["id"], gap["name"]) for gap in gaps] == [(1, "Ada")]
    assert gaps[0]["missing_since"] <= gaps[0]["missing_until"]
    secret = new.paths.home.parent / "secret"
    listener = await new.command("events", options=("--passphrase-file", str(secret)))
    assert listener.stdout is not None
    told = [json.loads(await listener.stdout.readline()) for _ in range(2)]
    assert [(event["type"], event["level"], event["contact"]) for event in told] == [
        ("notice", "warning", 1),
        ("notice", "warning", None),
    ]
    assert "must not run" in told[1]["text"]
    listener.terminate()
    await listener.communicate()


async def test_the_doctor_looks_into_the_database_whether_a_node_runs_or_not(
    homes: tuple[Home, Home],
) -> None:
    old, _ = homes
    tor = None  # is looked for as well, and may be missing
    said = found((await run(old, "doctor", "--json", code=tor))[0])
    assert [(finding["state"], finding["text"]) for finding in said] == [("ok", "sound, 1 MiB")]
    await run(old, "contact", "list")
    assert old.node_pid() is not None
    assert found((await run(old, "doctor", "--json", code=tor))[0]) == said
    await run(old, "lock")
    assert "locked" in found((await run(old, "doctor", "--json", code=tor))[0])[0]["text"]


async def test_the_doctor_finds_a_damaged_database_and_one_that_was_set_aside(
    homes: tuple[Home, Home],
) -> None:
    old, _ = homes
    database = old.paths.database
    Path(f"{database}.damaged-20260101T000000Z").write_bytes(b"")
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"damage")
    before = database.read_bytes()
    said = found((await run(old, "doctor", "--json", code=1))[0])
    assert [finding["state"] for finding in said] == ["warning", "error"]
    assert "set aside as" in said[0]["text"]
    assert "restore" in said[1]["hint"]
    assert database.read_bytes() == before, "the doctor changes nothing"
