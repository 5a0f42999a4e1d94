from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consult", "0006_rota")]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="tallies",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="frozenfigure",
            name="tallies",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
