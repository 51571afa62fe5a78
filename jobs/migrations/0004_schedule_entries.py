from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the table of schedules that people keep, and the permission to override others.

    `migrate` makes the permissions itself. The table is empty where nobody marks a job class.
    """

    dependencies = [
        ('jobs', '0003_control_schedule'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='controlroom',
            options={
                'base_manager_name': 'objects',
                'default_permissions': (),
                'managed': False,
                'permissions': [
                    ('view_jobs', 'Can see jobs, queues and workers'),
                    (
                        'view_job_arguments',
                        'Can see arguments, results and error messages of jobs',
                    ),
                    ('retry_job', 'Can retry a job'),
                    ('kill_job', 'Can kill a job'),
                    ('delete_job', 'Can delete a job'),
                    ('reschedule_job', 'Can reschedule a job'),
                    ('run_job_again', 'Can run a job again'),
                    ('cancel_job', 'Can cancel a running job'),
                    ('pause_queue', 'Can pause and resume a queue'),
                    ('clear_queue', 'Can clear a queue'),
                    ('control_worker', 'Can quiet and stop a worker'),
                    ('control_schedule', 'Can pause, resume and run a schedule'),
                    ('override_schedule', 'Can change when a schedule of the code ticks'),
                ],
                'verbose_name': 'control room',
                'verbose_name_plural': 'control room',
            },
        ),
        migrations.CreateModel(
            name='ScheduleEntry',
            fields=[
                ('id', models.BigAutoField(
                    auto_created=True,
                    primary_key=True,
                    serialize=False,
                    verbose_name='ID',
                )),
                ('job_class', models.CharField(max_length=200, verbose_name='job class')),
                ('name', models.CharField(
                    help_text='Letters, digits, _ and -. It tells schedules apart.',
                    max_length=50,
                    verbose_name='name',
                )),
                ('enabled', models.BooleanField(default=True, verbose_name='on')),
                ('cron', models.CharField(
                    blank=True,
                    help_text=(
                        'Minute, hour, day, month, weekday, such as 30 2 * * 1-5, or @daily.'
                    ),
                    max_length=100,
                    verbose_name='cron expression',
                )),
                ('timezone', models.CharField(
                    blank=True,
                    help_text=(
                        'Of the cron expression, such as Europe/Berlin. Empty: that of the project.'
                    ),
                    max_length=64,
                    verbose_name='time zone',
                )),
                ('every_seconds', models.PositiveBigIntegerField(
                    blank=True,
                    help_text=(
                        'Instead of a cron expression. An hour, 3600, is every full hour of UTC.'
                    ),
                    null=True,
                    verbose_name='every so many seconds',
                )),
                ('args', models.TextField(default='[]', verbose_name='positional arguments')),
                ('kwargs', models.TextField(default='{}', verbose_name='arguments by name')),
                ('queue', models.CharField(
                    blank=True,
                    help_text='Empty: the one that the job class has now.',
                    max_length=100,
                    verbose_name='queue',
                )),
                ('overlap', models.CharField(
                    choices=[
                        ('skip', 'skip the tick'),
                        ('one_waiting', 'let one more wait'),
                        ('allow', 'run beside it'),
                        ('cancel_other', 'cancel the run before'),
                    ],
                    default='skip',
                    max_length=20,
                    verbose_name='while the run before has not ended',
                )),
                ('catch_up_seconds', models.PositiveBigIntegerField(
                    default=3600,
                    help_text='A tick that nobody fired is made up for if it is no older.',
                    verbose_name='catch up, seconds',
                )),
                ('jitter_seconds', models.PositiveBigIntegerField(
                    default=0,
                    help_text='Each run is due up to so much later.',
                    verbose_name='jitter, seconds',
                )),
                ('margin_seconds', models.PositiveBigIntegerField(
                    default=600,
                    help_text='Without a success for a period and so much more, people are told.',
                    verbose_name='margin, seconds',
                )),
            ],
            options={
                'verbose_name': 'schedule',
                'verbose_name_plural': 'schedules',
                'constraints': [
                    models.UniqueConstraint(
                        fields=('job_class', 'name'), name='jobs_schedule_entry_name',
                    ),
                ],
            },
        ),
    ]
