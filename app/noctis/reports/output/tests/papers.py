"""Reports for tests, and what a PDF file shows: pages as pictures and words, read by Poppler's programs."""

from __future__ import annotations

import io
import re
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.reports import actions
from noctis.reports.models import Report
from noctis.reports.warnings import warnings_before_signing

PASSWORD = "a long enough passphrase"
RED = (200, 30, 30)


def doc(*paragraphs: str) -> dict[str, Any]:
    """Return a document of the editor."""
    words = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in paragraphs]
    return {"type": "doc", "content": words}


def red_logo(picture_format: str = "PNG") -> bytes:
    """Return a picture that is easy to find on a page."""
    picture = Image.new("RGB", (400, 200), RED)
    ImageDraw.Draw(picture).ellipse((50, 50, 150, 150), fill="white")
    output = io.BytesIO()
    picture.save(output, picture_format)
    return output.getvalue()


def signer(user: User) -> User:
    """Let ``user`` sign."""
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_report(study: Study, reader: User, **sections: dict[str, Any]) -> Report:
    """Return a signed report on ``study``."""
    content = sections or {"findings": doc("No focal lesion."), "impression": doc("Normal.")}
    report = actions.save(study, content, 0, acting_user=signer(reader))
    warnings = {warning.key for warning in warnings_before_signing(study, reader, report)}
    return actions.sign(study, report.version, PASSWORD, acting_user=reader, acknowledged=warnings)


def words_of(pdf: bytes, page: int | None = None) -> str:
    """Return the words of a file, or of one page, in reading order."""
    pages = [] if page is None else ["-f", str(page), "-l", str(page)]
    run = subprocess.run(["pdftotext", *pages, "-", "-"], input=pdf, capture_output=True, check=True)
    return run.stdout.decode()


def page_count(pdf: bytes) -> int:
    """Return how many pages a file has."""
    return words_of(pdf).count("\f")


def picture_of(pdf: bytes, page: int, folder: Path) -> Image.Image:
    """Return a page at 60 dots per inch."""
    subprocess.run(
        ["pdftoppm", "-r", "60", "-png", "-f", str(page), "-l", str(page), "-singlefile", "-", folder / "page"],
        input=pdf,
        check=True,
    )
    with Image.open(folder / "page.png") as picture:
        shown: Image.Image = picture.convert("RGB")
        return shown


def count_of(picture: Image.Image, colour: tuple[int, int, int], tolerance: int = 12) -> int:
    """Return how many dots have about this colour."""
    distance = np.abs(np.asarray(picture, dtype=np.int16) - np.asarray(colour, dtype=np.int16))
    return int((distance.max(axis=2) <= tolerance).sum())


def streams_of(pdf: bytes) -> bytes:
    """Return what the compressed streams of a file hold: metadata and the catalogue among them."""
    found = []
    for match in re.finditer(rb"stream\r?\n", pdf):
        try:
            found.append(zlib.decompressobj().decompress(pdf[match.end() :]))
        except zlib.error:
            continue
    return b"\n".join(found)


def letters_without_font(text: str) -> str:
    """Return the letters of ``text`` that no installed font has: they would be printed as empty boxes."""
    return "".join(letter for letter in set(text) - {" "} if not _has_font(letter))


def _has_font(letter: str) -> bool:
    run = subprocess.run(["fc-list", f":charset={ord(letter):x}", "family"], capture_output=True, check=True)
    return bool(run.stdout.strip())
