import { assertInvariant, EngineError } from '../../errors.ts';
import { RUNTIME_TRAITS } from '../../runtime/traits.ts';
import { plainMessage } from '../../logged-error.ts';
import { monotonicMs } from '../../values.ts';
import type {
  EngineGauges,
  EngineSettings,
  FromWorker,
  SequenceRequest,
  StepReport,
  ToWorker,
  WorkKind,
} from '../protocol.ts';
import { NO_DISK_COUNTS } from '../disk-counts.ts';
import { withWholePrompt } from '../prefixed-prompt.ts';
import { StepFault, toSentError, type Answers } from '../step-fault.ts';
import { PrefixDisk } from './disk/prefix-disk.ts';
import type { EngineCore } from './engine-core.ts';
import { setUpEngine, type EngineSetup } from './set-up-engine.ts';

/**
 * The engine process. Most tfjs calls block their thread, and a native library or a driver may bring its process down,
 * hence the transformer has one of its own: messages are taken in between two steps, and what the steps did is
 * reported by messages.
 *
 * What EngineCore does not put down to the work of a step is not caught here: it ends the process, and EngineSupervisor
 * starts another.
 */
assertInvariant(process.connected, 'the engine runs in a process that its client forked');
let sentAt = 0;
const send = (message: FromWorker, onSent: () => void = () => undefined): void => {
  sentAt = performance.now();
  process.send?.(message, undefined, undefined, onSent);
};

process.on('uncaughtException', (error) => {
  // All clients of the process are told of it: a message that may quote one of them stays here.
  send({ type: 'fault', message: plainMessage(error) }, () => process.exit(1));
});
// The service process is gone.
process.on('disconnect', () => process.exit(0));
// Signals to the whole group (Ctrl-C, a terminal that is closed) are for the service, which then drains what runs here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

/**
 * The engine process collects reports of steps for this long, unless one is urgent (`CoreReport.isUrgent`). Each message
 * wakes the HTTP process, which then writes to every stream: with a small model that takes as long as a step. A reader
 * does not notice 8 ms.
 */
const REPORT_INTERVAL_MS = 8;

/** Messages that came while a step ran, or just now. */
const inbox: ToWorker[] = [];
let wake: (() => void) | undefined;
let stopping = false;
/** Steps that are not reported yet, and when the last were. */
const reports: StepReport[] = [];
let reportedAt = 0;
/** Asked once a second: asking costs a tenth of a small model's step. */
const RESIDENT_INTERVAL_MS = 1000;
let resident = { bytes: 0, readAt: 0 };
/** The prediction for the largest step is made anew so often, and not for each report. */
const LARGEST_STEP_INTERVAL_MS = 250;
let largestStep = { ms: 0, readAt: -Infinity };
/** What the last step took. */
let stepMs = 0;
/** The HTTP process hears of the disk no more often. */
const DISK_INTERVAL_MS = 500;
let diskTimer: NodeJS.Timeout | undefined;
/** For pages that are not on the disk yet; the client waits for the process for two seconds. */
const LAST_PAGES_MS = 1500;
/** Between two steps, the HTTP process hears at least so often that this one is alive. */
const ALIVE_INTERVAL_MS = 1000;

/** Once the model is loaded. */
let loaded: EngineSetup | undefined;

const setup = await trySetUp();
if (setup !== undefined) {
  loaded = setup;
  process.on('message', (message: ToWorker) => {
    inbox.push(message);
    wake?.();
  });
  send({
    type: 'ready',
    model: setup.model,
    gauges: gaugesOf(setup),
    largestStepMs: largestStepMs(setup),
  });
  if (setup.disk !== undefined && !(setup.disk instanceof PrefixDisk)) {
    send({ type: 'disk', counts: NO_DISK_COUNTS, numBytes: 0, notes: [setup.disk] });
  }
  await runSteps(setup);
  setup.kvEvents?.clear();
  sendKvEvents(setup);
  await diskOf(setup)?.close(LAST_PAGES_MS);
  reportDisk();
  clearTimeout(diskTimer);
  await setup.runtime.dispose();
  process.disconnect();
}

/** A model that cannot be served is an answer, not a crash: trying again would not help. */
async function trySetUp(): Promise<EngineSetup | undefined> {
  try {
    // The client wrote these settings.
    const settings = JSON.parse(process.argv[2] ?? '') as EngineSettings;
    const events = { onLost: dieOf, onNewShape: announceNewShape, onDiskWork: () => wakeForDisk() };
    return await setUpEngine(settings, events);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { code, message, retryable } = error;
    send({ type: 'failed', code, message, retryable }, () => process.disconnect());
    return undefined;
  }
}

function diskOf({ disk }: EngineSetup): PrefixDisk | undefined {
  return disk instanceof PrefixDisk ? disk : undefined;
}

/** Pages came, or something is to be told, soon and not each time. */
function wakeForDisk(): void {
  wake?.();
  diskTimer ??= setTimeout(reportDisk, DISK_INTERVAL_MS);
}

function reportDisk(): void {
  clearTimeout(diskTimer);
  diskTimer = undefined;
  const report = loaded && diskOf(loaded)?.takeReport();
  if (report !== undefined) send({ type: 'disk', ...report });
}

/** A lost device is the end of the process, as any fault is: outside any promise, so that no handler catches it. */
function dieOf(error: EngineError): void {
  setImmediate(() => {
    throw error;
  });
}

/** Said before the step, which blocks this thread. */
function announceNewShape(): void {
  if (loaded === undefined || !RUNTIME_TRAITS[loaded.runtime.name].compilesShapes) return;
  send({ type: 'alive', mayCompile: true, largestStepMs: largestStepMs(loaded) });
}

function sayAlive(engine: EngineSetup): void {
  send({ type: 'alive', mayCompile: false, largestStepMs: largestStepMs(engine) });
}

function receive(engine: EngineSetup, message: ToWorker): void {
  const { core } = engine;
  switch (message.type) {
    case 'vocabulary':
      core.setVocabulary(message.trie);
      break;
    case 'tokenTexts':
      core.setTokenTexts(message);
      break;
    case 'submit':
      for (const sequence of message.sequences) submit(engine, sequence);
      break;
    case 'cancel':
      cancel(core, message.sequenceIds);
      break;
    case 'inspect':
      admit(engine, 'inspection', message, () => core.addInspection(message.id, message));
      break;
    case 'cancelInspection':
      core.cancelInspection(message.id);
      break;
    case 'embed':
      admit(engine, 'embedding', message, () =>
        core.addEmbedding(message.id, message.tokenIds, message.clientId, message.pooling),
      );
      break;
    case 'cancelEmbedding':
      core.cancelEmbedding(message.id);
      break;
    case 'ping':
      sayAlive(engine);
      break;
    case 'stop':
      stopping = true;
      break;
    default:
      throw new EngineError(
        'internal',
        `the engine process got a message it does not know: ${String(message)}`,
      );
  }
}

/** A message may have sequences of several requests: each is taken, or ends, by itself. */
function submit(engine: EngineSetup, sequence: SequenceRequest): void {
  const { id, promptTokenIds: tokenIds } = sequence;
  admit(engine, 'sequence', { id, tokenIds }, () => engine.core.submit(withWholePrompt(sequence)));
}

interface NewWork {
  id: number;
  tokenIds: readonly number[];
}

/** Takes new work; what is thrown ends it, and nothing else. */
function admit(engine: EngineSetup, kind: WorkKind, { id, tokenIds }: NewWork, take: () => void): void {
  try {
    take();
  } catch (error) {
    const failed = { id, numTokens: tokenIds.length, numComputedTokens: 0 };
    sendFault(engine, new StepFault(kind, [failed], error));
  }
}

function sendFault(engine: EngineSetup, { kind, failedWork, cause }: StepFault): void {
  flushReports();
  send({ type: 'faulted', kind, failedWork, error: toSentError(cause), gauges: gaugesOf(engine) });
}

function cancel(core: EngineCore, sequenceIds: readonly number[]): void {
  flushReports();
  const cancelled = sequenceIds.filter((id) => core.cancel(id));
  if (setup !== undefined && cancelled.length > 0) {
    send({ type: 'cancelled', sequenceIds: cancelled, gauges: gaugesOf(setup) });
  }
}

function flushReports(): void {
  reportedAt = performance.now();
  if (reports.length === 0 || setup === undefined) return;
  send({
    type: 'steps',
    reports: reports.splice(0),
    sequenceOfSeat: setup.core.sequenceOfSeat(),
    largestStepMs: largestStepMs(setup),
  });
}

/** Inspects a layer of a prompt; false when none could be. */
async function inspect(engine: EngineSetup): Promise<boolean> {
  const answers = await engine.core.stepInspection();
  for (const { id, weights } of answers?.finished ?? []) send({ type: 'inspected', id, weights });
  return hasStepped(engine, answers);
}

/** Takes a step for texts to be embedded; false when none could be taken. */
async function embed(engine: EngineSetup): Promise<boolean> {
  const answers = await engine.core.stepEmbeddings();
  const { finished = [] } = answers ?? {};
  if (finished.length > 0) send({ type: 'embedded', finished });
  return hasStepped(engine, answers);
}

function hasStepped(engine: EngineSetup, answers: Answers<unknown> | undefined): boolean {
  if (answers?.fault !== undefined) sendFault(engine, answers.fault);
  return answers !== undefined;
}

/** Takes a step for completions; false when there was none to take. */
async function step(engine: EngineSetup): Promise<boolean> {
  const startedAt = performance.now();
  try {
    const result = await engine.core.step();
    if (result === undefined) {
      flushReports();
      return false;
    }
    const endedAt = performance.now();
    const { isUrgent, ...report } = result;
    const endedAtMs = monotonicMs();
    stepMs = endedAt - startedAt;
    reports.push({ endedAtMs, durationMs: stepMs, gauges: gaugesOf(engine), ...report });
    if (isUrgent || endedAt - reportedAt >= REPORT_INTERVAL_MS) flushReports();
  } catch (error) {
    if (!(error instanceof StepFault)) throw error;
    sendFault(engine, error);
  }
  return true;
}

async function runSteps(engine: EngineSetup): Promise<void> {
  const idleMemory = engine.giveBack(() => {
    send({ type: 'gauges', gauges: gaugesOf(engine) });
    sendKvEvents(engine);
  });
  for (;;) {
    for (const message of inbox.splice(0)) receive(engine, message);
    if (stopping) break;
    diskOf(engine)?.tend(engine.core.numSeatsUsed > 0 ? stepMs : undefined);
    const hasInspected = engine.core.hasInspections && (await inspect(engine));
    const hasEmbedded = engine.core.hasEmbeddings && (await embed(engine));
    const hasComputed = (await step(engine)) || hasInspected || hasEmbedded;
    sendKvEvents(engine);
    if (hasComputed && performance.now() - sentAt >= ALIVE_INTERVAL_MS) sayAlive(engine);
    if (hasComputed) idleMemory?.work();
    else idleMemory?.rest();
    // One turn of the event loop: messages that came during the step arrive.
    const goesOn = hasComputed || diskOf(engine)?.hasWork === true;
    if (goesOn) await new Promise((resolve) => setImmediate(resolve));
    else if (inbox.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    wake = undefined;
  }
  idleMemory?.work();
}

function sendKvEvents({ kvEvents }: EngineSetup): void {
  if (kvEvents?.hasEvents === true) send({ type: 'kvEvents', ...kvEvents.take() });
}

function gaugesOf({ core, runtime }: EngineSetup): EngineGauges {
  const { numTensors, numBytes } = runtime.memory();
  const { numUsed, numShared, numKept, numWindowUsed } = core.pageCounts;
  return {
    numSeatsUsed: core.numSeatsUsed,
    numPagesUsed: numUsed,
    numPagesShared: numShared,
    numPagesKept: numKept,
    numWindowPagesUsed: numWindowUsed,
    numTensors,
    runtimeBytes: numBytes,
    engineResidentBytes: residentBytes(),
  };
}

function largestStepMs(engine: EngineSetup): number {
  const now = performance.now();
  if (now - largestStep.readAt >= LARGEST_STEP_INTERVAL_MS) {
    largestStep = { ms: engine.largestStepMs(), readAt: now };
  }
  return largestStep.ms;
}

function residentBytes(): number {
  const now = performance.now();
  if (resident.bytes === 0 || now - resident.readAt >= RESIDENT_INTERVAL_MS) {
    resident = { bytes: process.memoryUsage.rss(), readAt: now };
  }
  return resident.bytes;
}
