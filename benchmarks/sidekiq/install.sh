#!/bin/sh
# Install Sidekiq into a folder of its own: `benchmarks/sidekiq/install.sh FOLDER`. RUBY names another ruby.
#
# Where gems cannot be downloaded, lay the unpacked gems sidekiq, redis-client and connection_pool into
# FOLDER/gems/NAME-VERSION yourself; nothing else is needed.
set -eu
folder=${1:?"Say which folder: benchmarks/sidekiq/install.sh FOLDER"}
ruby=${RUBY:-ruby}

has_sidekiq() { ls "$folder"/gems/sidekiq-*/bin/sidekiq > /dev/null 2>&1; }

if ! command -v "$ruby" > /dev/null; then
  echo "There is no $ruby. Install one (Debian: apt-get install ruby), or name another by RUBY." >&2
  exit 1
fi
if has_sidekiq; then
  exit 0
fi
# The last version for the ruby of Debian 12; version 8 needs Ruby 3.2.
version=$("$ruby" -e 'puts RUBY_VERSION >= "3.2" ? "~> 8.0" : "~> 7.3"')
"$ruby" -e 'require "rubygems/gem_runner"; Gem::GemRunner.new.run(ARGV)' -- \
  install --no-document --install-dir "$folder" sidekiq --version "$version" >&2 || true
if ! has_sidekiq; then
  echo "Sidekiq could not be installed into $folder; see above." >&2
  exit 1
fi
