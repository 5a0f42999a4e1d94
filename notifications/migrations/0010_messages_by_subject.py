"""What is known of a subject is found by its index: whatever kinds of messages there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0009_one_way_only")]

    operations = [
        migrations.RemoveConstraint(model_name="message", name="message_once"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=["subject", "kind", "recipient", "occasion"], name="message_once"
            ),
        ),
    ]
