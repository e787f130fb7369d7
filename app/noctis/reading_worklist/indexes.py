"""The indexes of the worklist: one for each heading that sorts, for all facilities and for each of them.

What readers see first, the newest arrivals, is found with every filter in the index alone, so that something rare or
old does not take reading each row before it. PostgreSQL has an index of letter triples for the search text too, see the
migrations.
"""

from __future__ import annotations

from typing import Final

from django.db import models

# Headings, and what they sort by before the primary key; see paging.COLUMNS.
SORTED: Final = {
    "patient": ("patient_name",),
    "identifier": ("patient_identifier",),
    "study_date": ("study_date", "study_time"),
    "modality": ("modalities",),
    "body_part": ("body_parts",),
    "description": ("description",),
    "images": ("instance_count",),
    "reader": ("assignee_name",),
    "due_time": ("due_at",),
    "accession": ("accession_number",),
    "urgency": ("priority", "due_at"),
    "status": ("status", "priority", "due_at"),
}
FILTERED: Final = (
    "status",
    "priority",
    "modalities",
    "body_parts",
    "study_date",
    "assigned_to",
    "is_arriving",
    "study",
)


def sorting() -> list[models.Index]:
    """Return the indexes that pages are read from."""
    found = [
        models.Index(fields=["received_at", "id"], include=["facility", *FILTERED], name="reading_by_arrival"),
        models.Index(fields=["facility", "received_at", "id"], include=FILTERED, name="reading_facility_arrival"),
        models.Index(fields=["facility", "id"], name="reading_facility"),
        models.Index(fields=["modalities", "received_at", "id"], name="reading_of_modality"),
    ]
    for name, fields in SORTED.items():
        found += [
            models.Index(fields=[*fields, "id"], name=f"reading_by_{name}"),
            models.Index(fields=["facility", *fields, "id"], name=f"reading_facility_{name}"),
        ]
    return found
