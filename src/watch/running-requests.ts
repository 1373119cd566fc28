import { monotonicMs } from '../values.ts';

/** How far a request is: its body comes in, it is checked and its text made, a model computes, its answer streams. */
export type RequestPhase = 'reading' | 'preparing' | 'computing' | 'streaming';

/** What is kept of a request. */
export interface WatchedRequest {
  readonly id: string;
  /** The pattern that its path matched. */
  readonly route: string;
  /** Called at the beginning of each phase; with the body's length where it is known then. */
  onPhase: ((phase: RequestPhase, bodyBytes?: number) => void) | undefined;
}

/** A request of a dump. */
export interface RunningRequest {
  id: string;
  route: string;
  phase: RequestPhase;
  /** 0 until the body is read. */
  bodyBytes: number;
  /** Since it came, and since its phase began. */
  ageMs: number;
  phaseMs: number;
}

const PHASES: readonly RequestPhase[] = ['reading', 'preparing', 'computing', 'streaming'];

/** The newest requests have a slot each; one that takes the place of another is newer. */
const NUM_SLOTS = 256;
/** A slot, in bytes: phase, body, two times, then two texts behind a byte with their length. */
const SLOT_BYTES = 192;
const PHASE_AT = 0;
const BODY_AT = 4;
const CAME_AT = 8;
const PHASE_BEGAN_AT = 16;
const ID_AT = 24;
const ROUTE_AT = 104;
/** Before the slots. */
const HEADER_BYTES = 8;
const NUM_OPEN = 0;
const MAX_TEXT_BYTES = 79;

/**
 * What runs, in memory that the watching thread shares: it can be read while the main thread is in an endless loop, or in
 * native code. Ids, routes and lengths; no texts. A mark is some stores, the id and the route are written once.
 */
export class RunningRequests {
  readonly shared = new SharedArrayBuffer(HEADER_BYTES + NUM_SLOTS * SLOT_BYTES);
  readonly #view = new DataView(this.shared);
  readonly #bytes = Buffer.from(this.shared);
  readonly #takenBy: (WatchedRequest | undefined)[] = [];
  #numOpen = 0;
  #next = 0;

  /** A request begins. What is returned must be called once, when it has ended. */
  enter(request: WatchedRequest): () => void {
    this.#count(1);
    const slot = this.#next;
    this.#next = (slot + 1) % NUM_SLOTS;
    this.#takenBy[slot] = request;
    const at = HEADER_BYTES + slot * SLOT_BYTES;
    const nowMs = monotonicMs();
    this.#view.setFloat64(at + CAME_AT, nowMs);
    this.#mark(at, 'reading', nowMs);
    this.#view.setInt32(at + BODY_AT, 0);
    this.#write(at + ID_AT, request.id);
    this.#write(at + ROUTE_AT, request.route);
    request.onPhase = (phase, bodyBytes) => {
      if (this.#takenBy[slot] !== request) return;
      this.#mark(at, phase, monotonicMs());
      if (bodyBytes !== undefined) this.#view.setInt32(at + BODY_AT, bodyBytes);
    };
    return () => {
      this.#count(-1);
      if (this.#takenBy[slot] !== request) return;
      this.#takenBy[slot] = undefined;
      this.#view.setInt32(at + PHASE_AT, 0);
    };
  }

  #count(change: number): void {
    this.#numOpen += change;
    this.#view.setInt32(NUM_OPEN, this.#numOpen);
  }

  #mark(at: number, phase: RequestPhase, nowMs: number): void {
    this.#view.setInt32(at + PHASE_AT, PHASES.indexOf(phase) + 1);
    this.#view.setFloat64(at + PHASE_BEGAN_AT, nowMs);
  }

  #write(at: number, text: string): void {
    this.#bytes[at] = this.#bytes.write(text, at + 1, MAX_TEXT_BYTES, 'latin1');
  }
}

/** What `RunningRequests` shares, as any thread reads it: the request whose phase began last is first. */
export function readRunningRequests(shared: SharedArrayBuffer): {
  numOpen: number;
  requests: RunningRequest[];
} {
  const nowMs = monotonicMs();
  const view = new DataView(shared);
  const bytes = Buffer.from(shared);
  const textAt = (at: number): string => bytes.toString('latin1', at + 1, at + 1 + view.getUint8(at));
  const requests: RunningRequest[] = [];
  for (let at = HEADER_BYTES; at < shared.byteLength; at += SLOT_BYTES) {
    const phase = PHASES[view.getInt32(at + PHASE_AT) - 1];
    if (phase === undefined) continue;
    requests.push({
      id: textAt(at + ID_AT),
      route: textAt(at + ROUTE_AT),
      phase,
      bodyBytes: view.getInt32(at + BODY_AT),
      ageMs: nowMs - view.getFloat64(at + CAME_AT),
      phaseMs: nowMs - view.getFloat64(at + PHASE_BEGAN_AT),
    });
  }
  return { numOpen: view.getInt32(NUM_OPEN), requests: requests.toSorted((a, b) => a.phaseMs - b.phaseMs) };
}
