import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0008_newest_messages_and_same_addresses"),
        ("support_requests", "0013_sessions_called_off"),
    ]

    operations = [
        migrations.AddField(
            model_name="group",
            name="new_contact",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="notifications.contact",
            ),
        ),
    ]
