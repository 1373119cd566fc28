#!/bin/sh
# Puts into a folder what the service needs to run, and no more: docker/assemble.sh FOLDER [on]
# The second word brings Dawn, which RUNTIME=webgpu computes on.
set -eu
cd "$(dirname "$0")/.."
app=$1
webgpu=${2:-off}

# The npm package, with this platform's native kernels alone.
node scripts/build-package.mjs --for-image
mkdir -p "$app"
cp -R dist/package/. "$app"
find "$app/prebuilds" -mindepth 1 -maxdepth 1 ! -name "linux-$(node -p process.arch)" -exec rm -r {} +

# Beside it the packages that it does not bring itself, in the versions that the lock has. Everything was fetched a
# moment ago, so npm's cache has it.
modules=$(mktemp -d)
cp package-lock.json "$modules"
node scripts/build-package/image-manifest.mjs "$app/package.json" "$webgpu" > "$modules/package.json"
npm install --prefix "$modules" --ignore-scripts --no-audit --no-fund --prefer-offline
cp -R "$modules/node_modules/." "$app/node_modules"
rm -r "$modules"

# The package webgpu has Dawn for every platform, 20 to 40 MB each.
dawn=$app/node_modules/webgpu/dist
if [ -d "$dawn" ]; then
  find "$dawn" -mindepth 1 -maxdepth 1 -type d ! -name "linux-$(node -p process.arch)" -exec rm -r {} +
fi
# Source maps and declarations are for developers.
find "$app" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
