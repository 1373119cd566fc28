import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CACHE,
  installNpmPackages,
  installPythonEnvironment,
  requirementsOf,
  type Packages,
} from '../../scripts/install-packages.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const requirements = JSON.parse(readFileSync(here('requirements.json'), 'utf8')) as Record<string, Packages>;

/** Exact versions of the packages that a client's script imports, by name; none for what Node has itself. */
export const packagesOf = (client: string): Packages => requirements[client] ?? {};

/**
 * A folder whose node_modules hold the packages of `packagesOf`, installed unless they are there. Clients need versions
 * that contradict each other.
 */
export async function installNodeClient(client: string): Promise<string> {
  const folder = join(CACHE, 'clients', client);
  await installNpmPackages(folder, packagesOf(client));
  return folder;
}

/** The Python of a virtual environment that holds requirements.txt. */
export async function installPythonClients(): Promise<string> {
  const packages = await requirementsOf(here('requirements.txt'));
  return join(await installPythonEnvironment(join(CACHE, 'clients/python'), packages), 'python');
}
