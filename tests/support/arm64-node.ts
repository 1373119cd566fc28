import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, installNodeFor } from '../../scripts/install-packages.ts';

/** What Debian's qemu-user-static and libstdc++6-arm64-cross bring. */
const EMULATOR = 'qemu-aarch64-static';
const LIBRARIES = '/usr/aarch64-linux-gnu';

/** The command that runs Node for arm64 here, or why there is none. */
export type Arm64Node =
  { command: readonly string[]; reason?: undefined } | { command?: undefined; reason: string };

/** Node for arm64 in an emulator; with `TEST_ARM64=required` a test that finds none fails. */
export async function arm64Node(): Promise<Arm64Node> {
  const found = await find();
  if (found.reason !== undefined && process.env['TEST_ARM64'] === 'required') throw new Error(found.reason);
  return found;
}

async function find(): Promise<Arm64Node> {
  const reason = whatIsMissing();
  if (reason !== undefined) return { reason };
  try {
    const node = await installNodeFor('linux-arm64', join(CACHE, 'node-arm64'), 20);
    return { command: [EMULATOR, '-L', LIBRARIES, node] };
  } catch (error) {
    return { reason: `npm could not install Node for arm64: ${String(error)}` };
  }
}

function whatIsMissing(): string | undefined {
  if (spawnSync(EMULATOR, ['--version']).status !== 0) return `there is no ${EMULATOR}`;
  return existsSync(join(LIBRARIES, 'lib/libstdc++.so.6')) ? undefined : 'there is no libstdc++6-arm64-cross';
}
