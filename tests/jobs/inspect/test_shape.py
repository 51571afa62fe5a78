"""The shape of a message: what jobs that failed alike have in common."""

import time
from collections import defaultdict

import pytest

from jobs.inspect import shape_of
from jobs.inspect.shape import MOST_CHARACTERS
from tests.jobs.inspect.message_families import FAMILIES, NEIGHBOURS


def test_there_are_enough_families_of_five_different_messages():
    assert len([name for name, messages in FAMILIES.items() if len(set(messages)) >= 5]) >= 20


@pytest.mark.parametrize("name", FAMILIES)
def test_no_family_is_split(name):
    assert len({shape_of(message) for message in FAMILIES[name]}) == 1


def test_no_two_families_are_joined():
    families = defaultdict(set)
    for name, messages in FAMILIES.items():
        for message in messages:
            families[shape_of(message)].add(name)
    for message in NEIGHBOURS:
        families[shape_of(message)].add(message)

    assert [names for names in families.values() if len(names) > 1] == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_shape_comes_back_as_it_is_from_an_address(name):
    shape = shape_of(FAMILIES[name][0])

    assert shape == " ".join(shape.split())
    assert len(shape) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    "message",
    [
        "'" * 10_000,
        "+" * 10_000,
        "(1, 'a" * 2_000,
        "'a" * 5_000,
        "<" * 10_000,
        "/a" * 5_000,
        "a@" * 5_000,
        "[" * 10_000,
        "1 " * 5_000,
        "(1, '" * 2_000,
        "\\" * 10_000,
        "<a: " * 2_500,
        "Mon, " * 2_000,
    ],
)
def test_no_message_takes_long(message):
    started = time.process_time()
    for _ in range(10):
        shape_of(message)

    assert time.process_time() - started < 1
