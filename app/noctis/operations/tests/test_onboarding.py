"""What the page says about an attempt, and what each step changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.network.admission import Policy
from noctis.network.attempts import ACCEPTED, NO_TRANSFER_SYNTAX, NOT_ALLOWED, NOT_OFFERED, ContextResult
from noctis.network.models import AssociationAttempt, FurtherTitle, Obstacle, RemoteApplicationEntity
from noctis.operations.forms import ApplicationEntityForm
from noctis.operations.onboarding import Surroundings, Tone, context_lines, operations_in_words, tell
from noctis.operations.views.onboarding import LISTED

ECHO, CT, STUDY_FIND = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"
AROUND = Surroundings(Policy("NOCTIS_PACS", None), tls_port=2762)


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


def context(sop_class: str, result: str, *syntaxes: str) -> ContextResult:
    accepted = IMPLICIT if result == ACCEPTED else ""
    return {
        "sop_class": sop_class,
        "syntaxes": list(syntaxes or [IMPLICIT]),
        "result": result,
        "accepted": accepted,
        "as_scp": False,
    }


def tried(**values: Any) -> AssociationAttempt:
    known = {"calling_ae_title": "CT2", "called_ae_title": "NOCTIS_PACS", "address": "10.1.2.3", "ended": "released"}
    return AssociationAttempt(at=timezone.now(), is_accepted=True, **{**known, **values})


def refused(obstacle: Obstacle, **values: Any) -> AssociationAttempt:
    attempt = tried(obstacle=obstacle, reason=str(obstacle.label), **values)
    attempt.is_accepted = False
    return attempt


def entity(**values: Any) -> RemoteApplicationEntity:
    return RemoteApplicationEntity(ae_title="CT2", **values)


@pytest.mark.parametrize(
    ("obstacle", "values", "known", "expected"),
    [
        (Obstacle.UNKNOWN_TITLE, {}, None, ["Register this AE"]),
        (Obstacle.ADDRESS, {}, {"networks": "10.9.9.9"}, ["Allow 10.1.2.3"]),
        (Obstacle.SWITCHED_OFF, {}, {"is_active": False}, ["Activate again"]),
        (Obstacle.NO_TLS, {}, {"requires_tls": True}, ["Settings for the engineer", "Do without TLS"]),
        (
            Obstacle.OTHER_CERTIFICATE,
            {"is_tls": True, "certificate_sha256": "cd" * 32},
            {"certificate_sha256": "ab" * 32},
            ["Accept this certificate"],
        ),
        (Obstacle.NO_CERTIFICATE, {"is_tls": True}, {"certificate_sha256": "ab" * 32}, ["Settings for the engineer"]),
        (
            Obstacle.CALLED_TITLE,
            {"called_ae_title": "OLD_PACS"},
            {},
            ["Settings for the engineer", "Accept OLD_PACS too"],
        ),
        (Obstacle.TRANSPORT, {"calling_ae_title": ""}, None, ["Settings for the engineer"]),
        (Obstacle.FULL, {}, {}, []),
        (Obstacle.OTHER, {}, {}, ["Look at its entry"]),
    ],
)
def test_every_refusal_leads_to_its_step(obstacle, values, known, expected):
    attempt = refused(obstacle, **values)
    story = tell(attempt, entity(**known) if known is not None else None, AROUND)
    assert [step.label for step in story.steps] == expected
    assert story.tone is Tone.BAD
    assert story.headline.startswith("was refused: ")
    assert all(step.opens for step in story.steps if step.fix)


@pytest.mark.parametrize(
    ("obstacle", "policy", "setting"),
    [
        (Obstacle.BLOCKED, {"blocked_titles": frozenset({"CT2"})}, "NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES"),
        (Obstacle.NOT_ALLOWED, {"allowed_titles": frozenset({"CT1"})}, "NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES"),
    ],
)
def test_what_settings_decide_names_the_setting(obstacle, policy, setting):
    story = tell(refused(obstacle), entity(), Surroundings(Policy("NOCTIS_PACS", None, **policy)))
    assert setting in " ".join(story.notes)
    assert story.steps == []


def test_every_obstacle_has_advice():
    for obstacle in Obstacle:
        tell(refused(obstacle), None, AROUND)


def test_what_was_fixed_since_says_try_again(people):
    story = tell(refused(Obstacle.UNKNOWN_TITLE), entity(facility=people.north), AROUND)
    assert story.tone is Tone.ODD
    assert "It would be let in now" in story.notes[0]
    assert story.steps == []


def test_the_next_obstacle_is_named_when_the_first_is_gone():
    story = tell(refused(Obstacle.UNKNOWN_TITLE), entity(networks="10.9.9.9"), AROUND)
    assert "Now it would be refused because: this AE may not call from this address." in story.notes
    assert [step.label for step in story.steps] == ["Allow 10.1.2.3"]


def test_a_good_echo_is_told_shortly():
    attempt = tried(contexts=[context(ECHO, ACCEPTED)], operations={"C-ECHO": {"0000": 1}})
    story = tell(attempt, entity(), AROUND)
    assert (story.headline, story.tone, story.notes) == ("was let in; C-ECHO: 1 × success", Tone.GOOD, [])


def test_a_service_that_is_not_allowed_is_offered(people):
    attempt = tried(contexts=[context(ECHO, ACCEPTED), context(STUDY_FIND, NOT_ALLOWED)])
    story = tell(attempt, entity(services="verification", facility=people.north), AROUND)
    assert [(step.label, step.service) for step in story.steps] == [("Allow query", "query")]
    assert "North hospital" in story.steps[0].opens
    allowed = tell(attempt, entity(services="verification query", facility=people.north), AROUND)
    assert allowed.steps == []
    assert "allowed since" in allowed.notes[0]


def test_contexts_that_noctis_does_not_offer_are_named():
    contexts = [context(CT, NO_TRANSFER_SYNTAX, "1.2.3"), context("1.2.3.4", NOT_OFFERED)]
    story = tell(tried(contexts=contexts), entity(), AROUND)
    assert story.tone is Tone.BAD
    assert "nothing that it proposed can be used" in story.headline
    text = " ".join(story.notes)
    assert "CT Image" in text
    assert "1.2.3.4" in text


def test_one_usable_syntax_of_a_class_is_enough():
    contexts = [context(CT, ACCEPTED), context(CT, NO_TRANSFER_SYNTAX, "1.2.3")]
    story = tell(tried(contexts=contexts, operations={"C-STORE": {"0000": 2}}), entity(), AROUND)
    assert story.tone is Tone.GOOD
    assert [(line.sop_class, line.is_accepted) for line in story.contexts] == [("CT Image", False), ("CT Image", True)]


def test_failures_are_named():
    counts = {"C-STORE": {"0000": 12, "C000": 1}, "C-MOVE": {"A801": 2}, "C-FIND": {"BEEF": 1}}
    text = operations_in_words(counts)
    assert "C-STORE: 12 × success, 1 × cannot understand (C000)" in text
    assert "2 × destination unknown (A801)" in text
    assert "1 × BEEF" in text
    story = tell(tried(contexts=[context(CT, ACCEPTED)], operations=counts), entity(), AROUND)
    assert story.tone is Tone.BAD
    assert [step.label for step in story.steps] == ["Add the destination"]


def test_names_survive_whatever_a_peer_says():
    lines = context_lines([context("", NOT_OFFERED, ""), context("no UID", NOT_OFFERED, "<b>")])
    assert [line.sop_class for line in lines] == ["?", "no UID"]


def page(client: Client, **query: str) -> str:
    return " ".join(client.get(reverse("operations:connect_modality"), query).content.decode().split())


def test_an_empty_page_says_what_to_do(administrator):
    assert "Nothing was tried yet" in page(administrator)


def test_an_attempt_is_told_in_plain_words(administrator, attempt, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        text = page(administrator)
    for part in ("CT2", "10.1.2.3", "was refused: unknown AE title", "Register this AE", f"?attempt={attempt.pk}"):
        assert part in text


def test_the_page_costs_the_same_for_many_attempts(administrator, attempt, django_assert_max_num_queries):
    for number in range(LISTED + 10):
        refused(Obstacle.UNKNOWN_TITLE, calling_ae_title=f"X{number}").save()
    with django_assert_max_num_queries(12):
        assert page(administrator).count("<article") == LISTED


def test_filters_narrow(administrator, attempt):
    refused(Obstacle.ADDRESS, calling_ae_title="MR1", address="10.9.9.9").save()
    assert "MR1" not in page(administrator, title="ct")
    assert "CT2" not in page(administrator, address="10.9.")
    assert page(administrator, title="nobody").count("<article") == 0


def news(client: Client, *shown: int, **query: str) -> Any:
    return client.get(reverse("operations:connect_attempts"), {**query, "shown": [str(pk) for pk in shown]})


def test_only_what_is_new_comes_with_the_poll(administrator, attempt):
    assert news(administrator, attempt.pk).status_code == 204
    later = refused(Obstacle.UNKNOWN_TITLE, calling_ae_title="MR1")
    later.save()
    answer = news(administrator, attempt.pk)
    assert "MR1" in answer.content.decode()
    assert "CT2" not in answer.content.decode()
    assert news(administrator, attempt.pk, later.pk).status_code == 204
    assert news(administrator, attempt.pk, title="CT").status_code == 204
    assert "CT2" in news(administrator).content.decode()


def fix(client: Client, attempt: AssociationAttempt, name: str, service: str = "") -> str:
    address = reverse("operations:attempt_fix", kwargs={"pk": attempt.pk})
    return client.post(f"{address}?title=CT2", {"fix": name, "service": service}, follow=True).content.decode()


def test_an_unknown_device_is_registered_with_what_it_showed(administrator, people, attempt):
    attempt.is_tls, attempt.certificate_sha256 = True, "ab" * 32
    attempt.save()
    RemoteApplicationEntity.objects.create(ae_title="CT1", facility=people.south, networks="10.1.2.0/24")
    address = f"{reverse('operations:new_application_entity')}?attempt={attempt.pk}"
    form = administrator.get(address).context["form"]
    assert form.initial == {
        "ae_title": "CT2",
        "networks": "10.1.2.3",
        "facility": people.south.pk,
        "requires_tls": True,
        "certificate_sha256": "ab" * 32,
    }
    fields = {**form.initial, "services": ["verification"], "requires_tls": "on"}
    answer = administrator.post(address, fields, follow=True)
    assert answer.redirect_chain == [(f"{reverse('operations:connect_modality')}?title=CT2", 302)]
    assert "It would be let in now" in answer.content.decode()


def test_the_facility_is_left_open_where_it_is_not_clear(administrator, people, attempt):
    answer = administrator.get(f"{reverse('operations:new_application_entity')}?attempt={attempt.pk}")
    assert answer.context["form"].initial["facility"] is None


def test_an_address_is_allowed_and_taken_back(administrator, people):
    device = RemoteApplicationEntity.objects.create(ae_title="CT2", facility=people.north, networks="10.9.9.9")
    attempt = refused(Obstacle.ADDRESS)
    attempt.save()

    text = fix(administrator, attempt, "allow_address")

    device.refresh_from_db()
    assert device.networks == "10.9.9.9 10.1.2.3"
    assert "Changed by administrator: CT2 may call from 10.1.2.3." in text
    assert "It would be let in now" in text
    assert AuditEntry.objects.filter(action=Action.APPLICATION_ENTITY_CHANGED).count() == 1

    administrator.post(reverse("operations:attempt_take_back", kwargs={"pk": attempt.pk}))
    device.refresh_from_db()
    assert device.networks == "10.9.9.9"


@pytest.mark.parametrize("name", ["allow_plain", "activate", "accept_title", "allow_service", "", "nonsense"])
def test_what_is_not_called_for_is_not_done(administrator, people, name):
    device = RemoteApplicationEntity.objects.create(ae_title="CT2", facility=people.north, networks="10.9.9.9")
    attempt = refused(Obstacle.ADDRESS)
    attempt.save()
    assert "Nothing was changed" in fix(administrator, attempt, name, "query")
    device.refresh_from_db()
    assert device.networks == "10.9.9.9"
    assert not FurtherTitle.objects.exists()
    assert not AuditEntry.objects.filter(action=Action.APPLICATION_ENTITY_CHANGED).exists()


def test_an_association_that_goes_on_is_replaced_when_it_ends(administrator):
    lasting = tried(ended="", operations={"C-STORE": {"0000": 3}})
    lasting.save()
    text = page(administrator)
    assert "is let in and still connected; C-STORE: 3 × success" in text
    assert f'name="open" value="{lasting.pk}"' in text
    shown: dict[str, Any] = {"shown": lasting.pk, "open": lasting.pk}
    assert administrator.get(reverse("operations:connect_attempts"), shown).status_code == 204

    lasting.ended = "released"
    lasting.save()
    answer = administrator.get(reverse("operations:connect_attempts"), shown).content.decode()
    assert f'id="attempt-card-{lasting.pk}" hx-swap-oob="true"' in answer
    assert "was let in; C-STORE: 3 × success" in answer


def test_an_end_that_was_never_written_is_no_connection_for_ever():
    attempt = tried(ended="", contexts=[context(ECHO, ACCEPTED)], operations={"C-ECHO": {"0000": 1}})
    assert tell(attempt, entity(), AROUND).headline == "is let in and still connected; C-ECHO: 1 × success"
    attempt.at -= timedelta(days=2)
    story = tell(attempt, entity(), AROUND)
    assert story.headline == "was let in; C-ECHO: 1 × success"
    assert "not known" in story.notes[0]


@pytest.mark.parametrize("value", ["x", "-1", "²", "9" * 30, ""])
def test_a_poll_with_nonsense_is_no_error(administrator, attempt, value):
    answer = administrator.get(reverse("operations:connect_attempts"), {"shown": value, "open": value})
    assert answer.status_code == 200


def test_a_further_title_is_listed_and_removed(administrator, further_title):
    assert "Callers may also call us" in page(administrator)
    administrator.post(reverse("operations:further_title_remove", kwargs={"pk": further_title.pk}))
    assert not FurtherTitle.objects.exists()


def test_what_a_peer_says_of_itself_is_escaped(administrator):
    nasty = refused(Obstacle.UNKNOWN_TITLE, calling_ae_title="<script>", implementation_version_name="<img src=x>")
    nasty.contexts = [context("<b>", NOT_OFFERED, "<i>")]
    nasty.save()
    text = page(administrator)
    for raw in ("<script>\n", "<img src=x", "<b>", "<i>"):
        assert raw not in text


def test_every_field_of_the_form_has_a_section():
    listed = [name for names in ApplicationEntityForm.SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(ApplicationEntityForm.base_fields)
