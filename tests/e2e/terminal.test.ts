import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../support/process.ts';
import { PseudoTerminal, skipsTerminal } from '../support/pseudo-terminal.ts';
import { TINY_MODEL } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** The service as a person at a terminal sees it. */

const opened: PseudoTerminal[] = [];
const CTRL_C = '\u0003';

function serve(environment: Record<string, string> = {}): PseudoTerminal {
  const command = [process.execPath, 'dist/src/cli/main.js'];
  const terminal = new PseudoTerminal(command, {
    ...{ PORT: '0', MODEL: TINY_MODEL, RUNTIME: 'wasm' },
    ...environment,
  });
  opened.push(terminal);
  return terminal;
}

/** Up to the end of the greeting. */
async function urlIn(terminal: PseudoTerminal): Promise<string> {
  const text = await terminal.see(/^Try: .*\n/m);
  return / on (http:\S+) /.exec(text)?.[1] ?? '';
}

beforeAll(build);
afterEach(async () => {
  for (const terminal of opened.splice(0)) await terminal.kill();
});

const body = { prompt: 'The river', max_tokens: 120, temperature: 0, ignore_eos: true, stream: true };

/** Prints a warning of Dawn as each engine starts, on machines with a Vulkan loader too. */
const WARNING_AT_START = `data:text/javascript,${encodeURIComponent(
  `if (process.argv[1]?.includes('engine-worker')) {
    process.stderr.write("Warning: Couldn't load Vulkan\\n    at operator() (/x/dawn/src/dawn/native/vulkan/BackendVk.cpp:368)\\n\\n");
  }`,
)}`;

describe.skipIf(skipsTerminal)('in a terminal (needs python3)', () => {
  it('a start is a few short lines, and three of them say what to do', async () => {
    const terminal = serve();
    await urlIn(terminal);
    const lines = terminal.text.trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(
        /^\[\d\d:\d\d:\d\d\] INFO: model loaded model=tiny-gpt2 durationMs=\d+ modelsMb=\d+ pooling=.+$/,
      ),
      expect.stringMatching(/^\[\d\d:\d\d:\d\d\] INFO: ready startMs=\d+$/),
      expect.stringMatching(/^Tokenflare serves tiny-gpt2 on http:\/\/127\.0\.0\.1:\d+ \(tfjs wasm/),
      expect.stringMatching(
        /^Sampling: temperature 1: the model's files recommend nothing, .*GENERATION_CONFIG/,
      ),
      expect.stringMatching(/^Page: http:\/\/127\.0\.0\.1:\d+\/$/),
      expect.stringMatching(/^Try: {2}curl -N http:\/\/127\.0\.0\.1:\d+\/v1\/completions -H /),
    ]);
  });

  it('requests are readable, and cannot move the cursor', async () => {
    // Without it no text of a client is logged at all.
    const terminal = serve({ NO_COLOR: '', LOG_PROMPTS: 'on' });
    const url = await urlIn(terminal);
    await (await postJson(`${url}/v1/completions`, { ...body, model: '\u001b[2Jx' })).text();
    const text = await terminal.see(/INFO: .*\/v1\/completions 404 .*\n/);
    expect(text).toMatch(/ended=error: model_not_found .*error=the model '\ufffd\[2Jx' is not served here/);
    expect(terminal.raw).not.toContain('\u001b[2J');
    // Of the level.
    expect(terminal.raw).toContain('\u001b[32mINFO');
  });

  it('Ctrl-C says how long it may take, and a second one ends it', async () => {
    // The slow runtime, so that there is time to look.
    const terminal = serve({ RUNTIME: 'cpu' });
    const url = await urlIn(terminal);
    const stream = (async () => {
      let numFrames = 0;
      for await (const frame of sseData(await postJson(`${url}/v1/completions`, body)))
        if (frame !== '' && ++numFrames === 2) terminal.type(CTRL_C);
    })();
    stream.catch(() => undefined);
    await terminal.see(/1 answer that runs has 30 s to end; Ctrl-C again stops it at once\n/);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(1);
    await expect(stream).rejects.toThrow();
  });

  it('Ctrl-C ends an idle service at once', async () => {
    const terminal = serve();
    await urlIn(terminal);
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    expect(terminal.text).toMatch(/Tokenflare stops\n$/);
  });

  it('a start that fails is one line', async () => {
    const terminal = serve({ MODEL: '/nope' });
    expect(await terminal.exited).toBe(1);
    expect(terminal.text).toBe(
      "tokenflare cannot start: config_invalid: MODEL is '/nope': there is no such file or folder; a model is a folder with config.json, tokenizer.json and model.safetensors, or a .gguf file\n",
    );
  });

  it.each([
    ['info', false],
    ['silent', false],
    ['debug', true],
  ])('with LOG_LEVEL=%s, that a warning of Dawn is shown is %s', async (level, isShown) => {
    const terminal = serve({ LOG_LEVEL: level, NODE_OPTIONS: `--import=${WARNING_AT_START}` });
    await urlIn(terminal);
    expect(terminal.text.includes('BackendVk')).toBe(isShown);
    expect(terminal.text.includes('INFO: ready')).toBe(level !== 'silent');
  });
});
