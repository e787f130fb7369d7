"""How far the replicas of the database are behind (PostgreSQL, streaming replication)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connection

from noctis.monitoring.conditions.finding import Finding, too_much, unwatched

MEGABYTE: Final = 1024 * 1024
LAGS: Final = (
    "SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0) FROM pg_stat_replication"
    " WHERE state IS NOT NULL"
)


def replication() -> Finding:
    """Look at the replica that is furthest behind; one that is missing is wrong."""
    expected = settings.NOCTIS_ALERT_REPLICAS
    if not expected:
        return unwatched("the database has no replica")
    if connection.vendor != "postgresql":
        return unwatched("only PostgreSQL has replicas")
    lags = replica_lags()
    if len(lags) < expected:
        return Finding(is_wrong=True, text=f"{len(lags)} of {expected} replicas of the database are connected")
    behind = max(lags) / MEGABYTE
    text = f"the replica of the database is {behind:.0f} MB behind"
    return too_much(behind, settings.NOCTIS_ALERT_REPLICATION_MEGABYTES, text)


def replica_lags() -> list[float]:
    """Return the bytes that each connected replica has still to replay.

    Only a member of pg_monitor sees the rows of others; what is hidden does not count as connected.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAGS)
        return [float(lag) for (lag,) in cursor.fetchall()]
