"""Reports: who writes, signs and reads them, that nothing is overwritten, and that what is signed stays."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from noctis.accounts.models import User
from noctis.archive.models import Study, StudyStatus
from noctis.audit.models import Action, AuditEntry
from noctis.reports.models import Addendum, Report, ReportVersion
from noctis.reports.signals import ReportEvent, report_changed
from noctis.reports.tests.conftest import PASSWORD


def doc(*paragraphs: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in paragraphs],
    }


def call(user: User, study: Study, part: str, method: str, body: object = None) -> Any:
    client = Client()
    client.force_login(user)
    path = f"/studies/{study.study_instance_uid}/report{part}"
    return getattr(client, method)(path, data=json.dumps(body or {}), content_type="application/json")


def write(user: User, study: Study, version: int, **sections: dict[str, Any]) -> Any:
    return call(user, study, "/content", "put", {"version": version, "content": sections})


def read(user: User, study: Study) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/studies/{study.study_instance_uid}/report/content")


def page(user: User, study: Study) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/studies/{study.study_instance_uid}/report")


def test_a_report_goes_from_a_draft_to_an_addendum(people, reader, study):
    assert read(reader, study).json()["state"] is None
    first = write(reader, study, 0, findings=doc("No focal lesion."))
    assert (first.status_code, first.json()["state"], first.json()["version"]) == (200, "draft", 1)
    second = write(reader, study, 1, findings=doc("No focal lesion."), impression=doc("Normal."))
    assert second.json()["version"] == 2
    released = call(reader, study, "/release", "post", {"version": 2})
    assert (released.json()["state"], released.json()["version"]) == ("preliminary", 3)
    signed = call(reader, study, "/signature", "post", {"version": 3, "password": PASSWORD})
    assert (signed.json()["state"], signed.json()["signedBy"]) == ("final", "radiologist")
    added = call(reader, study, "/addenda", "post", {"document": doc("Compared with 2019."), "password": PASSWORD})
    assert added.json()["state"] == "addended"
    assert [addendum["number"] for addendum in added.json()["addenda"]] == [1]

    shown = page(people.owner, study).content.decode()
    for words in ("North hospital", "No focal lesion.", "Normal.", "Signed by radiologist", "Compared with 2019."):
        assert words in shown
    # What one person wrote without a break is one version; release and signature close theirs.
    states = list(ReportVersion.objects.values_list("state", flat=True))
    assert states == ["draft", "preliminary", "final"]
    written = AuditEntry.objects.filter(study_instance_uid=study.study_instance_uid)
    actions = list(written.order_by("pk").values_list("action", flat=True))
    assert actions == [
        Action.REPORT_WRITTEN,
        Action.STUDY_CLAIMED,  # who writes holds the study
        Action.REPORT_RELEASED,
        Action.REPORT_SIGNED,
        Action.REPORT_ADDED_TO,
        Action.REPORT_READ,
    ]


def test_a_facilitys_user_reads_what_is_signed_and_nothing_before(people, reader, study):
    write(reader, study, 0, findings=doc("Suspicious, to be discussed."))
    for state in ("draft", "preliminary"):
        assert page(people.owner, study).status_code == 404
        assert read(people.owner, study).json()["content"] == {}
        assert state in read(people.technician, study).json()["state"]
        if state == "draft":
            call(reader, study, "/release", "post", {"version": 1})
    call(reader, study, "/signature", "post", {"version": 2, "password": PASSWORD})
    assert "Suspicious" in page(people.owner, study).content.decode()
    assert "Versions" not in page(people.owner, study).content.decode()
    assert "Versions" in page(people.technician, study).content.decode()
    for who in (people.stranger, people.roleless):
        assert page(who, study).status_code == 404
        assert read(who, study).status_code == 404


@pytest.mark.parametrize("who", ["administrator", "technician", "owner"])
def test_only_radiologists_write_and_sign(people, reader, study, who):
    user = getattr(people, who)
    user.set_password(PASSWORD)
    user.save()
    assert write(user, study, 0, findings=doc("Mine")).status_code == 403
    assert call(user, study, "/lock", "post").status_code == 403
    write(reader, study, 0, findings=doc("Theirs"))
    call(reader, study, "/lock", "delete")
    assert call(user, study, "/release", "post", {"version": 1}).status_code == 403
    assert call(user, study, "/signature", "post", {"version": 1, "password": PASSWORD}).status_code == 403
    assert Report.objects.get().state == "draft"


def test_a_signed_report_never_changes(reader, study):
    write(reader, study, 0, findings=doc("Final words"))
    refused = call(reader, study, "/signature", "post", {"version": 1, "password": "wrong"})
    assert (refused.status_code, Report.objects.get().state) == (422, "draft")
    assert AuditEntry.objects.filter(action=Action.REPORT_SIGNATURE_REFUSED).count() == 1
    call(reader, study, "/signature", "post", {"version": 1, "password": PASSWORD})
    changed = write(reader, study, 2, findings=doc("Other words"))
    assert (changed.status_code, changed.json()["detail"]) == (409, "The report is signed: write an addendum.")
    again = call(reader, study, "/signature", "post", {"version": 2, "password": PASSWORD})
    assert again.status_code == 409
    assert "Final words" in page(reader, study).content.decode()
    for changed in ({"state": "draft"}, {"content": {}}, {"version": 9}, {"signed_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Report.objects.update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportVersion.objects.filter(state="final").update(content={})
    call(reader, study, "/addenda", "post", {"document": doc("More"), "password": PASSWORD})
    with pytest.raises(IntegrityError), transaction.atomic():
        Addendum.objects.update(document=doc("Less"))
    assert Report.objects.get().content == {"findings": doc("Final words")}


def test_two_readers_never_write_over_each_other(reader, colleague, study):
    write(reader, study, 0, findings=doc("Hers"))
    refused = write(colleague, study, 1, findings=doc("His"))
    assert (refused.status_code, refused.json()["detail"]) == (423, "radiologist is writing on this report.")
    assert read(colleague, study).json()["writer"] == "radiologist"
    # Taken over by force, the first one hears of it; so does whoever comes back with an old version.
    assert call(colleague, study, "/lock", "post", {"byForce": True}).status_code == 200
    assert write(reader, study, 1, findings=doc("Hers again")).status_code == 423
    assert write(colleague, study, 1, findings=doc("His")).status_code == 200
    call(colleague, study, "/lock", "delete")
    late = write(reader, study, 1, findings=doc("Hers again"))
    assert (late.status_code, late.json()["current"]["version"]) == (409, 2)
    assert AuditEntry.objects.filter(action=Action.REPORT_TAKEN_OVER).count() == 1


def test_a_browser_that_was_closed_lets_go_after_a_while(reader, colleague, study):
    write(reader, study, 0, findings=doc("Half a sentence"))
    Report.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    assert write(colleague, study, 1, findings=doc("The whole sentence")).status_code == 200
    assert list(ReportVersion.objects.values_list("author__username", flat=True)) == ["radiologist", "colleague"]


def test_opening_the_editor_alone_leaves_nothing_behind(people, reader, study):
    assert call(reader, study, "/lock", "post").status_code == 200
    assert page(reader, study).status_code == 404
    call(reader, study, "/lock", "delete")
    assert not Report.objects.exists()


def test_an_empty_report_is_not_signed(reader, study):
    write(reader, study, 0, findings={"type": "doc", "content": [{"type": "paragraph"}]})
    refused = call(reader, study, "/signature", "post", {"version": 1, "password": PASSWORD})
    assert (refused.status_code, refused.json()["detail"]) == (422, "The report holds no words yet.")
    assert call(reader, study, "/addenda", "post", {"document": doc("More"), "password": PASSWORD}).status_code == 422


def test_what_speaks_against_signing_is_told(reader, study):
    assert read(reader, study).json()["warnings"] == []
    Study.objects.update(status=StudyStatus.ARRIVING)
    warning = {"key": "arriving", "text": "Images of this study are still arriving."}
    assert read(reader, study).json()["warnings"] == [warning]


def test_readers_see_what_changed_between_versions(people, reader, colleague, study):
    write(reader, study, 0, findings=doc("A nodule of 4 mm."))
    call(reader, study, "/lock", "delete")
    write(colleague, study, 1, findings=doc("A nodule of 9 mm."))
    shown = page(people.technician, study).content.decode()
    assert "A nodule of <del>4</del><ins>9</ins> mm." in shown


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"type": "paragraph"},
        {"type": "doc", "content": [{"type": "image", "attrs": {"src": "https://elsewhere.example/x"}}]},
        {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "a\x00"}]}]},
        {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "\ud800"}]}]},
        {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}]},
        {
            "type": "doc",
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "a", "marks": [{"type": "link"}]}]}],
        },
        {"type": "doc", "content": [{"type": "keyImage", "attrs": {"instance": "../1", "frame": 1}}]},
        {"type": "doc", "content": [{"type": "keyImage", "attrs": {"instance": "1.2", "frame": True}}]},
        {"type": "doc", "content": [{"type": "keyImage", "attrs": {"instance": "1.2", "frame": 1, "center": 40}}]},
        doc("x" * 100_001),
    ],
)
def test_what_no_report_holds_is_refused(reader, study, document):
    assert write(reader, study, 0, findings=document).status_code == 400
    assert not Report.objects.exists()


def test_unknown_sections_and_deep_nests_are_refused(reader, study):
    assert write(reader, study, 0, secret=doc("x")).status_code == 400
    node: dict[str, Any] = {"type": "listItem"}
    for _ in range(30):
        node = {"type": "bulletList", "content": [{"type": "listItem", "content": [node]}]}
    assert write(reader, study, 0, findings={"type": "doc", "content": [node]}).status_code == 400


def test_markup_in_the_words_stays_words(people, reader, study):
    marked = {"type": "text", "text": "<script>x</script> & so on", "marks": [{"type": "bold"}]}
    items = [{"type": "listItem", "content": [{"type": "paragraph", "content": [marked]}]}]
    write(reader, study, 0, findings={"type": "doc", "content": [{"type": "bulletList", "content": items}]})
    shown = page(people.technician, study).content.decode()
    assert "<ul><li><p><strong>&lt;script&gt;x&lt;/script&gt; &amp; so on</strong></p></li></ul>" in shown


def test_every_step_of_a_report_is_announced_once_it_is_kept(reader, study, django_capture_on_commit_callbacks):
    heard: list[tuple[str, str, User]] = []

    def listen(report: Report, happened: ReportEvent, acting_user: User, **_: Any) -> None:
        heard.append((happened, report.state, acting_user))

    report_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            write(reader, study, 0, findings=doc("Seen"))
            write(reader, study, 1, findings=doc("Seen"))
            call(reader, study, "/release", "post", {"version": 1})
            call(reader, study, "/signature", "post", {"version": 2, "password": PASSWORD})
            call(reader, study, "/addenda", "post", {"document": doc("More"), "password": PASSWORD})
            assert heard == []
    finally:
        report_changed.disconnect(listen)
    assert [happened for happened, _, _ in heard] == ["written", "released", "signed", "added_to"]
    assert {user for _, _, user in heard} == {reader}
