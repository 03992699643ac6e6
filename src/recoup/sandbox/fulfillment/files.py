"""Small, valid files: the PDF, ZPL and PNG that stand for invoices and labels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

__all__ = ["CONTENT_TYPES", "label_file", "pdf", "png", "zpl"]

CONTENT_TYPES = {"PDF": "application/pdf", "ZPL": "x.application/zpl", "PNG": "image/png"}


def label_file(form: str, lines: Sequence[str]) -> bytes:
    """A label in the format PDF, ZPL or PNG. A PNG carries its lines as text beside a bar pattern."""
    if form == "ZPL":
        return zpl(lines)
    return png(lines) if form == "PNG" else pdf(lines)


def pdf(lines: Sequence[str]) -> bytes:
    """A PDF of one page with these lines of text."""
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    content = f"BT /F1 12 Tf 14 TL 36 400 Td\n{shown}\nET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def zpl(lines: Sequence[str]) -> bytes:
    """A ZPL label with these lines of text; its two command characters are left out of them."""
    fields = "".join(
        f"^FO40,{40 + 40 * row}^A0N,30,30^FD{line.replace('^', ' ').replace('~', ' ')}^FS\n"
        for row, line in enumerate(lines)
    )
    return f"^XA\n{fields}^XZ\n".encode()


def png(lines: Sequence[str]) -> bytes:
    """A black and white PNG with a bar pattern drawn from the lines, and the lines in a text chunk."""
    bars = "\n".join(lines).encode()
    width = len(bars) * 8
    row = b"\x00" + bytes(byte ^ 0xFF for byte in bars)
    header = struct.pack(">IIBBBBB", width, 64, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"tEXt", b"Description\x00" + "\n".join(lines).encode("latin-1", "replace"))
        + _chunk(b"IDAT", zlib.compress(row * 64, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
