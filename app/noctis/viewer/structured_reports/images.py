"""The images of a study that a report refers to, each read once."""

from __future__ import annotations

from pydicom.dataset import Dataset

from noctis.archive.models import Instance, Study
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.errors import UnreadableInstance
from noctis.viewer.structured_reports.image_planes import ImagePlane, plane_of


class StudyImages:
    """Where the frames of one study's images lie."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._headers: dict[str, Dataset | None] = {}
        self._planes: dict[tuple[str, int], ImagePlane | None] = {}

    def plane(self, sop_instance_uid: str, frame_number: int) -> ImagePlane | None:
        """Return where a frame lies; None where the study has no such readable image."""
        key = (sop_instance_uid, frame_number)
        if key not in self._planes:
            header = self._header(sop_instance_uid)
            self._planes[key] = plane_of(header, frame_number) if header is not None else None
        return self._planes[key]

    def instance(self, sop_instance_uid: str) -> Instance | None:
        """Return an image of the study."""
        found = Instance.objects.filter(series__study=self.study, sop_instance_uid=sop_instance_uid)
        return found.select_related("series__study").first()

    def _header(self, sop_instance_uid: str) -> Dataset | None:
        if sop_instance_uid not in self._headers:
            instance = self.instance(sop_instance_uid)
            try:
                header = read_data_set(stored_path(instance)) if instance else None
            except UnreadableInstance:
                header = None
            self._headers[sop_instance_uid] = header
        return self._headers[sop_instance_uid]
