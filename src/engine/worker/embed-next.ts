import type { EmbeddingJob, EmbeddingJobs } from './embedding-jobs.ts';
import type { FaultRegister } from './fault-register.ts';
import type { ModelRunner } from './model-runner.ts';
import type { Casualty, FinishedEmbedding } from '../protocol.ts';
import { notNumbers, StepFault, type Answers } from '../step-fault.ts';

/**
 * Computes the next tokens of texts to be embedded, of so many rows at most; `undefined` without any to compute. A fault
 * ends the texts of the step, or those of them whose states are not numbers.
 */
export async function embedNext(
  jobs: EmbeddingJobs,
  runner: ModelRunner,
  maxRows: number,
  faults: FaultRegister,
): Promise<Answers<FinishedEmbedding> | undefined> {
  const chunks = jobs.schedule(maxRows);
  if (chunks.length === 0) return undefined;
  const computed = chunks.map(({ job }) => job);
  try {
    const rows = await runner.hiddenStates(chunks.map(({ segment }) => segment)); // [tokens][dim]
    const done = jobs.advance(chunks, rows);
    faults.pass();
    const finished = done.filter(({ embedding }) => embedding.every(Number.isFinite));
    if (finished.length === done.length) return { finished };
    const usable = new Set(finished.map(({ id }) => id));
    const spoilt = new Set(done.flatMap(({ id }) => (usable.has(id) ? [] : [id])));
    const casualties = computed.filter(({ id }) => spoilt.has(id)).map(toCasualty);
    return { finished, fault: new StepFault('embedding', casualties, notNumbers('hidden states')) };
  } catch (error) {
    faults.admit('embedding', error);
    for (const { id } of computed) jobs.cancel(id);
    return { finished: [], fault: new StepFault('embedding', computed.map(toCasualty), error) };
  }
}

const toCasualty = ({ id, tokenIds, numComputedTokens }: EmbeddingJob): Casualty => ({
  id,
  numTokens: tokenIds.length,
  numComputedTokens,
});
