"""Who may call what: every address of the pages, tried by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from noctis.archive.models import FlagReason, QuarantinedObject, Reception, Study, StudyFlag
from noctis.quality_control.models import RejectReason
from noctis.reading_worklist.tests.factories import make_study
from noctis.reports.models import CriticalCategory, Macro, ReportTemplate
from noctis.sharing.tests.conftest import let_guest_in

EVERYBODY = ("anonymous", "roleless", "stranger", "owner", "technician", "radiologist", "administrator")
# Somebody outside who has a link to a study open gets what anonymous gets; noctis.sharing's tests try what is theirs.
GUEST = "guest"
TRIED_ELSEWHERE = (
    "dicom-web/",
    "guest/",
    "events/",
    "send-to/",
    "transmissions",
    "admin/forwarding-rules",
    "api/",
    "schedule",
)

SIGN_IN, NO_SCRIPT, REFUSED, FOUND, MISSING, MOVED, BAD = 302, 401, 403, 200, 404, 302, 400
# What anonymous, roleless, another facility, the owner's facility (twice), radiologists and administrators get.
OPEN = (FOUND,) * 7
SIGNED_IN = (SIGN_IN, *(FOUND,) * 6)
OWNERS = (SIGN_IN, MISSING, MISSING, FOUND, FOUND, FOUND, FOUND)
KEEPERS = (SIGN_IN, *(REFUSED,) * 4, FOUND, FOUND)
ADMINISTRATORS = (SIGN_IN, *(REFUSED,) * 5, FOUND)
ADMINISTRATORS_POST = (SIGN_IN, *(REFUSED,) * 5, MOVED)
DECIDERS = (SIGN_IN, *(REFUSED,) * 3, FOUND, REFUSED, FOUND)
DECIDERS_MOVED = (SIGN_IN, *(REFUSED,) * 3, MOVED, REFUSED, MOVED)

EXPECTED = {
    "home": ("get", (MOVED,) * 7),
    "healthz": ("get", OPEN),
    "sign_in": ("get", (FOUND, *(MOVED,) * 6)),
    "sign_out": ("post", (MOVED,) * 7),
    "set_up": ("get", (410,) * 7),
    "session": ("get", SIGNED_IN),
    "signed_in": ("get", SIGNED_IN),
    "own_password": ("get", SIGNED_IN),
    "own_tokens": ("get", SIGNED_IN),
    "revoke_own_token": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "preferences": ("get", SIGNED_IN),
    "preferences_section": ("put", (SIGN_IN, *(BAD,) * 6)),
    "worklist": ("get", SIGNED_IN),
    "worklist_filter": ("post", (SIGN_IN, *(MOVED,) * 6)),
    "worklist_studies": ("post", SIGNED_IN),
    "worklist_updates": ("post", SIGNED_IN),
    "worklist_change": ("post", (SIGN_IN, *(REFUSED,) * 4, BAD, BAD)),
    "worklist_undo": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "worklist_claim_next": ("post", (SIGN_IN, *(REFUSED,) * 4, MOVED, MOVED)),
    "worklist_save_filter": ("post", (SIGN_IN, *(MOVED,) * 6)),
    "worklist_use_filter": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "worklist_remove_filter": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "worklist_opening_filter": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "worklist_columns": ("post", (SIGN_IN, *(MOVED,) * 6)),
    "worklist_next": ("get", OWNERS),
    "holding": ("get", OWNERS),
    "turnaround_targets": ("get", ADMINISTRATORS),
    "viewer": ("get", OWNERS),
    "hanging_protocols": ("get", SIGNED_IN),
    "annotations": ("get", OWNERS),
    "annotation": ("put", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "measurement_report": ("get", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "measurement_reports": ("get", OWNERS),
    "import_measurement_report": ("post", (SIGN_IN, MISSING, MISSING, REFUSED, *(BAD,) * 3)),
    "open_prior": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "priors": ("get", OWNERS),
    "study_notes": ("get", OWNERS),
    "report": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "report_picture": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "report_content": ("get", OWNERS),
    "report_assistance": ("get", (SIGN_IN, MISSING, MISSING, REFUSED, REFUSED, FOUND, REFUSED)),
    "report_critical": ("get", (SIGN_IN, MISSING, MISSING, REFUSED, REFUSED, FOUND, REFUSED)),
    "critical_results": ("get", SIGNED_IN),
    "critical_result": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "acknowledge_critical_result": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "call_about_critical_result": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "withdraw_critical_result": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "critical_categories": ("get", ADMINISTRATORS),
    "edit_critical_category": ("get", ADMINISTRATORS),
    "report_templates": ("get", KEEPERS),
    "new_report_template": ("get", KEEPERS),
    "export_report_templates": ("get", KEEPERS),
    "import_report_templates": ("post", KEEPERS),
    "edit_report_template": ("get", (SIGN_IN, *(REFUSED,) * 4, MISSING, FOUND)),
    "remove_report_template": ("post", (SIGN_IN, *(REFUSED,) * 4, MISSING, MOVED)),
    "report_macros": ("get", KEEPERS),
    "edit_report_macro": ("get", (SIGN_IN, *(REFUSED,) * 4, MISSING, FOUND)),
    "remove_report_macro": ("post", (SIGN_IN, *(REFUSED,) * 4, MISSING, MOVED)),
    "report_lock": ("delete", OWNERS),
    "report_release": ("post", (SIGN_IN, MISSING, MISSING, BAD, BAD, BAD, BAD)),
    "report_signature": ("post", (SIGN_IN, MISSING, MISSING, BAD, BAD, BAD, BAD)),
    "report_addenda": ("post", (SIGN_IN, MISSING, MISSING, BAD, BAD, BAD, BAD)),
    "report_pdf": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "report_edition_pdf": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "facility_letterhead": ("get", ADMINISTRATORS),
    "facility_letterhead_preview": ("post", (SIGN_IN, *(REFUSED,) * 5, 422)),
    "report_deliveries": ("get", ADMINISTRATORS),
    "report_delivery_list": ("get", ADMINISTRATORS),
    "report_delivery_send": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "report_delivery_stop": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "hl7_receivers": ("get", ADMINISTRATORS),
    "new_hl7_receiver": ("get", ADMINISTRATORS),
    "edit_hl7_receiver": ("get", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "verify": ("get", OPEN),
    "study_note": ("put", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "key_images": ("get", OWNERS),
    "key_image": ("put", (SIGN_IN, *(MISSING,) * 2, REFUSED, *(MISSING,) * 3)),
    "key_image_picture": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "key_object_selections": ("post", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "presentations": ("post", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "attachments": ("get", OWNERS),
    "attachments_page": ("get", OWNERS),
    "attachment": ("put", (SIGN_IN, MISSING, MISSING, *(BAD,) * 4)),
    "attachment_restore": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "attachment_file": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "attachment_preview": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "share_study": ("get", (SIGN_IN, MISSING, MISSING, REFUSED, REFUSED, FOUND, FOUND)),
    "shares": ("get", SIGNED_IN),
    "revoke_share": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "extend_share": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "renew_share_code": ("post", (SIGN_IN, *(MISSING,) * 6)),
    "facility_sharing": ("post", ADMINISTRATORS_POST),
    "shared": ("get", (MISSING,) * 7),
    "notifications": ("get", SIGNED_IN),
    "notifications_latest": ("get", SIGNED_IN),
    "notifications_read": ("post", (SIGN_IN, *(MOVED,) * 6)),
    "notification_open": ("get", (SIGN_IN, *(MISSING,) * 6)),
    "notification_preferences": ("get", SIGNED_IN),
    "dashboards": ("get", SIGNED_IN),
    "dashboard_csv": ("get", SIGNED_IN),
    "mail": ("get", ADMINISTRATORS),
    "mail_test": ("post", ADMINISTRATORS),
    "mail_again": ("post", ADMINISTRATORS_POST),
    "administration": ("get", (SIGN_IN, *(MOVED,) * 6)),
    "flags": ("get", DECIDERS_MOVED),
    "flag": ("get", DECIDERS),
    "resolve_flag": ("post", DECIDERS),
    "reopen_flag": ("post", DECIDERS_MOVED),
    "quality_control:inbox": ("get", DECIDERS),
    "quality_control:quarantine": ("get", (SIGN_IN, *(MOVED,) * 6)),
    "quality_control:quarantined": ("get", DECIDERS),
    "quality_control:quarantined_decide": ("post", DECIDERS),
    "quality_control:quarantined_undo": ("post", DECIDERS_MOVED),
    "quality_control:quarantined_picture": ("get", (SIGN_IN, *(REFUSED,) * 3, MISSING, REFUSED, MISSING)),
    "quality_control:quarantined_download": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "quality_control:spool": ("get", ADMINISTRATORS),
    "quality_control:spool_take_in": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "quality_control:studies": ("get", DECIDERS),
    "quality_control:rates": ("get", DECIDERS),
    "quality_control:settings": ("get", ADMINISTRATORS),
    "quality_control:new_reason": ("get", ADMINISTRATORS),
    "quality_control:edit_reason": ("get", ADMINISTRATORS),
    "quality_control:facility_rule": ("post", ADMINISTRATORS_POST),
    "quality_control:study": ("get", DECIDERS),
    "quality_control:rejected": ("get", OWNERS),
    "quality_control:accept": ("post", DECIDERS_MOVED),
    "quality_control:undo_acceptance": ("post", DECIDERS_MOVED),
    "quality_control:reject": ("post", DECIDERS_MOVED),
    "quality_control:note": ("post", DECIDERS_MOVED),
    "quality_control:picture": ("get", (SIGN_IN, *(REFUSED,) * 3, MISSING, REFUSED, MISSING)),
    "correction_list": ("get", (SIGN_IN, *(REFUSED,) * 3, *(FOUND,) * 3)),
    "corrections": ("get", (SIGN_IN, *(REFUSED,) * 3, *(FOUND,) * 3)),
    "correct_edit": ("get", DECIDERS),
    "correct_move": ("get", DECIDERS),
    "correct_merge": ("get", DECIDERS),
    "correct_split": ("get", DECIDERS),
    "correct_merge_patients": ("get", DECIDERS),
    "undo_correction": ("post", (SIGN_IN, *(REFUSED,) * 3, MISSING, REFUSED, MISSING)),
    "backups": ("get", ADMINISTRATORS),
    "drill_certificate": ("get", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "go_live": ("get", ADMINISTRATORS),
    "go_live_item": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "go_live_release": ("post", (SIGN_IN, *(REFUSED,) * 5, 422)),
    "capacity": ("get", ADMINISTRATORS),
    "monitoring:metrics": ("get", OPEN),  # from this machine; its own tests try other ones
    "monitoring:alerts": ("get", ADMINISTRATORS),
    "monitoring:alert_figures": ("get", ADMINISTRATORS),
    "monitoring:test_alert": ("post", ADMINISTRATORS_POST),
    "operations:overview": ("get", ADMINISTRATORS),
    "operations:users": ("get", ADMINISTRATORS),
    "operations:new_user": ("get", ADMINISTRATORS),
    "operations:edit_user": ("get", ADMINISTRATORS),
    "operations:user_link": ("post", ADMINISTRATORS),
    "operations:user_active": ("post", ADMINISTRATORS_POST),
    "operations:api_tokens": ("get", ADMINISTRATORS),
    "operations:revoke_api_token": ("post", (SIGN_IN, *(REFUSED,) * 5, MISSING)),
    "operations:facilities": ("get", ADMINISTRATORS),
    "operations:new_facility": ("get", ADMINISTRATORS),
    "operations:edit_facility": ("get", ADMINISTRATORS),
    "operations:application_entities": ("get", ADMINISTRATORS),
    "operations:new_application_entity": ("get", ADMINISTRATORS),
    "operations:edit_application_entity": ("get", ADMINISTRATORS),
    "operations:application_entity_active": ("post", ADMINISTRATORS_POST),
    "operations:refused_associations": ("get", ADMINISTRATORS),
    "operations:echo_application_entity": ("post", ADMINISTRATORS_POST),
    "operations:application_entity_sheet": ("get", ADMINISTRATORS),
    "operations:connect_modality": ("get", ADMINISTRATORS),
    "operations:connect_attempts": ("get", ADMINISTRATORS),
    "operations:attempt_fix": ("post", ADMINISTRATORS_POST),
    "operations:attempt_take_back": ("post", ADMINISTRATORS_POST),
    "operations:further_title_remove": ("post", ADMINISTRATORS_POST),
    "operations:settings_sheet": ("get", ADMINISTRATORS),
    "operations:quarantine": ("get", (SIGN_IN, *(MOVED,) * 6)),
    "operations:storage_commitment": ("get", ADMINISTRATORS),
    "operations:statistics": ("get", ADMINISTRATORS),
    "operations:statistics_figures": ("get", ADMINISTRATORS),
    "operations:commitment": ("get", ADMINISTRATORS),
    "operations:commitment_send": ("post", ADMINISTRATORS_POST),
    "operations:audit_log": ("get", ADMINISTRATORS),
}


def routes(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield the name and pattern of every address, but of those whose own tests try everybody."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(TRIED_ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern, path, namespace + inner)
        else:
            yield namespace + str(pattern.name), pattern


ROUTES = dict(routes(get_resolver()))


@pytest.fixture
def study(people) -> Study:
    return make_study(people.north)


@pytest.fixture
def flag(study: Study) -> StudyFlag:
    now = timezone.now()
    return StudyFlag.objects.create(study=study, reason=FlagReason.PATIENT_DIFFERS, first_at=now, last_at=now)


@pytest.fixture
def kept(people) -> QuarantinedObject:
    reception = Reception.objects.create(facility=people.north, protocol="C-STORE")
    return QuarantinedObject.objects.create(facility=people.north, reception=reception, reason="unreadable", path="x")


@pytest.fixture
def rows(people, entity, attempt, further_title, commitment, flag, kept) -> dict[str, int]:
    """Give the primary key to use by a part of an address' name; the first that fits counts."""
    return {
        "entit": entity.pk,
        "attempt": attempt.pk,
        "title": further_title.pk,
        "commitment": commitment.pk,
        "facilit": people.north.pk,
        "flag": flag.pk,
        "critical_category": CriticalCategory.objects.create(name="Soon", minutes=5).pk,
        "report_template": ReportTemplate.objects.create(name="Shared", content={}).pk,
        "report_macro": Macro.objects.create(shortcut="shared", text="Shared").pk,
        "quarantined": kept.pk,
        "reason": RejectReason.objects.earliest("pk").pk,
        "": people.stranger.pk,
    }


def test_every_address_says_who_may_call_it():
    assert set(ROUTES) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_access(people, study, rows, name):
    method, expected = EXPECTED[name]
    values = {
        "study_uid": study.study_instance_uid,
        "prior_uid": study.study_instance_uid,
        "instance_uid": "1.2.3",
        "frame_number": 1,
        "token": "x",
        "code": "x",
        "uid": uuid4(),
        "name": "viewer",
        "key": "backlog",
        "pk": next(pk for part, pk in rows.items() if part in name),
    }
    address = reverse(name, kwargs={key: values[key] for key in ROUTES[name].pattern.converters})
    answers = {who: answer_to(who, people, study, method, address) for who in (*EVERYBODY, GUEST)}
    statuses = {who: answer.status_code for who, answer in answers.items()}
    assert statuses == {**dict(zip(EVERYBODY, expected, strict=True)), GUEST: expected[0]}
    if expected is ADMINISTRATORS:
        refused = [answer for answer in answers.values() if answer.status_code == REFUSED]
        assert all("not for your role" in answer.content.decode() for answer in refused)


def answer_to(who, people, study, method, address):
    """Return what somebody gets, and take back what the request changed."""
    client = Client()
    with transaction.atomic():
        if who == GUEST:
            let_guest_in(client, study, people.radiologist)
        elif who != "anonymous":
            client.force_login(getattr(people, who))
        answer = getattr(client, method)(address)
        transaction.set_rollback(True)
    study.refresh_from_db()
    return answer


@pytest.mark.parametrize("name", ["worklist", "worklist_studies", "operations:overview"])
def test_a_script_without_a_session_is_told_so(client, db, name):
    assert client.get(reverse(name), headers={"HX-Request": "true"}).status_code == NO_SCRIPT
