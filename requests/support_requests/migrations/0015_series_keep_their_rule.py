import datetime as dt

import django.db.models.deletion
from dateutil.relativedelta import relativedelta
from django.db import migrations, models
from django.utils import timezone


def keep_rules(apps, schema_editor):
    """The rule is what the first request of a series asked for; the next month is the one after its newest request."""
    Series = apps.get_model("support_requests", "Series")
    SeriesTime = apps.get_model("support_requests", "SeriesTime")
    PreferredTime = apps.get_model("support_requests", "PreferredTime")
    for series in Series.objects.all():
        wishes = PreferredTime.objects.filter(request__series=series)
        starts = {}
        for wish in wishes.order_by("request", "rank"):
            starts.setdefault(wish.request_id, []).append(timezone.localtime(wish.starts_at))
        if not starts:
            continue
        first, newest = starts[min(starts)], starts[max(starts)]
        month = min(first).date().replace(day=1)
        SeriesTime.objects.bulk_create(
            SeriesTime(
                series=series,
                rank=rank,
                months_later=(start.year - month.year) * 12 + start.month - month.month,
                week=(start.day - 1) // 7 + 1,
                weekday=start.weekday(),
                time=start.time(),
            )
            for rank, start in enumerate(first, start=1)
        )
        series.next_month = min(newest).date().replace(day=1) + relativedelta(months=1)
        series.save(update_fields=["next_month"])


class Migration(migrations.Migration):
    dependencies = [
        ("support_requests", "0014_contacts_that_wait"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="next_month",
            field=models.DateField(default=dt.date(2000, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_month__day", 1)), name="series_next_month_is_a_first"
            ),
        ),
        migrations.CreateModel(
            name="SeriesTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.PositiveSmallIntegerField()),
                ("months_later", models.PositiveSmallIntegerField(default=0)),
                ("week", models.PositiveSmallIntegerField()),
                ("weekday", models.PositiveSmallIntegerField()),
                ("time", models.TimeField()),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="times",
                        to="support_requests.series",
                    ),
                ),
            ],
            options={
                "ordering": ["rank"],
                "constraints": [
                    models.UniqueConstraint(fields=("series", "rank"), name="series_rank_once"),
                    models.CheckConstraint(
                        condition=models.Q(("week__range", (1, 5)), ("weekday__range", (0, 6))),
                        name="series_time_known",
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_rules, migrations.RunPython.noop, elidable=True),
    ]
