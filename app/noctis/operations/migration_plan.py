"""What the migrations of this release would do to a database that a former release still works with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import (
    AddField,
    AddIndex,
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    RemoveConstraint,
    RemoveIndex,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

ADDITIVE: Final = (AddIndex, AlterModelManagers, AlterModelOptions, CreateModel, RemoveConstraint, RemoveIndex)
DECLARATION: Final = "works_with_former_release"


@dataclass(frozen=True)
class PendingMigration:
    """A migration that is not applied yet.

    ``is_additive``: the former release goes on working with the database. ``is_reversible``: it can be undone.
    """

    name: str
    is_additive: bool
    is_reversible: bool


def pending_migrations() -> Iterator[PendingMigration]:
    """Yield what ``migrate`` would apply, in order."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        before = executor.loader.project_state((migration.app_label, migration.name), at_end=False)
        yield PendingMigration(
            f"{migration.app_label}.{migration.name}",
            is_additive(migration, before),
            all(operation.reversible for operation in migration.operations),
        )


def is_additive(migration: Migration, before: ProjectState) -> bool:
    """Whether the former release can read and write a database with this migration as it did ``before``.

    What runs code or SQL of its own says so itself with ``works_with_former_release = True`` in its class.
    """
    if hasattr(migration, DECLARATION):
        return bool(getattr(migration, DECLARATION))
    return all(_adds_only(operation, migration.app_label, before) for operation in migration.operations)


def _adds_only(operation: Operation, app_label: str, before: ProjectState) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return all(_adds_only(one, app_label, before) for one in operation.database_operations)
    if isinstance(operation, AddField):
        return _may_be_left_out(operation.field)
    if isinstance(operation, AlterField):
        model = before.models.get((app_label, operation.model_name_lower))
        present = model.fields.get(operation.name) if model is not None else None
        return present is not None and _in_database(present) == _in_database(operation.field)
    return isinstance(operation, ADDITIVE)


def _may_be_left_out(field: Field[Any, Any]) -> bool:
    """Whether a release that does not know the column can insert rows: Django drops the default of a column."""
    return field.null or bool(field.many_to_many) or field.db_default is not NOT_PROVIDED


def _in_database(field: Field[Any, Any]) -> tuple[object, ...]:
    """Return what of a field its column depends on."""
    _name, path, arguments, keywords = field.deconstruct()
    kept = {name: value for name, value in keywords.items() if name not in field.non_db_attrs}
    return path, tuple(arguments), repr(sorted(kept.items()))
