import { cacheTtlOf, costOf, type GatewayOptions } from '../../src/gateway/gateway-options.ts';
import { createLogId, type GatewayLog, type TextHead } from '../../src/gateway/logs/gateway-log.ts';
import { headOfJson, type UsedTokens } from '../../src/gateway/answer-notes.ts';
import { clip } from '../../src/values.ts';
import type { Target } from '../../src/gateway/providers.ts';

/** A request that goes through a gateway: one alone, or an entry of a list. */
export interface GatewayStep {
  readonly provider: string;
  /** Below the provider. */
  readonly path: string;
  /** As the client calls it; undefined where the answer says it. */
  readonly model: string | undefined;
  readonly target: Target;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Record<string, unknown>;
  /** Of the body, about. */
  readonly numBytes: number;
  readonly options: GatewayOptions;
}

/** Where a step stands. */
export interface StepPlace {
  readonly gateway: string;
  readonly ownerId: string;
  /** Its number in the list. */
  readonly index: number;
  /** Of its log, which may not be kept. */
  readonly logId: string;
  readonly startedMs: number;
  readonly createdAt: string;
}

export const placeOf = (gateway: string, ownerId: string, index: number): StepPlace => ({
  gateway,
  ownerId,
  index,
  logId: createLogId(),
  startedMs: performance.now(),
  createdAt: new Date().toISOString(),
});

/** What is known of a step's end. */
export interface StepEnd extends UsedTokens {
  readonly statusCode: number;
  readonly isCached: boolean;
  readonly model: string | undefined;
  readonly contentType: string | undefined;
  readonly numBytes: number;
  readonly head: TextHead | undefined;
}

/** Without a text of the client unless it asked for that, but for what it tags its request with. */
export const isLogged = ({ options }: GatewayStep): boolean => options.collectsLog !== false;

export const keepsTexts = ({ options }: GatewayStep): boolean =>
  options.collectsTexts ?? options.collectsLog === true;

export const ttlOf = ({ options }: GatewayStep): number | undefined => cacheTtlOf(options);

/** The headers that tell of a step, on its answer. */
export const stepHeaders = (
  step: GatewayStep,
  place: StepPlace,
  isCached: boolean,
): Record<string, string> => ({
  ...(isLogged(step) ? { 'cf-aig-log-id': place.logId } : {}),
  'cf-aig-cache-status': isCached ? 'HIT' : 'MISS',
  'cf-aig-step': String(place.index),
  ...(step.options.eventId === undefined ? {} : { 'cf-aig-event-id': step.options.eventId }),
});

export function toLog(step: GatewayStep, place: StepPlace, end: StepEnd): GatewayLog {
  const { provider, path, options } = step;
  return {
    id: place.logId,
    ownerId: place.ownerId,
    gateway: place.gateway,
    provider: clip(provider),
    model: clip(step.model ?? end.model ?? ''),
    path: clip(path),
    statusCode: end.statusCode,
    durationMs: Math.round(performance.now() - place.startedMs),
    tokensIn: end.tokensIn,
    tokensOut: end.tokensOut,
    isCached: end.isCached,
    step: place.index,
    createdAt: place.createdAt,
    eventId: options.eventId,
    metadata: options.metadata,
    cost: costOf(options.customCost, end),
    requestContentType: 'application/json',
    responseContentType: end.contentType,
    requestBytes: step.numBytes,
    responseBytes: end.numBytes,
    requestHead: keepsTexts(step) ? headOfJson(step.body) : undefined,
    responseHead: end.head,
  };
}
