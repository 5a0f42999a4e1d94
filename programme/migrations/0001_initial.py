import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import programme.models.places
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgeBand',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '年代',
                'verbose_name_plural': '年代',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
                ('may_be_paid', models.BooleanField(default=True, verbose_name='謝礼の対象(初期値)')),
            ],
            options={
                'verbose_name': 'サポーター区分',
                'verbose_name_plural': 'サポーター区分',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ClosureCalendar',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '休館カレンダー',
                'verbose_name_plural': '休館カレンダー',
            },
        ),
        migrations.CreateModel(
            name='Course',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('required', models.BooleanField(default=True, verbose_name='必修')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '研修',
                'verbose_name_plural': '研修',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '機器',
                'verbose_name_plural': '機器',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='District',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
                ('kana', models.CharField(max_length=50, verbose_name='かな')),
                ('latitude', models.FloatField(validators=[django.core.validators.MinValueValidator(-90.0), django.core.validators.MaxValueValidator(90.0)], verbose_name='緯度')),
                ('longitude', models.FloatField(validators=[django.core.validators.MinValueValidator(-180.0), django.core.validators.MaxValueValidator(180.0)], verbose_name='経度')),
            ],
            options={
                'verbose_name': '地区',
                'verbose_name_plural': '地区',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Level',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
                ('rank', models.PositiveSmallIntegerField(unique=True, verbose_name='段階')),
            ],
            options={
                'verbose_name': 'レベル',
                'verbose_name_plural': 'レベル',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Limit',
            fields=[
                ('code', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('value', models.PositiveIntegerField(verbose_name='値')),
                ('unit', models.CharField(max_length=10, verbose_name='単位')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '上限・下限など',
                'verbose_name_plural': '上限・下限など',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '結果',
                'verbose_name_plural': '結果',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
                ('in_scope', models.BooleanField(default=True, verbose_name='対応する')),
                ('hint', models.CharField(blank=True, max_length=200, verbose_name='説明')),
            ],
            options={
                'verbose_name': '相談内容',
                'verbose_name_plural': '相談内容',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='コード')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('name_easy', models.CharField(max_length=100, verbose_name='名称(やさしい日本語)')),
                ('name_en', models.CharField(max_length=100, verbose_name='名称(英語)')),
                ('position', models.PositiveSmallIntegerField(verbose_name='順番')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '来所',
                'verbose_name_plural': '来所',
                'ordering': ['position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Goal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('figure', models.CharField(choices=[('supporters', '登録サポーター数'), ('supporters_new', '新規登録サポーター数'), ('supporters_withdrawn', '登録を取り消したサポーター数'), ('sessions', '出張サポート派遣'), ('participants', '出張サポート参加者数'), ('consultations', 'よろず相談'), ('association_tablet', '自治会タブレット支援'), ('prevention_course_participants', '介護予防サポーター等スマホ講座 参加者数'), ('hall_courses', '公民館スマホ講座')], max_length=40, verbose_name='指標')),
                ('fiscal_year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2999)], verbose_name='年度')),
                ('value', models.PositiveIntegerField(verbose_name='目標')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '目標',
                'verbose_name_plural': '目標',
                'ordering': ['fiscal_year', 'figure'],
                'constraints': [models.UniqueConstraint(fields=('figure', 'fiscal_year'), name='goal_once')],
            },
        ),
        migrations.CreateModel(
            name='LoadedFact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=300)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('table', 'key'), name='loaded_fact_once')],
            },
        ),
        migrations.CreateModel(
            name='Programme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='事業名')),
                ('short_name', models.CharField(max_length=20, verbose_name='略称')),
                ('city', models.CharField(max_length=50, verbose_name='市')),
                ('prefecture', models.CharField(max_length=20, verbose_name='県')),
                ('municipality_code', models.CharField(max_length=6, verbose_name='全国地方公共団体コード')),
                ('office', models.CharField(max_length=50, verbose_name='所管課')),
                ('operator', models.CharField(max_length=100, verbose_name='受託者')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='電話')),
                ('phone_hours', models.CharField(blank=True, max_length=100, verbose_name='電話の受付時間')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
            ],
            options={
                'verbose_name': '事業',
                'verbose_name_plural': '事業',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='programme_one_row')],
            },
        ),
        migrations.CreateModel(
            name='PublishedFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('figure', models.CharField(choices=[('supporters', '登録サポーター数'), ('supporters_new', '新規登録サポーター数'), ('supporters_withdrawn', '登録を取り消したサポーター数'), ('sessions', '出張サポート派遣'), ('participants', '出張サポート参加者数'), ('consultations', 'よろず相談'), ('association_tablet', '自治会タブレット支援'), ('prevention_course_participants', '介護予防サポーター等スマホ講座 参加者数'), ('hall_courses', '公民館スマホ講座')], max_length=40, verbose_name='指標')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('kind', models.CharField(choices=[('stock', '時点の数'), ('flow', '期間の数'), ('cumulative', '累計')], max_length=10, verbose_name='種別')),
                ('since', models.DateField(blank=True, null=True, verbose_name='期間の初日')),
                ('as_of', models.DateField(verbose_name='時点')),
                ('value', models.PositiveIntegerField(verbose_name='値')),
                ('unit', models.CharField(max_length=10, verbose_name='単位')),
                ('source', models.CharField(max_length=200, verbose_name='出典')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='注')),
            ],
            options={
                'verbose_name': '公表値',
                'verbose_name_plural': '公表値',
                'ordering': ['as_of', 'figure'],
                'constraints': [models.UniqueConstraint(fields=('figure', 'kind', 'as_of'), name='published_figure_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['stock', 'flow', 'cumulative'])), name='published_figure_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'stock'), _negated=True), ('since', None), _connector='OR'), name='published_figure_stock_is_one_day'), models.CheckConstraint(condition=models.Q(('since', None), ('since__lte', models.F('as_of')), _connector='OR'), name='published_figure_span_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Venue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(blank=True, max_length=40, null=True, unique=True, verbose_name='コード')),
                ('kind', models.CharField(choices=[('hall', '公民館など'), ('own', '団体の場所')], default='hall', max_length=10, verbose_name='種類')),
                ('name', models.CharField(max_length=100, verbose_name='名称')),
                ('kana', models.CharField(blank=True, max_length=100, verbose_name='かな')),
                ('name_en', models.CharField(blank=True, max_length=100, verbose_name='名称(英語)')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='住所')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='電話')),
                ('latitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-90.0), django.core.validators.MaxValueValidator(90.0)], verbose_name='緯度')),
                ('longitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-180.0), django.core.validators.MaxValueValidator(180.0)], verbose_name='経度')),
                ('coordinates_verified', models.BooleanField(default=False, verbose_name='座標を確認した')),
                ('opens', models.TimeField(blank=True, null=True, verbose_name='開館')),
                ('closes', models.TimeField(blank=True, null=True, verbose_name='閉館')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='出典')),
                ('active', models.BooleanField(default=True, verbose_name='使用中')),
                ('closures', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='venues', to='programme.closurecalendar', verbose_name='休館')),
                ('district', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='venues', to='programme.district', verbose_name='地区')),
            ],
            options={
                'verbose_name': '会場',
                'verbose_name_plural': '会場',
                'ordering': ['district__position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50, verbose_name='名称')),
                ('capacity', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='定員')),
                ('venue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rooms', to='programme.venue')),
            ],
            options={
                'verbose_name': '部屋',
                'verbose_name_plural': '部屋',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='メールアドレス')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='名前')),
                ('role', models.CharField(choices=[('member', '一般'), ('coordinator', 'コーディネーター'), ('officer', '市職員'), ('desk', '相談所の端末')], default='member', max_length=20, verbose_name='役割')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': '利用者',
                'verbose_name_plural': '利用者',
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['member', 'coordinator', 'officer', 'desk'])), name='user_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=200, validators=[programme.models.places.validate_rule], verbose_name='規則(RRULE)')),
                ('reason', models.CharField(max_length=100, verbose_name='理由')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closures', to='programme.closurecalendar')),
            ],
            options={
                'verbose_name': '休館日',
                'verbose_name_plural': '休館日',
                'constraints': [models.UniqueConstraint(fields=('calendar', 'rule'), name='closure_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='venue',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['hall', 'own'])), name='venue_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='venue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None)), models.Q(('latitude__isnull', False), ('longitude__isnull', False)), _connector='OR'), name='venue_coordinates_paired'),
        ),
        migrations.AddConstraint(
            model_name='venue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes', None), ('opens', None)), models.Q(('closes__gt', models.F('opens')), ('closes__isnull', False), ('opens__isnull', False)), _connector='OR'), name='venue_hours_paired'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.UniqueConstraint(fields=('venue', 'name'), name='room_once'),
        ),
    ]
