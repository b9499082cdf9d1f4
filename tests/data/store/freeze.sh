#!/bin/sh
# Writes the fixture of a schema version, once, when the version is released: freeze.sh N.
# A fixture is never written again; until then it follows the schema.
set -eu
cd "$(dirname "$0")"
version=$1
: > "v$version.sql"
for step in $(seq -f %03g 1 "$version"); do cat "../../../daemon/store/migrations/$step.sql" >> "v$version.sql"; done
cat "rows-v$version.sql" >> "v$version.sql"
