import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startRun } from '../harness/measured-run.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { Workload } from '../../src/bench/workload.ts';
import { compareCells } from '../harness/compare-cells.ts';
import type { Contender } from '../harness/compare-runtimes.ts';
import {
  GGUF_FILES,
  GGUF_ROWS,
  isCell,
  LONG_PROMPT_TOKENS,
  MAX_TOKENS,
  PROMPT_TOKENS,
  type GgufFile,
} from '../harness/gguf-bars.ts';
import {
  areMet,
  formatGgufReport,
  type GgufComparison,
  type GgufReading,
  type GgufReport,
} from '../harness/gguf-report.ts';
import { numAlike } from '../harness/judge-peers.ts';
import { PeerProcess } from '../harness/peer-process.ts';
import { QuietMachine } from '../harness/quiet-machine.ts';
import { serviceContender } from '../harness/service-contender.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { benchMode, count, names, seed, tell, type ParamsOf } from '../mode.ts';
import { ROOT } from '../../scripts/install-packages.ts';
import { prepareGgufFiles, type PreparedGguf } from '../prepare-peers.ts';

const MAX_STREAMS = 16;
const MAX_LENGTH = LONG_PROMPT_TOKENS + MAX_TOKENS;

const OPTIONS = {
  files: names('files', GGUF_FILES, 'which of them'),
  rounds: count('repeats', 3, 'rounds'),
  maxSeconds: count('max-seconds', 120, 'what one may take for a trial'),
  seed: seed(),
};
type GgufParams = ParamsOf<typeof OPTIONS>;

export const GGUF_MODE = benchMode({
  flag: 'gguf',
  besideFlag: 'peers',
  about:
    'the native runtime beside node-llama-cpp on the same GGUF files, as a Markdown table. Installs and\n' +
    'makes what it needs, as --peers does.',
  options: OPTIONS,
  measure: benchGguf,
  format: formatGgufReport,
  isMet: areMet,
  isDisturbed: ({ disturbances }) => disturbances.length > 0,
});

/** @throws EngineError `conflict` when others are at work on the machine */
async function benchGguf(params: GgufParams, signal: AbortSignal): Promise<GgufReport> {
  const quiet = new QuietMachine();
  const prepared = await prepareGgufFiles(signal);
  await quiet.demand();
  const endRun = startRun();
  const comparisons: GgufComparison[] = [];
  for (const file of params.files) {
    comparisons.push(await compareFile(file, prepared, params, quiet, signal));
  }
  return {
    peer: 'node-llama-cpp',
    ...endRun(),
    rounds: params.rounds,
    comparisons,
    disturbances: quiet.disturbances,
  };
}

async function compareFile(
  file: GgufFile,
  prepared: PreparedGguf,
  params: GgufParams,
  quiet: QuietMachine,
  signal: AbortSignal,
): Promise<GgufComparison> {
  const path = prepared.files[file];
  const { size } = await stat(path);
  const loads = await measureLoads(path, prepared, params.rounds, signal);
  const ours = await startOurs(path, signal);
  try {
    const theirs = await startTheirs(path, prepared, signal);
    try {
      const { vocabSize, runtimeDescription } = await ours.target.readModel(signal);
      const contenders = [
        serviceContender('ours', ours.target, new Workload(vocabSize, params.seed)),
        peerContender(theirs, new Workload(vocabSize, params.seed)),
      ];
      const prompt = new Workload(vocabSize, params.seed + 1).nextPrompt(PROMPT_TOKENS);
      const texts = await Promise.all([
        ours.target.complete(prompt, MAX_TOKENS, signal),
        theirs.complete(prompt, MAX_TOKENS, signal),
      ]);
      const cells = GGUF_ROWS[file].map(({ measure }) => measure).filter(isCell);
      const options = { prefix: `${file}, `, contenders, cells, params, quiet, signal, tell };
      const readings = await compareCells(options);
      const memory = await measureMemory(ours, size, signal);
      return {
        file,
        rows: GGUF_ROWS[file],
        fileBytes: size,
        ours: runtimeDescription,
        theirs: theirs.description,
        alike: { numTokens: numAlike(...texts), of: MAX_TOKENS },
        readings: [...loads, ...readings, ...memory],
      };
    } finally {
      await theirs.stop();
    }
  } finally {
    await ours.service.stop();
  }
}

type Ours = Awaited<ReturnType<typeof startOurs>>;

async function startOurs(path: string, signal: AbortSignal) {
  const environment = {
    RUNTIME: 'native',
    MODEL: path,
    MAX_NUM_SEQS: String(MAX_STREAMS),
    MAX_MODEL_LEN: String(MAX_LENGTH),
    // The greedy text of random weights runs in circles, which drafts would profit from as no real text lets them.
    SPECULATION: 'off',
  };
  const service = await startServiceProcess(ROOT, environment, signal);
  return { service, target: new HttpTarget(service.url) };
}

function startTheirs(path: string, { packages }: PreparedGguf, signal: AbortSignal): Promise<PeerProcess> {
  const script = join(ROOT, 'bench/peers/node_llama_cpp.mjs');
  const command = [process.execPath, script, packages, path, String(MAX_STREAMS), String(MAX_LENGTH)];
  return PeerProcess.start(command, signal);
}

function peerContender(peer: PeerProcess, workload: Workload): Contender {
  return {
    label: 'theirs',
    run: peer.runner(workload, 'static'),
    settle: (signal) => peer.settle(signal),
  };
}

/** From the start of the process to the first token of a prompt of one, the sides in turn. */
async function measureLoads(
  path: string,
  prepared: PreparedGguf,
  rounds: number,
  signal: AbortSignal,
): Promise<GgufReading[]> {
  const readings: GgufReading[] = [];
  // The first start brings the file into the system's cache, and does not count.
  for (let round = -1; round < rounds; round++) {
    let startedMs = performance.now();
    const { service, target } = await startOurs(path, signal);
    await target.complete([0], 1, signal);
    const ours = performance.now() - startedMs;
    await service.stop();
    startedMs = performance.now();
    const peer = await startTheirs(path, prepared, signal);
    await peer.complete([0], 1, signal);
    const theirs = performance.now() - startedMs;
    await peer.stop();
    tell(`load, round ${round + 1}: ${ours.toFixed(0)} and ${theirs.toFixed(0)} ms`);
    if (round >= 0) readings.push({ measure: 'load', round, ours, theirs });
  }
  return readings;
}

/** After all else was measured. */
async function measureMemory(
  { service, target }: Ours,
  fileBytes: number,
  signal: AbortSignal,
): Promise<GgufReading[]> {
  const resident = await service.residentBytes();
  const { kvCacheBytes } = await target.readMemory(signal);
  if (resident === undefined) return [];
  tell(
    `resident ${(resident / 2 ** 20).toFixed(0)} MiB, KV cache ${(kvCacheBytes / 2 ** 20).toFixed(0)} MiB`,
  );
  return [{ measure: 'resident', round: 0, ours: resident, theirs: fileBytes + kvCacheBytes }];
}
