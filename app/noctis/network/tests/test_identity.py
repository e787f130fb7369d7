"""User Identity negotiation: what a caller must say of itself, by DCMTK, pynetdicom and in the page's form."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from noctis.accounts.models import Facility
from noctis.audit.models import AuditEntry
from noctis.network.answers import keep_answers
from noctis.network.identity import MOST_FAILURES, FailureThrottle, StatedIdentity, why_not_believed
from noctis.network.models import RemoteApplicationEntity
from tests.support.certificates import Authority
from tests.support.dicom_service import DicomService
from tests.support.peers import Done, SentObject, storescu
from tests.support.ports import free_ports
from tests.support.waiting import wait_for

USER, PASSCODE = "scanner", "a päss, code"
NO_REASON_GIVEN = (1, 1, 1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("tls") / "hospital")


@pytest.fixture(scope="module")
def guarded(new_module_service, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> DicomService:
    """Give a service that asks some callers who they are."""
    own = authority.sign("noctis")
    (port,) = free_ports(1)
    service: DicomService = new_module_service(
        NOCTIS_DICOM_TLS_PORT=str(port),
        NOCTIS_DICOM_TLS_CERTIFICATE=str(own.certificate),
        NOCTIS_DICOM_TLS_PRIVATE_KEY=str(own.key),
    )
    file = tmp_path_factory.mktemp("secret") / "passcode"
    file.write_text(f"{PASSCODE}\n", encoding="utf-8")
    known = ("--facility", "NORTH", "--username", USER)
    service.manage("add_ae", "NAMED", *known)
    service.manage("add_ae", "SECRET", *known, "--passcode-file", str(file))
    for title in ("SHOUTING", "TRYING"):
        service.manage("add_ae", title, *known, "--passcode-file", str(file), "--passcode-over-plain")
    service.manage("add_ae", "ANYBODY", "--facility", "NORTH")
    return service


@pytest.fixture
def associations() -> Iterator[list[Association]]:
    """Give a list of what is to be ended."""
    opened: list[Association] = []
    yield opened
    for association in opened:
        if association.is_established:
            association.release()


def says(kind: int, name: str = USER, passcode: str = "", *, wants_response: bool = False) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    item.user_identity_type = kind
    item.positive_response_requested = wants_response
    item.primary_field = name.encode()
    if passcode:
        item.secondary_field = passcode.encode()
    return item


def call(service: DicomService, title: str, *items: UserIdentityNegotiation) -> Association:
    entity = AE(title)
    entity.add_requested_context("1.2.840.10008.1.1")
    return entity.associate(
        *("127.0.0.1", service.port),
        ae_title="NOCTIS_PACS",
        ext_neg=list(items),
        evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)],
    )


def rejection(association: Association) -> tuple[int | None, int | None, int | None]:
    assert association.is_rejected
    answer = association.acceptor.primitive
    assert answer is not None
    return answer.result, answer.result_source, answer.diagnostic


def wait_for_refusal(service: DicomService, title: str, reason: str) -> None:
    query = "SELECT ae_title, reason FROM network_refusedassociation"
    wait_for(lambda: (title, reason) in service.rows(query), f"“{reason}” among {service.rows(query)}")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("title", "items"),
    [
        ("NAMED", [says(1)]),
        ("NAMED", [says(2, passcode="whatever")]),
        ("SHOUTING", [says(2, passcode=PASSCODE)]),
        ("ANYBODY", []),
        ("ANYBODY", [says(2, "nobody", "nothing")]),
        ("ANYBODY", [says(5, "a token")]),
        ("UNKNOWN_BUT_LOCAL"[:16], [says(3, "a ticket")]),
    ],
)
def test_who_says_what_is_required_is_let_in(
    guarded: DicomService, associations: list[Association], title: str, items: list[UserIdentityNegotiation]
) -> None:
    association = call(guarded, title, *items)
    associations.append(association)
    assert association.is_established
    assert association.send_c_echo().Status == 0
    assert association.acceptor.user_identity is None  # nobody asked for an answer


@pytest.mark.integration
@pytest.mark.parametrize(
    ("title", "items", "reason"),
    [
        ("NAMED", [], "this AE must say its user name (User Identity)"),
        ("NAMED", [says(1, "Scanner")], "it said another user name than this AE's"),
        ("NAMED", [says(4, "<saml/>")], "this AE must say its user name, but it sent a SAML assertion"),
        ("SHOUTING", [], "this AE must say its user name and passcode (User Identity)"),
        ("SHOUTING", [says(1)], "this AE must say its user name and passcode (User Identity)"),
        ("SHOUTING", [says(2, passcode="wrong")], "it said a wrong user name or passcode"),
        ("SHOUTING", [says(2, "other", PASSCODE)], "it said a wrong user name or passcode"),
        ("SHOUTING", [says(3, "t")], "this AE must say its user name and passcode, but it sent a Kerberos ticket"),
        ("SHOUTING", [says(5, "t")], "this AE must say its user name and passcode, but it sent a JSON web token"),
        ("SECRET", [says(2, passcode=PASSCODE)], "this AE must use TLS, so that nobody can read its passcode"),
    ],
)
def test_who_does_not_is_rejected_and_the_reason_is_written_down(
    guarded: DicomService, title: str, items: list[UserIdentityNegotiation], reason: str
) -> None:
    assert rejection(call(guarded, title, *items)) == NO_REASON_GIVEN
    wait_for_refusal(guarded, title, reason)


@pytest.mark.integration
@pytest.mark.parametrize("item", [says(1, wants_response=True), says(2, passcode="x", wants_response=True)])
def test_a_caller_that_asks_is_told_that_it_is_believed(
    guarded: DicomService, associations: list[Association], item: UserIdentityNegotiation
) -> None:
    association = call(guarded, "NAMED", item)
    associations.append(association)
    answer = association.acceptor.user_identity
    assert answer is not None
    assert answer.server_response == b""


@pytest.mark.integration
def test_where_nothing_is_required_nothing_is_confirmed(guarded: DicomService, associations: list[Association]) -> None:
    association = call(guarded, "ANYBODY", says(1, wants_response=True))
    associations.append(association)
    assert association.is_established
    assert association.acceptor.user_identity is None


@pytest.mark.integration
def test_dcmtk_says_its_passcode_over_tls_and_is_confirmed(
    guarded: DicomService, authority: Authority, ct: SentObject
) -> None:
    right = store_as(guarded, authority, ct, "-usr", USER, "-pwd", PASSCODE, "-rsp")
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = store_as(guarded, authority, ct, "-usr", USER, "-pwd", "another")
    assert wrong.returncode != 0
    assert "Association Rejected" in wrong.stdout + wrong.stderr
    wait_for_refusal(guarded, "SECRET", "it said a wrong user name or passcode")
    assert store_as(guarded, authority, ct).returncode != 0
    wait_for_refusal(guarded, "SECRET", "this AE must say its user name and passcode (User Identity)")


def store_as(service: DicomService, authority: Authority, ct: SentObject, *identity: str) -> Done[str]:
    trusted = ("+tla", "+cf", str(authority.root.certificate), "--propose-little")
    port = int(service.environment["NOCTIS_DICOM_TLS_PORT"])
    return storescu(port, [ct.path], *trusted, *identity, calling="SECRET")


@pytest.mark.integration
def test_nobody_tries_passcode_after_passcode(guarded: DicomService) -> None:
    waiting = "it said something wrong about who it is too often, and has to wait a minute"
    attempts = 2 * MOST_FAILURES + 1  # of two processes
    for number in range(attempts):
        assert rejection(call(guarded, "TRYING", says(2, passcode=f"guess {number}"))) == NO_REASON_GIVEN
    wait_for_refusal(guarded, "TRYING", waiting)
    counted = "SELECT SUM(count) FROM network_refusedassociation WHERE ae_title = 'TRYING'"
    wait_for(lambda: int(guarded.rows(counted)[0][0]) == attempts, "every refusal counted")


@pytest.mark.integration
def test_neither_name_nor_passcode_is_ever_printed(guarded: DicomService) -> None:
    call(guarded, "SHOUTING", says(2, "a-name-to-find", "a-code-to-find"))
    wait_for_refusal(guarded, "SHOUTING", "it said a wrong user name or passcode")
    said = guarded.said() + str(guarded.rows("SELECT detail FROM audit_auditentry"))
    assert "to-find" not in said
    assert PASSCODE not in said
    hashes = guarded.rows("SELECT identity_passcode FROM network_remoteapplicationentity WHERE ae_title = 'SECRET'")
    assert str(hashes[0][0]).startswith("argon2$argon2id$")
    commands = subprocess.run(["/usr/bin/ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert PASSCODE not in commands


def test_a_stated_identity_shows_nothing_where_it_is_printed() -> None:
    assert str(StatedIdentity(2, b"name", b"code")) == "StatedIdentity(kind=2, wants_response=False)"


@pytest.mark.django_db
def test_after_a_minute_a_caller_may_try_again(tmp_path: Path) -> None:
    entity = added(tmp_path, "--passcode-over-plain")
    now = [0.0]
    throttle = FailureThrottle(lambda: now[0])

    def answer(passcode: str, address: str = "10.0.0.1") -> str | None:
        stated = StatedIdentity(2, USER.encode(), passcode.encode())
        return why_not_believed(stated, entity, address=address, is_tls=False, throttle=throttle)

    for _ in range(MOST_FAILURES):
        assert answer("wrong") == "it said a wrong user name or passcode"
    assert "has to wait" in (answer(PASSCODE) or "")
    assert answer(PASSCODE, "10.0.0.2") is None
    now[0] += 61
    assert answer(PASSCODE) is None


@pytest.mark.django_db
@pytest.mark.parametrize("passcode", [b"\xff\xfe", b"", b"\x00" * 500, PASSCODE.encode("utf-16")])
def test_bytes_that_are_no_text_are_a_wrong_passcode(tmp_path: Path, passcode: bytes) -> None:
    stated = StatedIdentity(2, USER.encode(), passcode)
    reason = why_not_believed(stated, added(tmp_path), address="10.0.0.1", is_tls=True, throttle=FailureThrottle())
    assert reason == "it said a wrong user name or passcode"


def added(folder: Path, *options: str) -> RemoteApplicationEntity:
    Facility.objects.get_or_create(code="NORTH", defaults={"name": "North hospital"})
    file = folder / "passcode"
    file.write_text(f"{PASSCODE}\n", encoding="utf-8")
    arguments = ("CT1", "--facility=NORTH", f"--username={USER}", f"--passcode-file={file}", *options)
    call_command("add_ae", *arguments, stdout=StringIO())
    call_command("add_ae", *arguments, stdout=StringIO())  # once more: it is known already
    return RemoteApplicationEntity.objects.get(ae_title="CT1")


@pytest.mark.django_db
def test_a_passcode_is_not_in_the_audit_trail(tmp_path: Path) -> None:
    added(tmp_path)
    detail = AuditEntry.objects.get().detail
    assert detail["required_identity"] == "passcode"
    assert detail["identity_username"] == USER
    assert "identity_passcode" not in detail


@pytest.mark.django_db
def test_another_passcode_for_a_known_title_is_told_apart(tmp_path: Path) -> None:
    added(tmp_path)
    (tmp_path / "other").write_text("another\n", encoding="utf-8")
    with pytest.raises(CommandError, match="CT1 is known already"):
        call_command("add_ae", "CT1", "--facility=NORTH", f"--username={USER}", f"--passcode-file={tmp_path}/other")
    with pytest.raises(CommandError, match="cannot be read as text"):
        call_command("add_ae", "CT2", "--facility=NORTH", f"--username={USER}", f"--passcode-file={tmp_path}/none")
    with pytest.raises(CommandError, match="A passcode needs a user name"):
        call_command("add_ae", "CT2", "--facility=NORTH", f"--passcode-file={tmp_path}/other")
