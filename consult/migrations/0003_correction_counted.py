from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consult', '0002_ledger_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='correction',
            name='counted',
            field=models.JSONField(blank=True, null=True),
        ),
    ]
