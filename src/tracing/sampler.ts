import type { TraceContext } from './trace-context.ts';

/** As OpenTelemetry names them in OTEL_TRACES_SAMPLER. */
export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Whether the spans of a trace are exported. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** The last digits of a trace id, which W3C wants to be random: as many as a number holds exactly. */
const RANDOM_DIGITS = 13;

/** @param ratio how many of all traces, from 0 to 1; of samplers by ratio alone */
export function createSampler(name: SamplerName, ratio: number): Sampler {
  const own = name.replace('parentbased_', '');
  const threshold = (1 - ratio) * 16 ** RANDOM_DIGITS;
  // All services that sample by one ratio keep the same traces.
  const isTaken = (traceId: string): boolean =>
    own === 'traceidratio' ? parseInt(traceId.slice(-RANDOM_DIGITS), 16) >= threshold : own === 'always_on';
  if (own === name) return isTaken;
  return (traceId, parent) => parent?.isSampled ?? isTaken(traceId);
}
