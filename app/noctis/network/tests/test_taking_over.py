"""Another process takes the place of the DICOM service while modalities send, as at a change of the release."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.dicom_service import MANAGE, ROOT, DicomService, children_of
from tests.support.peers import RawSender, SentObject, in_background, send_raw
from tests.support.short_folder import short_folder
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

KEEPER = f"""
import sys
sys.path.insert(0, {str(ROOT / "roles" / "supervisor" / "files")!r})
from noctis_keeper.keeper import main
sys.exit(main())
"""


class KeptService(DicomService):
    """A service behind the keeper that a server has."""

    def start(self) -> None:
        """Start the keeper, and with it the service."""
        folder = self.data_dir.parent
        release = folder / "release"
        (release / "venv" / "bin").mkdir(parents=True)
        (release / "venv" / "bin" / "python").symlink_to(sys.executable)
        (release / "app").symlink_to(MANAGE.parent)
        settings = folder / "noctis.env"
        settings.touch()
        (folder / "run").mkdir()
        places = [f"--current={release}", f"--environment-file={settings}", f"--run={folder / 'run'}"]
        command = ["venv/bin/python", str(MANAGE), "start_dicom_service", "--skip-checks"]
        self.process = subprocess.Popen(
            [sys.executable, "-Bc", KEEPER, *places, "--says-ready", "dicom", "--", *command],
            env={**self.settings, "PYTHONPATH": os.pathsep.join([str(MANAGE.parent), *sys.path])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        self.wait_for_takeover(1)

    def wait_for_takeover(self, count: int) -> None:
        """Wait until so many processes were in charge, one after another."""

        def has_happened() -> bool:
            return sum("runs release" in line for line in self.output) == count

        wait_for(has_happened, f"takeover {count}", seconds=60)

    def services(self) -> list[int]:
        """Return the process ids of the services that live, the newest last."""
        return sorted(children_of(self.pid))


@pytest.fixture
def kept_service() -> Iterator[KeptService]:
    """Give a running service with a keeper."""
    with short_folder() as folder:
        service = KeptService(folder / "data")
        service.prepare()
        service.start()
        yield service
        service.stop()


def test_no_image_is_refused_while_another_service_takes_over(
    kept_service: KeptService, make_images: Any, ct: SentObject
) -> None:
    late = make_images(2)
    images = make_images(400)
    statuses: dict[str, int | None] = {}
    is_over = threading.Event()

    def send_one_after_another() -> None:
        for image in images:
            statuses.update(send_raw(kept_service.port, [image]))  # an association of its own for each
            if is_over.is_set():
                return

    (before,) = kept_service.services()
    with RawSender(kept_service.port, late, calling="CT_LONG") as sender:
        assert sender.send(late[0])[0] == 0
        senders = in_background(send_one_after_another)
        kept_service.process.send_signal(signal.SIGUSR2)  # type: ignore[union-attr]
        kept_service.wait_for_takeover(2)
        assert before in kept_service.services(), "it waits for the association that runs"
        assert sender.send(late[1])[0] == 0
    wait_for(lambda: before not in kept_service.services(), "the end of the former service", seconds=60)
    is_over.set()
    senders.join(timeout=60)

    assert set(statuses.values()) == {0}
    kept_service.wait_until_indexed()
    sent = {*statuses, *(image.sop_instance_uid for image in late)}
    assert set(kept_service.stored()) == sent
    assert kept_service.rows("SELECT count(*) FROM archive_quarantinedobject") == [(0,)]
    assert not kept_service.half_received()


def test_a_stranger_cannot_work_beside_a_kept_service(kept_service: KeptService) -> None:
    done = kept_service.run_program("start_dicom_service", "--port", str(kept_service.port + 1))

    assert done.returncode == 1
    assert "Another DICOM service already works in" in done.stderr
