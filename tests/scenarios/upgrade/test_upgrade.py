"""Changes of the release while a modality sends and people look: nothing is lost, and what is broken gives way.

The tests go in order: each begins with what the one before has left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.appliance.deployment import Appliance, Machine, deployed_appliance, deployed_machine
from tests.data.phantoms import CT_STUDY, THORAX, ct_series, save
from tests.scenarios.playbooks import Run, run_playbook
from tests.scenarios.upgrade.releases import BREAKING, NEXT, ROOT, SICK, UNMIGRATABLE, WORKING
from tests.support.waiting import wait_for

AE_TITLE = "CT_ROOM_1"
SENDER = """
cd /home/itstaff/study
while [ ! -e /tmp/load-ends ]; do
    for file in *.dcm; do
        if storescu -aet {title} -aec NOCTIS_PACS {address} 11112 "$file" 2>>/tmp/load-errors; then
            echo stored >>/tmp/load-stored
        else
            echo "C-STORE failed" >>/tmp/load-failed
        fi
        sleep 0.1
    done
done
"""
READER = """
while [ ! -e /tmp/load-ends ]; do
    status=$(curl --insecure --silent --output /dev/null --write-out '%{{http_code}}' \
        --resolve {name}:443:{address} https://{name}/healthz) || true
    if [ "$status" = 200 ]; then echo read >>/tmp/load-read; else echo "HTTP $status" >>/tmp/load-failed; fi
    sleep 0.05
done
"""


@dataclass(frozen=True)
class Load:
    """A modality that sends an image in an association of its own after another, and a reader who asks all the time."""

    modality: Machine

    def begin(self, appliance: Appliance) -> None:
        """Send and ask until ``end``."""
        self.modality.run("rm -f /tmp/load-*; touch /tmp/load-failed /tmp/load-stored /tmp/load-read")
        values = {"title": AE_TITLE, "address": appliance.address, "name": appliance.web_name}
        for script in (SENDER, READER):
            text = script.format(**values)
            self.modality.run(f"nohup setsid sh -c '{text.replace(chr(39), chr(34))}' >/dev/null 2>&1 </dev/null &")
        self.goes_on()

    def goes_on(self) -> None:
        """Check that nothing failed so far, and that more is stored and read."""
        before = self.counts()
        wait_for(
            lambda: all(now > then + 3 for now, then in zip(self.counts(), before, strict=True)), "the load", seconds=60
        )
        assert not self.modality.run("cat /tmp/load-failed; tail -n 5 /tmp/load-errors 2>/dev/null || true").strip()

    def counts(self) -> list[int]:
        """Return how many images were stored and how many requests answered."""
        return [int(word) for word in self.modality.run("wc -l </tmp/load-stored; wc -l </tmp/load-read").split()]

    def end(self) -> None:
        """Stop."""
        self.modality.run("touch /tmp/load-ends")


@pytest.fixture(scope="module")
def appliance() -> Appliance:
    """Give the server, with a modality that is enrolled."""
    server = deployed_appliance()
    server.run("noctis-manage add_facility MAIN 'Main hospital' || true")
    server.run(f"noctis-manage add_ae {AE_TITLE} --facility MAIN --address {deployed_machine('modality').address}/32")
    return server


@pytest.fixture(scope="module")
def load(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Give a modality that sends and a reader who looks while the tests run."""
    modality = deployed_machine("modality")
    folder = tmp_path_factory.mktemp("study") / "study"
    for number, dataset in enumerate(ct_series(replace(THORAX, slices=12), CT_STUDY)):
        save(dataset, folder / f"{number:03}.dcm")
    modality.copy(folder, "/home/itstaff/")
    running = Load(modality)
    running.begin(appliance)
    yield running
    running.end()


def archive(version: str) -> Path:
    """Return the archive of a release."""
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "releases" / f"noctis-{version}.tar.gz"


def upgrade(version: str) -> Run:
    """Run the playbook as an operator does."""
    inventory = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "inventory"
    variable = f"noctis_release_archive={archive(version)}"
    return run_playbook(ROOT / "playbooks" / "upgrade.yml", "--extra-vars", variable, inventory=inventory)


def lay_out(appliance: Appliance, version: str) -> str:
    """Put a release beside the one in use, as the playbook does before it switches, and return its name."""
    appliance.copy(archive(version), "release.tar.gz")
    name = f"{version}-laid-out"
    # Byte code goes along, but for the module that tells the version: its source has the same size.
    appliance.run(f"""
        set -e
        cp --archive --link /opt/noctis/current/ /opt/noctis/releases/{name}
        cd /opt/noctis/releases/{name}
        rm app/noctis/__pycache__/settings.*
        tar --extract --no-same-owner --unlink-first --file /home/itstaff/release.tar.gz
    """)
    return name


def in_use(appliance: Appliance) -> str:
    """Return the version in use, which every program must run."""
    found = json.loads(appliance.run("noctis-release list --json"))
    states = appliance.run(
        "cat /run/noctis/web.json /run/noctis/events.json /run/noctis/dicom.json /run/noctis/worker.json"
    )
    decoder = json.JSONDecoder()
    while states:
        state, end = decoder.raw_decode(states)
        assert state["running"]["release"] == found["in_use"]
        states = states[end:]
    return str(found["in_use"]).rpartition("-")[0]


def tables(appliance: Appliance) -> set[str]:
    """Return the tables of the database."""
    return set(query(appliance, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split())


def query(appliance: Appliance, statement: str) -> str:
    return appliance.run(f'runuser -u postgres -- psql -qAtX noctis -c "{statement}"').strip()


def test_it_begins_with_the_former_release(appliance: Appliance, load: Load) -> None:
    assert in_use(appliance) == WORKING
    assert "preferences_upgradenote" not in tables(appliance)


def test_an_upgrade_loses_no_image_and_no_request(appliance: Appliance, load: Load) -> None:
    done = upgrade(NEXT)

    assert done.code == 0, done.output
    assert in_use(appliance) == NEXT
    assert "preferences_upgradenote" in tables(appliance)
    load.goes_on()
    studies = query(appliance, "SELECT count(*), sum(instance_count) FROM archive_study")
    assert studies == "1|12"


def test_a_release_that_is_not_healthy_gives_way_by_itself(appliance: Appliance, load: Load) -> None:
    done = upgrade(SICK)

    assert done.code != 0
    assert f"Release {SICK}" in done.output
    former = json.loads(appliance.run("noctis-release list --json"))["in_use"]
    assert f"Release {former} is in use again." in done.output
    assert in_use(appliance) == NEXT
    load.goes_on()


def test_a_release_whose_migration_fails_is_never_put_in_use(appliance: Appliance, load: Load) -> None:
    done = appliance.host.run(f"noctis-release switch {lay_out(appliance, UNMIGRATABLE)}")

    assert done.rc == 1
    assert "cannot be migrated for release" in done.stderr
    assert in_use(appliance) == NEXT
    load.goes_on()


def test_what_the_running_release_cannot_bear_is_refused(appliance: Appliance, load: Load) -> None:
    done = appliance.host.run(f"noctis-release switch {lay_out(appliance, BREAKING)}")

    assert done.rc == 1
    assert "cannot work with the database that" in done.stderr
    assert "preferences.9003_breaking" in done.stderr
    assert in_use(appliance) == NEXT
    load.goes_on()


def test_the_way_back_by_hand_loses_nothing_either(appliance: Appliance, load: Load) -> None:
    appliance.run("noctis-release rollback")

    assert in_use(appliance) == WORKING
    assert "preferences_upgradenote" in tables(appliance), "the former release works with the newer database"
    load.goes_on()


def test_with_an_interruption_it_gets_the_former_database_back(appliance: Appliance, load: Load) -> None:
    load.end()
    wait_for(lambda: appliance.run("ls /var/lib/noctis/spool/ready | wc -l").strip() == "0", "an empty spool")
    before = query(appliance, "SELECT count(*) FROM archive_instance"), tables(appliance)
    (name,) = appliance.run(f"ls /opt/noctis/releases | grep -F {BREAKING}").split()
    appliance.run("systemctl stop supervisor")  # whoever interrupts may find it so after a crash
    done = appliance.host.run(f"noctis-release switch {name} --interrupt")

    assert done.rc == 1
    assert (
        "These migrations cannot be undone, except by the dump made before them: preferences.9003_breaking"
        in done.stdout
    )
    assert "is in use again." in done.stderr
    assert in_use(appliance) == WORKING
    assert (query(appliance, "SELECT count(*) FROM archive_instance"), tables(appliance)) == before
    assert appliance.run("dicom-server status")
