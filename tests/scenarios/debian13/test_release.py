"""What the roles take from the release: names of packages, formats of configuration, wording of logs."""

from __future__ import annotations

from collections.abc import Callable

from tests.appliance.deployment import Appliance, Machine
from tests.support.waiting import wait_for

STRANGER = "10.213.21.66"
SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=2"
# Nothing of it is in the application's own packages: Pango lays out, HarfBuzz takes what the text needs of the fonts.
TEXT = "Größe 检查 فحص"
MAKE_PDF = f"import weasyprint as w; print(w.HTML(string='{TEXT}').write_pdf(uncompressed_pdf=True).decode('latin1'))"


def test_nothing_failed_and_systemd_understands_every_unit(appliance: Appliance) -> None:
    # What Debian itself brings and a container cannot do is not the appliance's.
    failed = appliance.run("systemctl list-units --failed --no-legend --plain | cut -d ' ' -f 1").split()
    assert [unit for unit in failed if not unit.startswith(("systemd-", "sys-", "dev-", "run-"))] == []
    units = "supervisor.service nginx.service noctis-backup@nightly.service"
    assert appliance.run(f"systemd-analyze verify --man=no {units} 2>&1") == ""


def test_postgresql_is_the_releases_own_and_there_is_one_cluster(appliance: Appliance) -> None:
    assert appliance.run("pg_lsclusters --no-header").split()[:4] == ["17", "main", "5432", "online"]


def test_nginx_has_no_complaint(appliance: Appliance) -> None:
    assert "warn" not in appliance.run("nginx -t 2>&1")


def test_reports_can_be_laid_out(appliance: Appliance) -> None:
    python = "/opt/noctis/current/venv/bin/python"
    assert appliance.run(f"{python} --version").startswith("Python 3.13.")
    made = appliance.run(f'runuser -u noctis -- {python} -c "{MAKE_PDF}" | grep --text /FontName')
    assert all(font in made for font in ("Noto-Serif", "WenQuanYi-Micro-Hei", "Noto-Kufi-Arabic")), made


def test_a_backup_can_be_made(appliance: Appliance) -> None:
    appliance.run("systemctl start noctis-backup@nightly.service || { journalctl --unit 'noctis-backup@*'; false; }")


def test_who_guesses_at_ssh_is_banned(appliance: Appliance, as_address: Callable[[str], Machine]) -> None:
    stranger = as_address(STRANGER)
    stranger.run(f"for n in 1 2 3 4 5; do {SSH} nobody-known@{appliance.address} true; done; true")
    wait_for(lambda: STRANGER in appliance.run("fail2ban-client get sshd banip").split(), "the ban", seconds=20)
    closed = f"! timeout 1 bash -c '</dev/tcp/{appliance.address}/22'"
    wait_for(lambda: stranger.host.run(closed).rc == 0, "port 22 closed", seconds=10)
    assert stranger.host.run(f"timeout 2 bash -c '</dev/tcp/{appliance.address}/443'").rc == 0
