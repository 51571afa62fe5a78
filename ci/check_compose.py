"""Check the structure of docker-compose.yml, Dockerfile and .dockerignore.

`bin/ci containers` calls it. It needs no Docker: it proves that names agree, that who waits for a
health check waits for one that exists, that nothing in the set-up loses a job, and that only what
is named and locked gets into the image. It does not replace a `docker compose up`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {"web", "worker", "fake", "migrate", "postgres", "valkey"}
KNOWN_KEYS = {
    "build",
    "command",
    "configs",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "init",
    "ports",
    "restart",
    "stop_grace_period",
    "volumes",
}
CONDITIONS = {"service_healthy", "service_completed_successfully", "service_started"}
#: The default of `runjobs --timeout`, in seconds.
WORKER_TIMEOUT_SECONDS = 25
VALKEY_OPTIONS = ("--appendonly yes", "--maxmemory-policy noeviction")
#: What may lie beside the code by mistake and must not get into an image.
SECRETS = ("**/.env*", "**/*.key", "**/*.pem", "**/*.sqlite3*")
#: The instructions that the Dockerfile cannot do without.
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


def main() -> int:
    """Print everything that is wrong, and return the exit code."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    complaints = [
        *check_compose(compose),
        *check_dockerfile((ROOT / "Dockerfile").read_text()),
        *check_dockerignore((ROOT / ".dockerignore").read_text()),
    ]
    print(
        "\n".join(complaints) or "Dockerfile, docker-compose.yml and .dockerignore hold together."
    )
    return 1 if complaints else 0


def check_compose(compose: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the services and between them."""
    services = compose["services"]
    if services.keys() != SERVICES:
        yield f"the services must be {sorted(SERVICES)}, not {sorted(services)}."
    for name, service in services.items():
        yield from (f"{name}: {complaint}" for complaint in check_service(service, compose))
    if seconds(services["worker"].get("stop_grace_period", "10s")) <= WORKER_TIMEOUT_SECONDS:
        yield (
            "worker: stop_grace_period must be longer than its timeout, "
            f"{WORKER_TIMEOUT_SECONDS} s."
        )
    for option in VALKEY_OPTIONS:
        if option not in services["valkey"]["command"]:
            yield f"valkey: it may lose jobs without {option}."


def check_service(service: dict[str, Any], compose: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one service."""
    if unknown := service.keys() - KNOWN_KEYS:
        yield f"unknown keys {sorted(unknown)}."
    if "image" not in service:
        yield "it has no image."
    if "test" not in service.get("healthcheck", {}) and service["restart"] != "no":
        yield "it runs on and has no health check."
    for mount in service.get("volumes", []):
        if mount.partition(":")[0] not in compose["volumes"]:
            yield f"the volume of {mount} is not declared."
    for other, wait in service.get("depends_on", {}).items():
        yield from check_dependency(other, wait, compose["services"])
    yield from check_variables(service.get("environment", {}))


def check_dependency(name: str, wait: dict[str, str], services: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with waiting for a service."""
    condition = wait.get("condition")
    if name not in services:
        yield f"it waits for {name}, which does not exist."
    elif condition not in CONDITIONS:
        yield f"it waits for {name} in an unknown way: {condition}."
    elif condition == "service_healthy" and "test" not in services[name].get("healthcheck", {}):
        yield f"it waits for the health of {name}, which has no check."
    elif condition == "service_completed_successfully" and services[name]["restart"] != "no":
        yield f"it waits for the end of {name}, which never ends."


def check_variables(environment: dict[str, str]) -> Iterator[str]:
    """Yield the variables of ours that `.env.example` does not explain."""
    documented = set(
        re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    ours = {name for name in environment if not name.startswith("POSTGRES_")}
    asked_for = {
        name for value in environment.values() for name in re.findall(r"\$\{([A-Z_]+)", value)
    }
    for name in sorted((ours | asked_for) - documented):
        yield f"{name} is not in .env.example."


def check_dockerfile(text: str) -> Iterator[str]:
    """Yield what is wrong with the Dockerfile."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    instructions = [(line.split()[0], line) for line in lines if line.strip()]
    missing = INSTRUCTIONS - {word for word, _ in instructions}
    if missing:
        yield f"Dockerfile: {sorted(missing)} is missing."
    for word, line in instructions:
        if word not in INSTRUCTIONS | {"ENV", "ARG"}:
            yield f"Dockerfile: there is no instruction {word}."
        if word == "CMD" and not re.search(r'CMD \[".*"\]$', line):
            yield (
                "Dockerfile: CMD must be a list, or a shell stands between the process and its "
                "signals."
            )
        if "pip install" in line and "--require-hashes" not in line:
            yield "Dockerfile: pip must check the hashes of the lock: --require-hashes."
        if word == "USER" and line.split()[1] in {"root", "0"}:
            yield "Dockerfile: it must not run as root."
        yield from (
            f"Dockerfile: {name} does not exist." for name in copied(word, line) if not exists(name)
        )


def check_dockerignore(text: str) -> Iterator[str]:
    """Yield what is wrong with the list of what gets into the image."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if lines[:1] != ["*"]:
        yield ".dockerignore: it must begin with *, so that only what is named gets in."
    named = [line.removeprefix("!") for line in lines if line.startswith("!")]
    yield from (f".dockerignore: {name} does not exist." for name in named if not exists(name))
    last_named = max((n for n, line in enumerate(lines) if line.startswith("!")), default=0)
    for secret in SECRETS:
        if secret not in lines[last_named:]:
            yield f".dockerignore: {secret} must stand behind what is named."


def exists(name: str) -> bool:
    """Tell whether the project has such a file or folder."""
    return (ROOT / name).exists()


def copied(word: str, line: str) -> list[str]:
    """Return what a COPY takes from the project."""
    return line.split()[1:-1] if word == "COPY" else []


def seconds(duration: str) -> float:
    """Return a duration of Compose in seconds: `35s`, `1m30s`."""
    units = {"s": 1, "m": 60, "h": 3600}
    return sum(
        float(number) * units[unit] for number, unit in re.findall(r"(\d+)([smh])", duration)
    )


if __name__ == "__main__":
    sys.exit(main())
