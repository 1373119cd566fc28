#!/bin/sh
# Puts into a folder what the service needs to run, and no more: docker/assemble.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
app=$1

mkdir -p "$app/dist"
cp -R LICENSE model-weights openapi.yaml package.json package-lock.json "$app"
for part in kernels routes src; do cp -R "dist/$part" "$app/dist"; done
# The native kernels of the image's platform.
prebuilt=prebuilds/linux-$(node -p process.arch)
if [ -d "$prebuilt" ]; then
  mkdir -p "$app/prebuilds"
  cp -R "$prebuilt" "$app/prebuilds"
fi

cd "$app"
# Everything was fetched a moment ago, so npm's cache has it.
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline
# The package webgpu brings Dawn for every platform, 20 to 40 MB each.
dawn=node_modules/webgpu/dist
if [ -d "$dawn" ]; then
  find "$dawn" -mindepth 1 -maxdepth 1 -type d ! -name "linux-$(node -p process.arch)" -exec rm -r {} +
fi
# Source maps and declarations are for developers.
find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
rm package-lock.json
