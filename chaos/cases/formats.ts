import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';

/** What a text must look like: grammars, schemas and choices that multiply. */

const COMPLETIONS = '/v1/completions';
/** A request that is refused, or that costs what it may. */
const TAKEN = [200, 400];
/** An attack that is not answered by then never is. */
const LIMIT_MS = 20_000;
const HONEST = '127.0.0.3';
/** For an honest request that the attack must not keep waiting. */
const HONEST_MS = 4000;

const ask = (client: Client, fields: object): Promise<Answer> =>
  client.post(
    COMPLETIONS,
    { prompt: 'Once', max_tokens: 40, temperature: 1, ...fields },
    { limitMs: LIMIT_MS },
  );

const list = <T>(count: number, itemOf: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => itemOf(i));

/** Says no to nothing, and needs the compiler. */
const honestFormat = (client: Client, index: number): Promise<Answer> =>
  client.post(
    COMPLETIONS,
    { prompt: 'a', max_tokens: 8, guided_regex: `[a-z]{1,${3 + index}}`, timeout_ms: HONEST_MS },
    { limitMs: LIMIT_MS },
  );

/** Each letter may be read in two ways; the bias makes the model say it. */
const AMBIGUOUS = {
  guided_grammar: 'root ::= s\ns ::= "a" s "b" | "a" s "c" | "d"',
  logit_bias: { [idOf('a')]: 100 },
};
const listOf = (name: string): object => ({ type: 'array', items: { $ref: `#/$defs/${name}` } });
const eitherList = { anyOf: [listOf('a'), listOf('b')] };
/** A bracket opens either list. */
const TWO_LISTS = {
  guided_json: { $ref: '#/$defs/a', $defs: { a: eitherList, b: eitherList } },
  logit_bias: { [idOf('[')]: 100 },
};
/** What a client may well write. */
const RECURSIVE_LIST = { max_tokens: 450, guided_grammar: 'root ::= s\ns ::= item s?\nitem ::= [a-z ]+' };

/** The tokenizer of the embedded model has the ASCII characters first. */
function idOf(character: string): number {
  return character.charCodeAt(0);
}

async function ambiguous(scene: Scene, fields: object, what: string): Promise<void> {
  const client = scene.client();
  for (let round = 0; round < scene.scaled(2); round++) {
    const answers = await times(2, (index) =>
      ask(client, { max_tokens: 100, ...fields, seed: 2 * round + index }),
    );
    expectStatus(scene, answers, TAKEN, what);
  }
}

/** A word that is forced, and behind it more ways to go on than can be counted. */
const OPTIONAL_RULES = [
  'root ::= "Once upon a time" r0',
  ...list(20, (i) => `r${i} ::= (r${i + 1} "a${i}")? (r${i + 1} "b${i}")?`),
  'r20 ::= "c"',
].join('\n');

async function optionalRules(scene: Scene): Promise<void> {
  const client = scene.client();
  for (let round = 0; round < scene.scaled(3); round++) {
    expectStatus(scene, [await ask(client, { guided_grammar: OPTIONAL_RULES })], TAKEN, 'optional rules');
  }
}

const nestedMinItems = (leaf: object): object =>
  list(3, () => 0).reduce<object>((items) => ({ type: 'array', minItems: 10_000, items }), leaf);

async function largeEnds(scene: Scene): Promise<void> {
  const client = scene.client();
  const honest = scene.client(HONEST);
  const attack = times(scene.scaled(4), (index) =>
    ask(client, { guided_json: nestedMinItems({ const: index }) }),
  );
  const answers: Answer[] = [];
  for (let index = 0; index < 4; index++) answers.push(await honestFormat(honest, index));
  expectStatus(scene, answers, [200], "another client's format");
  expectStatus(scene, await attack, [400], 'lists of 10,000 lists of 10,000 lists');
}

/** About 4 KB, and like no other. Each of its texts may come first, so that the automata of all are made and walked. */
const largeSchema = (seed: number): object => ({
  anyOf: list(60, (i) => ({
    type: 'string',
    pattern: `^[a-z]{1,${5 + (i % 5)}}-${seed}x[^${i % 7}]{2,12}$`,
  })),
});

async function manySchemas(scene: Scene): Promise<void> {
  const client = scene.client();
  const answers: Answer[] = [];
  for (let seed = 0; seed < 240; seed += 3)
    answers.push(
      ...(await times(3, (index) => ask(client, { guided_json: largeSchema(seed + index), max_tokens: 60 }))),
    );
  expectStatus(scene, answers, [200], 'one of 240 schemas');
}

async function longChoices(scene: Scene): Promise<void> {
  // As long as 900 of them may be.
  const beginning = 'once upon a time there was a river and a mill and a fox and '.repeat(4);
  const guided_choice = list(900, (index) => `${beginning}${index}`);
  for (let round = 0; round < scene.scaled(2); round++) {
    const answer = await ask(scene.client(), { guided_choice, n: 24, max_tokens: 500 });
    expectStatus(scene, [answer], TAKEN, '24 texts of 900 choices');
  }
}

/**
 * A state of its own at each token of each text, of a few letters: what is kept for it is small in itself, and large by
 * what holds it.
 */
const nestedPairs = (index: number): object => ({
  guided_grammar: `root ::= "${index}" s\ns ::= "a" s "b" | "c" s "d" | "e" s "f" | "."`,
  logit_bias: { [idOf('.')]: -100 },
  max_tokens: 400,
  seed: index,
});

async function guidedRequests(scene: Scene): Promise<void> {
  const client = scene.client();
  const answers: Answer[] = [];
  for (let at = 0; at < 120; at += 12)
    answers.push(...(await times(12, (index) => ask(client, nestedPairs(at + index)))));
  expectStatus(scene, answers, [200], 'one of 120 guided requests');
}

export const FORMAT_CASES: readonly ChaosCase[] = [
  {
    name: 'optional-rules',
    shows: ['endless-expression'],
    attack: 'a grammar of a word that is forced, then 20 rules of two optional parts',
    run: optionalRules,
  },
  {
    name: 'ambiguous-grammar',
    shows: ['formats'],
    attack: 'a grammar of 45 bytes that reads each letter in two ways',
    run: (scene) => ambiguous(scene, AMBIGUOUS, 'the ambiguous grammar'),
  },
  {
    name: 'ambiguous-schema',
    shows: ['formats'],
    attack: 'a JSON Schema of two recursive lists',
    run: (scene) => ambiguous(scene, TWO_LISTS, 'the ambiguous schema'),
  },
  {
    name: 'recursive-list',
    shows: ['endless-expression'],
    attack: 'the grammar s ::= item s?',
    run: (scene) => ambiguous(scene, RECURSIVE_LIST, 'the recursive list'),
  },
  {
    name: 'nested-min-items',
    shows: ['formats'],
    attack: 'minItems 10,000 three deep, beside formats of another client',
    run: largeEnds,
  },
  { name: 'many-schemas', shows: ['formats'], attack: '240 schemas of 60 patterns each', run: manySchemas },
  {
    name: 'long-choices',
    shows: ['formats'],
    attack: '24 texts of 900 choices with one beginning',
    run: longChoices,
  },
  {
    name: 'guided-requests',
    shows: ['formats'],
    attack: '120 requests with a grammar of nested pairs each, so that each token has a state of its own',
    run: guidedRequests,
  },
];
