import { COURAGE } from './courage.ts';
import { FRIENDS } from './friends.ts';
import { GOING } from './going.ts';
import { GROWING } from './growing.ts';
import { HOME } from './home.ts';
import { LOST_AND_FOUND } from './lost-and-found.ts';
import type { Plot } from './plot.ts';
import { PROMISES } from './promises.ts';
import { WISHES } from './wishes.ts';

export const PLOTS: readonly Plot[] = [
  ...LOST_AND_FOUND,
  ...FRIENDS,
  ...COURAGE,
  ...PROMISES,
  ...GROWING,
  ...HOME,
  ...GOING,
  ...WISHES,
];
