"""The tables of the fake services."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Behavior",
            fields=[
                ("service", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("throttle", models.BooleanField(default=False)),
                ("crash", models.BooleanField(default=False)),
                (
                    "when",
                    models.CharField(
                        choices=[("before", "Before the work"), ("after", "After the work, answer lost")],
                        default="before",
                        max_length=10,
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[("writes", "Writes only"), ("everything", "Everything")],
                        default="everything",
                        max_length=10,
                    ),
                ),
                (
                    "sleep_seconds",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(300)]
                    ),
                ),
                (
                    "remaining_requests",
                    models.PositiveIntegerField(
                        blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=12, unique=True)),
                ("request", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("key_digest", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ("is_declined", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Email",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=12, unique=True)),
                ("request", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("search_digest", models.CharField(db_index=True, editable=False, max_length=64)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FulfillmentRequest",
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
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=12, unique=True)),
                ("request", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
