import type { Engine, Reservation } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';

/** Places of one request: enough for the lanes of most engines, and a small part of most queues. */
const MAX_PLACES = 32;

/**
 * Places in the queue for a request whose sequences follow one another in them: up to 32, and half as many, down to one,
 * where the queue has not so many.
 * @throws EngineError what `reserve` throws of one
 */
export function reserveUpTo(
  engine: Pick<Engine, 'reserve'>,
  numSequences: number,
  clientId: string,
): Reservation {
  for (let numPlaces = Math.min(numSequences, MAX_PLACES); ; numPlaces = Math.ceil(numPlaces / 2)) {
    try {
      return engine.reserve(numPlaces, clientId);
    } catch (error) {
      if (numPlaces === 1 || !isBound(error)) throw error;
    }
  }
}

/**
 * Takes the places of the tokens that wait at first, and gives up half of the sequences' places as long as there is no
 * room for their tokens.
 * @param lengths of all prompts, in tokens
 * @throws EngineError what `takeTokens` throws of one sequence
 */
export function placeTokens(reservation: Reservation, lengths: readonly number[], param: string): void {
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
