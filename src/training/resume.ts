import { EngineError } from '../errors.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { beginAlike } from './learning-rate.ts';
import { beforeDecayPath, checkpointPath, isThere } from './run-directory.ts';
import { flagsThatDiffer } from './run-fingerprint.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * The checkpoint that a run with these options goes on from, so that it ends with the bits of one that had them from
 * its start: the latest, or the one from before the learning rate fell if the run is longer now.
 * @param fingerprint of the run with these options
 * @throws EngineError `weights_invalid` for a file that is no checkpoint, `config_invalid` where neither will do
 */
export async function checkpointToResume(options: TrainOptions, fingerprint: string): Promise<Checkpoint> {
  const { out, numSteps, numDecaySteps } = options;
  const latest = await readCheckpoint(checkpointPath(out));
  if (latest.state.fingerprint !== fingerprint) {
    const flags = flagsThatDiffer(latest.state.fingerprint, fingerprint);
    throw new EngineError(
      'config_invalid',
      `the run in ${out} has other flags: ${flags.join(', ')}; --resume goes on with the same, a new run needs another --out`,
    );
  }
  if (fits(latest, options)) return latest;
  const path = beforeDecayPath(out);
  const earlier = (await isThere(path)) ? await readCheckpoint(path) : undefined;
  if (earlier !== undefined && fits(earlier, options)) {
    console.error(`goes on from step ${earlier.state.step}, the last before the learning rate fell`);
    return earlier;
  }
  throw new EngineError(
    'config_invalid',
    `the checkpoint has done ${latest.state.step} steps, of which some had another learning rate than with --steps ` +
      `${numSteps} --decay-steps ${numDecaySteps}: take more steps, or fewer that decay`,
  );
}

/** Of a run by cosine the fingerprint says whether it is the same, the number of steps included. */
function fits({ state }: Checkpoint, options: TrainOptions): boolean {
  const { scheduleLength } = state;
  return scheduleLength === undefined || beginAlike(state.step, scheduleLength, options);
}
