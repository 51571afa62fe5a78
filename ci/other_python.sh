#!/usr/bin/env bash
# Print a Python of the other pair: Django 5.2 runs on 3.11, Django 6 needs 3.12 or newer. `bin/ci other` calls it.
set -euo pipefail

own="$("${VENV:-.venv}/bin/python" -c 'import sys; print(sys.version_info >= (3, 12))')"
if [[ "$own" == True ]]; then wanted="== (3, 11)" minor=11; else wanted=">= (3, 12)" minor=13; fi

# A version manager may leave a python3.x on the PATH that only prints an error; it counts as absent.
fits() { "$1" -c "import sys, ensurepip; sys.exit(not sys.version_info[:2] $wanted)" >/dev/null 2>&1; }

pyenv="${PYENV_ROOT:-$HOME/.pyenv}/versions"
candidates=(python3.13 python3.12 python3.11 python3.14 "$pyenv"/3.13*/bin/python3 "$pyenv"/3.1[124]*/bin/python3)
if [[ -n "${OTHER_PYTHON:-}" ]]; then candidates=("$OTHER_PYTHON"); fi
for candidate in "${candidates[@]}"; do
  if fits "$candidate"; then echo "$candidate"; exit 0; fi
done

if [[ -n "${OTHER_PYTHON:-}" ]]; then
  echo "OTHER_PYTHON=$OTHER_PYTHON is no Python of the other pair, $wanted." >&2
  exit 1
fi

# Not on this machine: uv brings one.
uv="${VENV:-.venv}/bin/uv"
"$uv" python install "3.$minor" >&2 && "$uv" python find "3.$minor" && exit 0
echo "Python 3.$minor is needed for the other pair of Python and Django: install it, or set OTHER_PYTHON to one." >&2
exit 1
