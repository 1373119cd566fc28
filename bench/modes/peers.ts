import { join } from 'node:path';
import { compareRuntimes, type Contender } from '../harness/compare-runtimes.ts';
import { HttpTarget } from '../../src/bench/http-target.ts';
import { judgePeers, numAlike, type PeerReading } from '../harness/judge-peers.ts';
import { startRun } from '../harness/measured-run.ts';
import { cellTitle } from '../harness/cell-title.ts';
import type { Cell } from '../harness/measure-cell.ts';
import {
  cellsOf,
  MAX_TOKENS,
  PEER_CELLS,
  PEER_COLUMNS,
  PEER_NAMES,
  PEER_ROWS,
  PEERS,
  PROMPT_TOKENS,
  type Peer,
  type PeerColumn,
} from '../harness/peer-bars.ts';
import { PeerProcess } from '../harness/peer-process.ts';
import { formatPeerReport, type PeerContender, type PeerReport } from '../harness/peer-report.ts';
import { QuietMachine } from '../harness/quiet-machine.ts';
import { serviceContender } from '../harness/service-contender.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { Workload } from '../../src/bench/workload.ts';
import { EngineError } from '../../src/errors.ts';
import { benchMode, count, names, seed, tell, type ParamsOf } from '../mode.ts';
import { installNode, ROOT, type NodeMajor } from '../../scripts/install-packages.ts';
import { GPT2_SMALL } from '../../scripts/random-gpt2.ts';
import { preparePeers, type PeerFiles } from '../prepare-peers.ts';

const VOCAB_SIZE = Number(GPT2_SMALL['vocab_size']);
const MAX_STREAMS = 16;
const MAX_LENGTH = PROMPT_TOKENS + MAX_TOKENS;

const OPTIONS = {
  columns: names('columns', PEER_COLUMNS, 'of ours'),
  rows: names('rows', PEER_ROWS, 'what is held against the others'),
  rounds: count('repeats', 3, 'rounds'),
  maxSeconds: count('max-seconds', 60, 'what one may take for a trial'),
  seed: seed(),
};
type PeersParams = ParamsOf<typeof OPTIONS>;

export const PEERS_MODE = benchMode({
  flag: 'peers',
  about:
    'beside transformers.js and node-llama-cpp, which are installed first, on GPT-2 small of random\n' +
    'weights, as a Markdown table. Needs Python 3.11 with pip. Fails on a busy machine.',
  options: OPTIONS,
  measure: benchPeers,
  format: formatPeerReport,
  isMet: ({ verdicts }, { rows, columns }) =>
    verdicts.filter(({ isMet }) => isMet).length >= rows.length * columns.length,
  isDisturbed: ({ disturbances }) => disturbances.length > 0,
});

interface Column {
  settings: Readonly<Record<string, string>>;
  /** Major version of the Node that runs the service; the peers have that of 20. */
  node: NodeMajor;
}

const COLUMNS: Readonly<Record<PeerColumn, Column>> = {
  'wasm-f32': { settings: { RUNTIME: 'wasm', WEIGHTS: 'f32' }, node: 20 },
  'wasm-f32-node24': { settings: { RUNTIME: 'wasm', WEIGHTS: 'f32' }, node: 24 },
  'wasm-int8-node20': { settings: { RUNTIME: 'wasm', WEIGHTS: 'int8' }, node: 20 },
  'wasm-int8-node24': { settings: { RUNTIME: 'wasm', WEIGHTS: 'int8' }, node: 24 },
  'native-f32': { settings: { RUNTIME: 'native', WEIGHTS: 'f32' }, node: 20 },
  'native-int8': { settings: { RUNTIME: 'native', WEIGHTS: 'int8' }, node: 20 },
};

/** One that runs, and how to end it. */
interface Running {
  about: PeerContender;
  contender: Contender;
  /** The greedy continuation of a prompt. */
  complete: (prompt: readonly number[]) => Promise<number[]>;
  stop: () => Promise<void>;
}

/**
 * Tokenflare beside the engines that a user would pick instead, in one run on one machine.
 *
 * @throws EngineError `conflict` when others are at work on the machine
 */
async function benchPeers(params: PeersParams, signal: AbortSignal): Promise<PeerReport> {
  const quiet = new QuietMachine();
  const files = await preparePeers(signal);
  await quiet.demand();
  const endRun = startRun();
  const contenders = new Map<PeerColumn | Peer, PeerContender>();
  const running: Running[] = [];
  const readings: PeerReading[] = [];
  try {
    for await (const started of startAll(params, files, signal)) {
      contenders.set(started.about.name, started.about);
      if ('contender' in started) running.push(started);
      else tell(`${started.about.name} cannot run: ${started.about.failure}`);
    }
    for (const about of await compareTexts(running, params.seed)) contenders.set(about.name, about);
    for (const { label, failure } of await measure(running, params, quiet, readings, signal)) {
      const about = [...contenders.values()].find(({ name }) => name === label);
      if (about !== undefined && failure !== undefined) contenders.set(about.name, { ...about, failure });
    }
  } finally {
    await Promise.all(running.map(({ stop }) => stop()));
  }
  return {
    ...endRun(),
    selection: { columns: params.columns, rows: params.rows },
    rounds: params.rounds,
    contenders: [...contenders.values()],
    readings,
    verdicts: judgePeers(params, readings),
    disturbances: quiet.disturbances,
  };
}

/** What each says of one prompt beside what the first says: an engine with other weights would show here. */
async function compareTexts(running: readonly Running[], seed: number): Promise<PeerContender[]> {
  const prompt = new Workload(VOCAB_SIZE, seed).nextPrompt(PROMPT_TOKENS);
  const [first, ...others] = running;
  if (first === undefined) return [];
  const text = await first.complete(prompt);
  const compared: PeerContender[] = [];
  for (const { about, complete } of others) {
    const numTokens = numAlike(text, await complete(prompt));
    compared.push({ ...about, textAlike: { with: first.about.name, numTokens, of: text.length } });
  }
  return compared;
}

async function measure(
  running: readonly Running[],
  params: PeersParams,
  quiet: QuietMachine,
  readings: PeerReading[],
  signal: AbortSignal,
) {
  return compareRuntimes({
    contenders: running.map(({ contender }) => contender),
    cells: PEER_CELLS,
    rounds: params.rounds,
    limitMs: params.maxSeconds * 1000,
    signal,
    beforeTrial: () => quiet.startTrial(),
    afterTrial: ({ label, cell, round }) =>
      quiet.endTrial(`${label}, ${describeCell(cell)}, round ${round + 1}`),
    onReading: ({ label, cell, round, values }) => {
      const name = running.find(({ contender }) => contender.label === label)?.about.name;
      if (name !== undefined) readings.push({ contender: name, cell, round, values });
      tell(
        `round ${round + 1}, ${describeCell(cell)}, ${label}: ${values.map((value) => value.toFixed(1)).join(' ')}`,
      );
    },
  });
}

/** Columns first; of the peers those that a column is held against. */
async function* startAll(
  params: PeersParams,
  files: PeerFiles,
  signal: AbortSignal,
): AsyncGenerator<Running | { about: PeerContender }> {
  for (const column of params.columns) yield startColumn(column, params, files, signal);
  const node = await installNode(20, signal);
  const processes = new Map<string, Promise<PeerProcess>>();
  for (const peer of PEER_NAMES) {
    const cells = cellsOf(peer, params);
    if (cells.length === 0) continue;
    const command = commandOf(peer, files);
    const key = command.join(' ');
    const process = processes.get(key) ?? PeerProcess.start([node, ...command], signal);
    processes.set(key, process);
    yield startPeer(peer, cells, process, params, signal);
  }
}

async function startColumn(
  column: PeerColumn,
  params: PeersParams,
  files: PeerFiles,
  signal: AbortSignal,
): Promise<Running | { about: PeerContender }> {
  const { settings, node: major } = COLUMNS[column];
  const environment = {
    ...settings,
    MODEL: files.model,
    MAX_NUM_SEQS: String(MAX_STREAMS),
    MAX_MODEL_LEN: String(MAX_LENGTH),
    // The greedy text of random weights runs in circles, which drafts would profit from as no real text lets them.
    SPECULATION: 'off',
  };
  const asked = Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  try {
    const node = await installNode(major, signal);
    const service = await startServiceProcess(ROOT, environment, signal, node);
    const target = new HttpTarget(service.url);
    const { vocabSize, runtimeDescription } = await target.readModel(signal);
    const contender = serviceContender(column, target, new Workload(vocabSize, params.seed));
    const about = { name: column, description: `${asked}, Node ${major}: ${runtimeDescription}` };
    return {
      about,
      contender: { ...contender, cells: cellsOf(column, params) },
      complete: (prompt) => target.complete(prompt, MAX_TOKENS, signal),
      stop: () => service.stop(),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { about: { name: column, description: `${asked}, Node ${major}`, failure: reasonOf(error) } };
  }
}

async function startPeer(
  peer: Peer,
  cells: readonly Cell[],
  starting: Promise<PeerProcess>,
  params: PeersParams,
  signal: AbortSignal,
): Promise<Running | { about: PeerContender }> {
  try {
    const process = await starting;
    const batching = peer === 'tjs-q8-each' ? 'each' : 'static';
    const contender: Contender = {
      label: peer,
      run: process.runner(new Workload(VOCAB_SIZE, params.seed), batching),
      settle: (settleSignal) => process.settle(settleSignal),
      cells,
    };
    const about = { name: peer, description: `${PEERS[peer]}; ${process.description}` };
    return {
      about,
      contender,
      complete: (prompt) => process.complete(prompt, MAX_TOKENS, signal),
      stop: () => process.stop(),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { about: { name: peer, description: PEERS[peer], failure: reasonOf(error) } };
  }
}

function commandOf(peer: Peer, { packages, onnx, gguf }: PeerFiles): string[] {
  const [engine, type = ''] = peer.split('-');
  if (engine === 'tjs') return [join(ROOT, 'bench/peers/transformers_js.mjs'), packages, onnx, type];
  const script = join(ROOT, 'bench/peers/node_llama_cpp.mjs');
  return [script, packages, join(gguf, `${type}.gguf`), String(MAX_STREAMS), String(MAX_LENGTH)];
}

function describeCell(cell: Cell): string {
  return cell.kind === 'ttft' ? 'ms to the first token' : cellTitle(cell);
}

function reasonOf(error: unknown): string {
  return error instanceof EngineError ? error.message : String(error);
}
