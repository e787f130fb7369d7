"""Which migrations leave the former release working."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from noctis.operations.migration_plan import is_additive, pending_migrations


def state() -> ProjectState:
    before = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=16, choices=[("a", "A")])),
    ]
    before.add_model(ModelState("archive", "Thing", fields))
    return before


def additive(*operations: Operation, **declared: bool) -> bool:
    migration = type("Migration", (migrations.Migration,), {"operations": list(operations), **declared})
    return is_additive(migration("0002_next", "archive"), state())


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("thing", "note", models.TextField(null=True)),
        migrations.AddField("thing", "note", models.TextField(db_default="")),
        migrations.AddIndex("thing", models.Index(fields=["name"], name="thing_name")),
        migrations.AlterField("thing", "name", models.CharField(max_length=16, choices=[("a", "A"), ("b", "B")])),
        migrations.AlterModelOptions("thing", {"ordering": ["name"]}),
        migrations.SeparateDatabaseAndState(
            [migrations.AddIndex("thing", models.Index(fields=["name"], name="thing_name"))],
            [migrations.RemoveField("thing", "name")],
        ),
    ],
)
def test_what_the_former_release_need_not_know_is_additive(operation: Operation) -> None:
    assert additive(operation)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("thing", "note", models.TextField(default="")),
        migrations.RemoveField("thing", "name"),
        migrations.RenameField("thing", "name", "title"),
        migrations.DeleteModel("Thing"),
        migrations.AlterField("thing", "name", models.CharField(max_length=8)),
        migrations.AddConstraint("thing", models.UniqueConstraint(fields=["name"], name="one_name")),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("SELECT 1"),
    ],
)
def test_what_the_former_release_would_stumble_over_is_not(operation: Operation) -> None:
    assert not additive(operation)


def test_code_and_sql_of_its_own_are_additive_where_the_migration_says_so() -> None:
    assert additive(migrations.RunSQL("SELECT 1"), works_with_former_release=True)


@pytest.mark.django_db
def test_nothing_is_pending_in_a_migrated_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert not list(pending_migrations())
    call_command("pending_migrations")
    assert json.loads(capsys.readouterr().out) == []
