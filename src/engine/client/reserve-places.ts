import { EngineError } from '../../errors.ts';
import type { Engine, Reservation } from '../engine.ts';

/**
 * Takes a demand's places in the queue. One that may not wait must find a free lane that no other waits for.
 *
 * @throws EngineError `queue_full`, or what `Engine.reserve` throws
 */
export function reservePlaces(
  engine: Engine,
  { rejectsIfBusy = false }: { rejectsIfBusy?: boolean | undefined },
  numSequences: number,
  clientId: string,
): Reservation {
  if (rejectsIfBusy && isBusy(engine)) {
    // Cloudflare's words, which clients look for.
    throw new EngineError('queue_full', 'Capacity temporarily exceeded, please try again.', {
      param: 'options.rejectIfBusy',
    });
  }
  return engine.reserve(numSequences, clientId);
}

function isBusy(engine: Engine): boolean {
  const { numSequencesWaiting, numSequencesRunning, numLanes } = engine.stats();
  return numSequencesWaiting > 0 || numSequencesRunning >= numLanes;
}
