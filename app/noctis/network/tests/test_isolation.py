"""No service gives an application entity anything of another facility: a case for each that is offered, at each level.

The cases are generated from the list of services; one that is offered without a case fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import (
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    C_STORE,
    N_ACTION,
    N_CREATE,
    N_SET,
    DIMSEPrimitive,
)

from noctis.archive.query_attributes import Level
from noctis.archive.tests.factories import CT_IMAGE, image, write
from noctis.modality_worklist.tests.factories import final, report, worklist_file
from noctis.network.dicom_services import EVERY_SERVICE, DicomService
from noctis.network.query_scp import LEVELS
from noctis.network.retrieve import RETRIEVE_LEVELS
from noctis.network.services import (
    GET_CLASSES,
    MOVE_CLASSES,
    OFFERED,
    PATIENT_ROOT_FIND,
    PATIENT_STUDY_ONLY_FIND,
    STUDY_ROOT_FIND,
    service_of,
)
from noctis.network.tests import commitment_peers, test_modality_worklist, test_mpps
from noctis.network.tests.find_peer import answers_of
from noctis.network.tests.retrieve_peers import Receiver, data_sets, final_response, getscu, movescu
from tests.support.dicom_service import DicomService as RunningService
from tests.support.peers import echoscu, storescu

pytestmark = pytest.mark.integration

MODEL_OPTIONS = ("-P", "-S", "-O")
NO_SUCH_INSTANCE, DUPLICATE_INSTANCE, DESTINATION_UNKNOWN = 0x0112, 0x0111, 0xA801
# Both facilities know a patient by this ID.
PATIENT_ID = "P1"


@dataclass(frozen=True)
class Side:
    """A facility, its workstation, and what it has: a study of two series, a scheduled step and a performed one."""

    code: str
    title: str
    name: str
    root: str

    @property
    def keys(self) -> dict[Level, dict[str, str]]:
        """The unique keys that name its study, series and image, level by level."""
        study = {"StudyInstanceUID": self.root}
        series = {**study, "SeriesInstanceUID": f"{self.root}.1"}
        of_image = {**series, "SOPInstanceUID": f"{self.root}.1.1"}
        return {
            Level.PATIENT: {"PatientID": PATIENT_ID},
            Level.STUDY: study,
            Level.SERIES: series,
            Level.IMAGE: of_image,
        }

    @property
    def objects(self) -> list[Dataset]:
        return [self.object(1, 1), self.object(1, 2), self.object(2, 1)]

    def object(self, series: int, instance: int, **changes: object) -> Dataset:
        dataset = image(PatientID=PATIENT_ID, PatientName=self.name, StudyInstanceUID=self.root)
        dataset.SeriesInstanceUID = f"{self.root}.{series}"
        dataset.SOPInstanceUID = f"{self.root}.{series}.{instance}"
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        return dataset


NORTH = Side("NORTH", "NORTH_WS", "North^Nora", "2.25.71")
SOUTH = Side("SOUTH", "SOUTH_WS", "South^Sam", "2.25.72")


@dataclass
class Asking:
    """One of the facilities, ``own``, asks for what the other has."""

    service: RunningService
    own: Side
    other: Side
    sop_class: str
    level: Level | None
    folder: Path

    def store(self, *objects: Dataset) -> None:
        paths = [write(one, self.folder / f"{number}.dcm") for number, one in enumerate(objects)]
        done = storescu(self.service.port, paths, calling=self.own.title)
        assert done.returncode == 0, done.stderr

    def find(self, model: str, level: Level, **keys: str) -> list[Dataset]:
        asked = {"QueryRetrieveLevel": level.name, "PatientName": "", **keys}
        return answers_of(self.service.port, model, self.folder, calling=self.own.title, query=None, **asked)

    def state_of_the_other(self) -> list[tuple[Any, ...]]:
        """Return everything that the index and the worklist know of the other facility."""
        self.service.wait_until_indexed()
        facility = f"(SELECT id FROM accounts_facility WHERE code = '{self.other.code}')"  # noqa: S608
        instances = (
            "SELECT i.sop_instance_uid, i.sha256, s.instance_count, s.patient_name FROM archive_instance i"  # noqa: S608
            " JOIN archive_series e ON e.id = i.series_id JOIN archive_study s ON s.id = e.study_id"
            f" WHERE s.facility_id = {facility} ORDER BY i.sop_instance_uid"
        )
        steps = f"SELECT step_id, status FROM modality_worklist_scheduledprocedurestep WHERE facility_id = {facility}"  # noqa: S608
        performed = (
            "SELECT sop_instance_uid, status, patient_name FROM modality_worklist_performedprocedurestep"  # noqa: S608
            f" WHERE facility_id = {facility} ORDER BY sop_instance_uid"
        )
        found = [row for query in (instances, steps, performed) for row in self.service.rows(query)]
        assert found
        return found


@pytest.fixture(scope="module")
def hospital(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """Give a service in which both facilities have something of every kind."""
    for side in (NORTH, SOUTH):
        service.manage("add_ae", side.title, "--facility", side.code, "--host", "127.0.0.1", "--port", "1")
        folder = tmp_path_factory.mktemp(side.code)
        Asking(service, side, side, "", None, folder).store(*side.objects)
        worklist = tmp_path_factory.mktemp(side.code)
        worklist_file(
            worklist / "1.wl",
            PatientID=PATIENT_ID,
            PatientName=side.name,
            StudyInstanceUID=side.root,
            AccessionNumber=f"A-{side.code}",
            ScheduledProcedureStepID=f"S-{side.code}",
        )
        service.manage("import_worklist", str(worklist), "--facility", side.code)
        with test_mpps.associated(service, side.title) as association:
            begun = report(PatientName=side.name, PatientID=PATIENT_ID)
            assert test_mpps.create(association, begun, f"{side.root}.9").Status == 0
    service.wait_until_indexed()
    return service


def echoes(asking: Asking) -> None:
    """An echo carries nothing."""
    assert echoscu(asking.service.port, calling=asking.own.title).returncode == 0


def finds_nothing(asking: Asking) -> None:
    assert asking.level is not None
    own, other = asking.own.keys[asking.level], asking.other.keys[asking.level]
    counts = {"NumberOfPatientRelatedStudies": "", "NumberOfPatientRelatedInstances": ""}
    for keys in (
        dict.fromkeys(own, "") | counts,
        {**own, **counts},
        {"PatientName": "*o*", **dict.fromkeys(own, "")},
    ):
        answers = asking.find(asking.sop_class, asking.level, **keys)
        assert {str(answer.PatientName) for answer in answers} == {asking.own.name}
        assert {answer.get("NumberOfPatientRelatedInstances", 3) for answer in answers} == {3}
    answers = asking.find(asking.sop_class, asking.level, **other)
    assert {str(answer.PatientName) for answer in answers} <= {asking.own.name}
    assert bool(answers) == (asking.level is Level.PATIENT)
    assert asking.find(asking.sop_class, asking.level, **{**own, "PatientName": asking.other.name}) == []


def finds_no_step(asking: Asking) -> None:
    def names(**keys: object) -> set[str]:
        asked = test_modality_worklist.query(**keys)
        done, answers = test_modality_worklist.findscu(
            asking.service.port, asked, asking.folder, calling=asking.own.title
        )
        assert done.returncode == 0, done.stderr
        return {str(answer.PatientName) for answer in answers}

    assert names() == names(PatientID=PATIENT_ID) == {asking.own.name}
    assert names(AccessionNumber=f"A-{asking.other.code}") == names(StudyInstanceUID=asking.other.root) == set()


def gets_nothing(asking: Asking) -> None:
    option = MODEL_OPTIONS[GET_CLASSES.index(asking.sop_class)]
    for side in (asking.own, asking.other):
        folder = asking.folder / side.code
        done = getscu(asking.service, folder, *_asked(asking, side), calling=asking.own.title, options=(option,))
        _check_only_own(asking, side, set(data_sets(folder)), final_response(done))


def moves_nothing(asking: Asking) -> None:
    option = MODEL_OPTIONS[MOVE_CLASSES.index(asking.sop_class)]
    for side in (asking.own, asking.other):
        receiver = Receiver(lambda _event, _number: 0)
        with receiver.listening("1.2.840.10008.1.2.1") as port:
            _listens_at(asking.service, port)
            keys = _asked(asking, side)
            done = movescu(asking.service, asking.own.title, *keys, calling=asking.own.title, options=(option,))
            _check_only_own(asking, side, set(receiver.received), final_response(done))
            there = movescu(asking.service, asking.other.title, *keys, calling=asking.own.title, options=(option,))
        assert final_response(there)["Status"] == DESTINATION_UNKNOWN
        assert receiver.associations <= 1


def _asked(asking: Asking, side: Side) -> list[str]:
    assert asking.level is not None
    keys = {"QueryRetrieveLevel": asking.level.name, **side.keys[asking.level]}
    return [f"{key}={value}" for key, value in keys.items()]


def _check_only_own(asking: Asking, side: Side, received: set[str], answer: dict[str, int]) -> None:
    assert all(uid.startswith(f"{asking.own.root}.") for uid in received)
    finds_something = side is asking.own or asking.level is Level.PATIENT  # both know the patient ID
    assert bool(received) == finds_something
    assert (answer["Completed"], answer["Failed"]) == (len(received), 0)


def _listens_at(service: RunningService, port: int) -> None:
    service.execute(f"UPDATE network_remoteapplicationentity SET port = {port}")  # noqa: S608


def stores_nothing_there(asking: Asking) -> None:
    """What belongs to a study of the other facility is kept for a person; neither side sees a difference."""
    before = asking.state_of_the_other()
    other = asking.other
    new = {"SOPInstanceUID": f"{other.root}.{asking.own.code == 'NORTH':d}.77"}
    asking.store(
        other.object(1, 3, **new),
        other.object(1, 4, **{**new, "SOPInstanceUID": f"{new['SOPInstanceUID']}.1"}, PatientName=asking.own.name),
        other.object(1, 1),
        other.object(1, 2, PatientName="Changed^Name"),
    )
    assert asking.state_of_the_other() == before
    kept = "SELECT count(*) FROM archive_quarantinedobject q JOIN accounts_facility f ON f.id = q.facility_id"
    assert asking.service.rows(f"{kept} WHERE f.code = '{asking.own.code}'") == [(4,)]
    for level in (Level.STUDY, Level.SERIES, Level.IMAGE):
        assert asking.find(STUDY_ROOT_FIND, level, **other.keys[level]) == []


def commits_to_nothing(asking: Asking) -> None:
    pairs = [(CT_IMAGE, str(one.SOPInstanceUID)) for one in asking.other.objects]
    mine = (CT_IMAGE, str(asking.own.objects[0].SOPInstanceUID))
    with commitment_peers.associated(asking.service, asking.own.title) as modality:
        uid = f"{asking.own.root}.50"
        assert modality.ask(commitment_peers.information(uid, [*pairs, mine]))[0] == 0
        said = modality.hear()
    assert said.committed == (mine[1],)
    assert said.failed.keys() == {uid for _, uid in pairs}


def begins_no_step_there(asking: Asking) -> None:
    before = asking.state_of_the_other()
    begun = report(PatientName=asking.own.name, PatientID=PATIENT_ID)
    reference = begun.ScheduledStepAttributesSequence[0]
    reference.StudyInstanceUID = asking.other.root
    reference.AccessionNumber = f"A-{asking.other.code}"
    reference.ScheduledProcedureStepID = f"S-{asking.other.code}"
    with test_mpps.associated(asking.service, asking.own.title) as association:
        assert test_mpps.create(association, begun, f"{asking.own.root}.10").Status == 0
        assert test_mpps.create(association, begun, f"{asking.other.root}.9").Status == DUPLICATE_INSTANCE
    assert asking.state_of_the_other() == before


def ends_no_step_there(asking: Asking) -> None:
    before = asking.state_of_the_other()
    with test_mpps.associated(asking.service, asking.own.title) as association:
        assert test_mpps.change(association, final(), f"{asking.other.root}.9").Status == NO_SUCH_INSTANCE
    assert asking.state_of_the_other() == before


Case = Callable[[Asking], None]
CASES: dict[tuple[type[DIMSEPrimitive], DicomService], Case] = {
    (C_ECHO, DicomService.VERIFICATION): echoes,
    (C_STORE, DicomService.STORAGE): stores_nothing_there,
    (C_FIND, DicomService.QUERY): finds_nothing,
    (C_FIND, DicomService.MODALITY_WORKLIST): finds_no_step,
    (C_GET, DicomService.RETRIEVE): gets_nothing,
    (C_MOVE, DicomService.RETRIEVE): moves_nothing,
    (N_ACTION, DicomService.STORAGE_COMMITMENT): commits_to_nothing,
    (N_CREATE, DicomService.MPPS): begins_no_step_there,
    (N_SET, DicomService.MPPS): ends_no_step_there,
}


def offered() -> Iterator[tuple[type[DIMSEPrimitive], str, Level | None]]:
    """Yield each request, SOP class and level; the storage classes are served alike, so that one stands for all."""
    for request, classes in OFFERED.items():
        for sop_class in [CT_IMAGE] if request is C_STORE else sorted(classes):
            levels: Any = LEVELS.get(sop_class) or RETRIEVE_LEVELS.get(sop_class) or [None]
            yield from ((request, sop_class, level) for level in sorted(levels, key=str))


def test_each_service_that_is_offered_has_a_case() -> None:
    kinds = {(request, service_of(sop_class)) for request, classes in OFFERED.items() for sop_class in classes}
    assert kinds == CASES.keys()
    assert {service for _, service in CASES} == EVERY_SERVICE


def test_the_cases_reach_every_model_at_every_level() -> None:
    at_levels = [one for one in offered() if one[2] is not None]
    models = (PATIENT_ROOT_FIND, STUDY_ROOT_FIND, PATIENT_STUDY_ONLY_FIND, *GET_CLASSES, *MOVE_CLASSES)
    assert {sop_class for _, sop_class, _ in at_levels} == set(models)
    assert len(at_levels) == 3 * (4 + 3 + 2)


@pytest.mark.parametrize("own", [NORTH, SOUTH], ids=lambda side: side.code)
@pytest.mark.parametrize(("request_type", "sop_class", "level"), list(offered()))
def test_an_entity_gets_nothing_of_the_other_facility(
    hospital: RunningService,
    tmp_path: Path,
    request_type: type[DIMSEPrimitive],
    sop_class: str,
    level: Level | None,
    own: Side,
) -> None:
    other = SOUTH if own is NORTH else NORTH
    CASES[request_type, service_of(sop_class)](Asking(hospital, own, other, sop_class, level, tmp_path))
