from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0010_sheet_entries_by_tablets"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptCount",
            fields=[
                ("address", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("took", models.DurationField()),
                ("content", models.JSONField()),
            ],
            options={
                "ordering": ["address"],
            },
        ),
    ]
