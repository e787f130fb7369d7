"""The sample studies and how they are sent: complete, small enough, without identities, as the bytes of their files."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pydicom import dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom import AE, evt
from pynetdicom.events import Event

from noctis.operations.phantoms.objects import save
from noctis.operations.sample_sender import CALLING_AE_TITLE, SendingError, send_study
from noctis.operations.samples import SHIPPED_IMAGES, sample_studies, shipped_image
from tests.data.phantoms import THORAX, ct_series
from tests.support.peers import data_set_bytes
from tests.support.ports import free_ports

LIMIT_BYTES = 120 * 1024**2


class Receiver:
    """A storage SCP that keeps the bytes of what it is sent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: dict[str, bytes] = {}
        self.syntaxes: set[str] = set()
        self.calling_titles: list[str] = []
        self.status = 0x0000

    def store(self, event: Event) -> int:
        request: Any = event.request
        self.received[str(request.AffectedSOPInstanceUID)] = request.DataSet.getvalue()
        self.syntaxes.add(str(event.context.transfer_syntax))
        return self.status

    def established(self, event: Event) -> None:
        self.calling_titles.append(event.assoc.requestor.ae_title)


@contextmanager
def receiver(*kinds: tuple[str, str]) -> Iterator[Receiver]:
    acceptor = AE(ae_title="RECEIVER")
    for sop_class, transfer_syntax in kinds:
        acceptor.add_supported_context(sop_class, transfer_syntax)
    state = Receiver(free_ports(1)[0])
    handlers: Any = [(evt.EVT_C_STORE, state.store), (evt.EVT_ESTABLISHED, state.established)]
    server = acceptor.start_server(("127.0.0.1", state.port), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield state
    finally:
        server.shutdown()


def test_the_samples_cover_what_a_first_look_needs(tmp_path: Path) -> None:
    studies = sample_studies(tmp_path)
    files = {study.name: sorted(study.iterdir()) for study in studies}
    assert len(files["ct"]) == 168
    assert sum(path.stat().st_size for paths in files.values() for path in paths) < LIMIT_BYTES
    heads = [[dcmread(path, stop_before_pixels=True) for path in paths] for paths in files.values()]
    assert all(len({head.StudyInstanceUID for head in study}) == 1 for study in heads)
    assert len({study[0].StudyInstanceUID for study in heads}) == len(heads)
    assert len({head.SeriesInstanceUID for head in heads[0]}) == 2
    assert {study[0].Modality for study in heads} >= {"CT", "MR", "US", "XA", "OT", "CR"}
    assert all(head.PatientName and head.PatientID for study in heads for head in study)


def test_shipped_images_are_read_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a sample was to be downloaded")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    assert all(shipped_image(image) is not None for image in SHIPPED_IMAGES)


def test_a_replaced_identity_comes_with_other_uids() -> None:
    image = next(image for image in SHIPPED_IMAGES if image.patient)
    dataset = shipped_image(image)
    assert dataset is not None
    assert dataset.PatientID == "SYN-0101"
    assert dataset.SOPInstanceUID.startswith("2.25.")
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert not [element for element in dataset if element.tag.is_private]


def test_a_study_is_sent_byte_for_byte_over_one_association(tmp_path: Path) -> None:
    slices = ct_series(replace(THORAX, slices=3))
    files = [save(dataset, tmp_path / f"{dataset.InstanceNumber}.dcm") for dataset in slices]
    with receiver((CTImageStorage, ExplicitVRLittleEndian)) as peer:
        assert send_study(files, host="127.0.0.1", port=peer.port, called_ae_title="RECEIVER") == 3
    assert peer.calling_titles == [CALLING_AE_TITLE]
    assert sorted(peer.received.values()) == sorted(data_set_bytes(path) for path in files)


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    return save(next(ct_series(THORAX)), tmp_path / "one" / "0001.dcm")


def test_a_refused_object_is_named(one_file: Path) -> None:
    with receiver((CTImageStorage, ExplicitVRLittleEndian)) as peer:
        peer.status = 0xA700
        with pytest.raises(SendingError, match=r"^RECEIVER at 127.0.0.1:\d+ answered A700H to one/0001.dcm\.$"):
            send_study([one_file], host="127.0.0.1", port=peer.port, called_ae_title="RECEIVER")


def test_a_kind_that_the_peer_does_not_take_is_told_in_a_sentence(one_file: Path) -> None:
    with (
        receiver((CTImageStorage, JPEGBaseline8Bit)) as peer,
        pytest.raises(SendingError, match=r"^RECEIVER at .* does not .*\.$"),
    ):
        send_study([one_file], host="127.0.0.1", port=peer.port, called_ae_title="RECEIVER")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom leaves its socket unclosed
def test_the_command_says_in_one_sentence_that_nobody_answers(monkeypatch: pytest.MonkeyPatch, one_file: Path) -> None:
    command = "noctis.operations.management.commands.send_samples"
    monkeypatch.setattr(f"{command}.sample_studies", lambda _: [one_file.parent])
    port = free_ports(1)[0]
    with pytest.raises(CommandError, match=rf"^NOCTIS_PACS at 127.0.0.1:{port} does not answer\.$"):
        call_command("send_samples", host="127.0.0.1", port=port, called_ae="NOCTIS_PACS", stdout=StringIO())
