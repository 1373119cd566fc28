import { EngineError } from '../../errors.ts';
import { dawnFolderOf } from './dawn.ts';

/** What to do where Dawn is not there. */
export function notInstalled(platform: string, arch: string): EngineError {
  const remedy =
    dawnFolderOf(platform, arch) === undefined
      ? `and npm has none for ${platform}-${arch}: use another runtime`
      : 'run `npx tokenflare setup webgpu`';
  return new EngineError('backend_unavailable', `Dawn is not installed: ${remedy}`);
}

/** What is known when the package `webgpu` (Dawn) could not be loaded. */
interface LoadFailure {
  error: unknown;
  platform: string;
  arch: string;
}

/** Why Dawn could not be loaded, and what to do about it, as an error for people. */
export function loadFailure({ error, platform, arch }: LoadFailure): EngineError {
  const message = error instanceof Error ? error.message : String(error);
  return new EngineError('backend_unavailable', `the webgpu runtime cannot start: ${explainLoad()}`, {
    cause: error,
  });

  function explainLoad(): string {
    if (/dawn\.node/.test(message) && /Cannot find module|no such file/i.test(message)) {
      return `the npm package \`webgpu\` has no binary for ${platform}-${arch}: use another runtime`;
    }
    const glibc = /version [`'](GLIBC(?:XX)?_[\d.]+)' not found/.exec(message);
    if (glibc) {
      return `Dawn's binary needs ${glibc[1] ?? 'a newer glibc'}, which this system's C library lacks: take a newer distribution`;
    }
    const library = /^(\S+\.so\S*): cannot open shared object file/.exec(message);
    if (library) return `the shared library ${library[1] ?? ''} is missing: install it`;
    return `the npm package \`webgpu\` does not load: ${message}`;
  }
}

/** What Dawn says about each adapter it must refuse, as the remedy for it. */
const ADAPTER_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /Couldn't load|libvulkan|cannot open shared object|Failed to load Vulkan/i,
    'there is no Vulkan loader: install libvulkan1 (Debian) and the driver of the GPU',
  ],
  [
    /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/i,
    'the Vulkan loader found no driver: install that of the GPU, or mesa-vulkan-drivers for a software device; ' +
      'a container needs NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility',
  ],
  [/required/i, 'the Vulkan driver is too old for Dawn: update it (Mesa 23 or later)'],
];

/** Why Dawn offers no adapter, told from what it printed while it looked for one. */
export function noAdapter(dawnLog: string): EngineError {
  const lines = dawnLog
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at ') && !line.includes('artificially reduced'));
  const remedy = ADAPTER_REMEDIES.find(([pattern]) => pattern.test(dawnLog))?.[1];
  const said = lines.length === 0 ? 'Dawn gave no reason' : `Dawn said: ${lines.join('; ')}`;
  return new EngineError(
    'backend_unavailable',
    `the webgpu runtime found no adapter: ${remedy ?? 'is there a GPU with a Vulkan driver?'} (${said})`,
    { details: { dawnLog: lines } },
  );
}
