/** The longest that Node's timers can be set to, 24.8 days in milliseconds; a longer one fires after a millisecond. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
