import { charactersOf } from '../regular/alphabet.ts';
import type { Dfa } from '../regular/dfa.ts';
import type { Effort } from '../regular/effort.ts';
import { fromSteps } from '../regular/from-steps.ts';
import { MAX_DIGITS } from './json-terminals.ts';

export interface Bound {
  readonly value: number;
  readonly exclusive: boolean;
}

export interface NumberRange {
  readonly isInteger: boolean;
  readonly min: Bound | undefined;
  readonly max: Bound | undefined;
  /** Only integers have one; 1 if there is none. */
  readonly multipleOf: number;
}

/** A bound of a number without its sign: the digits before and behind the point. */
interface Magnitude {
  readonly whole: string;
  readonly fraction: string;
  readonly exclusive: boolean;
}

/** What a number without its sign must lie between. */
interface Interval {
  readonly low: Magnitude | undefined;
  readonly high: Magnitude | undefined;
}

/** -1, 0 or 1: below the bound, like its first digits, above it. */
type Order = number;

interface State {
  readonly phase: 'start' | 'minus' | 'whole' | 'point' | 'fraction';
  readonly negative: boolean;
  /** Digits before the point, then all digits. */
  readonly digits: number;
  readonly decimals: number;
  readonly low: Order;
  readonly high: Order;
  readonly remainder: number;
  /** The whole part is 0, so that no digit may follow. */
  readonly isZero: boolean;
}

const SYMBOLS = Array.from('-.0123456789');
const START: State = {
  phase: 'start',
  negative: false,
  digits: 0,
  decimals: 0,
  low: 0,
  high: 0,
  remainder: 0,
  isZero: false,
};

/**
 * The numbers of a range as texts of at most MAX_DIGITS digits, without exponents. A text is compared with the shortest
 * decimal of the bound; both have at most 15 digits or the bound is no such decimal, so that the order of the texts is
 * the order of the doubles.
 */
export function numberLanguage(range: NumberRange, effort: Effort): Dfa {
  const intervals = { plus: positive(range), minus: negative(range) };
  const intervalOf = (state: State): Interval | undefined =>
    state.negative ? intervals.minus : intervals.plus;
  return fromSteps<State>(
    {
      start: START,
      symbols: SYMBOLS.map(charactersOf),
      step: (state, symbol) => step(state, SYMBOLS[symbol] ?? '', range, intervalOf),
      accepts: (state) => {
        const interval = intervalOf(state);
        return interval !== undefined && accepts(state, interval, range);
      },
      keyOf,
    },
    effort,
  );
}

/** Decimals count only while a bound still hangs on the next digit. */
const keyOf = (state: State): number => {
  const place = state.low === 0 || state.high === 0 ? state.decimals : 0;
  const orders = (state.low + 1) * 3 + state.high + 1;
  const flags = (state.negative ? 1 : 0) + (state.isZero ? 2 : 0) + 4 * PHASES.indexOf(state.phase);
  return ((state.remainder * 9 + orders) * 16 + state.digits) * 512 + place * 32 + flags;
};

const PHASES = ['start', 'minus', 'whole', 'point', 'fraction'];

function step(
  state: State,
  symbol: string,
  range: NumberRange,
  intervalOf: (state: State) => Interval | undefined,
): State | undefined {
  if (symbol === '-')
    return state.phase === 'start' ? { ...state, phase: 'minus', negative: true } : undefined;
  const interval = intervalOf(state);
  if (interval === undefined) return undefined;
  if (symbol === '.')
    return state.phase === 'whole' && !range.isInteger ? withPoint(state, interval) : undefined;
  if (state.digits === MAX_DIGITS || (state.phase === 'whole' && state.isZero)) return undefined;
  if (state.phase === 'point' || state.phase === 'fraction') return withDecimal(state, symbol, interval);
  return {
    ...state,
    phase: 'whole',
    digits: state.digits + 1,
    isZero: state.digits === 0 && symbol === '0',
    low: followed(state.low, symbol, interval.low?.whole[state.digits]),
    high: followed(state.high, symbol, interval.high?.whole[state.digits]),
    remainder: (state.remainder * 10 + Number(symbol)) % range.multipleOf,
  };
}

const withPoint = (state: State, interval: Interval): State => ({
  ...state,
  phase: 'point',
  isZero: false,
  low: wholeOrder(state, state.low, interval.low),
  high: wholeOrder(state, state.high, interval.high),
});

const withDecimal = (state: State, symbol: string, interval: Interval): State => ({
  ...state,
  phase: 'fraction',
  digits: state.digits + 1,
  decimals: state.decimals + 1,
  low: followed(
    state.low,
    symbol,
    interval.low === undefined ? undefined : (interval.low.fraction[state.decimals] ?? '0'),
  ),
  high: followed(
    state.high,
    symbol,
    interval.high === undefined ? undefined : (interval.high.fraction[state.decimals] ?? '0'),
  ),
});

/** The order after one more digit, if the digits before were equal. */
function followed(order: Order, digit: string, of: string | undefined): Order {
  if (order !== 0 || of === undefined) return order;
  return Math.sign(Number(digit) - Number(of));
}

/** More digits before the point are a greater number; as many are compared digit by digit. Without a bound: above. */
function wholeOrder(state: State, order: Order, bound: Magnitude | undefined): Order {
  if (bound === undefined) return 1;
  return state.digits === bound.whole.length ? order : Math.sign(state.digits - bound.whole.length);
}

function accepts(state: State, { low, high }: Interval, range: NumberRange): boolean {
  if (state.phase !== 'whole' && state.phase !== 'fraction') return false;
  if (state.remainder !== 0) return false;
  const orderOf = (order: Order, bound: Magnitude): Order => {
    const sofar = state.phase === 'whole' ? wholeOrder(state, order, bound) : order;
    const rest = state.phase === 'whole' ? bound.fraction : bound.fraction.slice(state.decimals);
    return sofar === 0 && /[1-9]/.test(rest) ? -1 : sofar;
  };
  const isAbove = low === undefined || orderOf(state.low, low) >= (low.exclusive ? 1 : 0);
  return (
    isAbove &&
    (high === undefined || orderOf(state.high, high) <= (high.exclusive ? -1 : 0)) &&
    range.multipleOf > 0
  );
}

/** Numbers from 0 on; undefined if there are none. */
function positive({ min, max }: NumberRange): Interval | undefined {
  if (max !== undefined && (max.value < 0 || (max.value === 0 && max.exclusive))) return undefined;
  const isBound = min !== undefined && (min.value > 0 || (min.value === 0 && min.exclusive));
  return {
    low: isBound ? magnitudeOf(min) : undefined,
    high: max === undefined ? undefined : magnitudeOf(max),
  };
}

/** Numbers below 0, without the sign. 0 is not among them, so that there is no `-0`. */
function negative({ min, max }: NumberRange): Interval | undefined {
  if (min !== undefined && min.value >= 0) return undefined;
  const isBound = max !== undefined && max.value < 0;
  return {
    low: isBound ? magnitudeOf(max) : { whole: '0', fraction: '', exclusive: true },
    high: min === undefined ? undefined : magnitudeOf(min),
  };
}

/** The shortest decimal of a double, without its sign and without an exponent. */
function magnitudeOf({ value, exclusive }: Bound): Magnitude {
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e');
  const [before = '0', behind = ''] = mantissa.split('.');
  const shift = Number(exponent);
  if (shift >= 0) {
    const whole = before + behind.slice(0, shift).padEnd(shift, '0');
    return { whole, fraction: behind.slice(shift), exclusive };
  }
  return { whole: '0', fraction: '0'.repeat(-shift - before.length) + before + behind, exclusive };
}
