import type { Attributes, Span, SpanEncoding } from './span.ts';

/** Spans that wait, by number and by bytes: beyond it the newest are dropped. */
const MAX_SPANS = 8192;
const MAX_BYTES = 8 * 2 ** 20;
/** Of a request to the endpoint. As soon as so many wait, they are sent. */
const MAX_BATCH_SPANS = 512;
const MAX_BATCH_BYTES = 2 ** 20;
/** How often a batch is sent before it is dropped: it may be the batch that the endpoint cannot take. */
const MAX_ATTEMPTS = 5;

/** As OpenTelemetry's SDKs wait by default. */
const DELAY_MS = 5000;
const TIMEOUT_MS = 10_000;
/** What still waits when the service ends has so long to be sent. */
const CLOSE_TIMEOUT_MS = 2000;

/** Statuses after which OTLP wants the same batch to be sent again. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface SpanExporterOptions {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly encoding: SpanEncoding;
  readonly resource: Attributes;
  readonly delayMs?: number;
  readonly timeoutMs?: number;
  /** Spans cannot be sent, or more end than can be. Called once until they are sent again. */
  readonly onLost?: (reason: string) => void;
  /** They are sent again; so many were dropped. */
  readonly onBack?: (numDropped: number) => void;
}

/** What an endpoint says to a batch. */
type Outcome = { readonly isSent: true } | { readonly isSent: false; mayRetry: boolean; reason: string };

/**
 * Sends spans to a receiver of OTLP over HTTP, in batches, beside the work. No request waits for it: spans wait within
 * bounds, each batch has a deadline, and what has no room is dropped and counted.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  /** Encoded, the oldest first. */
  readonly #waiting: Buffer[] = [];
  #numBytes = 0;
  #numExported = 0;
  #numDropped = 0;
  /** Spans dropped before the trouble that was told of. */
  #droppedBefore: number | undefined;
  #numAttempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosed = false;
  #isLate = false;
  /** Ends the request that runs. */
  #request: AbortController | undefined;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
  }

  get numExported(): number {
    return this.#numExported;
  }

  get numDropped(): number {
    return this.#numDropped;
  }

  /** Takes spans that have ended. */
  add(spans: readonly Span[]): void {
    for (const span of spans) this.#add(this.#options.encoding.encode(span));
    this.#schedule();
  }

  #add(encoded: Buffer): void {
    if (this.#isClosed || this.#waiting.length >= MAX_SPANS || this.#numBytes + encoded.length > MAX_BYTES) {
      this.#drop(1, 'more spans end than can be sent');
      return;
    }
    this.#waiting.push(encoded);
    this.#numBytes += encoded.length;
  }

  /** Sends what waits, within `CLOSE_TIMEOUT_MS`. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    const timer = setTimeout(() => {
      this.#isLate = true;
      this.#request?.abort();
    }, CLOSE_TIMEOUT_MS);
    await this.#sending;
    while (this.#waiting.length > 0 && !this.#isLate) await this.#send();
    clearTimeout(timer);
    this.#drop(this.#take(this.#waiting.length), 'the service ends');
  }

  #schedule(): void {
    if (this.#sending !== undefined || this.#isClosed) return;
    const isFull = this.#waiting.length >= MAX_BATCH_SPANS || this.#numBytes >= MAX_BATCH_BYTES;
    // After a failure the endpoint has its pause, whatever waits.
    if (isFull && this.#numAttempts === 0) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.delayMs ?? DELAY_MS).unref();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  /** Sends the oldest batch. It stays in the queue until the endpoint has it, or is not to get it again. */
  async #send(): Promise<void> {
    const batch = this.#batch();
    const outcome = await this.#post(batch);
    this.#numAttempts++;
    if (outcome.isSent) {
      this.#numAttempts = 0;
      this.#numExported += this.#take(batch.length);
      this.#tellBack();
      return;
    }
    this.#tellLost(outcome.reason);
    if (outcome.mayRetry && this.#numAttempts < MAX_ATTEMPTS) return;
    this.#numAttempts = 0;
    this.#drop(this.#take(batch.length), outcome.reason);
  }

  #batch(): Buffer[] {
    let numBytes = 0;
    const end = this.#waiting.findIndex((span, index) => {
      numBytes += span.length;
      return index > 0 && (index === MAX_BATCH_SPANS || numBytes > MAX_BATCH_BYTES);
    });
    return this.#waiting.slice(0, end === -1 ? undefined : end);
  }

  #take(numSpans: number): number {
    for (const { length } of this.#waiting.splice(0, numSpans)) this.#numBytes -= length;
    return numSpans;
  }

  async #post(batch: readonly Buffer[]): Promise<Outcome> {
    const { url, headers, encoding, resource, timeoutMs = TIMEOUT_MS } = this.#options;
    const request = (this.#request = new AbortController());
    const timer = setTimeout(() => request.abort(), timeoutMs).unref();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: [
          ...headers.map(([name, value]): [string, string] => [name, value]),
          ['content-type', encoding.contentType],
        ],
        body: encoding.body(batch, resource),
        redirect: 'manual',
        signal: request.signal,
      });
      await answer.body?.cancel();
      if (answer.ok) return { isSent: true };
      const reason = `the endpoint answers with status ${answer.status}`;
      return { isSent: false, mayRetry: RETRYABLE.has(answer.status), reason };
    } catch (error) {
      const reason = request.signal.aborted ? 'the endpoint gives no answer in time' : reasonOf(error);
      return { isSent: false, mayRetry: true, reason };
    } finally {
      clearTimeout(timer);
    }
  }

  #drop(numSpans: number, reason: string): void {
    if (numSpans === 0) return;
    this.#tellLost(reason);
    this.#numDropped += numSpans;
  }

  #tellLost(reason: string): void {
    if (this.#droppedBefore !== undefined) return;
    this.#droppedBefore = this.#numDropped;
    this.#options.onLost?.(reason);
  }

  #tellBack(): void {
    if (this.#droppedBefore === undefined) return;
    this.#options.onBack?.(this.#numDropped - this.#droppedBefore);
    this.#droppedBefore = undefined;
  }
}

/** `fetch` says what went wrong with the connection in the cause alone. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  if (!(cause instanceof Error)) return 'it cannot be asked';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
