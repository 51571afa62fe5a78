"""The pytest plugin, in a project of its own.

Jobs are fake by default, which a marker or the ini file changes.
"""

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
from jobs import Job
from jobs.sink import switch

class NoteJob(Job):
    def perform(self): pass

def test_fake_is_the_default(jobs_testing):
    NoteJob.enqueue()
    jobs_testing.assert_enqueued(NoteJob, count=1)

def test_each_test_starts_empty(jobs_testing):
    jobs_testing.assert_nothing_enqueued()

@pytest.mark.jobs("inline")
def test_marker_chooses():
    assert type(switch.current).__name__ == "InlineSink"

@pytest.fixture(scope="module")
def prepared():
    return NoteJob.using(commit="immediate").enqueue()

def test_fixture_of_a_module_needs_no_redis_either(prepared, jobs_testing):
    assert prepared.id
    jobs_testing.assert_nothing_enqueued()

def test_capture_is_a_fixture(capture_jobs):
    with capture_jobs() as captured:
        NoteJob.enqueue()
    assert len(captured) == 1
"""


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    monkeypatch.setenv(
        "PYTHONPATH", str(pytester.path) + ":" + str(pytest.__file__).rsplit("/", 2)[0]
    )
    pytester.makepyfile(TESTS)
    return pytester


def test_modes_by_default_and_by_marker(project, request, monkeypatch):
    monkeypatch.setenv("JOBS_REDIS_URL", "redis://127.0.0.1:1/0")
    result = project.runpytest_subprocess(
        "-p", "no:randomly", f"--rootdir={project.path}", *plugin_options(request)
    )

    result.assert_outcomes(passed=5)


def test_ini_option_chooses_for_all(project, request):
    project.makeini("[pytest]\njobs_mode = inline")

    result = project.runpytest_subprocess(
        "-p", "no:randomly", "-k", "default", *plugin_options(request)
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*collected in fake mode only*"])


EMBEDS = """
import pytest
import django

django.setup()
import jobs

worker = jobs.embed()  # as a wsgi.py does that a test imports

def test_import_runs_no_worker():
    assert worker is None

@pytest.mark.jobs("real")
def test_real_mode_runs_one():
    made = jobs.embed()
    assert made.is_running
    assert made.stop(20)
"""


def test_module_that_embeds_a_worker_may_be_imported(project, request):
    project.makepyfile(test_embedding=EMBEDS)

    result = project.runpytest_subprocess(
        "-p", "no:randomly", "test_embedding.py", *plugin_options(request)
    )

    result.assert_outcomes(passed=2)


def plugin_options(request):
    """Find this checkout's settings module from the other project's folder."""
    return ["-o", f"pythonpath={request.config.rootpath}"]
