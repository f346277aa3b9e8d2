"""Opens one file of a stranger, in a process of its own that may do nothing else.

`python -m billing_saas.documents.opening MEDIA_TYPE` reads the file from its standard input and
writes one line of JSON, `{"pages": n}` or `{"refused": reason, "message": sentence}`, and after
the line the bytes to keep. The libraries that read PDF and images are large and old; whatever one
of them is talked into ends with this process, which has no file to write, little memory and time.
"""

import io
import resource
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from billing_saas.documents import rules

MOST_MEMORY = 1 << 30
MOST_CPU_SECONDS = 20
_MOST_PDF_OBJECTS = 100_000
_SPACE = b" \t\r\n\x0c\x00"

# What a page can do beyond being looked at (ISO 32000-2, 12.6 and 7.11.4; XFA is 12.7.8).
_ACTS = {
    **dict.fromkeys(("/JavaScript", "/JS"), "a script"),
    **dict.fromkeys(("/Launch", "/SubmitForm", "/ImportData", "/GoToE"), "an action"),
    **dict.fromkeys(("/EmbeddedFile", "/EmbeddedFiles", "/EF"), "another file"),
    **dict.fromkeys(("/RichMedia", "/Movie", "/Sound", "/3D", "/Rendition"), "a film or a sound"),
    "/XFA": "a form that is a program",
}


class _Refused(Exception):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def main(media_type: str) -> None:
    _confine()
    answer, kept = opened(media_type, sys.stdin.buffer.read())
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n" + kept)


def opened(media_type: str, content: bytes) -> tuple[dict[str, object], bytes]:
    """The answer, and the bytes to keep."""
    try:
        pages, kept = _pdf(content) if media_type == rules.PDF else _image(content)
    except _Refused as refused:
        return {"refused": refused.reason, "message": refused.message}, b""
    except (MemoryError, RecursionError):
        return {"refused": "too_large", "message": "The file is too large inside."}, b""
    except Exception:
        return {"refused": "unreadable", "message": "The file cannot be read."}, b""
    if len(kept) > rules.MOST_KEPT_BYTES:
        message = "The file is too large once it is written without loss; send a smaller scan."
        return {"refused": "too_large", "message": message}, b""
    return {"pages": pages}, kept


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _pdf(content: bytes) -> tuple[int, bytes]:
    """A PDF is kept as it is, so that a signed one stays signed; one that can act is refused."""
    from pypdf import PdfReader

    end = content.rfind(b"%%EOF")
    if end < 0 or content[end + 5 :].strip(_SPACE):
        raise _Refused("something_after", "The file does not end where its pages do.")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise _Refused("encrypted", "The file is locked with a password.")
    for seen, (name, value) in enumerate(_names(reader)):
        if seen > _MOST_PDF_OBJECTS:
            raise _Refused("too_large", "The file has too many parts.")
        what = _ACTS.get(name) or (_ACTS.get(value) if isinstance(value, str) else None)
        if what is not None:
            raise _Refused("active_content", f"The file holds {what}; print it to a plain PDF.")
        if isinstance(value, tuple):
            _check_pixels(value)
    pages = len(reader.pages)
    _check_pages(pages)
    return pages, content


def _names(reader: Any) -> Iterator[tuple[str, object]]:
    """Each key of each dictionary in the file, with its value: of all objects, reached or not.

    For an image, its width and height stand together as the value of `/Width`.
    """
    from pypdf.generic import IndirectObject

    numbers = {number for objects in reader.xref.values() for number in objects}
    numbers |= set(reader.xref_objStm)
    pending: list[Any] = [reader.trailer]
    pending += [IndirectObject(number, 0, reader) for number in sorted(numbers)]
    while pending:
        value = pending.pop()
        if isinstance(value, IndirectObject):
            value = reader.get_object(value)
        yield from _in_one(value)


def _in_one(whole: Any) -> Iterator[tuple[str, object]]:
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

    pending = [whole]
    while pending:
        value = pending.pop()
        if isinstance(value, DictionaryObject):
            for key in value:
                inner = value.raw_get(key)
                is_image = key == "/Width" and "/Height" in value
                yield str(key), (value["/Width"], value["/Height"]) if is_image else inner
                if not isinstance(inner, IndirectObject):
                    pending.append(inner)
        elif isinstance(value, ArrayObject):
            pending += [inner for inner in value if not isinstance(inner, IndirectObject)]


def _image(content: bytes) -> tuple[int, bytes]:
    """An image is written anew: where it was taken, and what hides behind its end, stay behind."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = rules.MOST_PIXELS
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "TIFF"]) as image:
        frames = getattr(image, "n_frames", 1)
        _check_pages(frames)
        for frame in range(frames):
            image.seek(frame)
            _check_pixels(image.size)
        image.seek(0)
        return frames, _written_anew(image, frames)


def _written_anew(image: Any, frames: int) -> bytes:
    from PIL import ImageOps

    out = io.BytesIO()
    if image.format == "JPEG":
        turned = ImageOps.exif_transpose(image)
        if turned.size == image.size and image.getexif().get(0x0112, 1) == 1:
            image.save(out, "JPEG", quality="keep", exif=b"", icc_profile=None, comment=b"")
        else:
            turned.save(out, "JPEG", quality=92, exif=b"", icc_profile=None, comment=b"")
    elif image.format == "PNG":
        _bare(image).save(out, "PNG")
    else:
        pages = []
        for frame in range(frames):
            image.seek(frame)
            pages.append(_bare(image))
        pages[0].save(
            out,
            "TIFF",
            save_all=True,
            append_images=pages[1:],
            compression="group4" if all(page.mode == "1" for page in pages) else "tiff_deflate",
            dpi=image.info.get("dpi", (200, 200)),
        )
    return out.getvalue()


def _bare(image: Any) -> Any:
    """The pixels, without what else the file said of them."""
    copied = image.copy()
    copied.info = {key: image.info[key] for key in ("transparency",) if key in image.info}
    return copied


def _check_pages(pages: int) -> None:
    if not 1 <= pages <= rules.MOST_PAGES:
        raise _Refused(
            "too_many_pages", f"The file has {pages} pages; 1 to {rules.MOST_PAGES} are taken."
        )


def _check_pixels(size: tuple[Any, Any]) -> None:
    width, height = int(size[0]), int(size[1])
    if width * height > rules.MOST_PIXELS:
        raise _Refused("too_many_pixels", "A page of the file has too many pixels.")


if __name__ == "__main__":
    main(sys.argv[1])
