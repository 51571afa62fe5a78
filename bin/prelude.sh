# Sourced first by every script in bin/: go to the project root, name the output, answer "help".
# It must stay free of anything that needs the virtual environment: it runs in a fresh clone.

name="bin/$(basename "$0")"
script="$(cd "$(dirname "$0")" && pwd)/$(basename "$0")"
cd "$(dirname "$script")/.."

# The virtual environment; VENV names another one, so that two Python versions can live side by side.
export VENV="${VENV:-.venv}"

# Images of Python set it; then each of the hundreds of processes that tests start compiles everything anew.
unset PYTHONDONTWRITEBYTECODE

say() { echo "[$name] $*"; }
fail() { say "$*" >&2; exit 1; }

# The comment at the head of a script is its help.
case "${1:-}" in
help | -h | --help)
  awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$script"
  exit 0
  ;;
esac
