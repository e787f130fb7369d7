"""What helps whoever writes a report: the order, what the study says of the patient, templates, macros and priors."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.archive.priors import Prior, priors_of
from noctis.audit.models import Action, AuditEntry
from noctis.dicom.attributes import person_name_display, text
from noctis.modality_worklist.models import Priority, ScheduledProcedureStep
from noctis.modality_worklist.stored_attributes import data_set_of
from noctis.reports.models import Macro, ReportTemplate
from noctis.reports.texts.template_choice import best_first

MOST_TEMPLATES: Final = 300
MOST_MACROS: Final = 1000
# Younger than this a child's age is told in months (PS3.5 6.2, Age String, has days, weeks, months and years).
YEARS_BEGIN_AT: Final = 2
SEXES: Final = {"M": "male", "F": "female"}
# Why the study was wanted, the best first (PS3.3 C.4.11, C.4.12).
REASONS: Final = ("ReasonForTheRequestedProcedure", "ReasonForTheImagingServiceRequest", "RequestedProcedureComments")


def assistance_for(study: Study, user: User) -> dict[str, Any]:
    """Return it as JSON values; priors in the order of ``priors_of``."""
    priors = priors_of(study, user=user)
    opened = opened_priors(study, priors, user)
    templates = ReportTemplate.objects.usable_by(user)[:MOST_TEMPLATES]
    return {
        "order": order_of(study, user),
        "facts": _facts(study, [prior for prior in priors if prior.study.pk in opened]),
        "templates": [_template(template, fits=fits) for template, fits in best_first(templates, study)],
        "macros": _macros(user),
        "priors": [_prior(prior, is_opened=prior.study.pk in opened) for prior in priors],
    }


def order_of(study: Study, user: User) -> dict[str, Any] | None:
    """Return what was ordered, by the Study Instance UID of the order or else by its accession number."""
    steps = ScheduledProcedureStep.objects.visible_to(user).filter(facility=study.facility)
    step = steps.filter(study_instance_uid=study.study_instance_uid).last()
    if step is None and study.accession_number:
        of_patient = steps.filter(patient_identifier=study.patient_identifier)
        step = of_patient.filter(accession_number=study.accession_number).last()
    if step is None:
        return None
    further = data_set_of(step.other_attributes)
    return {
        "procedure": step.procedure_description or step.procedure_code_meaning or step.step_description,
        "reason": next(filter(None, (text(further, keyword) for keyword in REASONS)), ""),
        "history": text(further, "AdditionalPatientHistory"),
        "requestedBy": person_name_display(step.requesting_physician or step.referring_physician),
        "priority": Priority(step.priority).label if step.priority else "",
    }


def opened_priors(study: Study, priors: list[Prior], user: User) -> set[int]:
    """Return the primary keys of the priors that ``user`` opened since the first image of ``study`` came."""
    by_uid = {prior.study.study_instance_uid: prior.study.pk for prior in priors}
    entries = AuditEntry.objects.filter(
        action=Action.STUDY_OPENED, user=user, study_instance_uid__in=by_uid, at__gte=study.received_at
    )
    return {by_uid[uid] for uid in entries.order_by().values_list("study_instance_uid", flat=True).distinct()}


def named(study: Study) -> str:
    """Return how a report names another study: by what it is and when it was made."""
    what = study.description or "/".join(study.modality_list) or "Study"
    return f"{what}, {study.study_date.isoformat() if study.study_date else 'date unknown'}"


def _facts(study: Study, opened: list[Prior]) -> dict[str, str]:
    """Return what fields of these names are filled with; what is not known is left to the writer."""
    compared = [prior.study for prior in opened if not prior.is_doubtful]
    latest = next((one.study_date for one in compared if one.study_date), None)
    facts = {
        "age": _age(study.birth_date, study.study_date),
        "sex": SEXES.get(study.sex, ""),
        "study date": study.study_date.isoformat() if study.study_date else "",
        "study": study.description,
        "referring physician": person_name_display(study.referring_physician),
        "comparison": "; ".join(named(one) for one in compared),
        "comparison date": latest.isoformat() if latest else "",
    }
    return {name: words for name, words in facts.items() if words}


def _age(born: date | None, then: date | None) -> str:
    if born is None or then is None or then < born:
        return ""
    months = 12 * (then.year - born.year) + then.month - born.month - (then.day < born.day)
    if months < 12 * YEARS_BEGIN_AT:
        return f"{months} month{'' if months == 1 else 's'}"
    return f"{months // 12} years"


def _template(template: ReportTemplate, *, fits: bool) -> dict[str, Any]:
    return {
        "name": template.name,
        "details": " ".join(filter(None, ("/".join(template.modality_list), template.body_part))),
        "isOwn": template.owner_id is not None,
        "fits": fits,
        "content": template.content,
    }


def _macros(user: User) -> list[dict[str, Any]]:
    """Return the macros by shortcut; the user's own goes before the shared one."""
    chosen: dict[str, Macro] = {}
    for macro in Macro.objects.usable_by(user)[:MOST_MACROS]:
        if macro.owner_id or macro.shortcut not in chosen:
            chosen[macro.shortcut] = macro
    return [{"shortcut": macro.shortcut, "text": macro.text} for macro in chosen.values()]


def _prior(prior: Prior, *, is_opened: bool) -> dict[str, Any]:
    study = prior.study
    return {
        "studyUid": study.study_instance_uid,
        "name": named(study),
        "isOpened": is_opened,
        "isEarlier": prior.is_earlier,
        "isDoubtful": prior.is_doubtful,
    }
