"""What the system checks say of signing, and what the setting may be."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from jobs.conf import problems
from jobs.features.signing.checks import check_secret_key
from jobs.protection import protection, secret_keys


@pytest.mark.parametrize("value", ["off", "sign", "require"])
def test_known_values_are_right(value):
    assert problems({"SIGN": value}) == []


@pytest.mark.parametrize("value", ["on", "", True, None, ["sign"]])
def test_wrong_value_is_told_with_those_that_there_are(value):
    (problem,) = problems({"SIGN": value})

    assert problem.startswith("JOBS['SIGN'] must be 'off', 'sign' or 'require'")


@pytest.mark.parametrize(
    ("key", "fallbacks"),
    [("django-insecure-abc", ()), ("good", ("django-insecure-abc",)), (b"django-insecure-a", ())],
)
def test_insecure_key_is_an_error_where_signatures_are_required(signing, key, fallbacks):
    signing("require", key, fallbacks)
    (error,) = check_secret_key(None)
    assert error.id == "jobs.E009"
    assert "secrets.token_urlsafe" in str(error.hint)

    signing("sign", key, fallbacks)
    assert check_secret_key(None) == []


@pytest.mark.parametrize("mode", ["off", "sign", "require"])
def test_missing_key_is_an_error_where_jobs_are_signed(signing, mode):
    signing(mode, "")

    told = [(error.id, error.msg) for error in check_secret_key(None)]

    text = f"JOBS['SIGN'] is '{mode}', but SECRET_KEY is empty: no job can be signed."
    assert told == ([] if mode == "off" else [("jobs.E009", text)])


def test_good_keys_are_no_error(signing):
    signing("require", "good", ("also good",))

    assert check_secret_key(None) == []


def test_wrong_settings_are_told_by_another_check(settings):
    settings.JOBS = {**settings.JOBS, "SIGN": "wrong"}

    assert check_secret_key(None) == []
    assert protection.signer is None


def test_nobody_signs_by_default():
    assert protection.signer is None


def test_no_key_is_needed_before_something_is_signed(signing):
    signing("require", "")
    assert protection.signer is not None

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        protection.signer.sign(b"{}", "id", "default")


@pytest.mark.parametrize("missing", ["", None, b""])
def test_fallback_that_is_missing_is_no_key(signing, missing):
    """`os.environ.get("OLD_KEY")` may find nothing, and everybody could sign with that."""
    signing("require", "new", (missing, "old"))

    assert secret_keys() == [b"new", b"old"]
