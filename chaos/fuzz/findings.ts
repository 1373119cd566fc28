import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FuzzScript } from './fuzz-script.ts';

/** A fault, and what was sent: the requests that were under way together, the one that met the fault first. */
export interface Finding {
  readonly kind: string;
  readonly seed: number;
  readonly fault: string;
  readonly scripts: readonly FuzzScript[];
}

interface KeptStep {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  /** The bytes; null: there is no body. */
  readonly bodyBase64: string | null;
}

interface KeptFinding extends Omit<Finding, 'scripts'> {
  readonly scripts: readonly (readonly KeptStep[])[];
}

const DIRECTORY = fileURLToPath(new URL('../../dist/chaos-findings', import.meta.url));

/** Writes it to a file of its own, and says which. */
export function keepFinding(
  { scripts, ...about }: Finding,
  number: number,
  directory: string = DIRECTORY,
): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${about.kind}-${about.seed}-${number}.json`);
  const kept: KeptFinding = {
    ...about,
    scripts: scripts.map((steps) =>
      steps.map(({ body, ...step }) => ({ ...step, bodyBase64: body?.toString('base64') ?? null })),
    ),
  };
  writeFileSync(path, JSON.stringify(kept, null, 1));
  return path;
}

export function readFinding(path: string): Finding {
  const { scripts, ...about } = JSON.parse(readFileSync(path, 'utf8')) as KeptFinding;
  return {
    ...about,
    scripts: scripts.map((steps) =>
      steps.map(({ bodyBase64, ...step }) => ({
        ...step,
        body: bodyBase64 === null ? undefined : Buffer.from(bodyBase64, 'base64'),
      })),
    ),
  };
}
