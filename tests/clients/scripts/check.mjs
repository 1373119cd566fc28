/** What the scripts of all clients share. A script prints one line of JSON a check: {check, ok, error?}. */

/** A service that times its runtimes first may have to read a library of 800 MB from a slow disk, which took 25 s. */
const LIMIT_MS = 75_000;

/** When the check began. */
let numGeneratedBefore = 0;

/** The service and its models: `ScriptSetup` of scripted-service.ts. */
export const setup = JSON.parse(process.env.CLIENT_SETUP ?? '{}');

const { TEST_CHECK: only } = process.env;

/** Runs a check and prints how it ended; the checks after it run whatever it finds. */
export async function check(name, work) {
  if (only !== undefined && !name.includes(only)) return;
  numGeneratedBefore = await metric('generation_tokens_total');
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([work(), limit]);
    print({ check: name, ok: true });
  } catch (error) {
    print({ check: name, ok: false, error: describe(error) });
  } finally {
    clearTimeout(timer);
  }
}

const print = (line) => console.log(JSON.stringify(line));

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const place = /at .*\/[^/]+\.mjs:\d+:\d+/.exec(error.stack ?? '')?.[0] ?? '';
  const cause = error.cause === undefined ? '' : `; cause: ${String(error.cause)}`;
  return `${error.name}: ${error.message}${cause} ${place}`.slice(0, 2000);
}

/** All that an async iterable yields. */
export async function collect(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** The error that a promise rejects with. */
export async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

/** Asked for by checks that leave before the end. */
export const MANY_TOKENS = 50_000;

/**
 * Waits until the service runs no request any more. It must then have ended the request when its client had gone, and
 * not by `MANY_TOKENS`.
 */
export async function untilIdle() {
  while ((await metric('num_requests_running')) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const numGenerated = (await metric('generation_tokens_total')) - numGeneratedBefore;
  if (numGenerated >= MANY_TOKENS)
    throw new Error('the service went on to the end after the client had gone');
}

async function metric(name) {
  const text = await (await fetch(`${setup.url}/metrics`)).text();
  const counts = [...text.matchAll(new RegExp(`^tokenflare_${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))];
  if (counts.length === 0) throw new Error(`/metrics has no tokenflare_${name}`);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What a client's tools give, by name. */
export const TOOLS = {
  get_weather: ({ city }) => {
    if (city !== 'Paris') throw new Error(`get_weather was called with ${JSON.stringify(city)}`);
    return { celsius: 21 };
  },
  add: ({ a, b }) => {
    if (a !== 2 || b !== 3) throw new Error(`add was called with ${a} and ${b}`);
    return a + b;
  },
};

/** JSON schemas of their parameters. */
export const PARAMETERS = {
  get_weather: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  add: {
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'integer' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
};

export const PERSON_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};

/** Questions to the scripted model (tests/support/chains.ts). */
export const ASK = {
  plain: 'How high is the tower?',
  tools: 'What is the weather in Paris, and what is 2 + 3?',
  thought: 'Please think: what is two and two?',
  object: 'Describe Ada as JSON.',
  endless: 'Please count.',
};

/** Its thoughts and the answer after them. */
export const [THOUGHT, FOUR] = (() => {
  const [, thought, answer] = /<think>\s*(.*?)\s*<\/think>\s*(.*)/s.exec(setup.texts.thought);
  return [thought, answer];
})();
