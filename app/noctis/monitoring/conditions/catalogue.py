"""Everything that is watched, each with its threshold and with what to do."""

from __future__ import annotations

from typing import Final

from noctis.monitoring.conditions import backups, certificates, clock, dicom_service, queues, replication, storage
from noctis.monitoring.conditions.finding import Condition, Finding


def the_watch() -> Finding:
    """Say that the watch looks: who asks this is the watch. That it does not is noticed by another process."""
    return Finding(is_wrong=False, text="the watch looks every minute", value=0.0)


WATCH: Final = Condition(
    "watch",
    "The watch itself",
    the_watch,
    "nothing looked at for {} minutes",
    "The worker does not run, or a job of it does not end. On the server: “supervisorctl status noctis-worker” and"
    " “supervisorctl restart noctis-worker”; /var/log/noctis/worker.log says why.",
    "NOCTIS_ALERT_SILENCE_MINUTES",
)

CONDITIONS: Final = (
    Condition(
        "disk",
        "Free space",
        storage.free_space,
        "less than {} % free",
        "Enlarge the file system of NOCTIS_DATA_DIR, or move other data away from it. When it is full, modalities are"
        " told so and keep their images.",
        "NOCTIS_ALERT_DISK_FREE_PERCENT",
        "operations:overview",
    ),
    Condition(
        "disk forecast",
        "Days until the disk is full",
        storage.days_left,
        "full in less than {} days",
        "Order disks now. The forecast comes from what really was stored in the last two weeks, by every way in.",
        "NOCTIS_ALERT_DISK_DAYS",
        "operations:overview",
    ),
    Condition(
        "echo",
        "DICOM service",
        dicom_service.answers,
        "no answer to C-ECHO for {} minutes",
        "On the server: “dicom-server status”, then “supervisorctl restart noctis-dicom”; /var/log/noctis/dicom.log"
        " says why it ended. Modalities keep their images until it is back.",
        "NOCTIS_ALERT_ECHO_MINUTES",
        "operations:statistics",
    ),
    Condition(
        "connections",
        "Failed connections",
        dicom_service.connections,
        "more than {} % refused or broken off",
        "See which device it is and why under refused associations: an unknown AE title, an address outside its"
        " networks, or a scan of the port. Connections that are broken off point at the network or at the device.",
        "NOCTIS_ALERT_CONNECTION_FAILURE_PERCENT",
        "operations:refused_associations",
    ),
    Condition(
        "stores",
        "Failed C-STORE",
        dicom_service.stores,
        "more than {} % failed",
        "See which device it is under DICOM statistics and what it was answered in /var/log/noctis/dicom.log: a full or"
        " read-only disk (A700), or objects that cannot be read (C000).",
        "NOCTIS_ALERT_STORE_FAILURE_PERCENT",
        "operations:statistics",
    ),
    Condition(
        "store duration",
        "Duration of C-STORE",
        dicom_service.store_duration,
        "more than {} ms on average",
        "The disk is slow or busy: look at “iostat -x 5” for what writes there, such as a backup or a check of a"
        " RAID. Then at the DICOM statistics, whether one device is slow or all are.",
        "NOCTIS_ALERT_STORE_MILLISECONDS",
        "operations:statistics",
    ),
    Condition(
        "spool",
        "Images waiting for the indexer",
        queues.spool,
        "the oldest waits for more than {} minutes",
        "Acknowledged images are safe but not listed yet. The indexer is part of the DICOM service: its log says what"
        " holds it up, mostly the database; “supervisorctl restart noctis-dicom” lets it go on.",
        "NOCTIS_ALERT_QUEUE_MINUTES",
        "operations:statistics",
    ),
    Condition(
        "jobs",
        "Jobs waiting for the worker",
        queues.jobs,
        "behind by more than {} minutes",
        "Thumbnails, report files and digests are late. After a large import this ends by itself; else"
        " /var/log/noctis/worker.log says which job does not end.",
        "NOCTIS_ALERT_QUEUE_MINUTES",
    ),
    Condition(
        "outgoing images",
        "Images for other devices",
        queues.outgoing_images,
        f"{queues.FAILURES_IN_A_ROW} failures in a row, or given up",
        "See what waits and why under transmissions; a C-ECHO under application entities tells whether the device"
        " answers.",
        page="routing:transmissions",
    ),
    Condition(
        "outgoing e-mail",
        "Outgoing e-mail",
        queues.outgoing_mail,
        f"{queues.FAILURES_IN_A_ROW} failures in a row, or given up",
        "The page of e-mail shows what the mail server said, and sends a test.",
        page="mail",
    ),
    Condition(
        "certificate",
        "Certificates",
        certificates.certificates,
        "valid for less than {} days",
        "With Let's Encrypt: “systemctl status certbot.timer” and “certbot renew --dry-run”. With the local"
        " authority: run “ansible-playbook site.yml --tags nginx”. Your own: replace the files and run the same.",
        "NOCTIS_ALERT_CERTIFICATE_DAYS",
    ),
    Condition(
        "backup",
        "Backup",
        backups.backups,
        "older than {} hours",
        "The page of backups shows the last runs and what they said, mostly that the repository cannot be reached or is"
        " full. On the server “noctis-backup backup” starts one.",
        page="backups",
        kept_limit=backups.backup_hours,
    ),
    Condition(
        "restore drill",
        "Rehearsed restore",
        backups.rehearsals,
        "failed, or older than {} days",
        "A backup that was never restored may be none. On the server “noctis-backup drill” rehearses it; the page of"
        " backups has its certificate.",
        page="backups",
        kept_limit=backups.rehearsal_days,
    ),
    Condition(
        "replication",
        "Replica of the database",
        replication.replication,
        "missing, or more than {} MB behind",
        "On the primary: “SELECT * FROM pg_stat_replication”; on the replica its log. A replica that is away holds"
        " back WAL on the primary's disk.",
        "NOCTIS_ALERT_REPLICATION_MEGABYTES",
    ),
    Condition(
        "clock",
        "Clock",
        clock.clock,
        "more than {} ms away from the time server",
        "On the server: “timedatectl timesync-status” (or “chronyc tracking”), and whether UDP port 123 to the time"
        " server is open. Wrong times stand in studies and in the audit trail.",
        "NOCTIS_ALERT_CLOCK_MILLISECONDS",
    ),
    WATCH,
)
