"""Who may see and do what: every address of this app, tried by everybody.

A new address without an entry in EXPECTED fails, and so is never published untried.
"""

from __future__ import annotations

import pytest
from django.urls import reverse

from noctis.accounts.models import Role, User
from noctis.archive.models import Series
from noctis.network.models import RemoteApplicationEntity
from noctis.routing.models import ForwardingRule, Transmission
from noctis.routing.tests.factories import add_instances, make_destination, make_rule, make_series
from noctis.routing.urls import urlpatterns

EVERYBODY = (
    "anonymous",
    "roleless",
    "stranger",
    "foreign_technician",
    "owner",
    "technician",
    "radiologist",
    "administrator",
)
SIGN_IN, NO_SCRIPT, REFUSED, FOUND, MISSING, MOVED = 302, 401, 403, 200, 404, 302
# What each of EVERYBODY gets of a transmission or study of the north facility.
SIGNED_IN = (SIGN_IN, *(FOUND,) * 7)
SEEN = (SIGN_IN, MISSING, MISSING, MISSING, FOUND, FOUND, FOUND, FOUND)
SENDERS = (SIGN_IN, REFUSED, REFUSED, MISSING, REFUSED, FOUND, FOUND, FOUND)
SENDERS_POST = (SIGN_IN, MISSING, MISSING, MISSING, REFUSED, MOVED, MOVED, MOVED)
ADMINISTRATORS = (SIGN_IN, *(REFUSED,) * 6, FOUND)
ADMINISTRATORS_POST = (SIGN_IN, *(REFUSED,) * 6, MOVED)

EXPECTED = {
    "send_to": ("get", SENDERS),
    "transmissions": ("get", SIGNED_IN),
    "transmission_list": ("get", SIGNED_IN),
    "transmission": ("get", SEEN),
    "transmission_progress": ("get", SEEN),
    "cancel_transmission": ("post", SENDERS_POST),
    "retry_transmission": ("post", SENDERS_POST),
    "forwarding_rules": ("get", ADMINISTRATORS),
    "new_forwarding_rule": ("get", ADMINISTRATORS),
    "edit_forwarding_rule": ("get", ADMINISTRATORS),
    "forwarding_rule_active": ("post", ADMINISTRATORS_POST),
    "apply_forwarding_rule": ("post", (SIGN_IN, *(REFUSED,) * 6, FOUND)),  # it asks for a confirmation
    "cancel_forwarding_rule": ("post", ADMINISTRATORS_POST),
    "remove_forwarding_rule": ("post", ADMINISTRATORS_POST),
}
NAMES = [str(pattern.name) for pattern in urlpatterns]


@pytest.fixture
def series(people) -> Series:
    """Give a series of north with two objects."""
    made = make_series(people.north)
    add_instances(made, 2)
    return made


@pytest.fixture
def destination(people) -> RemoteApplicationEntity:
    return make_destination(people.north)


@pytest.fixture
def rule(destination) -> ForwardingRule:
    return make_rule(destination)


@pytest.fixture
def transmission(people, series, destination) -> Transmission:
    return Transmission.objects.create(
        study=series.study,
        destination=destination,
        destination_facility=destination.facility,
        requested_by=people.radiologist,
        origin="radiologist",
        total=2,
    )


@pytest.fixture
def user(people):
    """Give ``user(name)``: one of EVERYBODY, None for nobody."""
    further = {"foreign_technician": (Role.TECHNICIAN, people.south)}

    def find(name: str) -> User | None:
        if name in further:
            role, facility = further[name]
            return User.objects.create_user(name, role=role, facility=facility)
        return getattr(people, name, None)

    return find


def test_every_address_is_tried_here():
    assert sorted(NAMES) == sorted(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", EVERYBODY)
def test_access(client, user, series, rule, transmission, name, who):
    method, statuses = EXPECTED[name]
    if someone := user(who):
        client.force_login(someone)
    pattern = next(one for one in urlpatterns if one.name == name)
    pk = rule.pk if "forwarding" in name else transmission.pk
    values = {"study_uid": series.study.study_instance_uid, "pk": pk}
    arguments = {key: values[key] for key in pattern.pattern.converters}

    answer = getattr(client, method)(reverse(f"routing:{name}", kwargs=arguments))

    assert answer.status_code == statuses[EVERYBODY.index(who)]
    if answer.status_code not in {FOUND, MOVED}:
        assert Transmission.objects.get().state == "queued"


@pytest.mark.parametrize("name", ["transmissions", "transmission_list"])
@pytest.mark.parametrize("who", EVERYBODY[1:])
def test_the_list_holds_what_the_user_may_see(client, user, transmission, name, who):
    client.force_login(user(who))
    body = client.get(reverse(f"routing:{name}")).content.decode()
    assert ("Phantom, Ada" in body) == (who in {"owner", "technician", "radiologist", "administrator"})
    assert ("cancel-" in body) == (who in {"technician", "radiologist", "administrator"})


def send(client, of: Series, destination: RemoteApplicationEntity, **values: str):
    address = reverse("routing:send_to", kwargs={"study_uid": of.study.study_instance_uid})
    return client.post(address, {"series": "", "destination": destination.pk, **values})


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("roleless", REFUSED),
        ("owner", REFUSED),
        ("stranger", REFUSED),
        ("foreign_technician", MISSING),
        ("technician", MOVED),
        ("radiologist", MOVED),
        ("administrator", MOVED),
    ],
)
def test_who_may_send_within_a_facility(client, user, series, destination, who, status):
    client.force_login(user(who))
    assert send(client, series, destination).status_code == status
    assert Transmission.objects.count() == (status == MOVED)


@pytest.mark.parametrize("who", ["technician", "radiologist"])
def test_another_facilitys_devices_are_offered_to_administrators_only(client, user, people, series, who):
    foreign = make_destination(people.south, "SOUTH_WS")
    client.force_login(user(who))
    answer = send(client, series, foreign, may_leave_facility="on")
    assert answer.status_code == FOUND
    assert "SOUTH_WS" not in answer.content.decode()
    assert not Transmission.objects.exists()


def test_an_administrator_confirms_that_images_leave_their_facility(client, people, series):
    foreign = make_destination(people.south, "SOUTH_WS")
    client.force_login(people.administrator)
    page = send(client, series, foreign).content.decode()
    assert "SOUTH_WS belongs to South clinic: the images would leave North hospital." in page
    assert not Transmission.objects.exists()

    assert send(client, series, foreign, may_leave_facility="on").status_code == MOVED
    transmission = Transmission.objects.get()
    assert transmission.leaves_facility
    assert transmission.destination_facility == people.south


@pytest.mark.parametrize("values", [{"is_active": False}, {"host": "", "port": None}])
def test_what_takes_no_images_is_not_offered(client, people, series, values):
    destination = make_destination(people.north, **values)
    client.force_login(people.administrator)
    assert send(client, series, destination).status_code == FOUND
    assert not Transmission.objects.exists()


def test_a_series_of_another_study_is_none(client, people, series, destination):
    other = make_series(people.south)
    client.force_login(people.radiologist)
    assert send(client, series, destination, series=other.series_instance_uid).status_code == FOUND
    assert not Transmission.objects.exists()


@pytest.mark.parametrize("action", ["cancel", "retry"])
@pytest.mark.parametrize("kind", ["rule", "foreign"])
def test_what_rules_forward_and_what_leaves_a_facility_is_the_administrators_matter(
    client, people, transmission, rule, action, kind
):
    if kind == "rule":
        Transmission.objects.update(rule=rule, requested_by=None)
    else:
        Transmission.objects.update(destination_facility=people.south)
    address = reverse(f"routing:{action}_transmission", kwargs={"pk": transmission.pk})
    for who, status in (("technician", REFUSED), ("radiologist", REFUSED), ("administrator", MOVED)):
        client.force_login(getattr(people, who))
        assert client.post(address).status_code == status


def test_a_script_without_a_session_is_told_so(client, db):
    for name in ("transmissions", "transmission_list", "forwarding_rules"):
        assert client.get(reverse(f"routing:{name}"), headers={"HX-Request": "true"}).status_code == NO_SCRIPT
