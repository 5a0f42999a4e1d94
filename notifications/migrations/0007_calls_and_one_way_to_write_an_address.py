"""Whether a coordinator rings for a message is kept with it; an address of mail is the same however it is capitalised."""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Lower

EMAIL = "email"
# The last holds longest: who may lift it stays the same.
STRENGTH = ("bounced", "stopped", "suspended")


def write_small(apps: Any, schema_editor: Any) -> None:
    contacts, messages, suppressions, changes = (
        apps.get_model("notifications", name).objects
        for name in ("Contact", "Message", "Suppression", "AddressChange")
    )
    contacts.exclude(email="").exclude(email=Lower("email")).update(email=Lower("email"))
    waiting = messages.filter(channel=EMAIL, state__in=["draft", "queued"])
    waiting.exclude(address=Lower("address")).update(address=Lower("address"))
    changes.filter(channel=EMAIL).exclude(address=Lower("address")).update(address=Lower("address"))
    kept: dict[str, Any] = {}
    for row in sorted(suppressions.filter(channel=EMAIL), key=lambda one: -STRENGTH.index(one.reason)):
        if kept.setdefault(row.address.lower(), row) is not row:
            row.delete()
    for address, row in kept.items():
        suppressions.filter(pk=row.pk).exclude(address=address).update(address=address)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_short_links_and_address_changes")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="calls",
            field=models.BooleanField(default=True),
        ),
        migrations.RunPython(write_small, migrations.RunPython.noop, elidable=True),
    ]
