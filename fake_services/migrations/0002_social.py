"""The posts of the social service, and misbehavior that is kept to one author."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fake_services", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=12, unique=True)),
                ("request", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("key_digest", models.CharField(editable=False, max_length=64, null=True, unique=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="behavior",
            name="only_author",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
    ]
