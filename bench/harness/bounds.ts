import { spreadOf, type Spread } from './judge-peers.ts';

export const BOUND_NAMES = ['context', 'prefix', 'memory', 'event-loop', 'idle'] as const;
export type BoundName = (typeof BOUND_NAMES)[number];

export interface Bound {
  title: string;
  limit: number;
  /** Whether the limit itself is met. */
  allows: 'at most' | 'under';
  /** Behind the number; a ratio has none. */
  unit: '' | ' ms' | ' %';
}

/** What a service keeps to beside its speed. */
export const BOUNDS: Readonly<Record<BoundName, Bound>> = {
  context: {
    title: 'decode step at a long context, against a short one, 1 stream',
    limit: 1.5,
    allows: 'at most',
    unit: '',
  },
  prefix: {
    title: 'TTFT behind a beginning that was seen before, against as many new tokens',
    limit: 0.2,
    allows: 'at most',
    unit: '',
  },
  memory: {
    title: 'resident memory with all seats full, against weights in memory and KV cache',
    limit: 1.4,
    allows: 'at most',
    unit: '',
  },
  'event-loop': {
    title: 'event-loop delay of the HTTP process, p99, while streams decode',
    limit: 20,
    allows: 'under',
    unit: ' ms',
  },
  idle: { title: 'processor time without a request, of one core', limit: 1, allows: 'under', unit: ' %' },
};

/** What was measured for one bound. */
export type BoundReading = { name: BoundName } & (
  | {
      /** One a round. */
      values: readonly number[];
      /** What the values were made of, in words. */
      details: string;
    }
  | { notMeasured: string }
);

export interface BoundVerdict {
  name: BoundName;
  limit: number;
  value: Spread;
  /** By the median. */
  isMet: boolean;
}

/** `undefined` when nothing was measured. */
export function judgeBound(reading: BoundReading): BoundVerdict | undefined {
  const value = 'values' in reading ? spreadOf(reading.values) : undefined;
  if (value === undefined) return undefined;
  const { limit, allows } = BOUNDS[reading.name];
  const isMet = value.median < limit || (allows === 'at most' && value.median === limit);
  return { name: reading.name, limit, value, isMet };
}
