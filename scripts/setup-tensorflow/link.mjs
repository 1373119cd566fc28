import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const PACKAGE = '@tensorflow/tfjs-node-gpu';

/** A relative link, so that the checkout can be moved. */
export function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true });
  symlinkSync(relative(dirname(path), target), path);
}

/** Links what `setup:tensorflow` set up last into node_modules, from where `npm ci` removes it. */
export function linkTensorflow(root) {
  const current = join(root, '.tensorflow/current');
  const path = join(root, 'node_modules', PACKAGE);
  if (existsSync(current) && !existsSync(path)) link(current, path);
}
