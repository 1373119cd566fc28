import { expect, it } from 'vitest';
import { createProgram, npmFlagsProblem } from '../../../src/cli/run-command-line.ts';

/** How npm 11 tells a script of flags that it took: `--port 9000` as `true` and an argument, `--port=9000` as the value. */
it.each([
  ['start', { npm_config_port: 'true' }, ['9000'], '--port', 'npm start -- --port 9000'],
  ['start', { npm_config_port: '9000' }, [], '--port 9000', 'npm start -- --port 9000'],
  ['start', { npm_config_max_num_seqs: '8' }, [], '--max-num-seqs 8', 'npm start -- --max-num-seqs 8'],
])('%s with %j and %j', async (event, variables, args, taken, remedy) => {
  const environment = { npm_lifecycle_event: event, ...variables };
  expect(npmFlagsProblem(environment, args, await createProgram('serve'))).toBe(
    `npm took ${taken} for itself; flags come after --: ${remedy}`,
  );
});

it('names the script', async () => {
  const environment = { npm_lifecycle_event: 'train', npm_config_steps: '3' };
  expect(npmFlagsProblem(environment, ['train', 'a.txt'], await createProgram('train'))).toMatch(
    /: npm run train -- --steps 3/,
  );
});

it.each([
  ['npm runs no script', { npm_config_port: '9000' }],
  ['npm took nothing', { npm_lifecycle_event: 'start', npm_config_loglevel: 'silent' }],
  ["it may be of the user's .npmrc", { npm_lifecycle_event: 'start', npm_config_json: 'true' }],
])('says nothing where %s', async (_, environment) => {
  expect(npmFlagsProblem(environment, [], await createProgram('serve'))).toBeUndefined();
});
