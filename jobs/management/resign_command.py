"""The sub-command of `manage.py jobs` that signs what is in Redis."""

from django.core.management.base import CommandError, OutputWrapper

from jobs import control
from jobs.conf import get_settings
from jobs.control import Resigning
from jobs.management.job_commands import Add
from jobs.management.terminal import counted
from jobs.store.reader import Reader

_HELP = (
    "Say which jobs lack a signature of the newest secret key, or arguments sealed with it; exit 1 "
    "if some are not trusted, or could not be looked at."
)


class ResignCommand:
    """The part of the command that declares and runs it."""

    stdout: OutputWrapper
    reader: Reader

    def add_resign(self, add: Add) -> None:
        """Declare it by means of `add`."""
        command = add("resign", self.resign, _HELP)
        command.add_argument(
            "--write",
            action="store_true",
            help="Sign and seal them. What is unsigned is signed too, so you must trust it.",
        )

    def resign(self, *, write: bool, **options: object) -> None:
        """Print what lacks a signature, and what was signed."""
        found = control.resign(self.reader, write=write)
        self.stdout.write(f"Looked at {counted(found.jobs, 'job')}.")
        if get_settings().sign == "off":
            self.stdout.write("JOBS['SIGN'] is 'off', so only encrypted arguments matter.")
        self._tell_of_lacking(found, write=write)
        if found.unreadable:
            self.stdout.write(f"Left alone, as nobody can read them: {found.unreadable:,}.")
        if found.untrusted:
            raise CommandError(
                f"Left alone, as their signature is wrong: {found.untrusted:,}. Add the key that "
                "signed them to SECRET_KEY_FALLBACKS, or find out who wrote them: python manage.py "
                "jobs doctor"
            )
        if self.reader.problems:  # each is told in a line of its own
            raise CommandError(
                "Redis did not let it look at everything, so there may be more. Keep the older "
                "keys until it has looked at all."
            )

    def _tell_of_lacking(self, found: Resigning, *, write: bool) -> None:
        if not found.lacking:
            self.stdout.write("None lacks the newest key.")
            return
        self.stdout.write(
            f"Without a signature: {found.unsigned:,}. Of an older key: {found.older:,}."
        )
        if not write:
            self.stdout.write(
                "Nothing was changed. If you trust all of them, run: python manage.py jobs resign "
                "--write"
            )
            return
        self.stdout.write(f"Written with the newest key: {found.lacking - found.missed:,}.")
        if found.missed:
            self.stdout.write(f"Changed by others meanwhile: {found.missed:,}. Run it once more.")
