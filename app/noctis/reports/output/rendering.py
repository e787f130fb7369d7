"""HTML to PDF/A-2u (ISO 19005-2) by WeasyPrint, which gets nothing but what it is given: no network, no files."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from PIL import ImageFile

VARIANT: Final = "pdf/a-2u"
PICTURES: Final = "picture:"  # the scheme by which a document names the pictures that come with it
WHAT_IS_MISSING: Final = (
    "PDF files cannot be made on this machine: the library Pango is missing. Install the packages libpango-1.0-0, "
    "libpangoft2-1.0-0, libharfbuzz-subset0, fonts-noto-core and fonts-wqy-microhei. "
    "Until then, reports can be printed from their page."
)
_STYLE: Final = Path(__file__).parent / "document.css"
# Pango and fontconfig keep state that threads share.
_one_at_a_time = threading.Lock()


class PdfUnavailable(Exception):
    """This machine makes no PDF files; the text says what is missing."""


def render_pdf(html: str, pictures: Mapping[str, bytes]) -> bytes:
    """Return the PDF file of ``html``, whose pictures are named ``picture:key``. Raises PdfUnavailable."""
    weasyprint = _library()
    fetcher = _fetcher(weasyprint, pictures)
    with _one_at_a_time:
        document = weasyprint.HTML(string=html, base_url=PICTURES, url_fetcher=fetcher)
        style = weasyprint.CSS(string=_STYLE.read_text("utf-8"), base_url=PICTURES, url_fetcher=fetcher)
        return bytes(document.write_pdf(stylesheets=[style], pdf_variant=VARIANT))


def require_library() -> None:
    """Raise PdfUnavailable where no file can be made."""
    _library()


@cache
def _library() -> Any:
    """Return WeasyPrint, loaded only where it is needed: it takes memory, and Pango may be missing."""
    for name in ("weasyprint", "weasyprint.progress", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        import weasyprint
    except OSError as error:
        raise PdfUnavailable(WHAT_IS_MISSING) from error
    # WeasyPrint lets Pillow take half a picture, for the whole process: elsewhere that would pass for a whole one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return weasyprint


def _fetcher(weasyprint: Any, pictures: Mapping[str, bytes]) -> Any:
    class OnlyOurPictures(weasyprint.urls.URLFetcher):  # type: ignore[misc, name-defined, unused-ignore]
        """Gives the pictures of the document and refuses every other address."""

        def fetch(self, url: str, headers: object = None) -> Any:
            key = url.removeprefix(PICTURES)
            if not url.startswith(PICTURES) or key not in pictures:
                raise ValueError("A report loads nothing from elsewhere.")
            return weasyprint.urls.URLFetcherResponse(url, pictures[key], {"Content-Type": "image/png"})

    return OnlyOurPictures()
