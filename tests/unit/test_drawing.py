"""The process that decodes a picture to be looked at: what it gives, and that hostile ones give nothing."""

from __future__ import annotations

import asyncio
import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.support import pictures
from tests.support.pictures import drawn, saved
from tests.unit.test_cleaning import HOSTILE, children, header, run, saying
from tuichat.media.drawing import DRAWABLE, Pixels, UnshownError, draw

RED, BLUE, WHITE = (250, 10, 10), (10, 10, 250), (255, 255, 255)


def halves(mode: str = "RGB", size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Red to the left, blue to the right."""
    picture = Image.new("RGB", size, BLUE)
    picture.paste(RED, (0, 0, size[0] // 2, size[1]))
    return picture.convert(mode)


def turned(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(halves(), kind, exif=exif.tobytes())


def animated(kind: str) -> bytes:
    target = io.BytesIO()
    halves().save(target, kind, save_all=True, append_images=[Image.new("RGB", (80, 40))], duration=50)
    return target.getvalue()


def see_through() -> bytes:
    return saved(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(saved(halves(), "PNG"))
    return path


def pixel(pixels: Pixels, x: int, y: int) -> tuple[int, ...]:
    at = 3 * (y * pixels.width + x)
    return tuple(pixels.data[at : at + 3])


def near(found: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


def test_every_type_that_can_be_shown_is_tried() -> None:
    assert {media_type for media_type, _make in SHOWN.values()} == DRAWABLE


SHOWN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("image/png", lambda: saved(halves(), "PNG")),
    "png with a palette": ("image/png", lambda: saved(halves("P"), "PNG")),
    "png that can be seen through": ("image/png", lambda: saved(halves("RGBA"), "PNG")),
    "jpeg": ("image/jpeg", lambda: saved(halves(), "JPEG")),
    "progressive jpeg": ("image/jpeg", lambda: saved(halves(), "JPEG", progressive=True)),
    "jpeg for printers": ("image/jpeg", lambda: saved(halves("CMYK"), "JPEG")),
    "gif": ("image/gif", lambda: saved(halves(), "GIF")),
    "moving gif": ("image/gif", lambda: animated("GIF")),
    "webp": ("image/webp", lambda: saved(halves(), "WEBP", lossless=True)),
    "moving webp": ("image/webp", lambda: animated("WEBP")),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_a_picture_is_made_as_small_as_asked_and_keeps_its_shape(source: Path, name: str) -> None:
    media_type, make = SHOWN[name]
    source.write_bytes(make())
    pixels = await draw(source, media_type, 20, 20)
    assert (pixels.width, pixels.height, len(pixels.data)) == (20, 10, 600)
    assert near(pixel(pixels, 1, 5), RED)
    assert near(pixel(pixels, 18, 5), BLUE)


async def test_a_small_picture_is_not_made_larger(source: Path) -> None:
    pixels = await draw(source, "image/png", 1000, 1000)
    assert (pixels.width, pixels.height) == (80, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_stands_as_its_camera_was_held(source: Path, kind: str) -> None:
    source.write_bytes(turned(kind, 6))
    pixels = await draw(source, f"image/{kind.lower()}", 20, 20)
    assert (pixels.width, pixels.height) == (10, 20)
    assert near(pixel(pixels, 5, 1), RED)
    assert near(pixel(pixels, 5, 18), BLUE)


async def test_what_can_be_seen_through_is_white(source: Path) -> None:
    source.write_bytes(see_through())
    assert pixel(await draw(source, "image/png", 20, 20), 3, 3) == WHITE


async def test_sixteen_bits_are_shown_by_the_upper_eight(source: Path) -> None:
    source.write_bytes(saved(Image.new("I;16", (8, 8), 0x8000), "PNG"))
    assert near(pixel(await draw(source, "image/png", 8, 8), 4, 4), (128, 128, 128))


def wide() -> bytes:
    return saved(Image.new("1", (100_000, 1)), "PNG")


def many_times_larger() -> bytes:
    """9,000 x 9,000 pixels of nothing in some 80 kB."""
    return saved(Image.new("L", (9_000, 9_000)), "PNG")


CANNOT: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{name: (kind, lambda data=data: data) for name, (kind, data) in HOSTILE.items() if kind in DRAWABLE},  # type: ignore[misc]
    "100,000 pixels wide": ("image/png", wide),
    "a bomb that is what it says": ("image/png", many_times_larger),
    "a bomb in gif": ("image/gif", lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(20)),
    "truncated": ("image/jpeg", lambda: saved(drawn(size=(400, 300)), "JPEG")[:2000]),
    "truncated png": ("image/png", lambda: saved(drawn(size=(400, 300)), "PNG")[:2000]),
    "a header alone": ("image/png", lambda: header(40, 40)),
    "a picture of another type": ("image/gif", lambda: saved(halves(), "WEBP")),
    "no picture": ("image/png", lambda: b"%PDF-1.7\n" + bytes(1000)),
    "a type that is not shown": ("image/tiff", pictures.telling_tiff),
    "a type of nobody": ("", lambda: b""),
}


@pytest.mark.parametrize("name", CANNOT)
async def test_hostile_pictures_cannot_be_shown(source: Path, name: str) -> None:
    media_type, make = CANNOT[name]
    source.write_bytes(make())
    before = children()
    with pytest.raises(UnshownError, match=r"^This picture cannot be shown\.$"):
        await draw(source, media_type, 70, 24)
    assert children() == before


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(1)",
        "import os; os.abort()",
        "import os, sys; os.write(int(sys.argv[4]), b'2 2')",
        "import os, sys; os.write(int(sys.argv[4]), b'2 2'); os.write(1, bytes(11))",
        "import os, sys; os.write(int(sys.argv[4]), b'2 2'); os.write(1, bytes(13))",
        "import os, sys; os.write(int(sys.argv[4]), b'99 1'); os.write(1, bytes(297))",
        "import os, sys; os.write(int(sys.argv[4]), b'0 0')",
        "import os, sys; os.write(int(sys.argv[4]), b'-1 -4'); os.write(1, bytes(12))",
        "import os, sys; os.write(int(sys.argv[4]), b'2 2 2'); os.write(1, bytes(12))",
        "import os, sys; os.write(int(sys.argv[4]), b'2 2'); os.write(1, bytes(12)); raise SystemExit(1)",
        "import os; os.write(1, bytes(12))",
    ],
)
async def test_nothing_is_taken_but_as_many_bytes_as_the_size_says(source: Path, code: str) -> None:
    with pytest.raises(UnshownError):
        await draw(source, "image/png", 10, 10, program=saying(code))


async def test_right_pixels_of_another_program_are_taken(source: Path) -> None:
    code = "import os, sys; os.write(int(sys.argv[4]), b'2 2'); os.write(1, bytes(range(12)))"
    assert await draw(source, "image/png", 10, 10, program=saying(code)) == Pixels(2, 2, bytes(range(12)))


async def test_a_slow_picture_is_ended(source: Path) -> None:
    before = children()
    with pytest.raises(UnshownError):
        await draw(source, "image/png", 10, 10, deadline=0.3, program=saying("while True: pass"))
    assert children() == before


async def test_the_process_ends_with_the_task_that_waits_for_it(source: Path, tmp_path: Path) -> None:
    before = children()
    os.mkfifo(tmp_path / "begun")
    program = saying(f"open({os.fspath(tmp_path / 'begun')!r}, 'w').close()\nwhile True: pass")
    task = asyncio.create_task(draw(source, "image/png", 10, 10, program=program))
    await asyncio.to_thread((tmp_path / "begun").read_bytes)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, -1), (100_000, 100_000)])
async def test_no_more_is_asked_for_than_is_taken(source: Path, size: tuple[int, int]) -> None:
    with pytest.raises(UnshownError):
        await draw(source, "image/png", *size, program=("/nonexistent",))


async def test_what_is_no_file_cannot_be_shown(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "missing", tmp_path):
        with pytest.raises(UnshownError):
            await draw(path, "image/png", 10, 10)


TRIES = """
import json, os, resource, socket
from tuichat.media import confined

def refused(deed):
    try:
        deed()
    except (OSError, MemoryError) as failure:
        return True
    return False

confined.give_up(15, 1000)
os.write(1, json.dumps({
    "open": refused(lambda: open("/etc/passwd")),
    "socket": refused(lambda: socket.socket(socket.AF_INET)),
    "open in another's place": refused(lambda: (os.close(0), open("/etc/passwd"))),
    "socket in another's place": refused(lambda: socket.socket(socket.AF_INET)),
    "processes": resource.getrlimit(resource.RLIMIT_NPROC) == (0, 0),
    "memory": refused(lambda: bytes(2 << 30)),
    "seconds": resource.getrlimit(resource.RLIMIT_CPU) == (15, 15),
    "written": resource.getrlimit(resource.RLIMIT_FSIZE) == (1000, 1000),
}).encode())
"""


def test_what_is_given_up_is_gone() -> None:
    done = run(TRIES)
    assert done.returncode == 0, done.stderr
    assert [deed for deed, gone in json.loads(done.stdout).items() if not gone] == []


def test_all_is_given_up_before_a_picture_is_looked_at(source: Path) -> None:
    code = (
        "import resource, sys\n"
        "from tuichat.media import draw_picture\n"
        "def tell(*_words): raise SystemExit(str(resource.getrlimit(resource.RLIMIT_NOFILE)))\n"
        "draw_picture.drawn = tell\n"
        "draw_picture.main('image/png', 10, 10, 2)"
    )
    with source.open("rb") as picture:
        done = subprocess.run([sys.executable, "-c", code], stdin=picture, capture_output=True, timeout=60)
    assert b"(0, 0)" in done.stderr


def test_the_side_that_starts_the_process_loads_no_decoder() -> None:
    done = run("import sys; import tuichat.media.drawing; print('PIL' in sys.modules)")
    assert done.stdout == b"False\n", done.stderr
