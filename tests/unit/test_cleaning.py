"""The process that cleans a picture: what it gives, what it may do, and that a failure leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import pictures
from tests.support.pictures import CANARY, drawn, frames, saved
from tuichat.errors import StorageError
from tuichat.media.cleaning import Cleaned, clean
from tuichat.media.failures import UncleanedError, UnreadableError

ROOT = Path(__file__).parents[2]
EVERYTHING = {
    "image/jpeg": pictures.telling_jpeg(6),
    "image/png": pictures.telling_png(),
    "image/webp": pictures.telling_webp(),
    "image/gif": pictures.telling_gif(),
    "image/tiff": pictures.telling_tiff(),
}


def saying(code: str) -> tuple[str, ...]:
    """A program that runs this code in place of the one that cleans."""
    return sys.executable, "-c", code


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(EVERYTHING["image/jpeg"])
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.mark.parametrize("media_type", EVERYTHING)
async def test_a_copy_without_metadata_is_made_and_what_went_is_said(
    source: Path, target: Path, media_type: str
) -> None:
    source.write_bytes(EVERYTHING[media_type])
    cleaned = await clean(source, target, media_type)
    assert cleaned is not None
    assert "where it was taken" in cleaned.removed
    assert "its author" in cleaned.removed
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert CANARY not in target.read_bytes()
    assert frames(target.read_bytes()) == frames(source.read_bytes())
    assert source.read_bytes() == EVERYTHING[media_type]


async def test_an_avif_is_made_anew_without_threads_or_files(source: Path, target: Path) -> None:
    source.write_bytes(pictures.telling_avif(6))
    cleaned = await clean(source, target, "image/avif")
    assert cleaned is not None
    assert cleaned.removed[:2] == ("where it was taken", "the camera")
    assert CANARY not in target.read_bytes()
    source.write_bytes(target.read_bytes())
    target.unlink()
    assert await clean(source, target, "image/avif") is None


async def test_what_went_is_said_with_the_gravest_first(source: Path, target: Path) -> None:
    assert await clean(source, target, "image/jpeg") == Cleaned(
        (
            "where it was taken",
            "the camera",
            "when it was taken or changed",
            "its author",
            "the program used",
            "a small copy of the picture",
            "comments",
            "what was appended to it",
            "notes in its colour profile",
            "other notes of programs",
        )
    )


async def test_of_a_picture_that_tells_nothing_no_copy_is_made(source: Path, target: Path) -> None:
    source.write_bytes(saved(drawn(), "PNG"))
    assert await clean(source, target, "image/png") is None
    assert not target.exists()


@pytest.mark.parametrize("media_type", ["application/pdf", "image/heic", "image/x-raw", "video/mp4", ""])
async def test_other_types_are_left_alone(source: Path, target: Path, media_type: str) -> None:
    assert await clean(source, target, media_type, program=("/nonexistent",)) is None
    assert not target.exists()


def header(width: int, height: int) -> bytes:
    """The front of a PNG that claims this size."""
    return b"\x89PNG\r\n\x1a\n" + pictures.chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    )


HOSTILE = {
    "a bomb in png": (
        "image/png",
        header(60_000, 60_000)
        + pictures.chunk(b"tEXt", b"Author\0" + CANARY)
        + pictures.chunk(b"IDAT", b"x")
        + pictures.chunk(b"IEND", b""),
    ),
    "a bomb in webp": (
        "image/webp",
        b"RIFF\x3a\0\0\0WEBP"
        + pictures.riff(b"VP8X", b"\x04" + bytes(3) + b"\xfe\x3f\0\xfe\x3f\0")
        + pictures.riff(b"VP8L", b"\x2f\xfe\xff\xff\x0f")
        + pictures.riff(b"XMP ", CANARY),
    ),
    "a bomb in tiff": (
        "image/tiff",
        b"II*\0\x08\0\0\0"
        + pictures.directory(
            [
                *((tag, 4, struct.pack("<I", 60_000)) for tag in (256, 257, 278)),
                (258, 3, struct.pack("<H", 8)),
                (259, 3, struct.pack("<H", 8)),
                (262, 3, struct.pack("<H", 1)),
                (273, 4, struct.pack("<I", 8)),
                (279, 4, struct.pack("<I", 8)),
                (315, 2, CANARY),
            ],
            8,
            0,
        ),
    ),
    "a raw photograph": (
        "image/tiff",
        b"II*\0\x08\0\0\0" + pictures.directory([(50706, 1, b"\1\4\0\0")], 8, 0),
    ),
    "nothing": ("image/jpeg", b""),
    "zeros": ("image/png", bytes(100_000)),
    "a beginning": ("image/jpeg", b"\xff\xd8\xff"),
    "a text": ("image/gif", b"GIF89a, said the file"),
    "another type": ("image/webp", saved(drawn(), "PNG")),
    "garbage in tiff": ("image/tiff", b"II*\0\x08\0\0\0" + b"\xff" * 1000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_bombs_and_garbage_are_refused_with_a_sentence_and_leave_nothing(
    source: Path, target: Path, name: str
) -> None:
    media_type, picture = HOSTILE[name]
    source.write_bytes(picture)
    with pytest.raises(UncleanedError, match="could not be removed") as caught:
        await clean(source, target, media_type)
    assert "--as-is" in caught.value.hint
    assert not target.exists()


async def test_what_lies_at_the_target_is_not_touched(source: Path, target: Path) -> None:
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="copy cannot be written"):
        await clean(source, target, "image/jpeg")
    assert target.read_text(encoding="utf-8") == "mine"


async def test_a_link_at_the_target_is_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        await clean(source, target, "image/jpeg")
    assert not (tmp_path / "elsewhere").exists()


async def test_a_picture_that_is_not_there_is_told(tmp_path: Path, target: Path) -> None:
    with pytest.raises(UnreadableError, match="missing cannot be read"):
        await clean(tmp_path / "missing", target, "image/jpeg")
    assert not target.exists()


async def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path: Path, target: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="no regular file"):
        await clean(tmp_path / "pipe", target, "image/jpeg")
    assert not target.exists()


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("raise SystemExit(1)", UncleanedError),
        ("raise SystemExit(4)", StorageError),
        ("import os; os.abort()", UncleanedError),
        ("print('half a copy'); raise SystemExit(1)", UncleanedError),
        ("import os, sys; os.write(int(sys.argv[2]), b'location and something')", UncleanedError),
        ("import os, sys; os.write(int(sys.argv[2]), bytes(range(256)))", UncleanedError),
        ("import os, sys; os.write(int(sys.argv[2]), b'location ' * 2000)", UncleanedError),
        ("raise ValueError", UncleanedError),
    ],
)
async def test_a_process_that_fails_or_says_what_nobody_knows_leaves_nothing(
    source: Path, target: Path, code: str, failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        await clean(source, target, "image/jpeg", program=saying(code))
    assert not target.exists()


async def test_a_process_that_cannot_be_started_is_a_sentence(source: Path, target: Path) -> None:
    with pytest.raises(UncleanedError):
        await clean(source, target, "image/jpeg", program=("/nonexistent",))
    assert not target.exists()


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()",
        "import os, sys\nwhile True: os.write(int(sys.argv[2]), b'location ' * 10_000)",
    ],
)
async def test_a_process_that_does_not_end_is_ended(source: Path, target: Path, code: str) -> None:
    before = children()
    with pytest.raises(UncleanedError):
        await clean(source, target, "image/jpeg", deadline=0.3, program=saying(code))
    assert children() == before
    assert not target.exists()


async def test_a_process_ends_with_the_task_that_waits_for_it(
    source: Path, target: Path, tmp_path: Path
) -> None:
    before = children()
    os.mkfifo(tmp_path / "begun")
    program = saying(f"open({os.fspath(tmp_path / 'begun')!r}, 'w').close()\nwhile True: pass")
    task = asyncio.create_task(clean(source, target, "image/jpeg", program=program))
    await asyncio.to_thread((tmp_path / "begun").read_bytes)
    assert children() > before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before
    assert not target.exists()


async def test_the_process_is_given_nothing_of_our_surroundings(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUICHAT_SECRET", "x")
    code = (
        "import os; raise SystemExit(bool(set(os.environ) - {'LC_ALL', 'PYTHONPATH'} or os.getcwd() != '/'))"
    )
    assert await clean(source, target, "image/jpeg", program=saying(code)) is None


async def test_the_process_is_given_no_descriptor_but_three(source: Path, target: Path) -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    try:
        code = (
            "import os, sys\n"
            "def there(fd):\n"
            "    try:\n"
            "        return bool(os.fstat(fd))\n"
            "    except OSError:\n"
            "        return False\n"
            "raise SystemExit([fd for fd in range(1000) if there(fd)] != [0, 1, 2, int(sys.argv[2])])"
        )
        assert await clean(source, target, "image/jpeg", program=saying(code)) is None
    finally:
        os.close(read)
        os.close(write)


def run(code: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python code against this checkout."""
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60)


TRIES = """
import json, os, resource, socket, subprocess, sys
from tuichat.media import clean_picture

def refused(deed):
    try:
        deed()
    except (OSError, MemoryError, ValueError) as failure:
        return type(failure).__name__
    return ""

clean_picture._give_up()
os.write(1, json.dumps({
    "open": refused(lambda: open("/etc/passwd")),
    "create": refused(lambda: open("/tmp/left-behind", "w")),
    "socket": refused(lambda: socket.socket(socket.AF_INET)),
    "local socket": refused(lambda: socket.socket(socket.AF_UNIX)),
    "process": refused(lambda: subprocess.run(["true"])),
    "memory": refused(lambda: bytes(2 << 30)),
    "open in another's place": refused(lambda: (os.close(0), open("/etc/passwd"))),
    "more files": refused(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))),
    "niceness": os.nice(0),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "seconds": resource.getrlimit(resource.RLIMIT_CPU),
    "processes": resource.getrlimit(resource.RLIMIT_NPROC),
    "file": resource.getrlimit(resource.RLIMIT_FSIZE),
}).encode())
"""


def test_the_process_can_do_nothing_but_its_work() -> None:
    done = run(TRIES)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [
        deed for deed in ("open", "create", "socket", "local socket", "process", "memory") if not found[deed]
    ] == []
    assert found["more files"] or os.geteuid() == 0
    assert found["niceness"] == min(19, os.nice(0) + 10)  # behind whoever started it
    assert found["core"] == found["processes"] == [0, 0]
    assert found["seconds"] == [60, 60]
    assert found["file"] == [400 * 1024 * 1024] * 2


def test_a_full_disk_is_told_from_a_picture_that_cannot_be_cleaned(source: Path) -> None:
    program = [sys.executable, "-P", "-m", "tuichat.media.clean_picture", "image/jpeg", "2"]
    environment = {"PYTHONPATH": os.fspath(ROOT)}
    with source.open("rb") as picture, Path("/dev/full").open("wb") as full:
        done = subprocess.run(program, stdin=picture, stdout=full, env=environment, timeout=60)
    assert done.returncode == 4


def test_the_side_that_starts_the_process_loads_no_decoder() -> None:
    done = run("import sys; import tuichat.media.cleaning; print('PIL' in sys.modules)")
    assert done.stdout == b"False\n", done.stderr
