"""What is written down of each association, tried by DCMTK."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from noctis.network import attempts
from noctis.network.attempts import (
    ACCEPTED,
    KEPT_OF_A_PEER,
    NO_TRANSFER_SYNTAX,
    NOT_ALLOWED,
    NOT_OFFERED,
    OF_A_PEER_PER_MINUTE,
    OF_ALL_PER_MINUTE,
    AttemptThrottle,
    prune,
)
from noctis.network.models import AssociationAttempt
from noctis.network.tasks import ATTEMPTS_ARE_KEPT, remove_old_attempts
from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject, dcmtk, echoscu, send_raw, storescu
from tests.support.waiting import wait_for

COLUMNS = [
    "calling_ae_title",
    "called_ae_title",
    "address",
    "is_accepted",
    "is_tls",
    "obstacle",
    "reason",
    "ended",
    "implementation_version_name",
    "maximum_pdu_size",
    "contexts",
    "operations",
    "unlisted_before",
]


def listed(service: DicomService, title: str) -> list[dict[str, Any]]:
    rows = service.rows(  # the titles are the tests' own words
        f"SELECT {', '.join(COLUMNS)} FROM network_associationattempt"  # noqa: S608
        f" WHERE calling_ae_title = '{title}' ORDER BY id"
    )
    found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for one in found:
        for name in ("contexts", "operations"):
            one[name] = json.loads(one[name]) if isinstance(one[name], str) else one[name]
    return found


def the_one(service: DicomService, title: str) -> dict[str, Any]:
    (attempt,) = wait_for(lambda: listed(service, title), f"an attempt of {title}")
    return attempt


@pytest.mark.integration
def test_an_echo_is_listed_with_what_was_negotiated(service: DicomService) -> None:
    assert echoscu(service.port, calling="ECHO1").returncode == 0

    attempt = the_one(service, "ECHO1")

    assert (attempt["called_ae_title"], str(attempt["address"])) == ("NOCTIS_PACS", "127.0.0.1")
    assert attempt["is_accepted"]
    assert not attempt["is_tls"]
    assert attempt["ended"] == "released"
    assert attempt["implementation_version_name"].startswith("OFFIS_DCMTK")
    assert attempt["maximum_pdu_size"] == 16384
    assert attempt["operations"] == {"C-ECHO": {"0000": 1}}
    (context,) = attempt["contexts"]
    assert context == {
        "sop_class": "1.2.840.10008.1.1",
        "syntaxes": ["1.2.840.10008.1.2"],
        "result": ACCEPTED,
        "accepted": "1.2.840.10008.1.2",
        "as_scp": False,
    }


@pytest.mark.integration
def test_a_delivery_is_counted_by_status_and_holds_no_identifier(
    service: DicomService, ct: SentObject, make_images
) -> None:
    images = make_images(3)
    assert storescu(service.port, [one.path for one in images], calling="STORE1").returncode == 0

    attempt = the_one(service, "STORE1")

    assert attempt["operations"] == {"C-STORE": {"0000": 3}}
    text = json.dumps(attempt, default=str)
    assert "CompressedSamples" not in text
    assert all(one.sop_instance_uid not in text for one in images)


@pytest.mark.integration
def test_contexts_that_cannot_be_used_say_why(service: DicomService, ct: SentObject) -> None:
    unknown_class = SentObject(ct.path, "1.2.3.4.5", ct.sop_instance_uid, ct.transfer_syntax_uid, ct.data_set)
    unknown_syntax = SentObject(ct.path, ct.sop_class_uid, ct.sop_instance_uid, "1.2.3.4.6", ct.data_set)
    with RawSender(service.port, [ct, unknown_class, unknown_syntax], calling="ODD1"):
        pass

    results = {(one["sop_class"], one["syntaxes"][0]): one["result"] for one in the_one(service, "ODD1")["contexts"]}

    assert results[ct.sop_class_uid, ct.transfer_syntax_uid] == ACCEPTED
    assert results["1.2.3.4.5", ct.transfer_syntax_uid] == NOT_OFFERED
    assert results[ct.sop_class_uid, "1.2.3.4.6"] == NO_TRANSFER_SYNTAX


@pytest.mark.integration
def test_a_service_that_this_ae_may_not_use_is_named(service: DicomService) -> None:
    service.manage("add_ae", "NO_QUERY", "--facility", "NORTH", "--services", "verification")
    keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    dcmtk("findscu", "-aet", "NO_QUERY", "-aec", "NOCTIS_PACS", *keys, "127.0.0.1", str(service.port))

    attempt = the_one(service, "NO_QUERY")

    assert attempt["is_accepted"]
    assert {one["result"] for one in attempt["contexts"]} == {NOT_ALLOWED}
    assert attempt["operations"] == {}


@pytest.mark.integration
def test_queries_and_retrievals_are_counted(service: DicomService, ct: SentObject, tmp_path) -> None:
    assert send_raw(service.port, [ct], calling="FETCH1")[ct.sop_instance_uid] == 0
    service.wait_until_indexed()
    keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    to = ("-aet", "FETCH1", "-aec", "NOCTIS_PACS", *keys)
    assert dcmtk("findscu", *to, "127.0.0.1", str(service.port)).returncode == 0
    assert dcmtk("getscu", *to, "-od", str(tmp_path), "127.0.0.1", str(service.port)).returncode == 0

    wait_for(lambda: len(listed(service, "FETCH1")) == 3, "three attempts")

    _, found, fetched = (one["operations"] for one in listed(service, "FETCH1"))
    assert found == {"C-FIND": {"0000": 1}}
    assert list(fetched) == ["C-GET"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("calling", "called", "obstacle"),
    [("WRONG1", "OLD_PACS", "called_title"), ("ELSEWHERE", "NOCTIS_PACS", "address")],
)
def test_who_is_refused_is_listed_with_what_it_proposed(
    service: DicomService, calling: str, called: str, obstacle: str
) -> None:
    if obstacle == "address":
        service.manage("add_ae", calling, "--facility", "NORTH", "--address", "10.9.9.9")
    assert echoscu(service.port, calling=calling, called=called).returncode != 0

    attempt = the_one(service, calling)

    assert not attempt["is_accepted"]
    assert (attempt["called_ae_title"], attempt["obstacle"]) == (called, obstacle)
    assert [(one["sop_class"], one["result"]) for one in attempt["contexts"]] == [("1.2.840.10008.1.1", "")]


@pytest.mark.integration
def test_a_caller_may_use_a_further_title_for_us(service: DicomService) -> None:
    service.execute("INSERT INTO network_furthertitle (ae_title, created_at) VALUES ('OLDER', '2024-01-01T00:00:00Z')")
    assert echoscu(service.port, calling="OLD_CT", called="OLDER").returncode == 0
    assert the_one(service, "OLD_CT")["is_accepted"]


@pytest.mark.integration
def test_tls_on_the_plain_port_is_listed(service: DicomService) -> None:
    titles = ("-aet", "TLS1", "-aec", "NOCTIS_PACS")
    assert dcmtk("echoscu", *titles, "+tla", "-ic", "127.0.0.1", str(service.port)).returncode != 0
    wait_for(
        lambda: [one for one in listed(service, "") if one["obstacle"] == "transport"],
        "an attempt that spoke TLS on the plain port",
    )


@pytest.mark.integration
def test_a_flood_is_listed_in_part_and_counted(new_service) -> None:
    service = new_service(processes=1)
    for _ in range(OF_A_PEER_PER_MINUTE + 15):
        assert echoscu(service.port, calling="FLOOD").returncode == 0

    assert len(wait_for(lambda: listed(service, "FLOOD"), "attempts")) <= OF_A_PEER_PER_MINUTE
    assert echoscu(service.port, calling="CALM").returncode == 0
    assert the_one(service, "CALM")["unlisted_before"] == 0


@pytest.mark.integration
def test_an_association_that_lasts_is_listed_before_it_ends(service: DicomService, ct: SentObject) -> None:
    with RawSender(service.port, [ct], calling="LASTING") as sender:
        assert sender.send(ct)[0] == 0
        attempt = the_one(service, "LASTING")
        assert (attempt["ended"], attempt["operations"]) == ("", {"C-STORE": {"0000": 1}})
        assert {one["result"] for one in attempt["contexts"]} == {ACCEPTED}
        assert sender.send(ct)[0] == 0
    wait_for(lambda: the_one(service, "LASTING")["ended"], "the end of the association")
    attempt = the_one(service, "LASTING")
    assert (attempt["ended"], attempt["operations"]) == ("released", {"C-STORE": {"0000": 2}})


def test_the_throttle_says_how_many_it_held_back() -> None:
    now = [0.0]
    throttle = AttemptThrottle(clock=lambda: now[0])
    peer = ("CT1", "10.1.2.3")
    answers = [throttle.unlisted_before(peer) for _ in range(OF_A_PEER_PER_MINUTE + 3)]
    assert answers == [0] * OF_A_PEER_PER_MINUTE + [None] * 3
    now[0] = 61.0
    assert throttle.unlisted_before(peer) == 3
    assert throttle.unlisted_before(peer) == 0


def test_all_peers_together_are_bounded_in_number_and_memory() -> None:
    throttle = AttemptThrottle(clock=lambda: 0.0)
    answers = [throttle.unlisted_before((f"CT{number}", "10.1.2.3")) for number in range(3000)]
    assert sum(answer is not None for answer in answers) == OF_ALL_PER_MINUTE
    assert len(throttle._noted) <= attempts.REMEMBERED_PEERS
    assert len(throttle._unlisted) <= attempts.REMEMBERED_PEERS


def make(title: str = "CT1", *, is_accepted: bool = True) -> AssociationAttempt:
    return AssociationAttempt(calling_ae_title=title, address="10.1.2.3", is_accepted=is_accepted, at=timezone.now())


def test_only_the_newest_of_a_peer_are_kept(db) -> None:
    AssociationAttempt.objects.bulk_create(make() for _ in range(KEPT_OF_A_PEER + 5))
    other = make("CT2")
    other.save()
    newest = AssociationAttempt.objects.filter(calling_ae_title="CT1").first()
    prune("CT1", "10.1.2.3")
    assert AssociationAttempt.objects.filter(calling_ae_title="CT1").count() == KEPT_OF_A_PEER
    assert AssociationAttempt.objects.filter(calling_ae_title="CT1").first() == newest
    assert AssociationAttempt.objects.filter(pk=other.pk).exists()


def test_refused_strangers_displace_nobody_who_was_let_in(db, monkeypatch) -> None:
    monkeypatch.setattr(attempts, "KEPT_REFUSED", 10)
    good = make("CT1")
    good.save()
    AssociationAttempt.objects.bulk_create(make(f"X{number}", is_accepted=False) for number in range(30))
    prune("X29", "10.1.2.3")
    assert AssociationAttempt.objects.filter(is_accepted=False).count() == 10
    assert AssociationAttempt.objects.filter(pk=good.pk).exists()


def test_what_is_old_is_removed(db) -> None:
    old, new = make(), make()
    old.at -= ATTEMPTS_ARE_KEPT + timedelta(minutes=1)
    old.save()
    new.save()
    remove_old_attempts.call_local()
    assert list(AssociationAttempt.objects.all()) == [new]
