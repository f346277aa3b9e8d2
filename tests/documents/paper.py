"""Files as scanners, phones and strangers make them."""

import io
from typing import Any

from PIL import Image, TiffImagePlugin
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)


def pdf(pages: int = 1) -> bytes:
    return _written(_blank(pages))


def _blank(pages: int) -> PdfWriter:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(612, 792)
    return writer


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_with_script() -> bytes:
    writer = _blank(1)
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
    )
    writer.root_object[NameObject("/OpenAction")] = script
    return _written(writer)


def pdf_with_file_inside() -> bytes:
    writer = _blank(1)
    writer.add_attachment("payroll.exe", b"MZ")
    return _written(writer)


def pdf_that_launches() -> bytes:
    writer = _blank(1)
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")}
    )
    writer.root_object[NameObject("/OpenAction")] = action
    return _written(writer)


def pdf_with_unreached_script() -> bytes:
    """The script hangs on no page: a reader that repairs the file may find it all the same."""
    writer = _blank(1)
    writer._add_object(
        DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
        )
    )
    return _written(writer)


def pdf_with_nested_script() -> bytes:
    writer = _blank(1)
    inner = DictionaryObject({NameObject("/JS"): TextStringObject("x")})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([ArrayObject([inner])])
    return _written(writer)


def pdf_with_giant_image() -> bytes:
    writer = _blank(1)
    image = StreamObject()
    image.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(100_000),
            NameObject("/Height"): NumberObject(100_000),
        }
    )
    writer._add_object(image)
    return _written(writer)


def locked_pdf() -> bytes:
    writer = _blank(1)
    writer.encrypt("secret")
    return _written(writer)


def image(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **said: Any) -> bytes:
    made = Image.new(mode, size, 1 if mode == "1" else (200, 30, 30))
    for x in range(0, size[0], 7):
        made.putpixel((x, x % size[1]), 0 if mode == "1" else (0, 0, 255))
    out = io.BytesIO()
    made.save(out, kind, **said)
    return out.getvalue()


def photo(orientation: int = 1) -> bytes:
    """A phone's: where it was taken, by whom, and which side is up."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Quillon Fernhollow"
    exif.get_ifd(0x8825)[2] = (39.0, 47.0, 54.0)
    return image("JPEG", exif=exif, comment=b"Quillon")


def fax(pages: int) -> bytes:
    """As fax servers send them: bilevel, group 4, one TIFF."""
    made = [Image.new("1", (1728, 300), 1) for _ in range(pages)]
    told = TiffImagePlugin.ImageFileDirectory_v2()
    told[315] = "Quillon Fernhollow"
    out = io.BytesIO()
    made[0].save(
        out,
        "TIFF",
        save_all=True,
        append_images=made[1:],
        compression="group4",
        dpi=(204, 196),
        tiffinfo=told,
    )
    return out.getvalue()


def png_bomb() -> bytes:
    """A picture of 30,000 by 30,000 pixels in a few kilobytes."""
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(3_751 * 100)))
        + chunk(b"IEND", b"")
    )
