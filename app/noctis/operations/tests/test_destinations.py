"""Where application entities take images, and the titles that were wanted as destinations, on the pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from noctis.audit.models import Action, AuditEntry
from noctis.network.actions import MOST_UNKNOWN_DESTINATIONS, note_unknown_destination
from noctis.network.models import RemoteApplicationEntity, UnknownDestination


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


def listed(client: Client) -> str:
    return client.get(reverse("operations:application_entities")).content.decode()


def wanted(people, title: str = "WORKSTATION", requested_by: str = "WORKSTATION") -> UnknownDestination:
    note_unknown_destination(ae_title=title, facility=people.north, requested_by=requested_by, address="10.1.2.3")
    return UnknownDestination.objects.get(ae_title=title)


def fields(people, **changes: object) -> dict[str, object]:
    services = ["storage", "retrieve"]
    return {"ae_title": "WORKSTATION", "facility": people.north.pk, "services": services, **changes}


def test_a_wanted_destination_is_added_in_one_step(administrator: Client, people) -> None:
    destination = wanted(people)
    wanted(people)
    address = reverse("operations:new_application_entity") + f"?destination={destination.pk}"
    text = listed(administrator)
    assert address in text
    assert '<td role="cell" data-label="Times">2</td>' in text

    form = administrator.get(address).context["form"]
    assert form.initial == {"ae_title": "WORKSTATION", "facility": people.north.pk, "host": "10.1.2.3"}
    administrator.post(address, fields(people, host="10.1.2.3", port="104"))

    entity = RemoteApplicationEntity.objects.get(ae_title="WORKSTATION")
    assert (entity.host, entity.port) == ("10.1.2.3", 104)
    assert not UnknownDestination.objects.exists()
    assert "10.1.2.3:104" in listed(administrator)
    entry = AuditEntry.objects.get(action=Action.APPLICATION_ENTITY_ADDED, ae_title="WORKSTATION")
    assert (entry.detail["host"], entry.detail["port"]) == ("10.1.2.3", 104)


def test_an_entity_without_an_address_is_led_to_its_own_page(administrator: Client, people) -> None:
    administrator.post(reverse("operations:new_application_entity"), fields(people))
    entity = RemoteApplicationEntity.objects.get(ae_title="WORKSTATION")
    wanted(people, requested_by="OTHER")
    address = reverse("operations:edit_application_entity", kwargs={"pk": entity.pk})
    assert f'<a class="button" href="{address}">Give its address</a>' in listed(administrator)

    administrator.post(address, fields(people, host="ws.example", port="11112"))

    assert not UnknownDestination.objects.exists()
    assert administrator.get(address).context["form"].initial["port"] == 11112


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ({"host": "10.1.2.3"}, "both host and port are needed"),
        ({"port": "104"}, "both host and port are needed"),
        ({"host": "no host", "port": "104"}, "neither a host name nor an address"),
        ({"host": "10.1.2.3", "port": "65536"}, "less than or equal to 65535"),
    ],
)
def test_half_an_address_is_explained(administrator: Client, people, address: dict[str, str], complaint: str) -> None:
    answer = administrator.post(reverse("operations:new_application_entity"), fields(people, **address))
    assert complaint in answer.content.decode()


def test_a_peer_cannot_fill_the_page_with_titles(people) -> None:
    for number in range(MOST_UNKNOWN_DESTINATIONS + 3):
        wanted(people, f"TITLE{number}")
    assert UnknownDestination.objects.count() == MOST_UNKNOWN_DESTINATIONS
    assert not UnknownDestination.objects.filter(ae_title="TITLE0").exists()
    note_unknown_destination(ae_title="BACK\\SLASH", facility=people.north, requested_by="X", address=None)
    assert not UnknownDestination.objects.filter(ae_title="BACK\\SLASH").exists()
