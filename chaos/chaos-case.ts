import type { PromiseName } from '../routes/promises.ts';
import type { Scene } from './scene.ts';
import type { WEAKNESSES } from './weaknesses.ts';
import type { Fixtures } from './support/fixtures.ts';
import type { LaunchOptions } from './support/service.ts';

/** A promise, or an answer to a weakness. */
type Shown = PromiseName | keyof typeof WEAKNESSES;

/** One attack on a service that others use. */
export interface ChaosCase {
  /** Kebab-case, for `--only` and the table. */
  name: string;
  /** What is done, in half a sentence. */
  attack: string;
  /** Rows of SECURITY.md that it shows. */
  shows: readonly [Shown, ...Shown[]];
  /** How the service is launched. Cases that want the same settings share one, as long as it is as it was. */
  launch?: (fixtures: Fixtures) => LaunchOptions | Promise<LaunchOptions>;
  /** Nothing came before it: the case has a service of its own. */
  isFirst?: boolean;
  /** Headers of the canary, the health polls and what reads the metrics. */
  observerHeaders?: (fixtures: Fixtures) => Record<string, string>;
  /** The attack ends the engine: streams of that moment may end with an error frame, and others be told to retry. */
  breaksEngine?: boolean;
  /** The attack keeps new connections out for a while: polls of `/health` may break. */
  breaksConnections?: boolean;
  /** So many models are loaded at once, one unless it says so: each has processes of its own. */
  numModels?: number;
  /** So much more memory may be used than by models: by processes with bounds of their own. */
  moreBytes?: number;
  /** So much the service keeps on purpose, within a bound of its own. */
  keepsBytes?: number;
  /** So many models stay loaded afterwards beside the default one. */
  numModelsLeft?: number;
  /** The case starts and ends services itself; nothing else is watched. */
  ownServices?: boolean;
  /** Makes the attack. It resolves when the attack is over. */
  run(scene: Scene): Promise<void>;
  /** When everything is back at its baseline; the service is ended afterwards. */
  finish?(scene: Scene): Promise<void>;
}
