import { EngineError } from '../../../errors.ts';
import type { Engine, Reservation } from '../../engine.ts';

/** Slots of one request: enough for the seats of most engines, and a small part of most queues. */
const MAX_SLOTS = 32;

/**
 * Slots in the queue for a request whose sequences follow one another in them: up to 32, and half as many, down to one,
 * where the queue has not so many.
 * @throws EngineError what `reserve` throws of one
 */
export function reserveUpTo(
  engine: Pick<Engine, 'reserve'>,
  numSequences: number,
  clientId: string,
): Reservation {
  for (let numSlots = Math.min(numSequences, MAX_SLOTS); ; numSlots = Math.ceil(numSlots / 2)) {
    try {
      return engine.reserve(numSlots, clientId);
    } catch (error) {
      if (numSlots === 1 || !isBound(error)) throw error;
    }
  }
}

/**
 * Takes the slots of the tokens that wait at first, and gives up half of the sequences' slots as long as there is no
 * room for their tokens.
 * @param lengths of all prompts, in tokens
 * @throws EngineError what `takeTokens` throws of one sequence
 */
export function takeQueueTokens(reservation: Reservation, lengths: readonly number[], param: string): void {
  for (;;) {
    const { numSequences } = reservation;
    const numTokens = lengths.slice(0, numSequences).reduce((sum, length) => sum + length, 0);
    try {
      reservation.takeTokens(numTokens, param);
      return;
    } catch (error) {
      if (numSequences === 1 || !isBound(error)) throw error;
      reservation.shrinkTo(Math.ceil(numSequences / 2));
    }
  }
}

/** More than the queue has room for, now or ever. */
const isBound = (error: unknown): boolean =>
  error instanceof EngineError && (error.code === 'queue_full' || error.code === 'invalid_request');
