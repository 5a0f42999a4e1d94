from django.db import migrations
from django.utils import timezone


def end_refused(apps, schema_editor):
    """A series whose first request was closed before anybody confirmed it asks for no further month.

    Since 0.7 it ends with that request; before it went on.
    """
    Series = apps.get_model("support_requests", "Series")
    SupportRequest = apps.get_model("support_requests", "SupportRequest")
    SupportRequestMove = apps.get_model("support_requests", "SupportRequestMove")
    for series in Series.objects.filter(ended_at=None):
        first = SupportRequest.objects.filter(series=series).order_by("pk").first()
        if first is None or first.status not in ("withdrawn", "declined"):
            continue
        if not SupportRequestMove.objects.filter(subject=first, to_status="confirmed").exists():
            Series.objects.filter(pk=series.pk).update(ended_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("support_requests", "0016_what_is_under_way"),
    ]

    operations = [
        migrations.RunPython(end_refused, migrations.RunPython.noop, elidable=True),
    ]
