from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("support_requests", "0015_series_keep_their_rule"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="supportrequest",
            index=models.Index(
                condition=models.Q(("status__in", ["received", "confirmed", "planned", "booked"])),
                fields=["status"],
                name="request_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="preferredtime",
            index=models.Index(fields=["starts_at"], name="preferred_time_starts_at"),
        ),
    ]
