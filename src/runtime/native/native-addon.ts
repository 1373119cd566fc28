import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../errors.ts';
import type { KernelAddon } from '../kernels/kernel-addon.ts';
import { messageOf } from '../../values.ts';

const require = createRequire(import.meta.url);
/** Of the checkout: compiled code lies in dist/src/runtime/native, the sources in src/runtime/native. */
const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../../../', import.meta.url);

/** What was compiled here before what came with the sources. */
function addonPaths(): string[] {
  const { platform, arch } = process;
  const libc = platform !== 'linux' ? '' : findLibc() ? '.glibc' : '.musl';
  const places = [
    `dist/native/${platform}-${arch}.node`,
    `prebuilds/${platform}-${arch}/tokenflare${libc}.node`,
  ];
  return places.map((place) => fileURLToPath(new URL(place, ROOT)));
}

let runsOnGlibc: boolean | undefined;

/**
 * Whether Node runs with glibc; it is looked for once. Node asks all threads of the process for it, so one that waits in the
 * kernel, as that of `serveJobs` does, is waited for without end: such a process calls this before it has the thread.
 */
export const findLibc = (): boolean => (runsOnGlibc ??= isGlibc());

/** Node says which version of glibc it runs with, and nothing elsewhere. */
function isGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

/** @throws EngineError `backend_unavailable` where there is no addon for this machine */
export function loadAddon(): KernelAddon {
  const path = addonPaths().find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const machine = `${process.platform} on ${process.arch}`;
    throw new EngineError(
      'backend_unavailable',
      `there are no native kernels for ${machine}; with a C++ compiler \`npm run build:native\` makes them`,
    );
  }
  try {
    return require(path) as KernelAddon;
  } catch (cause) {
    throw new EngineError('backend_unavailable', `the native kernels cannot be loaded: ${messageOf(cause)}`, {
      cause,
    });
  }
}
