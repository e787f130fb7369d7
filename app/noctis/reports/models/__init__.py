"""What the database keeps of reports, of the words that readers begin them with, and of critical results."""

from noctis.reports.models.critical import (
    CriticalAddressee,
    CriticalCategory,
    CriticalResult,
    CriticalStep,
    StepKind,
)
from noctis.reports.models.report import SIGNED_STATES, Addendum, Report, ReportState, ReportVersion
from noctis.reports.models.texts import Macro, ReportTemplate

__all__ = [
    "SIGNED_STATES",
    "Addendum",
    "CriticalAddressee",
    "CriticalCategory",
    "CriticalResult",
    "CriticalStep",
    "Macro",
    "Report",
    "ReportState",
    "ReportTemplate",
    "ReportVersion",
    "StepKind",
]
