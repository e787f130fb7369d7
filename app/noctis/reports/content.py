"""What a report is made of: a document of the editor (ProseMirror JSON) for each section, and nothing else in it.

``{"findings": {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "..."}]}]}}``

A ``keyImage`` stands for one frame: ``attrs`` of ``{"instance": "1.2.3", "frame": 1, "center": 50, "width": 400}``, the
window in units of the modality, or null where the image's own counts. A ``field`` stands for words that a template
leaves to the writer: ``attrs`` of ``{"label": "size", "choices": []}``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from noctis.dicom.uids import is_valid_uid

SECTIONS: Final = {
    "clinical_question": "Clinical question",
    "technique": "Technique",
    "comparison": "Comparison",
    "findings": "Findings",
    "impression": "Impression",
}
MOST_CHARACTERS: Final = 100_000
DEEPEST: Final = 12
MOST_NODES: Final = 20_000
LAST_FRAME: Final = 2**31 - 1
LONGEST_LABEL: Final = 80
MOST_CHOICES: Final = 20

_CHILDREN: Final[dict[str, frozenset[str]]] = {
    "doc": frozenset({"paragraph", "bulletList", "orderedList", "keyImage"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "bulletList", "orderedList"}),
    "paragraph": frozenset({"text", "hardBreak", "field"}),
    "hardBreak": frozenset(),
    "field": frozenset(),
    "keyImage": frozenset(),
    "text": frozenset(),
}
_MARKS: Final = {"bold": "strong", "italic": "em", "underline": "u"}
_TAGS: Final = {"paragraph": "p", "bulletList": "ul", "orderedList": "ol", "listItem": "li"}

Node = dict[str, Any]


class InvalidContent(Exception):
    """The content is none that a report may have; the text says why."""


def validated(content: object) -> dict[str, Node]:
    """Return the content if it is one of a report. Raises InvalidContent."""
    if not isinstance(content, dict) or not set(content) <= set(SECTIONS):
        raise InvalidContent("The report has a section that does not exist.")
    return {key: validated_document(document) for key, document in content.items()}


def validated_document(document: object) -> Node:
    """Return one section's document if it may stand in a report. Raises InvalidContent."""
    counted = [0, 0]
    node = _validated(document, frozenset({"doc"}), 0, counted)
    if counted[0] > MOST_NODES or counted[1] > MOST_CHARACTERS:
        raise InvalidContent("The text is too long.")
    return node


def is_empty(document: Node | None) -> bool:
    """Whether a document says nothing."""
    return document is None or not any(node["type"] in {"text", "keyImage"} for node in nodes_of(document))


def is_blank(document: Node | None) -> bool:
    """Whether there is nothing in a document, not even a field to fill."""
    return is_empty(document) and not any(fields_of([document] if document else []))


def nodes_of(document: Node) -> Iterator[Node]:
    """Yield a node and everything in it, in reading order."""
    yield document
    for child in document.get("content", ()):
        yield from nodes_of(child)


def images_of(documents: Iterable[Node]) -> Iterator[Node]:
    """Yield the attributes of every key image in ``documents``."""
    for document in documents:
        yield from (node["attrs"] for node in nodes_of(document) if node["type"] == "keyImage")


def fields_of(documents: Iterable[Node]) -> Iterator[str]:
    """Yield the label of every field that nobody filled."""
    for document in documents:
        yield from (node["attrs"]["label"] for node in nodes_of(document) if node["type"] == "field")


def as_text(document: Node | None) -> str:
    """Return the words, a line for each paragraph, list items with a dash."""
    return "\n".join(_lines(document)) if document else ""


def as_html(
    document: Node, picture_url: Callable[[Node], str], caption: Callable[[Node], str] | None = None
) -> SafeString:
    """Return the document as HTML; ``picture_url`` and ``caption`` tell of a key image by its attributes."""
    if document["type"] == "text":
        return _marked(document)
    if document["type"] == "hardBreak":
        return mark_safe("<br>")
    if document["type"] == "field":
        return format_html('<span class="report-field">{}</span>', _field_text(document))
    if document["type"] == "keyImage":
        words = format_html("<figcaption>{}</figcaption>", caption(document["attrs"])) if caption else ""
        return format_html('<figure><img src="{}" alt="Key image">{}</figure>', picture_url(document["attrs"]), words)
    children = document.get("content", ())
    inner = format_html_join("", "{}", ((as_html(child, picture_url, caption),) for child in children))
    tag = _TAGS.get(document["type"])
    return format_html("<{0}>{1}</{0}>", tag, inner) if tag else inner


def _marked(text: Node) -> SafeString:
    html = format_html("{}", text["text"])
    for mark in text.get("marks", ()):
        html = format_html("<{0}>{1}</{0}>", _MARKS[mark["type"]], html)
    return html


def _words(node: Node) -> str:
    return _field_text(node) if node["type"] == "field" else node.get("text", "\n")


def _field_text(field: Node) -> str:
    return f"[{field['attrs']['label']}]"


def _lines(node: Node, prefix: str = "") -> Iterator[str]:
    kind = node["type"]
    if kind == "paragraph":
        yield prefix + "".join(_words(child) for child in node.get("content", ()))
    elif kind == "keyImage":
        yield "[Key image]"
    else:
        for child in node.get("content", ()):
            yield from _lines(child, f"{prefix}- " if kind == "listItem" and child["type"] == "paragraph" else prefix)


def _validated(node: object, allowed: frozenset[str], depth: int, counted: list[int]) -> Node:
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(node, dict) or kind not in allowed or depth > DEEPEST:
        raise InvalidContent("The text holds something that a report cannot have.")
    counted[0] += 1
    if kind == "text":
        return _validated_text(node, counted)
    if kind == "keyImage":
        return {"type": kind, "attrs": _validated_image(node.get("attrs"))}
    if kind == "field":
        return {"type": kind, "attrs": _validated_field(node.get("attrs"))}
    children = node.get("content", [])
    if not isinstance(children, list) or counted[0] + len(children) > MOST_NODES:
        raise InvalidContent("The text is too long.")
    inner = [_validated(child, _CHILDREN[kind], depth + 1, counted) for child in children]
    return {"type": kind, "content": inner} if inner else {"type": kind}


def _validated_text(node: Node, counted: list[int]) -> Node:
    text, marks = node.get("text"), node.get("marks", [])
    if not isinstance(text, str) or not text or any(_is_no_text(character) for character in text):
        raise InvalidContent("The text holds a character that is no text.")
    counted[1] += len(text)
    kinds = (
        [mark.get("type") if isinstance(mark, dict) else None for mark in marks] if isinstance(marks, list) else [None]
    )
    if any(kind not in _MARKS for kind in kinds):
        raise InvalidContent("The text has a style that a report cannot have.")
    return {"type": "text", "text": text, **({"marks": [{"type": kind} for kind in kinds]} if kinds else {})}


def _validated_image(attributes: object) -> Node:
    sent = attributes if isinstance(attributes, dict) else {}
    instance, frame = sent.get("instance"), sent.get("frame")
    window = (sent.get("center"), sent.get("width"))
    is_frame = isinstance(frame, int) and not isinstance(frame, bool) and 1 <= frame <= LAST_FRAME
    is_window = window == (None, None) or all(_is_number(value) for value in window)
    if not isinstance(instance, str) or not is_valid_uid(instance) or not is_frame or not is_window:
        raise InvalidContent("A key image names no image.")
    return {"instance": instance, "frame": frame, "center": window[0], "width": window[1]}


def _validated_field(attributes: object) -> Node:
    sent = attributes if isinstance(attributes, dict) else {}
    label, choices = sent.get("label"), sent.get("choices", [])
    words = [label, *choices] if isinstance(choices, list) and len(choices) <= MOST_CHOICES else [None]
    if not all(isinstance(word, str) and 0 < len(word) <= LONGEST_LABEL and word.isprintable() for word in words):
        raise InvalidContent("A field of the template has no proper name.")
    return {"label": label, "choices": choices}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_no_text(character: str) -> bool:
    """Control characters, and halves of surrogate pairs, which are JSON but nothing that a database keeps."""
    return (character < " " and character != "\t") or "\ud800" <= character <= "\udfff"
