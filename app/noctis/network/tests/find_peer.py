"""Asks the service by C-FIND: with DCMTK's findscu, and with pynetdicom for what findscu cannot say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_CANCEL, C_FIND
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from noctis.archive.tests.factories import ROOT
from noctis.network.answers import keep_answers
from noctis.network.services import PATIENT_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, STUDY_ROOT_FIND
from tests.support.peers import Done, dcmtk

# How findscu is told the information model.
MODELS = {PATIENT_ROOT_FIND: "-P", STUDY_ROOT_FIND: "-S", PATIENT_STUDY_ONLY_FIND: "-O"}
UNIQUE_KEYS = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
PENDING, CANCELLED = (0xFF00, 0xFF01), 0xFE00


def findscu(
    port: int, model: str, *options: str, calling: str = "FINDSCU", query: Path | str | None = None, **keys: str
) -> Done[str]:
    """Ask with DCMTK; the keys stand on its command line or in the file ``query``."""
    words = [word for keyword, value in keys.items() for word in ("-k", f"{keyword}={value}" if value else keyword)]
    titles = ("-aet", calling, "-aec", "NOCTIS_PACS")
    files = [str(query)] if query else []
    return dcmtk("findscu", "-v", MODELS[model], *titles, *options, *words, "127.0.0.1", str(port), *files)


def answers_of(
    port: int,
    model: str,
    folder: Path,
    *options: str,
    calling: str = "FINDSCU",
    query: Path | str | None = None,
    **keys: str,
) -> list[Dataset]:
    """Return the responses that DCMTK writes to files."""
    shutil.rmtree(folder / "answers", ignore_errors=True)
    (folder / "answers").mkdir()
    done = findscu(port, model, "-X", "-od", str(folder / "answers"), *options, calling=calling, query=query, **keys)
    assert done.returncode == 0, done.stderr
    return [dcmread(path, force=True) for path in sorted((folder / "answers").iterdir())]


def found(port: int, model: str, folder: Path, *, level: str = "STUDY", calling: str = "FINDSCU", **keys: str) -> str:
    """Return the ends of the unique keys of what DCMTK finds, sorted."""
    unique = UNIQUE_KEYS[level]
    keys = {"QueryRetrieveLevel": level, unique: "", **keys}
    answers = answers_of(port, model, folder, calling=calling, query=None, **keys)
    return " ".join(sorted(str(answer[unique].value).removeprefix(f"{ROOT}.") for answer in answers))


def identifier(level: str = "STUDY", **keys: Any) -> Dataset:
    """Return the identifier of a request."""
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    return dataset


def written(asked: Dataset, path: Path) -> Path:
    """Write an identifier as a query file for findscu."""
    asked.file_meta = FileMetaDataset()
    asked.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    asked.save_as(path, implicit_vr=False, little_endian=True)
    return path


class Asker:
    """An association whose requests and answers are sent and read one by one."""

    def __init__(self, association: Association, model: str) -> None:
        self.association = association
        self.model = model
        self._message_id = 0

    @property
    def context_id(self) -> int:
        return next(c.context_id or 0 for c in self.association.accepted_contexts if c.abstract_syntax == self.model)

    def ask(self, asked: Dataset | bytes | None, *, message_id: int = 0) -> int:
        """Send a request, its identifier encoded already or left out; return its message ID."""
        self._message_id = message_id or self._message_id + 1
        request = C_FIND()
        request.MessageID = self._message_id
        request.AffectedSOPClassUID = self.model
        request.Priority = 2
        if asked is not None:
            content = asked if isinstance(asked, bytes) else encode(asked, is_implicit_vr=True, is_little_endian=True)
            request.Identifier = BytesIO(content or b"")
        self.association.dimse.send_msg(request, self.context_id)
        return self._message_id

    def cancel(self, message_id: int) -> None:
        request = C_CANCEL()
        request.MessageIDBeingRespondedTo = message_id
        self.association.dimse.send_msg(request, self.context_id)

    def answer(self) -> C_FIND:
        _, answer = self.association.dimse.get_msg(block=True)
        assert isinstance(answer, C_FIND), "no answer came"
        return answer

    def answers(self) -> Iterator[C_FIND]:
        """Yield the answers up to the last."""
        while (answer := self.answer()).Status in PENDING:
            yield answer
        yield answer

    def statuses(self, asked: Dataset | bytes | None) -> list[int]:
        """Ask and return the statuses of all answers."""
        self.ask(asked)
        return [answer.Status or 0 for answer in self.answers()]


@contextmanager
def asking(port: int, model: str = STUDY_ROOT_FIND, *, calling: str = "ASKER", options: bytes = b"") -> Iterator[Asker]:
    """Associate, with ``options`` for extended negotiation, and give an Asker."""
    entity = AE(calling)
    entity.add_requested_context(model, "1.2.840.10008.1.2")
    entity.dimse_timeout = 30
    negotiation: list[Any] = []
    if options:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = model
        item.service_class_application_information = options
        negotiation.append(item)
    association = entity.associate(
        "127.0.0.1",
        port,
        ae_title="NOCTIS_PACS",
        ext_neg=negotiation,
        evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)],
    )
    assert association.is_established
    connection = association.dul.socket and association.dul.socket.socket
    try:
        yield Asker(association, model)
    finally:
        if association.is_established:
            association.release()
        if connection is not None:
            connection.close()  # pynetdicom leaves it open where the service has ended the association
