"""HL7 orders: what they schedule, change and cancel, and how each is answered."""

from __future__ import annotations

import json
import logging
from datetime import date, time

import hl7
import pytest
from django.db import OperationalError

from noctis.audit.models import AuditEntry
from noctis.modality_worklist import hl7_receiver
from noctis.modality_worklist.actions import move_step
from noctis.modality_worklist.hl7_receiver import Peer, PeerRule, answer
from noctis.modality_worklist.models import ScheduledProcedureStep, Source, StepStatus
from noctis.modality_worklist.tests.factories import STUDY, facility, scheduled
from noctis.modality_worklist.tests.hl7_messages import bare, header, imaging_order, order, segment

pytestmark = pytest.mark.django_db

ANYBODY = PeerRule.parse("127.0.0.0/8")


@pytest.fixture(autouse=True)
def facilities() -> None:
    facility("NORTH")
    facility("SOUTH")


def send(message: bytes, *rules: PeerRule) -> hl7.Message:
    peer = Peer.known("127.0.0.1", rules or [ANYBODY])
    assert peer is not None
    return hl7.parse(answer(message, peer).decode("latin-1"))


def code(message: bytes, *rules: PeerRule) -> str:
    return str(send(message, *rules).segment("MSA")[1])


def reason(acknowledgement: hl7.Message) -> tuple[str, str]:
    error = acknowledgement.segment("ERR")
    return str(error[3]), str(error[8])


def statuses() -> dict[str, str]:
    return dict(ScheduledProcedureStep.objects.order_by("step_id").values_list("step_id", "status"))


def test_a_new_order_becomes_a_step():
    assert code(order(study=STUDY)) == "AA"
    step = ScheduledProcedureStep.objects.get()
    expected = {
        "facility": facility(),
        "source": Source.HL7,
        "patient_identifier": "P1",
        "issuer_of_patient_id": "HOSP",
        "patient_name": "Phantom^Ada^B^Dr^III",
        "birth_date": date(1970, 2, 3),
        "sex": "F",
        "study_instance_uid": STUDY,
        "accession_number": "A1",
        "requested_procedure_id": "R1",
        "procedure_code": "CTTH",
        "procedure_code_scheme": "99X",
        "procedure_code_meaning": "CT thorax",
        "procedure_description": "CT thorax",
        "step_description": "Thorax low dose",
        "priority": "routine",
        "referring_physician": "Weiss^Eva",
        "requesting_physician": "Muster^Rolf^^Dr",
        "performing_physician": "Clara^Anna",
        "step_id": "S1",
        "start_date": date(2026, 7, 6),
        "start_time": time(8, 30),
        "modality": "CT",
        "station_ae_titles": ["CT1"],
    }
    assert {name: getattr(step, name) for name in expected} == expected
    further = {key: value["Value"] for key, value in step.other_attributes.items()}
    assert further["00380300"] == ["WARD 5 2"]
    assert further["00380010"] == ["V1"]
    assert further["001021C0"] == [3]
    assert further["00401004"] == ["WHLC"]
    assert further["00401002"] == ["Cough"]


def test_the_acknowledgement_answers_the_message():
    acknowledgement = send(order(control_id="MSG-42"))
    first, second = acknowledgement.segment("MSH"), acknowledgement.segment("MSA")
    assert [str(first[number]) for number in (3, 4, 5, 6)] == ["NOCTIS", "PACS", "RIS", "NORTH"]
    assert (str(first[9]), str(first[11]), str(first[12])) == ("ACK^O01^ACK", "P", "2.5")
    assert (str(second[1]), str(second[2])) == ("AA", "MSG-42")


def test_the_same_order_again_changes_nothing():
    message = order(study=STUDY)
    send(message)
    before = list(ScheduledProcedureStep.objects.values())
    entries = AuditEntry.objects.count()
    assert code(message) == "AA"
    assert list(ScheduledProcedureStep.objects.values()) == before
    assert AuditEntry.objects.count() == entries


def test_a_change_changes_the_step_and_keeps_its_study():
    send(order())
    uid = ScheduledProcedureStep.objects.get().study_instance_uid
    changed = order(common={1: "XO", 7: "^^^202607071000"}, details={20: "", 21: "CT2~CT3"}, patient={5: "Phantom^Eva"})
    assert code(changed) == "AA"
    step = ScheduledProcedureStep.objects.get()
    assert (step.start_date, step.start_time) == (date(2026, 7, 7), time(10))
    assert (step.station_ae_titles, step.patient_name) == (["CT2", "CT3"], "Phantom^Eva")
    assert (step.study_instance_uid, step.step_id) == (uid, "S1")


def test_an_unknown_order_that_changes_is_scheduled():
    assert code(order(common={1: "XO"})) == "AA"
    assert statuses() == {"S1": "scheduled"}


@pytest.mark.parametrize(
    ("control", "status", "expected"),
    [
        ("CA", "", StepStatus.CANCELLED),
        ("DC", "", StepStatus.DISCONTINUED),
        ("SC", "CA", StepStatus.CANCELLED),
        ("SC", "IP", StepStatus.IN_PROGRESS),
        ("SC", "CM", StepStatus.COMPLETED),
        ("SC", "DC", StepStatus.DISCONTINUED),
        ("SC", "SC", StepStatus.SCHEDULED),
    ],
)
def test_an_order_is_moved_by_its_number_as_often_as_it_is_said(control, status, expected):
    send(order())
    assert code(bare(control, status=status)) == "AA"
    assert code(bare(control, status=status)) == "AA"
    assert statuses() == {"S1": expected}


def test_a_cancelled_order_can_be_placed_again():
    send(order())
    send(bare("CA"))
    assert code(order()) == "AA"
    assert statuses() == {"S1": "scheduled"}


def test_a_cancelled_order_cannot_be_changed():
    send(order())
    send(bare("CA"))
    assert reason(send(order(common={1: "XO"}))) == ("204", "The order is over and cannot be changed any more.")


def test_what_has_begun_is_not_cancelled():
    send(order())
    move_step(ScheduledProcedureStep.objects.get(), StepStatus.IN_PROGRESS)
    assert reason(send(bare("CA"))) == ("204", "A step that is in progress cannot become cancelled.")


def test_an_order_is_known_by_its_accession_number_too():
    send(order())
    renumbered = order(common={1: "CA", 2: "PL77", 3: ""}, details={20: ""})
    assert code(renumbered) == "AA"
    assert statuses() == {"S1": "cancelled"}


def test_two_systems_may_number_alike():
    send(order())
    other = order(details={18: "A2"}, patient={3: "P2^^^HOSP^MR"}).replace(b"|RIS|", b"|KIS|")
    assert code(other) == "AA"
    assert ScheduledProcedureStep.objects.count() == 2


def test_one_message_schedules_several_steps_of_a_study():
    second = segment("OBR", {2: "PL1", 4: "CTAB^CT abdomen^99X", 18: "A1", 19: "R1", 20: "S2", 24: "CT"})
    assert code(order(more=(second,), study=STUDY)) == "AA"
    assert statuses() == {"S1": "scheduled", "S2": "scheduled"}
    assert set(ScheduledProcedureStep.objects.values_list("study_instance_uid", flat=True)) == {STUDY}
    send(order(common={1: "CA"}))
    assert statuses() == {"S1": "cancelled", "S2": "scheduled"}
    send(bare("CA"))
    assert statuses() == {"S1": "cancelled", "S2": "cancelled"}


def test_an_imaging_order_names_its_steps_in_ipc():
    steps: tuple[dict[int, str], ...] = (
        {1: "A9", 2: "R9", 3: STUDY, 4: "S91", 5: "MR", 6: "PR1^Head plain", 7: "MRROOM", 8: "R5", 9: "MR1~MR2"},
        {1: "A9", 2: "R9", 3: STUDY, 4: "S92", 5: "MR", 6: "PR2^Head contrast"},
    )
    acknowledgement = send(imaging_order(steps))
    assert str(acknowledgement.segment("MSH")[9]) == "ACK^O23^ACK"
    first, second = ScheduledProcedureStep.objects.order_by("step_id")
    assert (first.station_ae_titles, first.station_name, first.location) == (["MR1", "MR2"], "MRROOM", "R5")
    assert (first.step_description, second.step_description) == ("Head plain", "Head contrast")
    assert (first.study_instance_uid, first.accession_number, first.priority) == (STUDY, "A9", "stat")
    assert (first.start_time, second.station_ae_titles) == (time(10, 15), [])


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("", "utf-8"), ("", "latin-1"), ("ASCII", "latin-1")],
)
def test_names_come_in_the_character_set_of_the_message(declared, codec):
    message = order(patient={5: "Übung^Änne"}, character_set=declared).decode().encode(codec)
    assert code(message) == "AA"
    assert ScheduledProcedureStep.objects.get().patient_name == "Übung^Änne"


def test_japanese_names_keep_their_three_representations():
    name = "山田^太郎^^^^^L^I~やまだ^たろう^^^^^L^P~Yamada^Tarou^^^^^L^A"
    send(order(patient={5: name}))
    assert ScheduledProcedureStep.objects.get().patient_name == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_escapes_and_nulls_mean_what_they_say():
    send(order(details={4: "CTTH^Head \\T\\ neck\\.br\\plain^99X", 16: '""'}))
    step = ScheduledProcedureStep.objects.get()
    assert step.procedure_description == "Head & neck plain"
    assert step.requesting_physician == ""


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        ("A\\T\\B", "A&B"),
        ("A\\S\\B\\R\\C", "A^B~C"),
        ("A\\F\\B", "A|B"),
        ("\\X41\\\\X4g\\B", "AB"),
        ("\\H\\A\\N\\B", "AB"),
        ("A\\.br\\\\.sp\\B", "A  B"),
        ("\\X0A00\\A", "A"),
    ],
)
def test_escape_sequences_are_read_without_a_word_in_the_log(escaped, meant, caplog):
    send(order(details={4: f"CTTH^{escaped}^99X"}))
    assert ScheduledProcedureStep.objects.get().procedure_description == meant
    assert "X4g" not in caplog.text


@pytest.mark.parametrize(
    ("stamp", "start"),
    [
        ("20260706", (date(2026, 7, 6), time(0))),
        ("202607060830", (date(2026, 7, 6), time(8, 30))),
        ("20260706083015.25", (date(2026, 7, 6), time(8, 30, 15))),
        ("20260706233000-0200", (date(2026, 7, 7), time(1, 30))),
    ],
)
def test_times_are_local_and_offsets_converted(stamp, start):
    assert code(order(common={7: f"^^^{stamp}"})) == "AA"
    step = ScheduledProcedureStep.objects.get()
    assert (step.start_date, step.start_time) == start


def test_a_weight_is_taken_in_kilograms():
    observation = segment("OBX", {1: "1", 2: "NM", 3: "29463-7^Body weight^LN", 5: "70500", 6: "g"})
    send(order(more=(observation,)))
    assert ScheduledProcedureStep.objects.get().other_attributes["00101030"]["Value"] == [70.5]


def test_documents_in_the_message_do_not_matter():
    observation = segment("OBX", {1: "1", 2: "ED", 5: "^AP^^Base64^" + "A" * 300000})
    assert code(order(more=(observation,))) == "AA"


@pytest.mark.parametrize(
    ("message", "expected", "error"),
    [
        (b"", "AR", "100"),
        (b"GET / HTTP/1.1\r\n\r\n", "AR", "100"),
        (b"MSH", "AR", "100"),
        (b"MSH|^^^^|", "AR", "100"),
        (b"MSH|^~\\&|RIS|NORTH", "AR", "200"),
        (header("ADT^A01").encode(), "AR", "200"),
        (header("ORM^O02").encode(), "AR", "200"),
        (header(facility="WEST").encode(), "AR", "103"),
        (header(character_set="KLINGON").encode(), "AR", "103"),
        (order().replace(b"Phantom", b"\xff\xfe"), "AR", "102"),
        (header().encode(), "AE", "100"),
        (bare("CA"), "AE", "204"),
        (bare("SC", status="IP"), "AE", "204"),
        (bare("XX"), "AE", "103"),
        (bare("NW"), "AE", "100"),
        (bare("NW", number=""), "AE", "101"),
        (order(common={1: "SC", 5: "ZZ"}), "AE", "103"),
        (order(common={7: ""}), "AE", "101"),
        (order(common={7: "^^^tomorrow"}), "AE", "102"),
        (order(details={24: ""}), "AE", "102"),
        (order(details={24: "C-T"}), "AE", "102"),
        (order(details={18: "A" * 17}), "AE", "102"),
        (order(study="1.2.x"), "AE", "102"),
        (order(patient={3: "", 5: ""}), "AE", "102"),
        (order(more=(segment("OBR", {2: "PL1", 20: "S1"}),)), "AE", "102"),
    ],
)
def test_what_cannot_be_carried_out_is_answered_with_the_reason(message, expected, error):
    acknowledgement = send(message)
    assert (str(acknowledgement.segment("MSA")[1]), reason(acknowledgement)[0]) == (expected, error)
    assert str(acknowledgement.segment("MSA")[3]) == reason(acknowledgement)[1]
    assert "Phantom" not in str(acknowledgement)
    assert not ScheduledProcedureStep.objects.exists()


def test_thousands_of_segments_are_refused_at_once():
    assert reason(send(order(more=("OBX|1",) * 1000))) == ("100", "The message is too long for an order.")


def test_a_message_is_carried_out_whole_or_not_at_all():
    bad = segment("OBR", {2: "PL1", 4: "CTAB^CT abdomen^99X", 20: "S2", 24: ""})
    assert code(order(more=(bad,))) == "AE"
    assert not ScheduledProcedureStep.objects.exists()


def test_a_study_of_another_patient_is_refused():
    scheduled("NORTH", study_instance_uid=STUDY, patient_identifier="P7", step_id="S7")
    assert reason(send(order(study=STUDY))) == ("204", "The Study Instance UID is scheduled for another patient.")


def test_a_peer_bound_to_a_facility_speaks_for_no_other():
    rule = PeerRule.parse("SOUTH=127.0.0.1")
    assert code(order(), rule) == "AR"
    assert reason(send(order(), rule)) == reason(send(order(facility="WEST")))
    assert code(order(facility="SOUTH"), rule) == "AA"
    assert code(order(), rule, ANYBODY) == "AA"
    assert Peer.known("10.1.2.3", [rule, ANYBODY]) is None


def test_an_order_of_another_facility_is_out_of_reach():
    send(order())
    assert code(bare("CA", facility="SOUTH")) == "AE"
    assert code(order(facility="SOUTH", common={1: "CA"})) == "AE"
    assert statuses() == {"S1": "scheduled"}


@pytest.mark.parametrize("rule", ["=10.0.0.0/8", "10.0.0.0/99", "hospital", ""])
def test_a_rule_that_is_no_network_is_refused(rule):
    with pytest.raises(ValueError, match=r".+"):
        PeerRule.parse(rule)


def test_a_database_that_is_away_makes_the_sender_try_again(monkeypatch):
    def away(*_args, **_options):
        raise OperationalError("server closed the connection while reading Phantom^Ada")

    monkeypatch.setattr(hl7_receiver, "import_steps", away)
    acknowledgement = send(order())
    assert str(acknowledgement.segment("MSA")[1]) == "AE"
    assert reason(acknowledgement) == ("207", "The schedule cannot be written now. Send the message again.")


def test_the_log_holds_type_and_control_id_and_nothing_of_the_content(caplog, monkeypatch):
    def defect(*_args, **_options):
        raise RuntimeError("Phantom^Ada")

    caplog.set_level(logging.DEBUG)
    send(order(control_id="M1\x1b[31m"))
    send(order(control_id="M2", details={24: ""}))
    monkeypatch.setattr(hl7_receiver, "import_steps", defect)
    send(order(control_id="M3"))
    send(order(control_id="M4", details={4: "\\Phantom^\\Z.Ada\\\\X4"}))
    send(b"MSH|^~\\&|Phantom|Ada")
    assert [record.message for record in caplog.records if record.name.startswith("noctis")] == [
        "HL7 ORM^O01 M1?31m from 127.0.0.1: AA",
        "HL7 ORM^O01 M2 from 127.0.0.1: AE, The modality is missing.",
        "unexpected RuntimeError in an HL7 message",
        "HL7 ORM^O01 M3 from 127.0.0.1: AE, The message met with an internal error.",
        "unexpected RuntimeError in an HL7 message",
        "HL7 ORM^O01 M4 from 127.0.0.1: AE, The message met with an internal error.",
        "HL7 ^ - from 127.0.0.1: AR, Only ORM^O01 and OMI^O23 are taken.",
    ]
    assert not [secret for secret in ("Phantom", "19700203", "Cough", "WARD") if secret in caplog.text]


def test_the_audit_trail_names_the_peer_but_no_patient():
    send(order(study=STUDY))
    send(bare("CA"))
    entries = list(AuditEntry.objects.all())
    assert {(entry.address, entry.study_instance_uid) for entry in entries} == {("127.0.0.1", STUDY)}
    written = json.dumps([entry.detail for entry in entries])
    assert not [secret for secret in ("Phantom", "P1", "A1", "PL1") if secret in written]
