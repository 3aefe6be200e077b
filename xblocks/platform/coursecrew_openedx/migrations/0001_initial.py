"""The tables of the first version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import coursecrew_openedx.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("place", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("name", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("settings", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("settings_number", models.IntegerField()),
                ("settings_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("settings_at", models.DateTimeField(blank=True, null=True)),
                ("wish", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=64)),
                ("held", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("origin", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("work_begun", models.BooleanField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_activity",
                "constraints": [
                    models.UniqueConstraint(fields=("course", "place"), name="crew_activity_bc0d85"),
                    models.UniqueConstraint(fields=("course", "name"), name="crew_activity_bb2e1d"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Asking",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_asking",
                "indexes": [
                    models.Index(fields=["team", "state"], name="crew_asking_2a9a3a"),
                    models.Index(fields=["team_set", "person", "state"], name="crew_asking_62b97e"),
                    models.Index(fields=["state", "expires"], name="crew_asking_641e7d"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Byline",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("submission", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("in_force", models.BooleanField()),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_byline",
                "indexes": [
                    models.Index(fields=["activity", "person"], name="crew_byline_b4bb7c"),
                    models.Index(fields=["activity", "in_force"], name="crew_byline_83cbee"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("submission", "person"), name="crew_byline_66e090")
                ],
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("pitch", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=280)),
                ("skills", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("hours", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_card",
                "constraints": [
                    models.UniqueConstraint(fields=("team_set", "person"), name="crew_card_871638")
                ],
            },
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("work", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("press", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("says", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=10)),
                ("at", models.DateTimeField()),
                ("reason", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=1000)),
            ],
            options={
                "db_table": "coursecrew_confirmation",
                "indexes": [models.Index(fields=["work"], name="crew_confirmation_00e13e")],
                "constraints": [
                    models.UniqueConstraint(fields=("press", "person"), name="crew_confirmation_41e41f")
                ],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("work", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("number", models.IntegerField()),
                ("texts", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_draft",
                "constraints": [models.UniqueConstraint(fields=("work",), name="crew_draft_00e13e")],
            },
        ),
        migrations.CreateModel(
            name="DraftVersion",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("work", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("number", models.IntegerField()),
                ("texts", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("author", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
            ],
            options={
                "db_table": "coursecrew_draft_version",
                "indexes": [models.Index(fields=["work", "number"], name="crew_draft_version_861d19")],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("detail", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("tries", models.IntegerField()),
                ("next_try", models.DateTimeField(blank=True, null=True)),
                ("error", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_event",
                "indexes": [
                    models.Index(fields=["state", "next_try"], name="crew_event_f2e12f"),
                    models.Index(fields=["activity"], name="crew_event_065186"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("due", models.DateTimeField()),
                ("closes", models.DateTimeField(blank=True, null=True)),
                ("reason", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "coursecrew_extension",
                "indexes": [
                    models.Index(fields=["activity", "team"], name="crew_extension_f3b48f"),
                    models.Index(fields=["activity", "person"], name="crew_extension_b4bb7c"),
                ],
            },
        ),
        migrations.CreateModel(
            name="File",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("name", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=120)),
                ("size", models.IntegerField()),
                ("checksum", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=64)),
                ("stored", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=64)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "coursecrew_file",
                "indexes": [models.Index(fields=["activity"], name="crew_file_065186")],
            },
        ),
        migrations.CreateModel(
            name="Grade",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("number", models.IntegerField()),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("total", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80, null=True)),
                ("account", coursecrew_openedx.fields.ExactTextField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                ("override", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80, null=True)),
                ("override_reason", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=1000)),
                ("override_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_grade",
                "indexes": [models.Index(fields=["activity", "state"], name="crew_grade_dd8664")],
                "constraints": [
                    models.UniqueConstraint(fields=("activity", "person"), name="crew_grade_b4bb7c")
                ],
            },
        ),
        migrations.CreateModel(
            name="GradebookCell",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("component", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("wanted", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80, null=True)),
                ("wanted_number", models.IntegerField()),
                ("comment", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("handed_in_at", models.DateTimeField(blank=True, null=True)),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("sent_number", models.IntegerField()),
                (
                    "sent_value",
                    coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80, null=True),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("stamp", models.DateTimeField(blank=True, null=True)),
                ("tries", models.IntegerField()),
                ("next_try", models.DateTimeField(blank=True, null=True)),
                ("answer", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_gradebook_cell",
                "indexes": [
                    models.Index(fields=["state", "next_try"], name="crew_gradebook_cell_f2e12f"),
                    models.Index(fields=["activity", "state"], name="crew_gradebook_cell_dd8664"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("activity", "person", "component"), name="crew_gradebook_cell_c7846d"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GradeVersion",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("number", models.IntegerField()),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("total", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80, null=True)),
                ("account", coursecrew_openedx.fields.ExactTextField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                ("cause", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
            ],
            options={
                "db_table": "coursecrew_grade_version",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("activity", "person", "number"), name="crew_grade_version_c924df"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("since", models.DateTimeField()),
                ("active", models.BooleanField()),
                ("duty", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_membership",
                "indexes": [models.Index(fields=["team"], name="crew_membership_ca8b22")],
                "constraints": [
                    models.UniqueConstraint(fields=("team_set", "person"), name="crew_membership_871638")
                ],
            },
        ),
        migrations.CreateModel(
            name="MembershipEvent",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("event", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("at", models.DateTimeField()),
                ("actor", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("reason", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
            ],
            options={
                "db_table": "coursecrew_membership_event",
                "indexes": [
                    models.Index(fields=["team"], name="crew_membership_event_ca8b22"),
                    models.Index(fields=["team_set", "person"], name="crew_membership_event_871638"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("event", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("kind", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("at", models.DateTimeField()),
                ("detail", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("read", models.BooleanField()),
                ("mail", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("tries", models.IntegerField()),
                ("next_try", models.DateTimeField(blank=True, null=True)),
                ("error", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_notice",
                "indexes": [
                    models.Index(fields=["activity", "person", "read"], name="crew_notice_4de85c"),
                    models.Index(fields=["mail", "next_try"], name="crew_notice_a3079c"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "person"), name="crew_notice_8e9b72")
                ],
            },
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("name", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("role", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("source", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("since", models.DateTimeField()),
                ("active", models.BooleanField()),
                ("excluded", models.BooleanField()),
                ("once_staff", models.BooleanField()),
                ("looks_on", models.BooleanField()),
                (
                    "named_role",
                    coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40, null=True),
                ),
                ("named_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("teams", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("zone", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=64)),
                ("language", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=16)),
                ("mail", models.BooleanField()),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_participant",
                "indexes": [
                    models.Index(fields=["course", "name"], name="crew_participant_bb2e1d"),
                    models.Index(fields=["course", "since"], name="crew_participant_d9db0d"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("course", "person"), name="crew_participant_6729bf")
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", coursecrew_openedx.fields.ExactCharField(max_length=32, unique=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "coursecrew_person",
            },
        ),
        migrations.CreateModel(
            name="RequestKey",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("key", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                ("answer", coursecrew_openedx.fields.ExactTextField(blank=True)),
            ],
            options={
                "db_table": "coursecrew_request_key",
                "indexes": [models.Index(fields=["at"], name="crew_request_key_b1d6b9")],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "key"), name="crew_request_key_0cce9d")
                ],
            },
        ),
        migrations.CreateModel(
            name="SettingsVersion",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("number", models.IntegerField()),
                ("settings", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "coursecrew_settings_version",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("activity", "number"), name="crew_settings_version_96c8ce"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffScore",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("work", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("submission", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("sheet", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("rubric", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("at", models.DateTimeField()),
                ("comment", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("complete", models.BooleanField()),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_staff_score",
                "indexes": [models.Index(fields=["activity"], name="crew_staff_score_065186")],
                "constraints": [models.UniqueConstraint(fields=("work",), name="crew_staff_score_00e13e")],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("work", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("round", models.IntegerField()),
                ("number", models.IntegerField()),
                ("texts", coursecrew_openedx.fields.ExactTextField(blank=True)),
                ("handed_in_at", models.DateTimeField()),
                ("by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("sealed_at", models.DateTimeField()),
                ("how", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_submission",
                "indexes": [
                    models.Index(fields=["activity", "state"], name="crew_submission_dd8664"),
                    models.Index(fields=["work"], name="crew_submission_00e13e"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("name", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("name_key", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("size", models.IntegerField()),
                ("motto", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=140)),
                ("leader", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("open", models.BooleanField()),
                ("created_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_team",
                "indexes": [
                    models.Index(fields=["team_set", "state", "name_key"], name="crew_team_224ef7"),
                    models.Index(fields=["team_set", "state", "size", "name_key"], name="crew_team_e5a564"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("team_set", "name_key"), name="crew_team_5e88d7")
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamSet",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("course", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("name", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=80)),
                ("min", models.IntegerField()),
                ("ideal", models.IntegerField()),
                ("max", models.IntegerField()),
                ("join", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=20)),
                ("public", models.BooleanField()),
                ("lock_at", models.DateTimeField(blank=True, null=True)),
                ("publish_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_team_set",
                "constraints": [
                    models.UniqueConstraint(fields=("course", "name"), name="crew_team_set_bb2e1d")
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("told_privacy", models.BooleanField()),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_visit",
                "constraints": [
                    models.UniqueConstraint(fields=("activity", "person"), name="crew_visit_b4bb7c")
                ],
            },
        ),
        migrations.CreateModel(
            name="Waiting",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("team_set", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("person", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("since", models.DateTimeField()),
            ],
            options={
                "db_table": "coursecrew_waiting",
                "indexes": [models.Index(fields=["team_set", "person"], name="crew_waiting_871638")],
                "constraints": [
                    models.UniqueConstraint(fields=("team", "person"), name="crew_waiting_b54a4e")
                ],
            },
        ),
        migrations.CreateModel(
            name="Work",
            fields=[
                (
                    "id",
                    coursecrew_openedx.fields.ExactCharField(
                        max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("activity", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("team", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("round", models.IntegerField()),
                ("state", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=40)),
                ("pressed_at", models.DateTimeField(blank=True, null=True)),
                ("pressed_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("confirm_until", models.DateTimeField(blank=True, null=True)),
                ("submission", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
                ("edited_by", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=32)),
                ("reason", coursecrew_openedx.fields.ExactCharField(blank=True, max_length=255)),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "coursecrew_work",
                "indexes": [models.Index(fields=["activity", "state"], name="crew_work_dd8664")],
                "constraints": [
                    models.UniqueConstraint(fields=("activity", "team", "round"), name="crew_work_729538")
                ],
            },
        ),
    ]
