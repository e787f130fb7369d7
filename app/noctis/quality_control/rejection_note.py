"""Rejection notes, which tell other systems of rejected images (IHE Imaging Object Change Management, RAD-66).

Such a note is a Key Object Selection Document with a title of its own (PS3.16 CID 7010, TID 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydicom.dataset import Dataset

from noctis.accounts.models import User
from noctis.key_images.selection_document import Picked, Purpose, key_object_document
from noctis.quality_control.models import Rejection

SERIES_DESCRIPTION: Final = "Rejected images"
CODE: Final = "113001"
MEANING: Final = "Rejected for Quality Reasons"
LONGEST_DESCRIPTION: Final = 1024


def rejection_note(rejections: Sequence[Rejection], author: User) -> Dataset:
    """Return a note that names the images of ``rejections``, of one study and at least one."""
    reasons = dict.fromkeys(f"{one.reason}: {one.comment}" if one.comment else str(one.reason) for one in rejections)
    purpose = Purpose(CODE, MEANING, "; ".join(reasons)[:LONGEST_DESCRIPTION], SERIES_DESCRIPTION)
    return key_object_document([Picked(one.instance) for one in rejections], purpose, author)
