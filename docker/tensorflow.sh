#!/bin/sh
# Puts TensorFlow beside the service, .tensorflow/ and a link in node_modules/: docker/tensorflow.sh [--gpu]
set -eu
cd "$(dirname "$0")/.."
node scripts/setup-tensorflow.mjs "$@"

# The addon is built: headers have done their duty. Source maps and declarations are for developers.
rm -rf .tensorflow/npm/node_modules/node-api-headers .tensorflow/*/tensorflow/include
find .tensorflow/npm -type f \( -name '*.map' -o -name '*.d.ts' \) -delete
