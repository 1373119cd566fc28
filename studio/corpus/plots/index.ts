import { ASKING_AROUND } from './asking-around.ts';
import { ASKING_FOR } from './asking-for.ts';
import { BEGINNINGS } from './beginnings.ts';
import { DANGERS } from './dangers.ts';
import { EVENING } from './evening.ts';
import { FEARS } from './fears.ts';
import { FOUND } from './found.ts';
import { FRIENDSHIP } from './friendship.ts';
import { HONESTY } from './honesty.ts';
import { IN_COMPANY } from './in-company.ts';
import { KINDNESS } from './kindness.ts';
import { KITCHEN } from './kitchen.ts';
import { LOST } from './lost.ts';
import { ONE_BY_ONE } from './one-by-one.ts';
import { OUTINGS } from './outings.ts';
import { PATIENCE } from './patience.ts';
import { SHARING } from './sharing.ts';
import { TRUST } from './trust.ts';
import { WAYS } from './ways.ts';
import { WEATHER } from './weather.ts';
import { OWNING } from './open/owning.ts';
import { KEEPING } from './open/keeping.ts';
import { FINDING } from './open/finding.ts';
import { GETTING_BACK } from './open/getting-back.ts';
import { MAKING } from './open/making.ts';
import { GIVING } from './open/giving.ts';
import { PLACES_OF_ANY_KIND } from './open/places.ts';
import { MOVING } from './open/moving.ts';
import { TOPICS } from './open/topics.ts';
import { TELLING } from './open/telling.ts';
import { PAIRS } from './open/pairs.ts';
import { LIVING_THINGS } from './open/living-things.ts';
import { WANTING } from './open/wanting.ts';
import type { Plot } from './plot.ts';

export const PLOTS: readonly Plot[] = [
  ...ASKING_AROUND,
  ...ASKING_FOR,
  ...BEGINNINGS,
  ...DANGERS,
  ...EVENING,
  ...FEARS,
  ...FOUND,
  ...FRIENDSHIP,
  ...HONESTY,
  ...IN_COMPANY,
  ...KINDNESS,
  ...KITCHEN,
  ...LOST,
  ...ONE_BY_ONE,
  ...OUTINGS,
  ...PATIENCE,
  ...SHARING,
  ...TRUST,
  ...WAYS,
  ...WEATHER,
  ...OWNING,
  ...KEEPING,
  ...FINDING,
  ...GETTING_BACK,
  ...MAKING,
  ...GIVING,
  ...PLACES_OF_ANY_KIND,
  ...MOVING,
  ...TOPICS,
  ...TELLING,
  ...PAIRS,
  ...LIVING_THINGS,
  ...WANTING,
];
