#!/usr/bin/env bash
# Builds the editor into web/dist.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/node.sh
npm --prefix web ci --no-audit --no-fund --loglevel=error
npm --prefix web run --silent build
