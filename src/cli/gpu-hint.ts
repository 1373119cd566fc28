import { existsSync } from 'node:fs';
import { dawnFolderOf, findDawn } from '../runtime/webgpu/dawn.ts';

/** What Linux's driver of a GPU offers to programs. */
const LINUX_GPU = '/dev/dri/renderD128';

export interface GpuSurroundings {
  readonly hasGpu: boolean;
  readonly hasDawn: boolean;
}

/** Every Mac has a GPU. On Windows it is not looked for. */
export const gpuSurroundings = (): GpuSurroundings => ({
  hasGpu:
    dawnFolderOf(process.platform, process.arch) !== undefined &&
    (process.platform === 'darwin' || existsSync(LINUX_GPU)),
  hasDawn: findDawn() !== undefined,
});

/** Told where `auto` could not look at the GPU that there is, since its part was not fetched. */
export const gpuHint = (runtime: string, { hasGpu, hasDawn }: GpuSurroundings): string =>
  runtime === 'auto' && hasGpu && !hasDawn
    ? 'GPU:  there is one, which is not used; `npx tokenflare setup webgpu` fetches what it takes\n'
    : '';
