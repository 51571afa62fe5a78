from django.db import migrations


class Migration(migrations.Migration):
    """Adds the permission to pause, resume and run schedules.

    `migrate` makes the permission itself. The model has no table.
    """

    dependencies = [
        ('jobs', '0002_view_job_arguments'),
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
                ],
                'verbose_name': 'control room',
                'verbose_name_plural': 'control room',
            },
        ),
    ]
