"""A daemon that is watched over HTTP: what it tells, locked and open, and what it does not."""

from __future__ import annotations

import asyncio
import re

import msgspec

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of

ADDRESS = re.compile(r"[a-z2-7]{56}")


async def asked(home: Home, path: str, token: str) -> tuple[int, str]:
    """The status and the body that a page is answered with."""
    reader, writer = await asyncio.open_unix_connection(home.paths.home / "http.sock")
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    async with asyncio.timeout(60):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_a_daemon_tells_whoever_has_the_token_how_it_is_and_nothing_of_anybody() -> None:
    async with new_home() as home:
        home.make_profile(PASSPHRASE)
        home.paths.config.write_text(f'[http]\nlisten = "{home.paths.home / "http.sock"}"\n')
        code, _output, errors = await ended(await home.daemon())
        assert (code, "daemon token" in errors, "Traceback" in errors) == (2, True, False)

        code, path, _errors = await ended(await home.command("daemon", "token"))
        assert (code, path) == (0, f"{home.paths.http_token}\n")
        token = home.paths.http_token.read_text().strip()
        daemon = await home.daemon()
        async with await home.reattach() as client:
            assert await asked(home, "/healthz", "x" * 43) == (401, "")
            status, said = await asked(home, "/healthz", token)
            assert (status, msgspec.json.decode(said)) == (
                503,
                {"locked": True, "bootstrap": 0, "stage": "offline", "published": False, "reachable": False},
            )
            _status, said = await asked(home, "/metrics", token)
            assert "\ntuichat_locked 1\n" in said
            assert "tuichat_contacts" not in said

            await client.unlock(PASSPHRASE)
            await client.contact_add(address_of("bob"), "bob", "hello there")
            status, health = await asked(home, "/healthz", token)
            assert (status, msgspec.json.decode(health)["locked"]) == (503, False)
            status, said = await asked(home, "/metrics", token)
            assert status == 200
            for line in (
                "tuichat_locked 0",
                "tuichat_api_clients 1",
                "tuichat_links 0",
                'tuichat_contacts{state="requested"} 1',
                'tuichat_contacts{state="blocked"} 0',
                'tuichat_messages_total{direction="in"} 0',
                "tuichat_outbox_messages 0",
                "tuichat_tor_bootstrap_ratio 0",
                "tuichat_service_reachable 0",
            ):
                assert f"\n{line}\n" in said
            event = re.search(r"^tuichat_event_sequence ([0-9]+)$", said, re.MULTILINE)
            assert event is not None
            assert int(event[1]) >= 1
            for name in (
                "tuichat_database_bytes{",
                "process_resident_memory_bytes ",
                "process_cpu_seconds_total ",
            ):
                assert f"\n{name}" in said
            assert [word for word in ("bob", "hello") if word in said + health] == []
            assert not ADDRESS.search(said + health)
            await client.stop()
        assert (await ended(daemon))[0] == 0
        assert not (home.paths.home / "http.sock").exists()
