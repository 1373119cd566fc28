import type { EngineCore } from '../../src/engine/worker/engine-core.ts';
import type { SequenceRequest, SequenceUpdate } from '../../src/engine/protocol.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../src/sampling/sampling-params.ts';

/** A greedy sequence of up to eight tokens with their logprobs, unless told otherwise. */
export function sequenceRequest(
  id: number,
  promptTokenIds: readonly number[],
  changes: Partial<SequenceRequest> = {},
): SequenceRequest {
  return {
    id,
    clientId: '',
    promptTokenIds,
    maxTokens: 8,
    minTokens: 0,
    stopTokenIds: [],
    sampling: { ...DEFAULT_SAMPLING_PARAMS, temperature: 0 },
    seed: 0,
    stream: 0,
    numLogprobs: 0,
    promptLogprobs: false,
    cacheSalt: undefined,
    mayStopByText: false,
    ...changes,
  };
}

/** What a sequence got, and how it ended. */
export interface SequenceOutcome {
  tokenIds: number[];
  logprobs: number[];
  finish: SequenceUpdate['finish'];
  error: SequenceUpdate['error'];
}

/** Steps until nothing is left. */
export async function runCore(core: EngineCore): Promise<Map<number, SequenceOutcome>> {
  const outcomes = new Map<number, SequenceOutcome>();
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    for (const { id, token, finish, error } of report.updates) {
      const outcome = outcomes.get(id) ?? { tokenIds: [], logprobs: [], finish: undefined, error: undefined };
      outcomes.set(id, outcome);
      if (token !== undefined) {
        outcome.tokenIds.push(token.tokenId);
        outcome.logprobs.push(token.logprob ?? NaN);
      }
      outcome.finish = finish;
      outcome.error = error;
    }
  }
  return outcomes;
}
