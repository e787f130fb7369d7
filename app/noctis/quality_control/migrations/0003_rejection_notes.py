from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality_control", "0002_reject_reasons"),
    ]

    operations = [
        migrations.AddField(
            model_name="rejection",
            name="note_uid",
            field=models.CharField(blank=True, help_text="Of the object that tells other systems of it", max_length=64),
        ),
    ]
