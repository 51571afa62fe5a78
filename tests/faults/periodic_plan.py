"""What the schedules of `periodic_jobs` are, for those who reckon their ticks by hand."""

#: The environment variable that says which version of the code a supervisor has.
VERSION_VARIABLE = "PERIODIC_VERSION"
#: How many schedules are the same in both versions and tick each second.
STEADY = 16


def period_of(name: str, version: int) -> int:
    """Return the seconds between two ticks of an entry.

    All ticks are multiples of it.
    """
    if name.startswith("faults.MinuteJob"):
        return 60
    return version if name.startswith("faults.PeriodJob") else 1


def has_version(name: str) -> bool:
    """Tell whether the jobs of an entry say which version made them."""
    return name.startswith("faults.ArgumentsJob")
