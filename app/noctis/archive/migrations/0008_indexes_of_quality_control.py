from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_tokens"),
        ("archive", "0007_quality_and_quarantine"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="study",
            index=models.Index(condition=models.Q(("status", "unchecked")), fields=["-id"], name="studies_to_check"),
        ),
        migrations.AddIndex(
            model_name="study",
            index=models.Index(
                condition=models.Q(("rejected_count__gt", 0)), fields=["-id"], name="studies_with_rejections"
            ),
        ),
    ]
