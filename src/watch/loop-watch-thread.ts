import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { TextSink } from '../process/text-sink.ts';
import { exitNow, hangLine, Silence, type Frame } from './hang.ts';
import type { WatchOrder } from './loop-watch.ts';
import { readRunningRequests } from './running-requests.ts';
import { Session } from 'node:inspector';

const MAX_FRAMES = 40;

/** The main thread as a debugger in another thread of the process has it. There is no port: nothing else can connect. */
class MainThread {
  readonly #session = new Session();
  readonly #urls = new Map<string, string>();
  readonly #root: string;

  /**
   * @param root URL that the locations of frames are told from
   * @throws where Node was built without the inspector
   */
  constructor(root: string) {
    this.#root = root;
    this.#session.connectToMainThread();
    this.#session.on('Debugger.scriptParsed', ({ params }) => {
      this.#urls.set(params.scriptId, params.url);
    });
    this.#session.post('Debugger.enable');
  }

  /**
   * Stops it where it is. A loop is stopped, and so is an expression that backtracks; a call into native code is not.
   *
   * @returns the functions that had not returned, innermost first; undefined if it was not stopped within the limit
   */
  stop(limitMs: number): Promise<Frame[] | undefined> {
    return new Promise((resolve) => {
      setTimeout(() => resolve(undefined), limitMs);
      this.#session.once('Debugger.paused', ({ params }) =>
        resolve(
          params.callFrames.slice(0, MAX_FRAMES).map(({ functionName, location }) => ({
            function: functionName === '' ? '(anonymous)' : functionName,
            location: `${this.#locationOf(location.scriptId)}:${location.lineNumber + 1}`,
          })),
        ),
      );
      this.#session.post('Debugger.pause');
    });
  }

  /** Has it emit an event of its `process`, at once if it is stopped. */
  emit(event: string): void {
    this.#session.post('Runtime.evaluate', { expression: `process.emit(${JSON.stringify(event)})` });
  }

  /** Lets it go on as if nothing had been. */
  disconnect(): void {
    this.#session.disconnect();
  }

  #locationOf(scriptId: string): string {
    const url = this.#urls.get(scriptId) ?? '';
    return url.startsWith(this.#root) ? url.slice(this.#root.length) : url;
  }
}

/**
 * The thread that watches the event loop of the service: it asks, the main thread answers. Where no answer comes for too
 * long, it says what runs and ends the process (docs/decisions/0085-the-loop-is-watched.md).
 */

const STACK_LIMIT_MS = 600;
const FLUSH_LIMIT_MS = 300;
/** That the main thread has to end the process, once it was stopped. */
const EXIT_LIMIT_MS = 1500;
/** That a signal has to end it. */
const KILL_LIMIT_MS = 500;
/** The share of the timeout after which it connects to the main thread, which takes a while in a large program. */
const CONNECT_SHARE = 0.5;

const order = workerData as WatchOrder;
const silence = new Silence(order.intervalMs, performance.now());
let asked = 0;
let answered = 0;
let main: MainThread | undefined;

parentPort?.on('message', (answer: number) => (answered = answer));
const timer = setInterval(look, order.intervalMs);

function look(): void {
  const hasAnswered = answered === asked;
  const silentMs = silence.look(performance.now(), hasAnswered);
  if (hasAnswered) {
    main?.disconnect();
    main = undefined;
    parentPort?.postMessage(++asked);
  } else if (silentMs >= order.timeoutMs) {
    clearInterval(timer);
    void endProcess(silentMs);
  } else if (silentMs >= order.timeoutMs * CONNECT_SHARE) {
    main ??= connect();
  }
}

async function endProcess(silentMs: number): Promise<void> {
  const stack = await main?.stop(STACK_LIMIT_MS);
  const sink = new TextSink(2);
  sink.write(
    hangLine(
      {
        silentMs,
        exitCode: order.exitCode,
        stack,
        ...readRunningRequests(order.requests),
        residentBytes: residentBytes(),
        uptimeSeconds: process.uptime(),
      },
      new Date(),
    ),
  );
  await sink.flush(FLUSH_LIMIT_MS);
  if (stack !== undefined) {
    main?.emit(order.endEvent);
    await delay(EXIT_LIMIT_MS);
  }
  // `exitNow` in this thread would free what the other one uses, which may crash it and write its memory into a core file.
  process.kill(process.pid, 'SIGKILL');
  await delay(KILL_LIMIT_MS);
  // Process 1 of a container, which no signal from within it ends.
  exitNow(order.exitCode);
}

function connect(): MainThread | undefined {
  try {
    return new MainThread(order.root);
  } catch {
    return undefined;
  }
}

/** Reading it opens a file, which a process with too many of them cannot. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
