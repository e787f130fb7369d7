"""Every change of templates and macros. The callers find them by ``changeable_by``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.reports.models import Macro, ReportTemplate
from noctis.reports.texts.permissions import owner_for
from noctis.reports.texts.template_file import TemplateValues


@transaction.atomic
def add_template(values: TemplateValues, *, acting_user: User) -> ReportTemplate:
    """Add a template: a shared one by an administrator, else the user's own."""
    template = ReportTemplate(owner=owner_for(acting_user))
    _write(template, values, acting_user)
    _note(Action.REPORT_TEMPLATE_CHANGED, template, acting_user, change="added")
    return template


@transaction.atomic
def change_template(template: ReportTemplate, values: TemplateValues, *, acting_user: User) -> ReportTemplate:
    """Change a template; the reports that were begun with it keep their words."""
    kept = ReportTemplate.objects.select_for_update().get(pk=template.pk)
    kept.version += 1
    _write(kept, values, acting_user)
    _note(Action.REPORT_TEMPLATE_CHANGED, kept, acting_user, change="changed")
    return kept


@transaction.atomic
def remove_template(template: ReportTemplate, *, acting_user: User) -> None:
    """Offer a template no more; the reports that were begun with it keep their words."""
    template.removed_at = timezone.now()
    template.save(update_fields=["removed_at", "changed_at"])
    _note(Action.REPORT_TEMPLATE_CHANGED, template, acting_user, change="removed")


@transaction.atomic
def take_over_templates(templates: Iterable[TemplateValues], *, acting_user: User) -> tuple[int, int]:
    """Add the templates of a file, and change those of the same name and owner; return how many of each."""
    there = ReportTemplate.objects.filter(owner=owner_for(acting_user), removed_at=None)
    by_name = {template.name: template for template in there}
    added = changed = 0
    for values in templates:
        known = by_name.get(values.name)
        if known is None:
            by_name[values.name] = add_template(values, acting_user=acting_user)
            added += 1
        else:
            change_template(known, values, acting_user=acting_user)
            changed += 1
    return added, changed


@transaction.atomic
def save_macro(macro: Macro, shortcut: str, text: str, *, acting_user: User) -> Macro:
    """Add or change a macro; a new one is shared where an administrator adds it, else the user's own."""
    change = "changed" if macro.pk else "added"
    if not macro.pk:
        macro.owner = owner_for(acting_user)
    macro.shortcut, macro.text = shortcut, text
    macro.save()
    _note(Action.REPORT_MACRO_CHANGED, macro, acting_user, change=change)
    return macro


@transaction.atomic
def remove_macro(macro: Macro, *, acting_user: User) -> None:
    """Remove a macro; what it was expanded to stays."""
    _note(Action.REPORT_MACRO_CHANGED, macro, acting_user, change="removed")
    macro.delete()


def _write(template: ReportTemplate, values: TemplateValues, user: User) -> None:
    template.name, template.body_part, template.content = values.name, values.body_part, values.content
    template.modalities, template.changed_by = "\\".join(values.modalities), user
    template.save()


def _note(action: Action, text: ReportTemplate | Macro, user: User, **detail: Any) -> None:
    record(action, acting_user=user, id=text.pk, shared=text.owner_id is None, **detail)
