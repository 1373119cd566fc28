import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';
import { foreignWeights } from './foreign-weights.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { ggufModelsAmong, ggufPartPaths, missingPart, partOfName } from '../weights/gguf/gguf-parts.ts';
import { findModel } from './model-store.ts';

/** Any of these makes a folder a model, whole or not; what is missing of it is the loader's to say. */
const MODEL_FILES = ['config.json', 'tokenizer.json', 'model.safetensors', 'model.safetensors.index.json'];
const WHAT_IS_A_MODEL =
  'a model is a folder with config.json, tokenizer.json and model.safetensors, or a .gguf file';

/**
 * The absolute path that MODEL means: what begins with `.` or is absolute, and what exists, is a path; the rest is the
 * id of a model in MODELS_DIR. A folder that holds one `.gguf` file, or the parts of one, and nothing else of a model means
 * that file.
 * @throws EngineError `config_invalid` when there is nothing, or what there is is no model; as `findModel`
 */
export async function resolveModelPath(model: string, modelsDir: string): Promise<string> {
  const path = resolve(model);
  const found = await statOf(model, path);
  if (found !== undefined) return modelAt(model, path, found);
  if (model.startsWith('.') || isAbsolute(model))
    throw invalid(model, `there is no such file or folder; ${WHAT_IS_A_MODEL}`);
  const stored = await findModel(modelsDir, model);
  if (stored !== undefined) return stored.path;
  const isIdOfHub = /^[^/]+\/[^/]+$/.test(model) && !isGgufPath(model);
  throw invalid(
    model,
    `there is no such path, and no model of that id in ${modelsDir}; ` +
      `${isIdOfHub ? `'npx tokenflare pull ${model}' fetches one, ` : ''}'npx tokenflare list' says which are there`,
  );
}

async function modelAt(model: string, path: string, found: Stats): Promise<string> {
  if (!found.isDirectory()) {
    checkIsFirst(model, path);
    if (isGgufPath(path)) return path;
    throw invalid(model, `it is a file and no GGUF; ${WHAT_IS_A_MODEL}`);
  }
  const names = await readdir(path).catch((cause: unknown) => {
    throw invalid(model, `the folder cannot be read: ${String(cause)}`);
  });
  const foreign = foreignWeights(names);
  if (foreign !== undefined) throw invalid(model, foreign);
  if (MODEL_FILES.some((name) => names.includes(name))) return path;
  const [first, ...others] = ggufModelsAmong(names);
  if (first === undefined) {
    throw invalid(
      model,
      `the folder ${names.length === 0 ? 'is empty' : 'holds no model'}; ${WHAT_IS_A_MODEL}`,
    );
  }
  if (others.length === 0) {
    const missing = ggufPartPaths(first).find((name) => !names.includes(name));
    if (missing === undefined) return join(path, first);
    throw invalid(model, missingPart(missing));
  }
  throw invalid(
    model,
    `the folder holds several .gguf files; name one: ${[first, ...others].sort().join(', ')}`,
  );
}

function checkIsFirst(model: string, path: string): void {
  const { part = 1, numParts } = partOfName(path) ?? {};
  if (part === 1) return;
  const first = basename(ggufPartPaths(path)[0]);
  throw invalid(model, `it is part ${part} of ${numParts ?? part}; name the first, ${first}`);
}

/** Undefined when there is nothing. */
function statOf(model: string, path: string): Promise<Stats | undefined> {
  return stat(path).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return undefined;
    throw invalid(model, `it cannot be read: ${String(cause)}`);
  });
}

function invalid(model: string, problem: string): EngineError {
  return new EngineError('config_invalid', `MODEL is '${model}': ${problem}`);
}
