"""Some messages take one way or none: the proof of an address, and a calendar entry alone."""

from django.db import migrations, models

CHANNELS = [
    ("line", "LINE"),
    ("email", "メール"),
    ("sms", "SMS(ショートメッセージ)"),
    ("phone", "電話(コーディネーターがかけます)"),
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0008_newest_messages_and_same_addresses")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="only",
            field=models.CharField(blank=True, choices=CHANNELS, max_length=10),
        ),
    ]
