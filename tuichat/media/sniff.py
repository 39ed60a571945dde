"""The type of a file by its first bytes. Nothing is decoded, and no name is believed: it only tells kinds
apart that begin alike (archives that are documents, raw photographs that are TIFF, scripts that are text).

Of several types that fit, the one that would do most if it were opened is told: a program before all others.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from tuichat.media.zip_contents import looks_like_zip, type_of_zip

HEAD_BYTES: Final = 4096
"""How much of the front of a file is looked at."""

UNKNOWN: Final = "application/octet-stream"

PROGRAM_WINDOWS: Final = "application/vnd.microsoft.portable-executable"
SCRIPT: Final = "text/x-script"

# (offset, bytes, type); the first that fits.
_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\0asm", "application/wasm"),
    (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (0, b"!<arch>\ndebian-binary", "application/vnd.debian.binary-package"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\0\0\x01\0", "image/vnd.microsoft.icon"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"MThd\0\0\0\x06", "audio/midi"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\0\0\x01\xba", "video/mpeg"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"OTTO", "font/otf"),
    (0, b"\0\x01\0\0\0", "font/ttf"),
    (257, b"ustar", "application/x-tar"),
)

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_FORM = {b"AIFF": "audio/aiff", b"AIFC": "audio/aiff"}

_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"crx ": "image/x-raw",
}
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# Raw photographs are TIFF inside, and so are pictures whose sensor data a TIFF writer would throw away.
_RAW = frozenset(
    {"dng", "nef", "nrw", "cr2", "arw", "srf", "sr2", "orf", "rw2", "pef", "srw", "raw", "3fr", "iiq"}
)
_OFFICE_97 = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msi": "application/x-msi",
}
_RUNS = frozenset(
    {"bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "scr", "reg", "url", "inf"}
    | {"sh", "command", "desktop", "scpt", "applescript"}
)
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_CONTROLS = re.compile("[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# A program may follow the script in one file; what reads the first line does not mind.
_SCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?#![ \t]*/")
_PDF = re.compile(rb"%PDF-\d\.\d")
_PDF_LINE = re.compile(r"^%PDF-\d\.\d", re.M)
_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|iframe)\b", re.I | re.S)
_SVG = re.compile(
    r"\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*|<!doctype\s+svg[^>]*>\s*)*<(?:svg:)?svg\b", re.I | re.S
)


def sniff(head: bytes, name: str) -> str:
    """The media type of a file from its first `HEAD_BYTES` (more are not looked at) and its name."""
    head = head[:HEAD_BYTES]
    extension = extension_of(name)
    return _binary(head, extension) or _text(head, extension) or _hidden_pdf(head) or UNKNOWN


def extension_of(name: str) -> str:
    """What stands behind the last dot, in lower case; "" if there is none."""
    stem, _, extension = name.rpartition(".")
    return extension.lower() if stem else ""


def _binary(head: bytes, extension: str) -> str:
    return (
        ("text/x-shellscript" if _SCRIPT.match(head) else "")
        or _windows_program(head)
        or _java_or_mach(head)
        or _by_magic(head)
        or _zip(head, extension)
        or _tiff(head, extension)
        or _ole(head, extension)
        or _boxes(head)
        or _chunks(head)
        or _bmp(head)
        or _bzip2(head)
        or _mpeg_audio(head)
    )


def _by_magic(head: bytes) -> str:
    return next((found for at, magic, found in _MAGIC if head[at : at + len(magic)] == magic), "")


def _windows_program(head: bytes) -> str:
    """MZ may begin a text too; what Windows runs has NULs in its header."""
    return PROGRAM_WINDOWS if head[:2] in (b"MZ", b"ZM") and b"\0" in head[:64] else ""


def _java_or_mach(head: bytes) -> str:
    if head[:4] != b"\xca\xfe\xba\xbe" or len(head) < 8:
        return ""
    # A universal program counts the processors it is for; a class has its version there, from 45 on.
    return "application/x-mach-binary" if int.from_bytes(head[4:8], "big") < 45 else "application/java-vm"


def _zip(head: bytes, extension: str) -> str:
    return type_of_zip(head, extension) if looks_like_zip(head) else ""


def _tiff(head: bytes, extension: str) -> str:
    if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return ""
    return "image/x-raw" if extension in _RAW or head[8:10] == b"CR" else "image/tiff"


def _ole(head: bytes, extension: str) -> str:
    if head[:8] != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return ""
    return _OFFICE_97.get(extension, "application/x-ole-storage")


def _boxes(head: bytes) -> str:
    """ISO base media (ISO/IEC 14496-12, 4.3): a `ftyp` box with a brand and those it is compatible with."""
    if head[:1] != b"\0":  # the box is short; a text is none
        return ""
    if head[4:8] != b"ftyp":
        return "video/quicktime" if head[4:8] in _OLD_QUICKTIME else ""
    length = min(int.from_bytes(head[:4], "big"), len(head), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length, 4))]
    if brands[0] in _BRANDS:
        return _BRANDS[brands[0]]
    if brands[0] in (b"mif1", b"msf1", b"miaf"):
        return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "image/heif")
    return "video/3gpp" if brands[0][:3] == b"3gp" else "video/mp4"


def _chunks(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"FORM":
        return _FORM.get(head[8:12], "")
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"\x42\x82\x84webm" in head[:128] else "video/x-matroska"
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head[:128] else "audio/ogg"
    return ""


def _bmp(head: bytes) -> str:
    header = int.from_bytes(head[14:18], "little")
    return "image/bmp" if head[:2] == b"BM" and header in _BMP_HEADERS else ""


def _bzip2(head: bytes) -> str:
    block = head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")
    return "application/x-bzip2" if head[:3] == b"BZh" and block else ""


def _mpeg_audio(head: bytes) -> str:
    """A frame of layer III, or AAC in ADTS, without a tag before it (ISO/IEC 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    layer_three, version = head[1] & 0x06 == 0x02, head[1] & 0x18 != 0x08
    rates = head[2] & 0xF0 not in (0x00, 0xF0) and head[2] & 0x0C != 0x0C
    return "audio/mpeg" if layer_three and version and rates else ""


def _text(head: bytes, extension: str) -> str:
    text = _decoded(head)
    if text is None:
        return ""
    if _SVG.match(text):
        return "image/svg+xml"
    if extension in _RUNS or text.startswith("[Desktop Entry]"):
        return SCRIPT
    if _HTML.match(text):
        return "text/html"
    return "application/pdf" if _PDF_LINE.search(text[:1024]) else "text/plain"


def _decoded(head: bytes) -> str | None:
    """The head as text; None if it is none. A character that the head's end cuts in two is let through."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        text = decoder.decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _hidden_pdf(head: bytes) -> str:
    """Readers look for a PDF in the first kilobyte, whatever stands before it."""
    return "application/pdf" if _PDF.search(head[:1024]) else ""
