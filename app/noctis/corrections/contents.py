"""What people have added to a study or patient, which goes along when it is merged into another, and back again.

Whatever refers to the row is meant, of whichever app, so that nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from django.apps import apps
from django.db import IntegrityError, models, transaction

# A model's label, the name of its field, and the primary keys of a row and of what it referred to before.
Moved: TypeAlias = "tuple[str, str, int | str, int]"

# They are moved by what they are, not by whom they refer to.
_LEFT_ALONE: Final = frozenset({"archive.study", "archive.series"})
_APP: Final = "corrections"


def move_contents(source: models.Model, target: models.Model) -> list[Moved]:
    """Let everything that refers to ``source`` refer to ``target``; return what did.

    What can be there only once stays where it is when the target has its own.
    """
    moved: list[Moved] = []
    for field in _references(type(source)):
        label = field.model._meta.label_lower  # noqa: SLF001  (the public name)
        rows = field.model._base_manager.filter(**{field.name: source})  # noqa: SLF001
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        moved += [(label, field.name, _json_key(pk), source.pk) for pk in keys if _point(field, pk, target.pk)]
    return moved


def move_back(moved: list[Moved]) -> None:
    """Undo ``move_contents``; what was removed meanwhile stays removed."""
    for label, name, pk, before in moved:
        field = apps.get_model(label)._meta.get_field(name)  # noqa: SLF001
        _point(field, pk, before)


def _references(model: type[models.Model]) -> Iterator[models.ForeignKey[Any, Any]]:
    for relation in model._meta.related_objects:  # noqa: SLF001
        field = relation.field
        label = field.model._meta.label_lower  # noqa: SLF001
        if isinstance(field, models.ForeignKey) and label not in _LEFT_ALONE and not label.startswith(f"{_APP}."):
            yield field


def _point(field: Any, pk: object, target: int) -> bool:
    try:
        with transaction.atomic():
            rows = field.model._base_manager.filter(pk=pk)  # noqa: SLF001
            return bool(rows.update(**{field.attname: target}))
    except IntegrityError:
        return False


def _json_key(pk: object) -> int | str:
    return pk if isinstance(pk, int) else str(pk)
