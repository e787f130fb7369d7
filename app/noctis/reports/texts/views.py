"""The pages of templates and macros: radiologists keep their own, administrators those that all share."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.permissions import signed_in_user
from noctis.reports.content import SECTIONS
from noctis.reports.models import Macro, ReportTemplate
from noctis.reports.texts import actions
from noctis.reports.texts.forms import MacroForm, TemplateFileForm, TemplateForm, initial_of
from noctis.reports.texts.permissions import keepers_of_texts_only
from noctis.reports.texts.template_file import TemplateValues, written_templates

FILE_NAME: Final = "report-templates.json"


@keepers_of_texts_only
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """List the templates that the user may use, with those that the user may change."""
    return _templates_page(request, TemplateFileForm())


@keepers_of_texts_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_template(request: HttpRequest) -> HttpResponse:
    """Add a template, or begin with a copy of the one that ``?from=`` names."""
    user = signed_in_user(request)
    usable = ReportTemplate.objects.usable_by(user)
    copied = usable.filter(pk=request.GET["from"]).first() if request.GET.get("from", "").isdecimal() else None
    form = TemplateForm(request.POST or None, initial=initial_of(copied))
    if request.method == "POST" and form.is_valid():
        template = actions.add_template(form.values, acting_user=user)
        messages.success(request, f"The template “{template.name}” is added.")
        return redirect("report_templates")
    return _template_page(request, form, None)


@keepers_of_texts_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_template(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template."""
    template = _template(request, pk)
    form = TemplateForm(request.POST or None, initial=initial_of(template))
    if request.method == "POST" and form.is_valid():
        changed = actions.change_template(template, form.values, acting_user=signed_in_user(request))
        messages.success(request, f"The template “{changed.name}” is saved.")
        return redirect("report_templates")
    return _template_page(request, form, template)


@keepers_of_texts_only
@require_POST
def remove_template(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a template no more."""
    template = _template(request, pk)
    actions.remove_template(template, acting_user=signed_in_user(request))
    messages.success(
        request, f"The template “{template.name}” is removed. Reports that began with it stay as they are."
    )
    return redirect("report_templates")


@keepers_of_texts_only
@require_safe
def export_templates(request: HttpRequest) -> HttpResponse:
    """Send the templates that the user may change as a file."""
    rows = ReportTemplate.objects.changeable_by(signed_in_user(request))
    values = (TemplateValues(row.name, tuple(row.modality_list), row.body_part, row.content) for row in rows)
    answer = JsonResponse(written_templates(values), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return answer


@keepers_of_texts_only
@require_POST
def import_templates(request: HttpRequest) -> HttpResponse:
    """Take over the templates of a file; one with something wrong in it changes nothing."""
    form = TemplateFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _templates_page(request, form)
    added, changed = actions.take_over_templates(form.cleaned_data["file"], acting_user=signed_in_user(request))
    messages.success(request, f"{added} added, {changed} changed.")
    return redirect("report_templates")


@keepers_of_texts_only
@require_http_methods(["GET", "HEAD", "POST"])
def macros(request: HttpRequest) -> HttpResponse:
    """List the macros, and add one."""
    user = signed_in_user(request)
    form = MacroForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        macro = actions.save_macro(Macro(), **form.cleaned_data, acting_user=user)
        messages.success(request, f"The macro .{macro.shortcut} is added.")
        return redirect("report_macros")
    rows = Macro.objects.usable_by(user)
    changeable = set(Macro.objects.changeable_by(user).values_list("pk", flat=True))
    return render(request, "reports/macros.html", {"form": form, "macros": rows, "changeable": changeable})


@keepers_of_texts_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_macro(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a macro."""
    user, macro = signed_in_user(request), _macro(request, pk)
    initial = {"shortcut": macro.shortcut, "text": macro.text}
    form = MacroForm(request.POST or None, user=user, macro=macro, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = actions.save_macro(macro, **form.cleaned_data, acting_user=user)
        messages.success(request, f"The macro .{changed.shortcut} is saved.")
        return redirect("report_macros")
    return render(request, "reports/macro_form.html", {"form": form, "macro": macro})


@keepers_of_texts_only
@require_POST
def remove_macro(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a macro."""
    macro = _macro(request, pk)
    actions.remove_macro(macro, acting_user=signed_in_user(request))
    messages.success(request, f"The macro .{macro.shortcut} is removed.")
    return redirect("report_macros")


def _template(request: HttpRequest, pk: int) -> ReportTemplate:
    return get_object_or_404(ReportTemplate.objects.changeable_by(signed_in_user(request)), pk=pk)


def _macro(request: HttpRequest, pk: int) -> Macro:
    return get_object_or_404(Macro.objects.changeable_by(signed_in_user(request)), pk=pk)


def _templates_page(request: HttpRequest, file_form: TemplateFileForm) -> HttpResponse:
    user = signed_in_user(request)
    rows = ReportTemplate.objects.usable_by(user).select_related("changed_by")
    changeable = set(ReportTemplate.objects.changeable_by(user).values_list("pk", flat=True))
    context = {"templates": rows, "changeable": changeable, "file_form": file_form}
    return render(request, "reports/templates.html", context)


def _template_page(request: HttpRequest, form: TemplateForm, template: ReportTemplate | None) -> HttpResponse:
    return render(request, "reports/template_form.html", {"form": form, "template": template, "sections": SECTIONS})
