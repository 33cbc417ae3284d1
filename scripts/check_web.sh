#!/usr/bin/env bash
# Format, lint, types and unit tests of the editor.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/node.sh
npm --prefix web run --silent check
npm --prefix web test --silent
