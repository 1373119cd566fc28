import { isRecord } from '../values.ts';
import { bodyFault, FAULT, vectorFault } from './faults.ts';
import { readFilter, type Clause } from './filter.ts';
import { LIMITS } from './limits.ts';
import { complaintOfValues } from './read-vectors.ts';

export const RETURN_METADATA = ['none', 'indexed', 'all'] as const;
type ReturnMetadata = (typeof RETURN_METADATA)[number];

/** A query as it came, of the types that it must have. */
export interface QueryInput {
  readonly vector?: readonly number[] | undefined;
  readonly vectorId?: string | undefined;
  readonly topK?: number | undefined;
  readonly namespace?: string | undefined;
  readonly returnValues?: boolean | undefined;
  readonly returnMetadata?: ReturnMetadata | undefined;
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
}

export interface QueryPlan {
  /** The vector, or the id of one of the index. */
  readonly from: { readonly vector: Float32Array } | { readonly id: string };
  readonly topK: number;
  readonly namespace: string | undefined;
  readonly clauses: readonly Clause[];
  readonly returnsValues: boolean;
  readonly returnMetadata: ReturnMetadata;
}

/**
 * @throws EngineError `invalid_request` with Cloudflare's number
 */
export function planQuery(input: QueryInput, dimensions: number): QueryPlan {
  const { namespace, returnValues: returnsValues = false, returnMetadata = 'none', filter } = input;
  return {
    from: readFrom(input, dimensions),
    topK: readTopK(input.topK ?? LIMITS.defaultTopK, returnsValues || returnMetadata === 'all'),
    namespace: namespace === '' ? undefined : namespace,
    clauses: filter === undefined ? [] : readFilter(checkedFilter(filter)),
    returnsValues,
    returnMetadata,
  };
}

function readFrom({ vector, vectorId }: QueryInput, dimensions: number): QueryPlan['from'] {
  if (vector === undefined) {
    if (vectorId !== undefined) return { id: vectorId };
    throw bodyFault('vector', 'missing; send it, or vectorId');
  }
  if (vectorId !== undefined) throw bodyFault('vectorId', 'send vector or vectorId, not both');
  const complaint = complaintOfValues(vector, dimensions);
  if (complaint !== undefined)
    throw vectorFault(FAULT.queryVector, `invalid query vector, ${complaint.text}`);
  return { vector: Float32Array.from(vector) };
}

function readTopK(topK: number, withAll: boolean): number {
  if (!Number.isInteger(topK) || topK < 1)
    throw bodyFault('topK', `must be a whole number from 1 on, not ${topK}`);
  if (topK > LIMITS.topK) throw vectorFault(FAULT.topK, `max top K is ${LIMITS.topK}, but got ${topK}`);
  if (!withAll || topK <= LIMITS.topKWithAll) return topK;
  throw vectorFault(
    FAULT.topK,
    `with returnValues=true or returnMetadata=all, max top K is ${LIMITS.topKWithAll}, but got ${topK}; for a top K up to ` +
      `${LIMITS.topK}, retry with returnValues=false and returnMetadata=indexed`,
  );
}

function checkedFilter(filter: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(filter)) throw bodyFault('filter', 'must be an object');
  const numBytes = Buffer.byteLength(JSON.stringify(filter));
  if (numBytes < LIMITS.filterBytes) return filter;
  throw bodyFault('filter', `must be less than ${LIMITS.filterBytes} bytes as compact JSON, not ${numBytes}`);
}
