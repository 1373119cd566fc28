import type { ChaosCase } from '../chaos-case.ts';
import { CHAT_CASES } from './chat.ts';
import { FLOOD_CASES } from './floods.ts';
import { ONE_REQUEST_CASES } from './one-request.ts';

/** Every case, in the order in which they run. */
export const CASES: readonly ChaosCase[] = [...ONE_REQUEST_CASES, ...FLOOD_CASES, ...CHAT_CASES];
