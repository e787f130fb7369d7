import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_tokens"),
        ("archive", "0006_a_conflict_of_each_facility"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FacilityRule",
            fields=[
                (
                    "facility",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.facility",
                    ),
                ),
                (
                    "checks_before_reading",
                    models.BooleanField(
                        default=False, help_text="A technician accepts each study before it is ready to be read"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="quarantinedobject",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="quarantinedobject",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="quarantinedobject",
            name="decision",
            field=models.CharField(
                blank=True,
                choices=[
                    ("discarded", "Discarded: what is stored stays as it is"),
                    ("accepted", "Filed in its study: the patient is the same"),
                    ("separated", "Filed as an object of its own, with a new UID"),
                    ("retried", "Tried again"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="quarantinedobject",
            name="explanation",
            field=models.CharField(blank=True, help_text="Why it was decided so", max_length=400),
        ),
        migrations.AddField(
            model_name="quarantinedobject",
            name="filed_as",
            field=models.CharField(blank=True, help_text="The new SOP Instance UID, where it got one", max_length=64),
        ),
        migrations.AddField(
            model_name="study",
            name="rejected_count",
            field=models.PositiveIntegerField(default=0, help_text="How many of them quality control rejected"),
        ),
        migrations.AlterField(
            model_name="study",
            name="status",
            field=models.CharField(
                choices=[("arriving", "Arriving"), ("unchecked", "To be checked"), ("ready", "Ready")],
                default="arriving",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="quarantinedobject",
            index=models.Index(
                condition=models.Q(("decision", "")),
                fields=["facility", "study_instance_uid"],
                name="undecided_of_a_facility",
            ),
        ),
    ]
