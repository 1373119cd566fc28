import { spawnSibling } from '../process/sibling-process.ts';
import type { RuntimeDevice } from './runtime.ts';
import type { TrialFigures, TrialShape } from './auto/trial.ts';
import type { RuntimeOptions } from './start-runtime.ts';
import type { RuntimeName } from './traits.ts';

/** Whether a runtime works here. */
export type RuntimeProbe =
  | {
      name: RuntimeName;
      works: true;
      description: string;
      device: RuntimeDevice;
      startMs: number;
      /** Where a trial was asked for. */
      figures?: TrialFigures;
    }
  /** What is missing, and what to do about it. */
  | { name: RuntimeName; works: false; reason: string };

/** A driver that hangs is as good as none. */
const PROBE_TIMEOUT_MS = 60_000;

/** What is timed, and how the runtime is to hold it. */
export interface ProbeTrial {
  readonly shape: TrialShape;
  readonly options: Omit<RuntimeOptions, 'onLost' | 'allowSoftware'>;
}

/** Starts a runtime in a process of its own, which a driver may bring down, and lets it compute something known. */
export async function probeRuntime(name: RuntimeName, trial?: ProbeTrial): Promise<RuntimeProbe> {
  const asked = trial === undefined ? [] : [JSON.stringify(plain(trial))];
  const child = spawnSibling(import.meta.url, 'probe-process', [name, ...asked], {
    timeout: PROBE_TIMEOUT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const end = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  return parseProbe(stdout) ?? { name, works: false, reason: crashReason(name, end, stderr) };
}

const plain = ({ shape, options: { numThreads, weights, kvCacheFormat } }: ProbeTrial): ProbeTrial => ({
  shape,
  options: {
    numThreads,
    weights,
    headDim: shape.headDim,
    ...(kvCacheFormat === undefined ? {} : { kvCacheFormat }),
  },
});

/** The probe is the last line; a driver may have written others before it. */
function parseProbe(stdout: string): RuntimeProbe | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    // Our own process wrote it.
    return JSON.parse(line) as RuntimeProbe;
  } catch {
    return undefined;
  }
}

/** The last words of the process, without stack traces: Node prints a native one when it aborts. */
function crashReason(name: RuntimeName, end: string, stderr: string): string {
  const [words = ''] = stderr.split('----- Native stack trace -----');
  const lines = words.split('\n').map((line) => line.trim());
  const lastWords = lines.filter((line) => line !== '' && !/^(at |Node\.js v)/.test(line)).slice(-3);
  const suffix = lastWords.length === 0 ? '' : `: ${lastWords.join(' ')}`;
  return `the ${name} runtime brought its process down (${end})${suffix}`;
}
