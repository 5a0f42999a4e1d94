from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supporters", "0013_calendar_entries_of_merged_people"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="supporter",
            index=models.Index(fields=["kana", "id"], name="supporter_by_name"),
        ),
    ]
