"""Pictures that tell all they can about their author, the word CANARY in each place that is to be emptied."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms, ImageOps, PngImagePlugin

CANARY = b"CANARY"
SIZE = (64, 40)

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>CANARY</exif:GPSLatitude>'
    b"<dc:creator>CANARY</dc:creator></x:xmpmeta>"
)


def drawn(mode: str = "RGB", seed: int = 0, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture whose pixels and rows all differ, so that any turn or loss shows."""
    red, green = Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)
    blue = red.point(lambda value: (value * 7 + seed * 40) % 256).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.merge("RGB", (red, green, blue)).convert(mode)


def telling_exif(orientation: int = 1) -> Image.Exif:
    """Place, camera, time, author, program, comment, and a small copy of the picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = exif[0x0110] = "CANARY camera"
    exif[0x0131] = "CANARY program"
    exif[0x0132] = "2021:02:03 04:05:06"
    exif[0x013B] = "CANARY author"
    exif[0x010E] = "CANARY words"
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 26.0), 3: "W", 4: (0.0, 7.0, 39.0), 29: "CANARY:GPS"}
    exif[0x8769] = {0x9003: "CANARY time", 0x927C: b"CANARY maker note", 0xA431: "CANARY serial"}
    return exif


def with_thumbnail(exif: Image.Exif) -> bytes:
    """The EXIF with a second directory, which points at a small JPEG."""
    small = io.BytesIO()
    drawn(size=(16, 10)).save(small, "JPEG", comment=CANARY)
    raw = exif.tobytes().removeprefix(b"Exif\0\0")
    order = "<" if raw.startswith(b"II") else ">"
    (first,) = struct.unpack_from(order + "I", raw, 4)
    (count,) = struct.unpack_from(order + "H", raw, first)
    link = first + 2 + 12 * count
    at = len(raw)
    entries = struct.pack(order + "HHII", 0x0201, 4, 1, at + 30) + struct.pack(
        order + "HHII", 0x0202, 4, 1, len(small.getvalue())
    )
    second = struct.pack(order + "H", 2) + entries + bytes(4)
    return (
        b"Exif\0\0" + raw[:link] + struct.pack(order + "I", at) + raw[link + 4 :] + second + small.getvalue()
    )


def telling_profile() -> bytes:
    """A colour profile of a screen that names it, its maker, and the second in which it was measured."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2021, 2, 3, 4, 5, 6)
    profile[48:52], profile[52:56], profile[80:84] = b"CANA", b"RYXX", b"CANA"
    count = int.from_bytes(profile[128:132], "big")
    words = b"mmod\0\0\0\0CANARY screen with a number"
    words += bytes(-len(words) % 4)
    # One entry more moves everything behind the table by twelve bytes.
    table = bytearray()
    for at in range(132, 132 + 12 * count, 12):
        signature, offset, size = struct.unpack(">4sII", profile[at : at + 12])
        table += struct.pack(">4sII", signature, offset + 12, size)
    body = profile[132 + 12 * count :]
    table += struct.pack(">4sII", b"mmod", 132 + 12 * (count + 1) + len(body), len(words))
    whole = bytes(profile[4:128]) + struct.pack(">I", count + 1) + bytes(table) + bytes(body) + words
    return struct.pack(">I", len(whole) + 4) + whole


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **how)
    return target.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    """A segment of a JPEG."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def resource(number: int) -> bytes:
    """One of Photoshop's resources."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(CANARY)) + CANARY


def telling_jpeg(orientation: int = 1, **how: Any) -> bytes:
    """EXIF, XMP, IPTC, a comment, thumbnails of three kinds, a profile, makers' own, something behind it."""
    mode = how.pop("mode", "RGB")
    plain = saved(drawn(mode), "JPEG", quality=90, icc_profile=telling_profile(), **how)
    head, rest = plain[:2], plain[2:]
    if rest.startswith(b"\xff\xe0"):
        jfif = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1" + b"\2\1" + CANARY)
        rest = jfif + rest[2 + int.from_bytes(rest[2:4], "big") :]
    more = (
        segment(0xE0, b"JFXX\0\x10" + CANARY)
        + segment(0xE1, with_thumbnail(telling_exif(orientation)))
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
        + segment(0xE1, b"Exif\0\0MM\0*" + CANARY)
        + segment(0xE2, b"FPXR\0" + CANARY)
        + segment(0xE5, CANARY)
        + segment(0xED, b"Photoshop 3.0\0" + resource(0x0404) + resource(0x040C))
        + segment(0xFE, CANARY)
    )
    # JFIF comes first of all.
    first = 2 + int.from_bytes(rest[2:4], "big") if rest.startswith(b"\xff\xe0") else 0
    return head + rest[:first] + more + rest[first:] + b"\0\0ftypmp42" + CANARY


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def telling_png(orientation: int = 1, mode: str = "RGB", **how: Any) -> bytes:
    """eXIf, texts of all kinds before and behind the image, a time, a profile, and something behind it."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "CANARY")
    texts.add_text("Comment", "CANARY", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    plain = saved(
        drawn(mode),
        "PNG",
        exif=telling_exif(orientation),
        pnginfo=texts,
        icc_profile=None if mode in ("L", "I;16") else telling_profile(),
        dpi=(144, 144),
        **how,
    )
    end = chunk(b"IEND", b"")
    late = chunk(b"tIME", struct.pack(">H5B", 2021, 2, 3, 4, 5, 6)) + chunk(b"prVt", CANARY)
    return plain.removesuffix(end) + late + chunk(b"tEXt", b"Software\0" + CANARY) + end + CANARY


def riff(kind: bytes, content: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def telling_webp(orientation: int = 1, mode: str = "RGB", **how: Any) -> bytes:
    """EXIF, XMP, a profile, a chunk that nobody knows, and something behind it."""
    how = {"lossless": True, **how}
    plain = saved(
        drawn(mode), "WEBP", exif=telling_exif(orientation), xmp=XMP, icc_profile=telling_profile(), **how
    )
    body = plain[8:] + riff(b"PRVT", CANARY + b"!")
    return b"RIFF" + struct.pack("<I", len(body)) + body + CANARY


def telling_avif(orientation: int = 1, mode: str = "RGB") -> bytes:
    """EXIF, XMP, a colour profile, and a box that nobody knows."""
    exif, profile = with_thumbnail(telling_exif(orientation)), telling_profile()
    made = saved(drawn(mode), "AVIF", exif=exif, xmp=XMP, icc_profile=profile, quality=95)
    return made + struct.pack(">I", 14) + b"uuid" + CANARY


def telling_gif(**how: Any) -> bytes:
    """Comments, XMP, an application's own block, and something behind it."""
    plain = saved(drawn("P"), "GIF", comment=CANARY, **how)
    xmp = b"\x21\xff\x0bXMP DataXMP" + XMP + bytes([1, *range(255, -1, -1)]) + b"\0"
    own = b"\x21\xff\x0bCANARY  OWN\x06CANARY\0"
    text = b"\x21\x01\x0c" + bytes(12) + b"\x06CANARY\0"
    return plain.removesuffix(b";") + xmp + own + text + b"\x21\xfe\x06CANARY\0;" + CANARY


def directory(entries: list[tuple[int, int, bytes]], at: int, after: int) -> bytes:
    """A directory of a little-endian TIFF that is to stand at `at`, its long values behind it.

    Args:
        entries: tag, type (2 ASCII, 3 SHORT, 4 LONG, 5 RATIONAL, 7 UNDEFINED) and value.
        after: where the next directory is, 0 for none.
    """
    lengths = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    table, values = b"", b""
    start = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries):
        place = struct.pack("<I", start + len(values)) if len(value) > 4 else value.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, len(value) // lengths[kind]) + place
        values += value + bytes(len(value) % 2) if len(value) > 4 else b""
    return struct.pack("<H", len(entries)) + table + struct.pack("<I", after) + values


def entries_of(tiff: bytes, at: int) -> tuple[list[tuple[int, int, bytes]], int]:
    """The entries of a directory and where the next one is."""
    lengths = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    (count,) = struct.unpack_from("<H", tiff, at)
    entries = []
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from("<HHI", tiff, place)
        size = lengths[kind] * number
        start = place + 8 if size <= 4 else struct.unpack_from("<I", tiff, place + 8)[0]
        entries.append((tag, kind, tiff[start : start + size]))
    return entries, struct.unpack_from("<I", tiff, at + 2 + 12 * count)[0]


def telling_tiff(
    orientation: int = 1, mode: str = "RGB", more: tuple[tuple[int, int, bytes], ...] = (), **how: Any
) -> bytes:
    """Tags of all kinds, `more` of them, directories of EXIF and of the place, and a profile."""
    how = {"compression": "tiff_lzw", **how}
    plain = saved(drawn(mode), "TIFF", icc_profile=telling_profile(), dpi=(300, 300), **how)
    plain += bytes(len(plain) % 2)
    entries, after = entries_of(plain, struct.unpack_from("<I", plain, 4)[0])
    at = len(plain)
    place = directory(
        [(1, 2, b"N\0"), (2, 5, struct.pack("<6I", 51, 1, 30, 1, 26, 1)), (29, 2, CANARY)], at, 0
    )
    exif_at = at + len(place)
    exif = directory([(0x9003, 2, b"CANARY time\0"), (0x927C, 7, CANARY * 3)], exif_at, 0)
    first_at = exif_at + len(exif)
    told = [
        *((tag, 2, b"CANARY\0") for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)),
        (0x0112, 3, struct.pack("<H", orientation)),
        (0x02BC, 1, XMP),
        (0x83BB, 7, CANARY),
        (0x8769, 4, struct.pack("<I", exif_at)),
        (0x8825, 4, struct.pack("<I", at)),
    ]
    first = directory([*entries, *told, *more], first_at, after)
    return plain[:4] + struct.pack("<I", first_at) + plain[8:] + place + exif + first


def frames(data: bytes) -> list[tuple[bytes, Any, Any]]:
    """Each frame as a person sees it, the right way up, with how long it stands and how it goes."""
    found = []
    with Image.open(io.BytesIO(data)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            seen = ImageOps.exif_transpose(picture)
            found.append(
                (seen.convert("RGBA").tobytes(), picture.info.get("duration"), picture.info.get("disposal"))
            )
    return found
