import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';

interface WranglerPackage {
  readonly version: string;
  readonly bin: { readonly wrangler: string };
}

/** A wrangler that is installed. */
export interface Wrangler {
  readonly version: string;
  /** Of the script that Node runs. */
  readonly path: string;
}

/** Of 4: older ones make `env.AI` in a way of their own. */
const OLDEST_MINOR = 45;

/**
 * The wrangler of the project in a folder: that of the nearest `node_modules`, as Node would find it.
 *
 * @throws EngineError `config_invalid` when there is none that will do
 */
export function findWrangler(folder: string): Wrangler {
  const manifest = foldersFrom(folder)
    .map((one) => join(one, 'node_modules/wrangler/package.json'))
    .find((path) => existsSync(path));
  if (manifest === undefined) throw refusal(`there is no wrangler in ${folder} or above it`);
  const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8')) as WranglerPackage;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 4 || (major === 4 && minor < OLDEST_MINOR)) {
    throw refusal(`wrangler ${version} is too old, 4.${OLDEST_MINOR} or later will do`);
  }
  return { version, path: join(dirname(manifest), bin.wrangler) };
}

const refusal = (problem: string): EngineError =>
  new EngineError('config_invalid', `${problem}; run npm install --save-dev wrangler@4`);

/** A folder and all that it lies in, the nearest first. */
function foldersFrom(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersFrom(above)];
}
