import { access, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineError } from '../../src/errors.ts';
import type { TrainOptions } from './train-options.ts';

export function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.safetensors');
}

/** The checkpoint from just before the learning rate fell. */
export function beforeDecayPath(directory: string): string {
  return join(directory, 'checkpoint-before-decay.safetensors');
}

/** All that a run writes. */
const FILES = [
  'checkpoint.safetensors',
  'checkpoint-before-decay.safetensors',
  'model.safetensors',
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'loss.svg',
  'README.md',
];

/**
 * Looks at the output directory before anything is read: hours of work may lie there.
 * @throws EngineError `config_invalid` for a directory with files of a run, unless the run is resumed or given up, and for
 * that of the model that the run begins with
 */
export async function checkDirectory({
  out,
  from,
  meanWith,
  resume,
  overwrite,
}: Pick<TrainOptions, 'out' | 'from' | 'meanWith' | 'resume' | 'overwrite'>): Promise<void> {
  for (const [flag, path] of [['--from', from] as const, ['--mean-with', meanWith] as const]) {
    if (path === undefined || resolve(path) !== resolve(out)) continue;
    throw new EngineError('config_invalid', `${flag} and --out are both ${path}: the model would be lost`);
  }
  if (resume && !(await isThere(checkpointPath(out)))) {
    throw new EngineError('config_invalid', `--out ${out} has no checkpoint that --resume could go on from`);
  }
  if (resume || overwrite) return;
  const found = await filesIn(out);
  if (found.length === 0) return;
  throw new EngineError(
    'config_invalid',
    `--out ${out} has files that this run would write: ${found.join(', ')}; ` +
      '--resume goes on with the run that is there, --overwrite removes it, or name another directory',
  );
}

/** Removes what another run has written. */
export async function clearDirectory(out: string): Promise<void> {
  for (const name of await filesIn(out)) await rm(join(out, name));
}

async function filesIn(directory: string): Promise<string[]> {
  const areThere = await Promise.all(FILES.map((name) => isThere(join(directory, name))));
  return FILES.filter((_, index) => areThere[index]);
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
