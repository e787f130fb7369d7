"""The page of alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from noctis.audit.models import Action, AuditEntry
from noctis.monitoring import watch
from noctis.monitoring.conditions.catalogue import CONDITIONS
from noctis.monitoring.conditions.finding import Finding
from noctis.monitoring.models import Reading
from noctis.notifications.models import Alert, Notification

pytestmark = pytest.mark.django_db
PAGE = "/admin/alerts"


@pytest.fixture
def page(client: Client, administrator, data_dir) -> Client:
    client.force_login(administrator)
    return client


def shown(page: Client, path: str = PAGE) -> str:
    return " ".join(page.get(path).content.decode().split())


def test_before_the_first_look_it_says_so(page: Client) -> None:
    text = shown(page)
    assert "The watch has not looked yet." in text
    assert "Nothing has been wrong yet" in text
    assert text.count("Not looked at yet") == len(CONDITIONS)


def test_everything_stands_there_with_threshold_and_advice_and_what_is_wrong_first(page: Client, monkeypatch) -> None:
    monkeypatch.setattr(watch, "_look", lambda _condition: Finding(is_wrong=False, text="it is well"))
    watch.look_at_everything()
    assert "Nothing is wrong." in shown(page)
    replica = next(one for one in CONDITIONS if one.key == "replication")
    watch.note(replica, Finding(is_wrong=True, text="the replica <is> away"))
    text = shown(page)
    assert "1 alert is open." in text
    assert text.index('id="replication"') < text.index('id="disk"')
    assert "The replica &lt;is&gt; away" in text
    assert "less than 20 % free" in text
    assert "pg_stat_replication" in text
    assert '<span class="text-danger">goes on</span>' in text
    figures = shown(page, reverse("monitoring:alert_figures"))
    assert figures.startswith('<div id="alert-figures"')


def test_an_alert_leads_to_its_place_on_the_page(page: Client) -> None:
    disk = next(one for one in CONDITIONS if one.key == "disk forecast")
    watch.note(disk, Finding(is_wrong=True, text="full soon"))
    told = Notification.objects.get()
    answer = page.get(reverse("notification_open", args=[told.uid]))
    assert answer.headers["Location"] == f"{PAGE}#disk-forecast"
    assert 'id="disk-forecast"' in shown(page)


def test_a_watch_that_is_silent_is_named(page: Client) -> None:
    watch.look_at_everything()
    Reading.objects.update(looked_at=timezone.now() - timedelta(minutes=7))
    assert "The watch has not looked since" in shown(page)


def test_the_history_has_pages_and_names_other_alerts_too(page: Client) -> None:
    now = timezone.now()
    for number in range(60):
        Alert.objects.create(
            key="report output 3", text=f"Not delivered {number}", raised_at=now, resolved_at=now + timedelta(hours=2)
        )
    text = shown(page)
    assert "Report output 3" in text
    assert "after 2 hours" in text
    assert "Not delivered 59" in text
    assert "Not delivered 5<" not in text
    oldest = Alert.objects.order_by("-pk")[49].pk
    assert "Not delivered 5<" in shown(page, f"{PAGE}?before={oldest}")


def test_a_test_alert_is_told_and_recorded(page: Client, administrator) -> None:
    answer = page.post(reverse("monitoring:test_alert"), follow=True)
    assert "A test alert is raised." in answer.content.decode()
    assert Notification.objects.get().user == administrator
    assert AuditEntry.objects.get(action=Action.ALERT_TRIED).user == administrator


def test_the_page_asks_the_database_as_often_however_much_is_wrong(page: Client, django_assert_max_num_queries) -> None:
    watch.look_at_everything()
    for number in range(20):
        Alert.objects.create(key=f"other {number}", text="something")
    with django_assert_max_num_queries(10):
        shown(page)
