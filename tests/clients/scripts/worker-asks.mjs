/**
 * What is asked of the Worker in tests/clients/worker, whichever tool runs it. Without anything of Node: Vitest runs it in
 * workerd. `ask(method, args, { raw })` gives the Worker's response; `setup` is that of check.mjs.
 */
const PLAIN = [{ role: 'user', content: 'How high is the tower?' }];

const equal = (found, wanted) => {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`it is ${one}, and not ${other}`);
};

/** An id of Cloudflare for the model that says texts; each tool is configured so. */
export const ALIASES = ({ model, embeddingModel }) => ({
  '@cf/vendor/*': model,
  '@cf/baai/*': embeddingModel,
});

export const ASKS = {
  run: async (ask, { texts }) => {
    const answer = await ask('run', ['@cf/vendor/some-model-8b', { messages: PLAIN }]);
    const { response, usage } = await answer.json();
    equal([response, usage.completion_tokens > 1], [texts.plain, true]);
    equal([answer.headers.get('x-status'), answer.headers.get('x-request').length], ['200', 36]);
  },

  'run: streamed': async (ask, { texts }) => {
    const answer = await ask('run', ['@cf/vendor/some-model-8b', { messages: PLAIN, stream: true }]);
    const text = await answer.text();
    const frames = text.split('\n\n').filter((frame) => frame.startsWith('data: '));
    equal(frames.pop(), 'data: [DONE]');
    equal(frames.map((frame) => JSON.parse(frame.slice(6)).response).join(''), texts.plain);
  },

  'run: embeddings': async (ask) => {
    const { shape, data } = await (await ask('run', ['@cf/baai/bge-m3', { text: ['one', 'two'] }])).json();
    equal(shape, [2, data[0].length]);
  },

  models: async (ask, { model }) => {
    const found = await (await ask('models', [{ search: 'CHAIN' }])).json();
    equal(
      found.map(({ name }) => name),
      [model],
    );
  },

  'errors have their name and code': async (ask) => {
    const answer = await ask('run', ['@cf/nobody/nothing', { prompt: 'a' }]);
    const { name, message } = await answer.json();
    equal([name, message.slice(0, 6)], ['InferenceUpstreamError', '5007: ']);
    equal([answer.headers.get('x-status'), answer.headers.get('x-code')], ['400', '5007']);
  },
};
