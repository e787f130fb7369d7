"""What whoever corrects a study must know of its report, said in the preview of the correction."""

from __future__ import annotations

from typing import Any, Final

from noctis.corrections.models import Kind
from noctis.corrections.plans import Plan
from noctis.reports.models import Report

MOVES: Final = frozenset({Kind.MOVE_STUDY, Kind.MERGE_PATIENTS, Kind.MERGE_STUDIES})
BOTH: Final = (
    "Both studies have a report, and a study has one. Split off the series that belong elsewhere, or leave the studies "
    "apart and refer from one report to the other."
)


def warn_of_reports(*, plan: Plan, **_: Any) -> None:
    """Add what concerns reports to a plan; receives plan_made of the corrections."""
    studies = [study for study in plan.studies if study.pk]
    reports = {report.study_id: report for report in Report.objects.filter(study__in=studies)}
    signed = sum(report.is_signed for report in reports.values())
    if plan.kind == Kind.MERGE_STUDIES and len(reports) == len(studies):
        plan.obstacles.append(BOTH)
    elif plan.kind in MOVES and signed:
        plan.warnings.append(
            f"{signed} signed report{'s are' if signed > 1 else ' is'} concerned. What was signed stays as it is, with "
            "the study; the heading will show the other patient. Tell who read and who got it."
        )
    elif plan.kind == Kind.SPLIT_STUDY and plan.study.pk in reports:
        plan.warnings.append("The report stays with the study from which the series go.")
    elif signed:
        plan.warnings.append("There is a signed report: its words stay, its heading will show what you correct.")
