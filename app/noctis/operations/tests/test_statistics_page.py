"""What administrators see of the DICOM service's statistics."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from noctis.data_directory import DataDirectory
from noctis.network import statistics_layout as layout
from noctis.network.configuration import ServiceConfiguration
from noctis.network.service_record import ServiceRecord
from noctis.network.statistics import Recorder
from noctis.network.statistics_layout import Service


@pytest.fixture
def data(tmp_path: Path, settings) -> DataDirectory:
    directory = settings.NOCTIS_DATA = DataDirectory(tmp_path)
    directory.create()
    return directory


@pytest.fixture
def record() -> ServiceRecord:
    """Give the record of a service that is this process, and began two hours ago."""
    record = ServiceRecord.of_this_process(ServiceConfiguration.from_settings())
    return replace(record, started_at=time.time() - 7260)


@pytest.fixture
def administrator(client: Client, people) -> Client:
    client.force_login(people.administrator)
    return client


def count_something(data: DataDirectory) -> None:
    data.statistics.mkdir()
    recorder = Recorder.in_file(data.statistics / "acceptor-1.counters")
    row = recorder.row_of("CT<1>", is_admitted=True)
    recorder.connected()
    recorder.count(row, layout.AT_ADMITTED)
    recorder.count(row, layout.AT_BYTES_IN, 5 * 1024 * 1024)
    recorder.done(row, Service.C_STORE, layout.AT_SUCCESS, 0.020)
    recorder.done(row, Service.C_STORE, layout.AT_FAILURE, 0.020)
    recorder.set_active(1)
    recorder.release()


def shown(client: Client, name: str = "statistics") -> str:
    return client.get(reverse(f"operations:{name}")).content.decode()


def test_a_service_that_never_ran_is_no_error(administrator: Client, data: DataDirectory) -> None:
    assert "The DICOM service has never run here" in shown(administrator)


def test_figures_are_shown_and_asked_for_again(
    administrator: Client, data: DataDirectory, record: ServiceRecord
) -> None:
    record.write(data)
    count_something(data)
    page = shown(administrator)
    assert "has run for <strong>2 h 1 min</strong>" in page
    assert '<div class="tile"><dt>Instances received</dt><dd>1</dd></div>' in page
    assert "5.0\xa0MB" in page
    assert "CT&lt;1&gt;" in page
    assert '<td role="cell" data-label="P99, ms">20.2</td>' in page
    figures = shown(administrator, "statistics_figures")
    assert figures.lstrip().startswith(f'<div id="statistics" hx-get="{reverse("operations:statistics_figures")}"')
    assert "<h1>" not in figures


def test_a_service_that_ended_is_named(administrator: Client, data: DataDirectory, record: ServiceRecord) -> None:
    replace(record, pid=os.getpid(), boot_ticks=1).write(data)
    page = shown(administrator)
    assert "The DICOM service does not run" in page
    assert "Nobody has called yet" in page


def test_figures_need_no_query(
    administrator: Client, data: DataDirectory, record: ServiceRecord, django_assert_max_num_queries
) -> None:
    record.write(data)
    count_something(data)
    with django_assert_max_num_queries(2):  # the session and the user
        shown(administrator, "statistics_figures")
