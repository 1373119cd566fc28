import { randomBytes } from 'node:crypto';
import { steadyUnixMs } from '../../values.ts';

/** What a client tags a request with. */
export type Metadata = Readonly<Record<string, string | number | boolean | null>>;

/** The beginning of a text that a client asked to keep. */
export interface TextHead {
  readonly text: string;
  readonly isWhole: boolean;
}

/** What is known of a request that went through a gateway. It holds texts of the client only where the client asked for it. */
export interface GatewayLog {
  readonly id: string;
  /** Whose request it was; no other client sees the log. */
  readonly ownerId: string;
  readonly gateway: string;
  readonly provider: string;
  /** As the client called it. */
  readonly model: string;
  /** Below the provider, like `v1/chat/completions`. */
  readonly path: string;
  readonly statusCode: number;
  readonly durationMs: number;
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
  readonly isCached: boolean;
  /** Which entry of a list of requests this was; 0 of a request alone. */
  readonly step: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly eventId: string | undefined;
  readonly metadata: Metadata | undefined;
  /** Undefined where the client gave no price. */
  readonly cost: number | undefined;
  readonly requestContentType: string;
  readonly responseContentType: string | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly requestHead: TextHead | undefined;
  readonly responseHead: TextHead | undefined;
  readonly feedback?: -1 | 1 | null;
  readonly score?: number | null;
}

/** What a client says of a log afterwards. */
export type LogPatch = Partial<Pick<GatewayLog, 'feedback' | 'score' | 'metadata'>>;

export const isSuccess = ({ statusCode }: Pick<GatewayLog, 'statusCode'>): boolean => statusCode < 400;

/** Which logs a list shows. */
export interface LogQuery {
  /** Undefined: of all clients. */
  readonly ownerId: string | undefined;
  /** Undefined: of all gateways. */
  readonly gateway: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly isSuccess?: boolean | undefined;
  readonly isCached?: boolean | undefined;
  readonly oldestFirst?: boolean | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface LogPage {
  readonly logs: GatewayLog[];
  readonly numLogs: number;
}

/** Names one log. */
export interface LogKey {
  readonly id: string;
  /** Undefined: the log of any owner. */
  readonly ownerId: string | undefined;
  readonly gateway: string;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/** An id in the form of Cloudflare's (a ULID): later ones are greater, and none can be guessed. */
export function createLogId(nowMs = steadyUnixMs()): string {
  let time = '';
  for (let rest = Math.floor(nowMs), digit = 0; digit < TIME_DIGITS; digit++, rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  return time + [...randomBytes(RANDOM_DIGITS)].map((byte) => ALPHABET.charAt(byte % 32)).join('');
}
