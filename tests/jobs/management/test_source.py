"""An import finds its place among those that are there."""

import pytest

from jobs.management.source import LAST, Source

CLASS = "\n\nclass A:\n    pass\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "from jobs import Job\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nfrom jobs import Job\n'),
        ('"""Doc."""' + CLASS, '"""Doc."""\n\nfrom jobs import Job' + CLASS),
        ('"""Doc."""\nX = 1\n', '"""Doc."""\n\nfrom jobs import Job\n\nX = 1\n'),
        ("import os\n" + CLASS, "import os\n\nfrom jobs import Job\n" + CLASS),
        (
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\nfrom jobs import Job\n",
        ),
        (
            "from django.db import models\n\nfrom orders.models import Order\n" + CLASS,
            "from django.db import models\nfrom jobs import Job\n\n"
            "from orders.models import Order\n" + CLASS,
        ),
        (
            "from orders.models import Order\n",
            "from jobs import Job\n\nfrom orders.models import Order\n",
        ),
        ("from . import steps\n", "from jobs import Job\n\nfrom . import steps\n"),
        ("import requests\n", "import requests\nfrom jobs import Job\n"),
        (
            "from django.db import (\n    models,\n)\nfrom redis import Redis\n",
            (
                "from django.db import (\n    models,\n)\n"
                "from jobs import Job\nfrom redis import Redis\n"
            ),
        ),
        (
            "import os\n\nX = 1\n\nimport sys\n",
            "import os\n\nfrom jobs import Job\n\nX = 1\n\nimport sys\n",
        ),
        ("X = 1\n", "from jobs import Job\n\n\nX = 1\n"),
    ],
)
def test_import_stands_where_a_linter_wants_it(before, after):
    assert Source(before).with_import("from jobs import Job").text == after


def test_own_module_stands_below_what_is_installed():
    source = Source("from jobs import Job\n").with_import("from orders.a import A")

    assert source.text == "from jobs import Job\n\nfrom orders.a import A\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from jobs import Discard, Job\n", "Job"),
        ("from jobs import Job as Work\n", "Work"),
        ("import jobs\n", "jobs.Job"),
        ("import jobs as background\n", "background.Job"),
        ("from shop.models import Job\n", None),
        ("from .jobs import Job\n", None),
        ("class Job: pass\n", None),
        ("# from jobs import Job\n", None),
    ],
)
def test_name_by_which_a_module_knows_a_class(text, name):
    assert Source(text).name_of("jobs", "Job") == name


def test_plain_import_stands_above_those_of_names():
    source = Source("from orders import a\n").with_import("import orders.b  # noqa: F401")

    assert source.text == "import orders.b  # noqa: F401\nfrom orders import a\n"


def test_last_imports_are_one_block():
    source = Source("X = 1\n")
    for name in ("b", "a", "b"):
        source = source.with_last_import(f"import orders.{name}{LAST}")

    assert source.text == f"X = 1\n\n\nimport orders.a{LAST}\nimport orders.b{LAST}\n"


def test_class_is_found_by_its_name_and_not_in_a_text():
    source = Source('"""\nclass TextJob:\n"""\n\n\nclass RealJob:\n    pass\n')

    assert source.defines("RealJob")
    assert not source.defines("TextJob")
