"""Objects that people make here: whose study they join, and that they come in by the archive's door."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from pydicom import dcmread

from noctis.accounts.models import Role, User
from noctis.archive import indexer
from noctis.archive.authored import begin_object, person_name_of, put_into_archive
from noctis.archive.ingest import AUTHORED, Origin, open_reception
from noctis.archive.models import Instance, Series, Study, StudyFlag
from noctis.archive.tests.factories import deliver, image, reception

pytestmark = pytest.mark.django_db
PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.11.1"


@pytest.fixture
def beside(data_dir) -> Instance:
    attributes: dict[str, Any] = {
        "PatientName": "Müller^Änne=山田^太郎",
        "StudyID": "7",
        "SeriesNumber": 4,
        "PatientSex": "F",
    }
    deliver(image(**attributes), reception("NORTH"))
    indexer.index_spool()
    return Instance.objects.select_related("series__study__facility").get()


@pytest.fixture
def author(db) -> User:
    return User.objects.create_user("ada", role=Role.RADIOLOGIST, full_name="Ada Lovelace")


def made_object(beside: Instance, author: User) -> Instance:
    study = Study.objects.get(pk=beside.series.study_id)
    made = begin_object(beside, PRESENTATION_STATE, "PR", "Presentation states")
    receipt = put_into_archive(made, study, acting_user=author, address="127.0.0.1")
    indexer.index_spool()
    return Instance.objects.get(sop_instance_uid=receipt.sop_instance_uid)


def test_an_object_joins_the_study_of_the_same_patient(beside, author, data_dir):
    stored = made_object(beside, author)
    assert stored.series.study == beside.series.study
    assert stored.series.series_number == 5
    assert (stored.reception.protocol, stored.reception.user) == (AUTHORED, author)
    written = dcmread(data_dir.storage / stored.path)
    assert str(written.PatientName) == "Müller^Änne=山田^太郎"
    assert (written.StudyID, written.PatientSex, written.AccessionNumber) == ("7", "F", "")
    assert str(written.file_meta.ImplementationVersionName).startswith("NOCTIS_")
    assert not StudyFlag.objects.exists()
    assert not list(data_dir.incoming.iterdir())


def test_further_objects_of_a_kind_go_on_in_their_series(beside, author):
    first, second = made_object(beside, author), made_object(beside, author)
    assert first.series == second.series
    assert (first.instance_number, second.instance_number) == (1, 2)
    assert Series.objects.count() == 2


@pytest.mark.parametrize(
    ("full_name", "written"), [("Ada Lovelace", "Ada Lovelace"), ("", "ada"), ("A^B=C\\D" + "x" * 99, "A B C D")]
)
def test_the_author_is_named_as_people_write_it(full_name, written):
    name = person_name_of(User(username="ada", full_name=full_name))
    assert name.startswith(written)
    assert len(name) <= 64


def test_a_delivery_is_never_noted_within_a_transaction(beside, author):
    # The indexer would meet objects of a delivery that it cannot see, and set them aside.
    origin = Origin(beside.series.study.facility, AUTHORED, user=author)
    with transaction.atomic(), pytest.raises(RuntimeError):
        open_reception(origin)
