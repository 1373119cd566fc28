#!/bin/sh
# Build stage: dependencies, kernels, TypeScript, in a copy of the repository.
set -eu
cd "$(dirname "$0")/.."
node scripts/setup.mjs
