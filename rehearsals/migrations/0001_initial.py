"""The diary of the rehearsals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='DiaryEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.CharField(db_comment='Which pressing of a button it belongs to.', db_index=True, max_length=32)),
                ('job', models.CharField(db_comment='The name of the job class.', max_length=100)),
                ('attempt', models.PositiveIntegerField(db_comment='The attempt; a killed worker spends none.')),
                ('pid', models.PositiveIntegerField(db_comment='The worker process that ran it.')),
                ('event', models.CharField(choices=[('started', 'Started'), ('finished', 'Finished')], db_comment='started or finished.', max_length=8)),
                ('at', models.DateTimeField(auto_now_add=True, db_comment='When it was written.')),
            ],
            options={
                'verbose_name_plural': 'diary entries',
                'db_table_comment': 'What the jobs of the rehearsals did.',
                'constraints': [models.CheckConstraint(condition=models.Q(('event__in', ['started', 'finished'])), name='diary_event_known')],
            },
        ),
    ]
