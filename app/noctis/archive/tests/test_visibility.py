"""Who sees what: all, the own facility, or nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from noctis.accounts.models import Facility, Role, User
from noctis.archive import indexer
from noctis.archive.models import Instance, Patient, Series, Study
from noctis.archive.tests.factories import deliver, image, reception

pytestmark = pytest.mark.django_db

MODELS = (Patient, Study, Series, Instance)


@pytest.fixture
def two_facilities(data_dir) -> dict[str, Facility]:
    deliver(image(study=1), reception("NORTH"))
    deliver(image(study=2), reception("SOUTH"))
    indexer.index_spool()
    return {facility.code: facility for facility in Facility.objects.all()}


def facility_codes(model, user) -> set[str]:
    path = model.objects.all().facility_path
    return set(model.objects.visible_to(user).values_list(f"{path}__code", flat=True))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.ADMINISTRATOR])
def test_radiologists_and_administrators_see_all_facilities(two_facilities, model, role):
    user = User.objects.create_user("reader", role=role)
    assert facility_codes(model, user) == {"NORTH", "SOUTH"}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [Role.FACILITY_USER, Role.TECHNICIAN])
def test_the_others_see_only_their_own_facility(two_facilities, model, role):
    user = User.objects.create_user("local", role=role, facility=two_facilities["SOUTH"])
    assert facility_codes(model, user) == {"SOUTH"}


@pytest.mark.parametrize("model", MODELS)
def test_unknown_means_nothing(two_facilities, model):
    north = two_facilities["NORTH"]
    without_role = User.objects.create_user("norole", facility=north)
    without_facility = User.objects.create_user("nofacility", role=Role.TECHNICIAN)
    inactive = User.objects.create_user("gone", role=Role.ADMINISTRATOR)
    inactive.is_active = False
    made_up = User.objects.create_user("madeup", role="owner", facility=None)
    for user in (without_role, without_facility, inactive, made_up, AnonymousUser()):
        assert facility_codes(model, user) == set()


@pytest.mark.parametrize("model", MODELS)
def test_a_made_up_role_sees_nothing_even_with_a_facility(two_facilities, model):
    user = User.objects.create_user("odd", role="owner", facility=two_facilities["NORTH"])
    assert facility_codes(model, user) == set()
