"""What a file is told by its first bytes, whatever its name and its sender say."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuichat.media.kinds import mismatch
from tuichat.media.sniff import HEAD_BYTES, UNKNOWN, sniff
from tuichat.media.words import describe, warnings
from tuichat.media.zip_contents import APK, DOCX, JAR, PPTX, XLSX

PE = "application/vnd.microsoft.portable-executable"
ODT = "application/vnd.oasis.opendocument.text"


def zipped(*names: str, stored: str = "") -> bytes:
    """An archive with empty files of these names; `stored` is what the first one holds, uncompressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(name, stored if number == 0 else "")
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return target.getvalue()


def boxes(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + b"\0\0\0\x08mdat"


DOS = b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9)

SNIFFED = [
    ("a.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\0", "image/jpeg"),
    ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    ("a.gif", b"GIF89a\x01\0\x01\0", "image/gif"),
    ("a.webp", b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    ("a.avif", boxes(b"avif", b"mif1"), "image/avif"),
    ("a.avif", boxes(b"mif1", b"miaf", b"avif"), "image/avif"),
    ("a.heic", boxes(b"heic", b"mif1"), "image/heic"),
    ("a.heic", boxes(b"mif1", b"heic"), "image/heic"),
    ("a.heif", boxes(b"mif1"), "image/heif"),
    ("a.tif", b"II*\0\x08\0\0\0", "image/tiff"),
    ("a.tiff", b"MM\0*\0\0\0\x08", "image/tiff"),
    ("a.NEF", b"MM\0*\0\0\0\x08", "image/x-raw"),
    ("a.tif", b"II*\0\x10\0\0\0CR\x02\0", "image/x-raw"),
    ("a.bmp", b"BM" + bytes(12) + b"\x28\0\0\0", "image/bmp"),
    ("a.svg", b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="x">', "image/svg+xml"),
    ("a.jxl", b"\xff\x0a\x00", "image/jxl"),
    ("a.pdf", PDF, "application/pdf"),
    ("a.pdf", b"\0junk\xff\n" + PDF, "application/pdf"),
    ("a.zip", zipped("a.txt"), "application/zip"),
    ("a.zip", zipped(), "application/zip"),
    ("a.docx", zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"), DOCX),
    ("a.bin", zipped("[Content_Types].xml", "xl/workbook.xml"), XLSX),
    ("a.pptx", zipped("[Content_Types].xml", "ppt/presentation.xml"), PPTX),
    ("a.xlsx", zipped("[Content_Types].xml"), XLSX),
    ("a.zip", zipped("[Content_Types].xml"), "application/zip"),
    ("a.odt", zipped("mimetype", "content.xml", stored=ODT), ODT),
    ("a.epub", zipped("mimetype", stored="application/epub+zip"), "application/epub+zip"),
    ("a.zip", zipped("mimetype", stored="application/pdf"), "application/zip"),
    ("a.jar", zipped("META-INF/MANIFEST.MF", "A.class"), JAR),
    ("a.apk", zipped("META-INF/MANIFEST.MF", "A.class"), APK),
    ("a.zip", zipped("AndroidManifest.xml", "classes.dex"), APK),
    ("a.gz", b"\x1f\x8b\x08\0", "application/gzip"),
    ("a.xz", b"\xfd7zXZ\0", "application/x-xz"),
    ("a.zst", b"\x28\xb5\x2f\xfd", "application/zstd"),
    ("a.bz2", b"BZh91AY&SY", "application/x-bzip2"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    ("a.rar", b"Rar!\x1a\x07\x01\0", "application/vnd.rar"),
    ("a.tar", tarred(), "application/x-tar"),
    ("a", ELF, "application/x-elf"),
    ("a.exe", DOS, PE),
    ("a", b"\xcf\xfa\xed\xfe\x07\0\0\x01", "application/x-mach-binary"),
    ("a", b"\xca\xfe\xba\xbe\0\0\0\x02", "application/x-mach-binary"),
    ("A.class", b"\xca\xfe\xba\xbe\0\0\0\x3d", "application/java-vm"),
    ("a.lnk", b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    ("a.deb", b"!<arch>\ndebian-binary   ", "application/vnd.debian.binary-package"),
    ("a.sh", b"#!/bin/sh\necho hello\n", "text/x-shellscript"),
    ("a", b"\xef\xbb\xbf#!/usr/bin/env python3\n", "text/x-shellscript"),
    ("a.bat", b"@echo off\r\n", "text/x-script"),
    ("a.desktop", b"[Desktop Entry]\nExec=x\n", "text/x-script"),
    ("a", b"[Desktop Entry]\nExec=x\n", "text/x-script"),
    ("a.mp3", b"ID3\x04\0", "audio/mpeg"),
    ("a.mp3", b"\xff\xfb\x90\x64\0", "audio/mpeg"),
    ("a.aac", b"\xff\xf1\x50\x80\0", "audio/aac"),
    ("a.ogg", b"OggS\0\x02" + bytes(22) + b"\x01vorbis", "audio/ogg"),
    ("a.opus", b"OggS\0\x02" + bytes(22) + b"OpusHead", "audio/ogg"),
    ("a.ogv", b"OggS\0\x02" + bytes(22) + b"\x80theora", "video/ogg"),
    ("a.flac", b"fLaC\0\0\0\x22", "audio/flac"),
    ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
    ("a.amr", b"#!AMR\n\x04", "audio/amr"),
    ("a.m4a", boxes(b"M4A "), "audio/mp4"),
    ("a.mp4", boxes(b"isom", b"mp42"), "video/mp4"),
    ("a.3gp", boxes(b"3gp5"), "video/3gpp"),
    ("a.mov", boxes(b"qt  "), "video/quicktime"),
    ("a.mov", b"\0\0\0\x08wide\0\0\0\x08mdat", "video/quicktime"),
    ("a.cr3", boxes(b"crx "), "image/x-raw"),
    ("a.webm", b"\x1aE\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
    ("a.mkv", b"\x1aE\xdf\xa3\xa3\x42\x82\x88matroska", "video/x-matroska"),
    ("a.avi", b"RIFF\x24\0\0\0AVI LIST", "video/x-msvideo"),
    ("a.db", b"SQLite format 3\0\x10\0", "application/vnd.sqlite3"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    ("a", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    ("a.html", b"  <!DOCTYPE html>\n<html>", "text/html"),
    ("a.txt", b"<!-- x --><script>alert(1)</script>", "text/html"),
    ("a.txt", "h\u00e9llo\n".encode(), "text/plain"),
    ("a.txt", b"\xef\xbb\xbfhello", "text/plain"),
    ("a.txt", b"", "text/plain"),
    ("a.txt", b"MZungu went to Nairobi. " * 5, "text/plain"),
    ("a.txt", b"the free software", "text/plain"),
    ("a.txt", b"BM 12345678901234", "text/plain"),
    ("a.txt", b"a page about %PDF-1.7", "text/plain"),
    ("a.txt", b"BZh9 is how it begins", "text/plain"),
    ("a.bin", b"hello\0world", UNKNOWN),
    ("a.bin", b"\x80\x81\x82\x83", UNKNOWN),
    ("a.txt", "h\u00e9llo".encode("latin-1"), UNKNOWN),
]


@pytest.mark.parametrize(("name", "head", "expected"), SNIFFED)
def test_a_file_is_what_its_first_bytes_are(name: str, head: bytes, expected: str) -> None:
    assert sniff(head, name) == expected


@pytest.mark.parametrize(("name", "head", "_expected"), SNIFFED)
def test_a_head_that_ends_anywhere_is_still_judged(name: str, head: bytes, _expected: str) -> None:
    for length in range(len(head)):
        assert "/" in sniff(head[:length], name)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (DOS + PDF, PE),
        (ELF + PDF, "application/x-elf"),
        (DOS + zipped("word/document.xml"), PE),
        (b"#!/bin/sh\n" + PDF, "text/x-shellscript"),
        (b"#!/bin/sh\n# %PDF-1.4\n", "text/x-shellscript"),
        (b"#!/bin/sh\n%PDF-1.4\n", "text/x-shellscript"),
        (b"GIF89a/*" + bytes(4) + b"*/=1;alert(1)", "image/gif"),
        (b"<html>\n%PDF-1.4\n", "text/html"),
        (b"\xff\xd8\xff\xe0" + zipped("a.txt"), "image/jpeg"),
    ],
)
def test_what_is_several_things_at_once_is_the_one_that_does_most(head: bytes, expected: str) -> None:
    assert sniff(head, "a.pdf") == expected


def test_a_character_cut_by_the_end_of_the_head_leaves_it_text() -> None:
    assert sniff(("\u20ac" * HEAD_BYTES).encode(), "a.txt") == "text/plain"


@given(st.binary(max_size=5000), st.text(max_size=20))
def test_no_bytes_and_no_name_are_too_much_for_it(head: bytes, name: str) -> None:
    assert sniff(head, name) == sniff(head[:HEAD_BYTES], name)


@pytest.mark.parametrize(
    ("claimed", "found", "name"),
    [
        ("application/pdf", PE, "invoice.pdf"),
        ("application/pdf", PE, "invoice.exe"),
        (PE, PE, "invoice.pdf"),
        (UNKNOWN, "application/x-elf", "holiday"),
        ("image/jpeg", "text/x-script", "holiday.jpg"),
        ("text/x-script", "text/x-script", "holiday.jpg"),
        ("image/jpeg", JAR, "a.jpg"),
        ("application/zip", JAR, "a.zip"),
        ("image/jpeg", "text/html", "a.jpg"),
        ("image/jpeg", "application/zip", "a.jpg"),
        ("image/jpeg", UNKNOWN, "a.jpg"),
        ("application/pdf", "application/zip", "a.pdf"),
        ("application/pdf", "text/plain", "a.pdf"),
        ("audio/mpeg", "application/pdf", "a.mp3"),
        (UNKNOWN, "image/png", "report.pdf"),
        (DOCX, "application/pdf", "a.docx"),
        ("text/plain", "application/pdf", "a.txt"),
    ],
)
def test_what_pretends_to_be_another_thing_is_shown(claimed: str, found: str, name: str) -> None:
    assert mismatch(claimed, found, name)


@pytest.mark.parametrize(
    ("claimed", "found", "name"),
    [
        ("image/jpeg", "image/jpeg", "a.jpg"),
        ("image/jpeg", "image/png", "a.jpg"),
        ("image/jpeg; quality=high", "image/jpeg", "a.JPG"),
        ("text/plain", UNKNOWN, "a.txt"),
        (UNKNOWN, "text/plain", "a"),
        (UNKNOWN, "image/png", "a"),
        ("application/x-own", UNKNOWN, "a.own"),
        (PE, PE, "setup.exe"),
        (PE, PE, "setup"),
        ("text/x-shellscript", "text/x-shellscript", "setup.sh"),
        ("text/plain", "text/plain", "tool.py"),
        ("text/x-python", "text/plain", "tool.py"),
        ("application/zip", DOCX, "a.docx"),
        (DOCX, "application/zip", "a.docx"),
        ("application/msword", "application/x-ole-storage", "a.doc"),
        (DOCX, "application/x-ole-storage", "a.docx"),
        ("application/epub+zip", "application/zip", "a.epub"),
        ("audio/mp4", "video/mp4", "a.m4a"),
        ("image/svg+xml", "text/plain", "a.svg"),
        ("application/json", "text/plain", "a.json"),
        ("text/plain", "text/html", "a.txt"),
        ("application/vnd.sqlite3", "application/vnd.sqlite3", "a.db"),
    ],
)
def test_differences_that_do_not_matter_are_not_shown(claimed: str, found: str, name: str) -> None:
    assert not mismatch(claimed, found, name)


@pytest.mark.parametrize(("name", "head", "expected"), SNIFFED)
def test_no_honest_file_is_told_to_pretend(name: str, head: bytes, expected: str) -> None:
    """A sender that sniffs as we do, and a name of the same kind."""
    if name.rpartition(".")[2] in ("txt", "bin", "zip", "tif") or "." not in name:
        name = "a"
    assert not mismatch(sniff(head, name), sniff(head, name), name)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("image/jpeg", "picture"),
        ("image/svg+xml", "drawing"),
        ("audio/flac", "sound"),
        ("video/mp4", "film"),
        ("application/pdf", "PDF document"),
        (ODT, "document"),
        (XLSX, "spreadsheet"),
        (PPTX, "slides"),
        ("application/x-ole-storage", "office document"),
        ("application/epub+zip", "book"),
        ("application/zip", "archive file"),
        ("application/x-elf", "program"),
        ("text/html", "web page"),
        ("text/x-script", "program"),
        ("text/csv", "text"),
        ("application/vnd.sqlite3", "database"),
        ("font/otf", "font"),
        ("application/x-own", "file of unknown kind"),
        ("", "file of unknown kind"),
    ],
)
def test_every_kind_has_words(media_type: str, expected: str) -> None:
    assert describe(media_type) == expected


@pytest.mark.parametrize(
    ("media_type", "word"),
    [
        ("application/pdf", "author"),
        (DOCX, "author"),
        ("image/heic", "place"),
        ("video/mp4", "place"),
        ("audio/mp4", "device"),
        ("application/zip", "times"),
        ("image/svg+xml", "folders"),
        ("application/vnd.sqlite3", "deleted"),
    ],
)
def test_what_a_type_may_hold_about_its_author_is_said(media_type: str, word: str) -> None:
    assert any(word in warning for warning in warnings(media_type))


def test_a_text_needs_no_warning() -> None:
    assert warnings("text/plain") == ()
