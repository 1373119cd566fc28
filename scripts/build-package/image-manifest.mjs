/**
 * Prints a package.json of what an image needs beside dist/package: what that does not bring itself, and Dawn if it is
 * asked for. `node image-manifest.mjs PACKAGE_JSON on|off`
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [path, webgpu] = process.argv.slice(2);
const { dependencies, bundleDependencies } = JSON.parse(readFileSync(path, 'utf8'));
const root = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
const installed = Object.entries(dependencies).filter(([name]) => !bundleDependencies.includes(name));
if (webgpu === 'on') installed.push(['webgpu', root.devDependencies.webgpu]);
console.log(JSON.stringify({ private: true, dependencies: Object.fromEntries(installed) }));
