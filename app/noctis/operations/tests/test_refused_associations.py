"""The list of refused associations, and the rules of access in the form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from noctis.network.dicom_services import DicomService
from noctis.network.models import UNKNOWN_AE_TITLE, RefusedAssociation, RemoteApplicationEntity

LIST = "operations:refused_associations"
NEW = "operations:new_application_entity"


@pytest.fixture
def administrator(client, people):
    client.force_login(people.administrator)
    return client


def refused(ae_title="CT2", address="10.1.2.3", reason=UNKNOWN_AE_TITLE, **values) -> RefusedAssociation:
    now = timezone.now()
    times = {"first_at": now, "last_at": now}
    return RefusedAssociation.objects.create(ae_title=ae_title, address=address, reason=reason, **{**times, **values})


def words(answer) -> str:
    return " ".join(answer.content.decode().replace('<span class="mono">', "").replace("</span>", "").split())


def test_an_empty_list_says_so(administrator):
    assert "Nobody was refused" in words(administrator.get(reverse(LIST)))


def test_refusals_are_told_in_plain_words_the_latest_first(administrator, django_assert_max_num_queries):
    earlier = timezone.now() - timedelta(days=1)
    refused(count=1234, first_at=earlier)
    refused("", "10.1.2.9", "it spoke TLS on the port for plain DICOM", last_at=earlier)
    with django_assert_max_num_queries(6):
        text = words(administrator.get(reverse(LIST)))
    assert "CT2 from 10.1.2.3 was refused: unknown AE title" in text
    assert "1,234" in text
    assert "A caller from 10.1.2.9 was refused: it spoke TLS on the port for plain DICOM" in text
    assert text.index("CT2 from") < text.index("A caller from")


def test_an_unknown_title_is_added_in_one_step(administrator, people):
    refusal = refused("CT2", "10.1.2.3")
    link = f"{reverse(NEW)}?refused={refusal.pk}"
    assert link in administrator.get(reverse(LIST)).content.decode()
    form = administrator.get(link).context["form"]
    assert (form["ae_title"].value(), form["networks"].value()) == ("CT2", "10.1.2.3")

    fields = {"ae_title": "CT2", "networks": "10.1.2.3", "services": DicomService.values, "facility": people.north.pk}
    administrator.post(reverse(NEW), fields)

    entity = RemoteApplicationEntity.objects.get(ae_title="CT2")
    assert (entity.networks, entity.services, entity.requires_tls) == ("10.1.2.3", "", False)
    text = words(administrator.get(reverse(LIST)))
    assert "added since" in text
    assert "Add this AE" not in text


@pytest.mark.parametrize("pk", ["", "x", "99999", "²", "-1"])
def test_a_form_for_a_refusal_that_is_not_there_is_empty(administrator, pk):
    assert administrator.get(reverse(NEW), {"refused": pk}).context["form"]["ae_title"].value() is None


def test_other_refusals_offer_nothing_to_add(administrator):
    refused("CT1", reason="this AE is switched off")
    assert "Add this AE" not in words(administrator.get(reverse(LIST)))


def test_the_rules_of_access_are_edited(administrator, people, entity):
    address = reverse("operations:edit_application_entity", kwargs={"pk": entity.pk})
    form = administrator.get(address).context["form"]
    assert set(form["services"].value()) == set(DicomService.values)

    fields = {"ae_title": "NORTH_CT", "facility": people.north.pk, "services": ["query", "verification"]}
    administrator.post(address, {**fields, "requires_tls": "on", "certificate_sha256": ":".join(["AB"] * 32)})

    entity.refresh_from_db()
    assert (entity.services, entity.requires_tls) == ("verification query", True)
    assert entity.certificate_sha256 == "ab" * 32
    form = administrator.get(address).context["form"]
    assert form["services"].value() == ["query", "verification"]
    assert form["requires_tls"].value() is True


@pytest.mark.parametrize("name", ["NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES", "NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES"])
def test_lists_of_titles_in_the_settings_are_shown(administrator, settings, name):
    address = reverse("operations:application_entities")
    assert name not in administrator.get(address).content.decode()
    setattr(settings, name, ["CT7", "CT8"])
    text = administrator.get(address).content.decode()
    assert name in text
    assert "CT7, CT8" in text


def test_a_refusal_of_a_known_device_leads_to_what_it_tried(administrator, entity):
    refused("NORTH_CT", "10.1.2.3", "this AE may not call from this address")
    text = administrator.get(reverse(LIST)).content.decode()
    assert f"{reverse('operations:connect_modality')}?title=NORTH_CT&amp;address=10.1.2.3" in text
