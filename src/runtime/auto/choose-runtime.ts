import { existsSync, readFileSync } from 'node:fs';
import { availableCores } from '../../available-cores.ts';
import { EngineError } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import { hostDevice } from '../host-device.ts';
import { probeRuntime, type ProbeTrial, type RuntimeProbe } from '../probe-runtime.ts';
import type { Runtime } from '../runtime.ts';
import { startRuntime, type RuntimeOptions } from '../start-runtime.ts';
import { isTensorflowBuilt } from '../tensorflow/load-tensorflow.ts';
import type { RuntimeName } from '../traits.ts';
import { DAWN_VERSION, findDawn } from '../webgpu/dawn.ts';
import { keepChoice, readKeptChoices, type KeptChoice } from './kept-choice.ts';
import type { TrialFigures, TrialShape } from './trial.ts';

/** What `auto` took, and why. */
export interface RuntimeChoice {
  readonly runtime: Runtime;
  /** For people, in a line. */
  readonly reason: string;
}

export interface ChoiceOptions extends RuntimeOptions {
  readonly allowsNative?: boolean;
  /** Of the model that is to be served. */
  readonly shape: TrialShape;
}

type Timed = RuntimeProbe & { works: true; figures: TrialFigures };

/** What differs where this is tried without the machine's own runtimes and files. */
export interface Surroundings {
  readonly candidates: (allowsNative: boolean) => RuntimeName[];
  readonly probe: (name: RuntimeName, trial: ProbeTrial) => Promise<RuntimeProbe>;
  readonly file?: string;
}
const HERE: Surroundings = { candidates: candidatesHere, probe: probeRuntime };

/**
 * Starts the runtime that is fastest for the model's shape. Where more than one might be, each runs a few steps in a
 * process of its own, once: what was measured is kept, and holds until the machine, a driver or a version is another.
 * A GPU in software is never taken. Where one alone might be, it is taken untimed.
 *
 * @throws EngineError `backend_unavailable` with every reason when none works
 */
export async function startFastestRuntime(
  { allowsNative = true, shape, ...options }: ChoiceOptions,
  surroundings = HERE,
): Promise<RuntimeChoice> {
  const candidates = surroundings.candidates(allowsNative);
  const refused = new Map<RuntimeName, string>();
  if (!allowsNative) refused.set('native', 'NATIVE is off');
  if (candidates.length > 1) {
    const key = choiceKey(candidates, options, shape);
    const kept = (await readKeptChoices(surroundings.file)).find((one) => one.key === key);
    if (kept !== undefined) {
      const runtime = await startKept(kept, options);
      if (runtime !== undefined) return { runtime, reason: reasonOf(kept) };
    }
    const measured = await measure(candidates, { shape, options }, surroundings.probe, refused);
    for (const fastest of measured) {
      const runtime = await tryStart(fastest.name, options, refused);
      if (runtime === undefined) continue;
      const choice = choiceOf(key, fastest, measured, [...refused.keys()]);
      const notKept = await keepChoice(choice, surroundings.file);
      return { runtime, reason: reasonOf(choice) + (notKept === undefined ? '' : `; not kept: ${notKept}`) };
    }
  }
  // One alone, or what is left of several. WebAssembly has native's kernels, with fewer instructions.
  const inOrder = [...candidates, 'wasm' as const].filter((name) => !refused.has(name));
  for (const name of new Set(inOrder)) {
    const runtime = await tryStart(name, options, refused);
    if (runtime !== undefined) return { runtime, reason: aloneReason(WISHED.filter((one) => one !== name)) };
  }
  const reasons = [...refused].map(([name, reason]) => `not ${name}: ${reason}`);
  throw new EngineError('backend_unavailable', `no runtime works here; ${reasons.join('; ')}`);
}

const REFUSALS: ReadonlySet<string> = new Set(['backend_unavailable', 'config_invalid']);

/** What `auto` may take, but for WebAssembly, which stands in for native. */
const WISHED: readonly RuntimeName[] = ['tensorflow-gpu', 'webgpu', 'native', 'tensorflow'];

/** Those whose parts are installed, so that each might be the fastest. */
function candidatesHere(allowsNative: boolean): RuntimeName[] {
  return [
    ...(isTensorflowBuilt() && hasNvidiaGpu() ? ['tensorflow-gpu' as const] : []),
    ...(findDawn() === undefined ? [] : ['webgpu' as const]),
    allowsNative ? 'native' : 'wasm',
    ...(isTensorflowBuilt() ? ['tensorflow' as const] : []),
  ];
}

/** One after another: two that are timed at once would slow each other down. @returns the fastest first */
async function measure(
  candidates: readonly RuntimeName[],
  trial: ProbeTrial,
  probe: Surroundings['probe'],
  refused: Map<RuntimeName, string>,
): Promise<Timed[]> {
  const probes: RuntimeProbe[] = [];
  for (const name of candidates) probes.push(await probe(name, trial));
  const timed = byTime(probes);
  for (const one of probes)
    if (!timed.some(({ name }) => name === one.name))
      refused.set(one.name, one.works ? 'a GPU in software' : one.reason);
  return timed;
}

/** Of probes with a trial, the one with the shortest request; none that is a GPU in software. */
export function fastestOf(probes: readonly RuntimeProbe[]): RuntimeName | undefined {
  return byTime(probes)[0]?.name;
}

function byTime(probes: readonly RuntimeProbe[]): Timed[] {
  const timed = probes.flatMap((probe): Timed[] =>
    probe.works && probe.figures !== undefined && probe.device.isSoftware !== true
      ? [{ ...probe, figures: probe.figures }]
      : [],
  );
  return timed.sort((a, b) => requestMs(a.figures) - requestMs(b.figures));
}

const NUM_TOKENS = 64;

/** Of a prompt of 128 tokens and 64 tokens of answer: alone, and one of eight at once, their geometric mean. */
export function requestMs({ promptMs, stepMs, stepOf8Ms }: TrialFigures): number {
  const alone = promptMs + NUM_TOKENS * stepMs;
  const oneOfEight = promptMs + (NUM_TOKENS * stepOf8Ms) / 8;
  return Math.sqrt(alone * oneOfEight);
}

const choiceOf = (
  key: string,
  { name, description, device }: Timed,
  measured: readonly Timed[],
  refused: readonly RuntimeName[],
): KeptChoice => ({
  key,
  refused: [...refused],
  name,
  description,
  device: device.name,
  measuredAt: new Date().toISOString(),
  candidates: measured.map(({ name: candidate, figures }) => ({ name: candidate, figures })),
});

/** @returns undefined if it is not there any more, or is not what was measured */
async function startKept(kept: KeptChoice, options: RuntimeOptions): Promise<Runtime | undefined> {
  const runtime = await tryStart(kept.name, options, new Map());
  if (runtime === undefined) return undefined;
  if (runtime.description === kept.description && runtime.device.name === kept.device) return runtime;
  await runtime.dispose();
  return undefined;
}

/** @returns undefined if it cannot be had; `refused` has the reason then */
async function tryStart(
  name: RuntimeName,
  options: RuntimeOptions,
  refused: Map<RuntimeName, string>,
): Promise<Runtime | undefined> {
  try {
    return await startRuntime(name, { ...options, allowSoftware: false });
  } catch (error) {
    if (!(error instanceof EngineError) || !REFUSALS.has(error.code)) throw error;
    refused.set(name, error.message);
    return undefined;
  }
}

/** All that a choice depends on, as far as it can be told without starting a runtime. */
function choiceKey(
  candidates: readonly RuntimeName[],
  { numThreads, weights, kvCacheFormat }: RuntimeOptions,
  shape: TrialShape,
): string {
  const { vocabSize, dim, numHeads, numKvHeads, headDim, numLayers, mlpDim } = shape;
  return JSON.stringify({
    version: VERSION,
    node: process.versions.node,
    machine: hostDevice().name,
    threads: numThreads ?? availableCores(),
    driver: nvidiaDriver(),
    dawn: DAWN_VERSION,
    candidates,
    weights,
    kvCacheFormat,
    shape: [vocabSize, dim, numHeads, numKvHeads, headDim, numLayers, mlpDim],
  });
}

/** Under Linux by its driver, under WSL by the device of the host. Without one TensorFlow would be loaded for nothing. */
const hasNvidiaGpu = (): boolean =>
  ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path));

function nvidiaDriver(): string | undefined {
  try {
    return readFileSync('/proc/driver/nvidia/version', 'utf8').split('\n')[0];
  } catch {
    return undefined;
  }
}

function reasonOf({ candidates, measuredAt, refused }: KeptChoice): string {
  if (candidates.length === 1) return aloneReason(refused);
  const figures = candidates.map(({ name, figures: ours }) => `${name} ${requestMs(ours).toFixed(0)} ms`);
  return `the fastest for this shape, measured ${measuredAt.slice(0, 10)}: ${figures.join(', ')}`;
}

/** Why each was refused is for `tokenflare doctor` to say. */
const aloneReason = (others: readonly RuntimeName[]): string =>
  `nothing faster runs here, not ${others.join(', ')}: see \`npx tokenflare doctor\``;
