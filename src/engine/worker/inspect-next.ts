import type { FaultRegister } from './fault-register.ts';
import type { FinishedInspection, InspectionJobs } from './inspection-jobs.ts';
import type { ModelRunner } from './model-runner.ts';
import { notNumbers, StepFault, type Answers } from '../step-fault.ts';

/** Inspects the next layer of a prompt; `undefined` without any to inspect. A fault ends that inspection. */
export async function inspectNext(
  jobs: InspectionJobs,
  runner: ModelRunner,
  faults: FaultRegister,
): Promise<Answers<FinishedInspection> | undefined> {
  const next = jobs.next();
  if (next === undefined) return undefined;
  const { job, lane, layerIndex } = next;
  const { id, tokenIds } = job;
  const end = (error: unknown): Answers<FinishedInspection> => {
    jobs.cancel(id);
    const numComputedTokens = job.weights.length === 0 ? 0 : tokenIds.length;
    const casualty = { id, numTokens: tokenIds.length, numComputedTokens };
    return { finished: [], fault: new StepFault('inspection', [casualty], error) };
  };
  try {
    const layer = await runner.inspectAttention({ lane, layerIndex, tokenIds }); // [heads][tokens][tokens]
    faults.pass();
    const isUsable = layer.every((head) => head.every((row) => row.every(Number.isFinite)));
    if (!isUsable) return end(notNumbers('attention weights'));
    const finished = jobs.advance(next, layer);
    return { finished: finished === undefined ? [] : [finished] };
  } catch (error) {
    faults.admit('inspection', error);
    return end(error);
  }
}
