import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { onePackage, pythonProgram, type Found } from '../support/python-program.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The manifests of docker/kubernetes against the schemas of Kubernetes, by a program that is not ours. */

const FOLDER = fileURLToPath(new URL('../../docker/kubernetes', import.meta.url));
/** Those of kinds that Kubernetes itself has; the rest want definitions of others. */
const { resources } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as {
  resources: string[];
};

let found: Found;
beforeAll(async () => {
  found = await pythonProgram('kubernetes-validate', onePackage('kubernetes-validate==1.37.0'));
}, 600_000);

/** An older version of Kubernetes that is still in use, and the newest that the program knows. */
const VERSIONS = ['1.31', '1.37'];

function validate(program: string, files: readonly string[]): { status: number | null; output: string } {
  const versions = VERSIONS.flatMap((version) => ['--kubernetes-version', version]);
  const { status, stdout, stderr } = spawnSync(program, ['--strict', '--quiet', ...versions, ...files], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('docker/kubernetes', () => {
  it('has fields that Kubernetes knows, of types that it takes', ({ skip }) => {
    const { program } = 'program' in found ? found : skip(found.reason);
    expect(resources.length).toBeGreaterThan(3);
    expect(
      validate(
        program,
        resources.map((name) => join(FOLDER, name)),
      ),
    ).toEqual({ status: 0, output: '' });
    const misspelt = join(tempDirectory(), 'deployment.yaml');
    const text = readFileSync(join(FOLDER, 'deployment.yaml'), 'utf8');
    writeFileSync(misspelt, text.replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem'));
    expect(validate(program, [misspelt]).output).toContain('readOnlyRootFileSystem');
  });
});
