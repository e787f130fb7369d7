"""Links to studies, and browsers of guests who have one open."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from noctis.accounts.models import User
from noctis.archive import indexer
from noctis.archive.models import Instance, Study
from noctis.archive.tests.factories import deliver, image, reception
from noctis.reports import actions as report_actions
from noctis.reports.warnings import warnings_before_signing
from noctis.sharing.actions import Opener, Terms, make_share
from noctis.sharing.guests import cookie_name
from noctis.sharing.visits import open_share

PASSWORD = "a long enough passphrase"


def share(study: Study, user: User, **terms: Any) -> Opener:
    """Make a link to the images of a study."""
    words = {"recipient": "Dr Outside", "contact": "555", "purpose": "second opinion", "days": 7, "most_visits": 3}
    return make_share(study, Terms(**{"has_images": True, "has_report": False, **words, **terms}), acting_user=user)


def let_guest_in(client: Client, study: Study, user: User, **terms: Any) -> Opener:
    """Make a link and give ``client`` the cookie of a visit; a test client sends it to every address."""
    opener = share(study, user, **terms)
    enter(client, opener)
    return opener


def enter(client: Client, opener: Opener) -> None:
    """Give the code and keep the cookie."""
    client.cookies[cookie_name(opener.share.uid)] = open_share(opener.share, opener.code, address="192.0.2.7")
    opener.share.refresh_from_db()


@pytest.fixture
def instances(people, data_dir) -> list[Instance]:
    """Give two images of one study of the northern facility."""
    delivery = reception("NORTH")
    for number in (1, 2):
        deliver(image(instance=number), delivery)
    indexer.index_spool()
    return list(Instance.objects.select_related("series__study__facility").order_by("sop_instance_uid"))


@pytest.fixture
def study(instances) -> Study:
    found: Study = instances[0].series.study
    return found


@pytest.fixture
def signed(people, instances) -> Study:
    """Give the study with a signed report that holds the first image."""
    reader = people.radiologist
    study: Study = instances[0].series.study
    reader.set_password(PASSWORD)
    reader.save()
    text = {"type": "paragraph", "content": [{"type": "text", "text": "A shadow of 12 mm"}]}
    picture = {"type": "keyImage", "attrs": {"instance": instances[0].sop_instance_uid, "frame": 1}}
    content = {"findings": {"type": "doc", "content": [text, picture]}}
    report = report_actions.save(study, content, 0, acting_user=reader)
    known = {warning.key for warning in warnings_before_signing(study, reader, report)}
    report_actions.sign(study, 1, PASSWORD, acting_user=reader, acknowledged=known)
    return study
