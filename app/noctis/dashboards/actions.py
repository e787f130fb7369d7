"""The one thing of a dashboard that leaves the appliance is written down."""

from __future__ import annotations

from django.db import transaction

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.dashboards.scope import Scope
from noctis.dashboards.tables import Table


@transaction.atomic
def export(table: Table, scope: Scope, *, acting_user: User) -> str:
    """Return the table as CSV, and record who took it."""
    record(
        Action.DASHBOARD_EXPORTED,
        acting_user=acting_user,
        facility=scope.facility or (None if acting_user.sees_all_facilities else acting_user.facility),
        table=table.key,
        first=scope.first.isoformat(),
        last=scope.last.isoformat(),
        rows=len(table.rows),
    )
    return table.as_csv()
