import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { findModel } from './model-store.ts';

/**
 * The absolute path that MODEL means: what begins with `.` or is absolute, and what exists, is a path; the rest is the
 * id of a model in MODELS_DIR.
 * @throws EngineError `config_invalid` when it is neither; as `findModel`
 */
export async function resolveModelPath(model: string, modelsDir: string): Promise<string> {
  const path = resolve(model);
  if (model.startsWith('.') || isAbsolute(model) || (await exists(path))) return path;
  const stored = await findModel(modelsDir, model);
  if (stored !== undefined) return stored.path;
  throw new EngineError(
    'config_invalid',
    `MODEL is '${model}': there is no such path, and no model of that id in ${modelsDir}; ` +
      `'npm run models -- pull ${model}' fetches one, 'npm run models -- list' says which are there`,
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
