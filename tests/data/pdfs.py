"""A PDF of many pages that would like to do what a document must not: run a script, open an address, submit a form."""

from __future__ import annotations

SCRIPT = "app.launchURL('http://example.invalid/script'); app.alert('script')"


def hostile_pdf(pages: int) -> bytes:
    """Return a PDF whose page ``n`` says 'Page number n', with a script on opening and a link over each page."""
    first_page = 6
    kids = " ".join(f"{first_page + 3 * index} 0 R" for index in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R /Names << /JavaScript << /Names [(run) 4 0 R] >> >> >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /S /JavaScript /JS ({SCRIPT.replace('(', chr(92) + '(').replace(')', chr(92) + ')')}) >>",
        "<< /S /URI /URI (http://example.invalid/link) >>",
    ]
    for index in range(pages):
        number = first_page + 3 * index
        content = f"BT /F1 24 Tf 72 720 Td (Page number {index + 1}) Tj ET"
        resources = "<< /Font << /F1 3 0 R >> >>"
        page = f"/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R /Resources {resources}"
        objects += [
            f"<< {page} /Annots [{number + 2} 0 R] /AA << /O 4 0 R >> >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
            "<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /A 5 0 R >>",
        ]
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    """Return the objects, numbered from 1, with a correct cross-reference table."""
    result, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(result))
        result += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(result))
    return result + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer
