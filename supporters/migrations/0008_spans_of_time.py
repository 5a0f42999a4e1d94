from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programme', '0005_sign_in_by_mobile'),
        ('supporters', '0007_training'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='assignmentmove',
            index=models.Index(fields=['at'], name='assignment_move_at'),
        ),
        migrations.AddIndex(
            model_name='shift',
            index=models.Index(fields=['starts_at'], name='shift_starts_at'),
        ),
    ]
