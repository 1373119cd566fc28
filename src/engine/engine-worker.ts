import { assertInvariant, EngineError } from '../errors.ts';
import { monotonicMs } from './clock.ts';
import type { EngineCore } from './engine-core.ts';
import type { EngineGauges, EngineSettings, FromWorker, StepReport, ToWorker } from './protocol.ts';
import { setUpEngine, type EngineSetup } from './set-up-engine.ts';

/**
 * The engine process. Most tfjs calls block their thread, and a native library or a driver may bring its process down,
 * hence the transformer has one of its own: messages are taken in between two steps, and what the steps did is
 * reported by messages.
 *
 * A fault in a step is not caught here: it ends the process, and EngineSupervisor starts another.
 */
assertInvariant(process.connected, 'the engine runs in a process that its client forked');
const send = (message: FromWorker, onSent: () => void = () => undefined): void => {
  process.send?.(message, undefined, undefined, onSent);
};

process.on('uncaughtException', (error) => {
  send({ type: 'fault', message: error.message }, () => process.exit(1));
});
// Whoever asked for all this is gone.
process.on('disconnect', () => process.exit(0));
// Signals to the whole group (Ctrl-C) are for the service, which then drains what runs here.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

/**
 * Steps are reported together for so long, unless somebody waits for one: waking the HTTP process and writing to every
 * stream costs a small model as much as a step. Nobody sees tokens come faster.
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
/** Inspections that wait for a free lane. */
let inspections: Extract<ToWorker, { type: 'inspect' }>[] = [];

const setup = await trySetUp();
if (setup !== undefined) {
  process.on('message', (message: ToWorker) => {
    inbox.push(message);
    wake?.();
  });
  send({ type: 'ready', model: setup.model, gauges: gaugesOf(setup) });
  await runSteps(setup);
  await setup.runtime.dispose();
  process.disconnect();
}

/** A model that cannot be served is an answer, not a crash: trying again would not help. */
async function trySetUp(): Promise<EngineSetup | undefined> {
  try {
    // The client wrote these settings.
    return await setUpEngine(JSON.parse(process.argv[2] ?? '') as EngineSettings, dieOf);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { code, message, retryable } = error;
    send({ type: 'failed', code, message, retryable }, () => process.disconnect());
    return undefined;
  }
}

/** A lost device is the end of the process, as any fault is: outside any promise, so that nobody can catch it. */
function dieOf(error: EngineError): void {
  setImmediate(() => {
    throw error;
  });
}

function receive(core: EngineCore, message: ToWorker): void {
  switch (message.type) {
    case 'submit':
      for (const sequence of message.sequences) core.submit(sequence);
      break;
    case 'cancel':
      cancel(core, message.sequenceIds);
      break;
    case 'inspect':
      inspections.push(message);
      break;
    case 'cancelInspection':
      inspections = inspections.filter(({ id }) => id !== message.id);
      break;
    case 'embed':
      core.addEmbedding(message.id, message.tokenIds, message.clientId);
      break;
    case 'cancelEmbedding':
      core.cancelEmbedding(message.id);
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

function cancel(core: EngineCore, sequenceIds: readonly number[]): void {
  flushReports();
  const cancelled = sequenceIds.filter((id) => core.cancel(id));
  if (setup !== undefined && cancelled.length > 0) {
    send({ type: 'cancelled', sequenceIds: cancelled, gauges: gaugesOf(setup) });
  }
}

function flushReports(): void {
  reportedAt = performance.now();
  if (reports.length > 0) send({ type: 'steps', reports: reports.splice(0) });
}

/** Looks at one prompt at most, so that streams wait for no more; false when there is none, or no lane is free. */
async function inspect(core: EngineCore): Promise<boolean> {
  const [inspection] = inspections;
  if (inspection === undefined) return false;
  const weights = await core.tryInspect(inspection.tokenIds, inspection.layers);
  if (weights === undefined) return false;
  inspections.shift();
  send({ type: 'inspected', id: inspection.id, weights });
  return true;
}

/** Takes a step for texts to be embedded; false when none could be taken. */
async function embed(core: EngineCore): Promise<boolean> {
  const finished = await core.stepEmbeddings();
  if (finished !== undefined && finished.length > 0) send({ type: 'embedded', finished });
  return finished !== undefined;
}

async function runSteps(engine: EngineSetup): Promise<void> {
  for (;;) {
    for (const message of inbox.splice(0)) receive(engine.core, message);
    if (stopping) return;
    const hasInspected = await inspect(engine.core);
    const hasEmbedded = await embed(engine.core);
    const startedAt = performance.now();
    const result = await engine.core.step();
    if (result === undefined) {
      flushReports();
      if (hasInspected || hasEmbedded) await new Promise((resolve) => setImmediate(resolve));
      else if (inbox.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      continue;
    }
    const endedAt = performance.now();
    const { isUrgent, ...report } = result;
    const endedAtMs = monotonicMs();
    reports.push({ ...report, endedAtMs, durationMs: endedAt - startedAt, gauges: gaugesOf(engine) });
    if (isUrgent || endedAt - reportedAt >= REPORT_INTERVAL_MS) flushReports();
    // One turn of the event loop: messages that came during the step arrive.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function gaugesOf({ core, runtime }: EngineSetup): EngineGauges {
  const { numTensors, numBytes } = runtime.memory();
  return {
    numLanesUsed: core.numRunning,
    kvCacheTokensUsed: core.numCachedTokens,
    numTensors,
    runtimeBytes: numBytes,
    engineResidentBytes: residentBytes(),
  };
}

function residentBytes(): number {
  const now = performance.now();
  if (resident.bytes === 0 || now - resident.readAt >= RESIDENT_INTERVAL_MS) {
    resident = { bytes: process.memoryUsage.rss(), readAt: now };
  }
  return resident.bytes;
}
