from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table of the outbox. It is empty where nobody uses one."""

    dependencies = [
        ('jobs', '0004_schedule_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutboxEntry',
            fields=[
                ('id', models.BigAutoField(
                    auto_created=True,
                    primary_key=True,
                    serialize=False,
                    verbose_name='ID',
                )),
                ('queue', models.CharField(max_length=100, verbose_name='queue')),
                ('job_id', models.CharField(max_length=64, verbose_name='job id')),
                ('push', models.CharField(max_length=64)),
                ('payload', models.TextField()),
                ('priority', models.SmallIntegerField()),
                ('due', models.CharField(max_length=32)),
                ('claim', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(verbose_name='waits since')),
                ('next_at', models.DateTimeField(db_index=True, verbose_name='next attempt')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('error', models.TextField(blank=True, verbose_name='error')),
            ],
            options={
                'verbose_name': 'job in the outbox',
                'verbose_name_plural': 'outbox',
                'default_permissions': (),
            },
        ),
    ]
