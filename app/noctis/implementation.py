"""How Noctis names itself to its peers and in the files that it writes (PS3.7 D.3.3.2)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from pydicom.uid import UID

from noctis.dicom.uids import uid_from_name

IMPLEMENTATION_CLASS_UID: Final = UID(uid_from_name("implementation"))
IMPLEMENTATION_VERSION_NAME: Final = f"NOCTIS_{settings.VERSION}"[:16]
