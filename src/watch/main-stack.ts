import { Session } from 'node:inspector';
import type { Frame } from './hang.ts';

const MAX_FRAMES = 40;

/** The main thread as a debugger in another thread of the process has it. There is no port: nothing else can connect. */
export class MainThread {
  readonly #session = new Session();
  readonly #urls = new Map<string, string>();
  readonly #root: string;

  /**
   * @param root URL that the places of frames are told from
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
            place: `${this.#placeOf(location.scriptId)}:${location.lineNumber + 1}`,
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

  #placeOf(scriptId: string): string {
    const url = this.#urls.get(scriptId) ?? '';
    return url.startsWith(this.#root) ? url.slice(this.#root.length) : url;
  }
}
