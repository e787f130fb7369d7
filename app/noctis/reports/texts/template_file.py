"""Templates as a file, to carry them from one appliance to another.

``{"format": "noctis-report-templates", "version": 1, "templates": [{"name": "CT head", "modalities": ["CT"],
"bodyPart": "HEAD", "sections": {"findings": ["Brain: {Brain}."]}}]}``

A section is a document of the editor, as it is written, or, easier by hand, a list of lines with a field in braces:
``{label}`` or ``{label|one choice|another}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from noctis.reports.content import InvalidContent, Node, is_blank, validated

FORMAT: Final = "noctis-report-templates"
VERSION: Final = 1
MOST_TEMPLATES: Final = 500
LARGEST: Final = 2 * 1024 * 1024
LONGEST_NAME: Final = 80
LONGEST_BODY_PART: Final = 64
STARTERS: Final = Path(__file__).parent / "starter_templates"

_MODALITY: Final = re.compile(r"[A-Z0-9_]{1,16}")
_FIELD: Final = re.compile(r"\{([^{}|]+)((?:\|[^{}|]+)*)\}")


class InvalidFile(Exception):
    """The file holds no templates that could be taken over; the text says why."""


@dataclass(frozen=True)
class TemplateValues:
    """What a template is made of."""

    name: str
    modalities: tuple[str, ...]
    body_part: str
    content: dict[str, Node]


def read_templates(written: bytes) -> list[TemplateValues]:
    """Return the templates of a file. Raises InvalidFile."""
    try:
        document = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise InvalidFile("This is no file of templates: it is not JSON.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise InvalidFile("This is no file of templates, or one of a later version.")
    templates = document.get("templates")
    if not isinstance(templates, list) or not 0 < len(templates) <= MOST_TEMPLATES:
        raise InvalidFile(f"The file holds no templates, or more than {MOST_TEMPLATES}.")
    return [_template(number, template) for number, template in enumerate(templates, start=1)]


def written_templates(templates: Iterable[TemplateValues]) -> dict[str, Any]:
    """Return templates as the JSON values of a file."""
    rows = [
        {
            "name": template.name,
            "modalities": list(template.modalities),
            "bodyPart": template.body_part,
            "sections": template.content,
        }
        for template in templates
    ]
    return {"format": FORMAT, "version": VERSION, "templates": rows}


def starter_templates() -> list[TemplateValues]:
    """Return what a new appliance begins with."""
    return [template for path in sorted(STARTERS.glob("*.json")) for template in read_templates(path.read_bytes())]


def document_of(lines: Iterable[str]) -> Node:
    """Return a paragraph for each line, with its fields."""
    return {"type": "doc", "content": [{"type": "paragraph", "content": list(_inline(line))} for line in lines if line]}


def _template(number: int, sent: object) -> TemplateValues:
    name = sent.get("name") if isinstance(sent, dict) else None
    if not isinstance(sent, dict) or not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise InvalidFile(f"Template {number} has no name, or one that is too long.")
    modalities, body_part, sections = sent.get("modalities", []), sent.get("bodyPart", ""), sent.get("sections")
    if not isinstance(modalities, list) or not all(isinstance(m, str) and _MODALITY.fullmatch(m) for m in modalities):
        raise InvalidFile(f"{name}: the modalities are none.")
    if not isinstance(body_part, str) or len(body_part) > LONGEST_BODY_PART or not (body_part or "-").isprintable():
        raise InvalidFile(f"{name}: the body part is none.")
    if not isinstance(sections, dict):
        raise InvalidFile(f"{name}: it has no sections.")
    try:
        content = validated({key: _document(section) for key, section in sections.items()})
    except InvalidContent as error:
        raise InvalidFile(f"{name}: {error}") from error
    if all(is_blank(document) for document in content.values()):
        raise InvalidFile(f"{name}: it holds no words.")
    return TemplateValues(name.strip(), tuple(modalities), body_part.strip().upper(), content)


def _document(section: object) -> object:
    is_lines = isinstance(section, list) and all(isinstance(line, str) for line in section)
    return document_of(section) if is_lines and isinstance(section, list) else section


def _inline(line: str) -> Iterator[Node]:
    end = 0
    for found in _FIELD.finditer(line):
        if found.start() > end:
            yield {"type": "text", "text": line[end : found.start()]}
        choices = [choice.strip() for choice in found[2].split("|") if choice.strip()]
        yield {"type": "field", "attrs": {"label": found[1].strip(), "choices": choices}}
        end = found.end()
    if end < len(line):
        yield {"type": "text", "text": line[end:]}
