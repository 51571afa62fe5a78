"""A run is of one of three kinds, no longer of two."""

from django.db import migrations, models


def name_the_kind(apps, schema_editor):
    apps.get_model("bots", "Run").objects.filter(is_counter_example=True).update(
        kind="counter_example"
    )


def name_it_no_more(apps, schema_editor):
    apps.get_model("bots", "Run").objects.filter(kind="counter_example").update(
        is_counter_example=True
    )


class Migration(migrations.Migration):
    dependencies = [("bots", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("fan_out", "Run"),
                    ("counter_example", "Counter-example"),
                    ("bail_out", "Run that bails out"),
                ],
                db_comment="Which job posts for the bots.",
                default="fan_out",
                max_length=20,
            ),
        ),
        migrations.RunPython(name_the_kind, name_it_no_more),
        migrations.RemoveField(model_name="run", name="is_counter_example"),
    ]
