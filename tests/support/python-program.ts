import { join } from 'node:path';
import { CACHE, installPythonEnvironment, type PythonPackages } from '../../scripts/install-packages.ts';

/** A program that tests run, or why there is none here. */
export type Found = { readonly program: string } | { readonly reason: string };

/**
 * A program of a package of PyPI, which is installed unless it is there. Where it cannot be, its tests are skipped, or fail
 * with `TEST_NAME=required`.
 */
export async function pythonProgram(name: string, packages: PythonPackages): Promise<Found> {
  try {
    return { program: join(await installPythonEnvironment(join(CACHE, name), packages), name) };
  } catch (error) {
    if (process.env[`TEST_${name.toUpperCase().replaceAll('-', '_')}`] === 'required') throw error;
    return { reason: `${name} cannot be installed: ${String(error)}` };
  }
}

/** One package, of one version. */
export const onePackage = (requirement: string): PythonPackages => ({
  what: [requirement],
  key: requirement,
});
