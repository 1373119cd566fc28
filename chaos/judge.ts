import type { ChaosCase } from './chaos-case.ts';
import { mebibytes, type Settled } from './support/baseline.ts';
import type { StreamEnd } from './support/client.ts';
import type { CanaryRun, Observation } from './support/observation.ts';

/** All that was seen of a service from before an attack until after it. */
export interface Watched {
  observation: Observation;
  /** The attack was made twice, since the service kept memory of the first. */
  isRepeated: boolean;
  settled: Settled;
  /** A stream after everything was back. */
  lastCanary: StreamEnd;
  /** Of the log, since the attack began. */
  logLines: string[];
  stderr: string;
}

/** The rule: whatever one client sends, health answers within so many milliseconds. */
export const HEALTH_BOUND_MS = 250;
/** A stream stands still for longer than any step takes, without what processes waited for a processor (OwnClock). */
const GAP_BOUND_MS = 3000;
/** What a value from a request may add to a line is bounded, and so is the line. */
const LOG_LINE_BOUND_BYTES = 8192;
/**
 * The service and its children together, at the worst moment: with one model, and with each further one. The cache of
 * the embedded model is part of it: 384 KiB for each page that was ever used, which in the end are all of them: 192 MiB.
 */
const PEAK_BOUND_BYTES = 960 * 2 ** 20;
const FURTHER_MODEL_BYTES = 256 * 2 ** 20;
/** Ends of a stream that a client may see where the engine was ended under it. */
const ENGINE_ERRORS = new Set(['backend_failure', 'engine_not_ready']);

/** What was not as it must be, one sentence each. */
export function judge(chaosCase: ChaosCase, watched: Watched): string[] {
  const { settled, lastCanary, observation } = watched;
  return [
    ...judgeHealth(chaosCase, observation),
    ...judgeCanaries(chaosCase, observation.canaries),
    ...settled.differences.map((difference) => `not back: ${difference}`),
    ...fault(
      chaosCase.breaksEngine !== true && settled.restarts !== 0,
      `${settled.restarts} engine restarts`,
    ),
    ...fault(!lastCanary.isWhole, `afterwards a stream is not whole: ${describeEnd(lastCanary)}`),
    ...judgeMemory(chaosCase, observation),
    ...judgeLog(watched),
  ];
}

function judgeMemory({ numModels = 1, moreBytes = 0 }: ChaosCase, { peakMemory }: Observation): string[] {
  const bound = PEAK_BOUND_BYTES + (numModels - 1) * FURTHER_MODEL_BYTES + moreBytes;
  const { numBytes, byProgram } = peakMemory;
  const parts = Object.entries(byProgram).map(([program, bytes]) => `${program} ${mebibytes(bytes)}`);
  return fault(
    numBytes > bound,
    `${mebibytes(numBytes)} MiB resident (${parts.join(', ')}), at most ${mebibytes(bound)} allowed`,
  );
}

function judgeHealth({ breaksConnections }: ChaosCase, { polls }: Observation): string[] {
  const lost = polls.filter(({ outcome }) => outcome !== '200');
  const late = polls.filter(({ ownMs, outcome }) => outcome === '200' && ownMs > HEALTH_BOUND_MS);
  const worst = Math.max(0, ...late.map(({ ownMs }) => ownMs));
  return [
    ...fault(polls.length === 0, 'health was never polled'),
    ...fault(
      lost.length > 0 && breaksConnections !== true,
      `${lost.length} of ${polls.length} polls of /health without an answer (${lost[0]?.outcome ?? ''})`,
    ),
    ...fault(
      late.length > 0,
      `${late.length} of ${polls.length} polls of /health over ${HEALTH_BOUND_MS} ms, up to ${Math.round(worst)} ms`,
    ),
  ];
}

function judgeCanaries({ breaksEngine }: ChaosCase, canaries: readonly CanaryRun[]): string[] {
  const mayEnd = (run: CanaryRun): boolean => breaksEngine === true && ENGINE_ERRORS.has(run.errorCode ?? '');
  const broken = canaries.filter((run) => !run.hasSameText && !mayEnd(run));
  const stalled = canaries.filter(
    ({ hasSameText, longestGapMs }) => hasSameText && longestGapMs > GAP_BOUND_MS,
  );
  const longest = Math.max(0, ...stalled.map(({ longestGapMs }) => longestGapMs));
  const [first] = broken;
  return [
    ...fault(canaries.length === 0, 'no canary stream ran'),
    ...(first === undefined
      ? []
      : [`${broken.length} of ${canaries.length} canary streams broken: ${describeEnd(first)}`]),
    ...fault(stalled.length > 0, `a canary stream stood still for ${Math.round(longest)} ms`),
  ];
}

function judgeLog({ logLines, stderr }: Watched): string[] {
  const internal = logLines.filter(
    (line) => line.includes('"code":"internal"') || line.includes('error: internal'),
  );
  const longest = logLines.reduce((most, { length }) => Math.max(most, length), 0);
  const warning = /^.*(?:Warning:|Unhandled|uncaught).*$/im.exec(stderr)?.[0];
  return [
    ...fault(
      internal.length > 0,
      `${internal.length} internal errors in the log: ${internal[0]?.slice(0, 1000) ?? ''}`,
    ),
    ...fault(longest > LOG_LINE_BOUND_BYTES, `a log line of ${longest} characters`),
    ...(warning === undefined ? [] : [`on standard error: ${warning.slice(0, 200)}`]),
  ];
}

function describeEnd({ status, errorCode, error, isWhole }: StreamEnd): string {
  if (errorCode !== undefined) return `status ${status}, ${errorCode}`;
  if (error !== undefined) return `status ${status}, ${error}`;
  return isWhole ? 'another text' : `status ${status}, no end`;
}

const fault = (isFault: boolean, text: string): string[] => (isFault ? [text] : []);
