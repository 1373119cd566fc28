import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect, it } from 'vitest';
import { EXAMPLES } from '../../src/page/playground/options/setup.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { CHAINS } from '../support/chains.ts';
import {
  describePage,
  expectAccessible,
  expectNoSidewaysScroll,
  onScreen,
  picture,
  SCREENS,
} from '../support/page.ts';
import {
  answers,
  answersAreOver,
  button,
  lastText,
  messageBox,
  questions,
  say,
  setParameter,
  unfold,
  watchBodies,
} from '../support/playground.ts';
import { metric } from '../support/service.ts';

/** A model that says scripted texts, on the real engine. */
const HTML =
  '<img src=x onerror="globalThis.wasRun = 1"><b>bold</b> &amp; <script>globalThis.wasRun = 1</script>';
const directory = mkdtempSync(join(tmpdir(), 'tokenflare-page-'));
const MODEL = join(directory, 'scripted');
await writeChainModel(MODEL, {
  chains: [...CHAINS, { name: 'html', text: HTML, word: 'HTML' }],
  contextLength: 16_384,
});
afterAll(() => rmSync(directory, { recursive: true }));

const CHAT = '/v1/chat/completions';
const SETUP = 'System prompt, JSON schema, tools';

describePage(
  'the playground with a model that follows a script',
  { MODEL, MODEL_ID: 'scripted' },
  (open, service) => {
    it.each(SCREENS)('tries a system prompt: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      const bodies = watchBodies(page, CHAT);
      await unfold(page, SETUP);
      await button(page, 'Example of System prompt').click();
      await say(page, 'Hello');
      expect(bodies[0]!['messages']).toEqual([
        { role: 'system', content: EXAMPLES.system },
        { role: 'user', content: 'Hello' },
      ]);
      expect(await lastText(page)).toBe(CHAINS[0]!.text);
      await page.reload();
      await answers(page).waitFor();
      await unfold(page, SETUP);
      expect(await page.getByRole('textbox', { name: 'System prompt' }).inputValue()).toBe(EXAMPLES.system);
      expect(complaints).toEqual([]);
    });

    it.each(SCREENS)('tries a JSON schema, and says what is wrong with one: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      await unfold(page, SETUP);
      const schema = page.getByRole('textbox', { name: 'JSON schema' });
      const bodies = watchBodies(page, CHAT);
      await schema.fill('{"type": ');
      await page.getByText(/^The schema is no JSON: /).waitFor();
      await expectAccessible(page);
      await messageBox(page).fill('Who?');
      await messageBox(page).press('Enter');
      await page.getByRole('alert').waitFor();
      expect(bodies).toEqual([]);
      expect(await messageBox(page).inputValue()).toBe('Who?');
      await button(page, 'Clear JSON schema').click();
      await button(page, 'Example of JSON schema').click();
      await say(page, 'Who?');
      expect(bodies[0]!['response_format']).toMatchObject({ type: 'json_schema' });
      const isValid = new Ajv2020().compile(JSON.parse(EXAMPLES.schema) as object);
      expect(isValid(JSON.parse((await lastText(page)) ?? ''))).toBe(true);
      expect(complaints).toEqual([]);
    });

    it.each(SCREENS)('tries tools: shows a call, takes its result, goes on: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      const bodies = watchBodies(page, CHAT);
      await unfold(page, SETUP);
      await button(page, 'Example of Tools').click();
      await page.getByLabel('The model must call a tool').check();
      await unfold(page, SETUP);
      await say(page, 'What is the weather in Paris?');
      const call = page.getByRole('region', { name: 'Call of get_weather' });
      expect(JSON.parse((await call.locator('code').last().textContent()) ?? '')).toEqual({ city: 'Paris' });
      const result = page.getByLabel('Result of get_weather');
      await result.fill('{"temperature": 21}');
      await expectAccessible(page);
      await page.emulateMedia({ colorScheme: screen.colorScheme });
      await expectNoSidewaysScroll(page);
      if (screen === SCREENS[1]) await picture(page, 'playground-tools');
      await button(page, 'Send the result').click();
      await expect.poll(() => answers(page).count()).toBe(2);
      await answersAreOver(page);
      expect(await lastText(page)).toBe('It is 21 degrees in Paris, and 2 + 3 makes 5.');
      const [first, second] = bodies;
      expect(first!['tool_choice']).toBe('required');
      expect(second).not.toHaveProperty('tool_choice');
      const [, answered, given] = second!['messages'] as {
        tool_calls?: { id: string }[];
        tool_call_id?: string;
        content: string;
      }[];
      expect(given).toMatchObject({ content: '{"temperature": 21}' });
      expect(given!.tool_call_id).toBe(answered!.tool_calls![0]!.id);
      await page.reload();
      await expect.poll(() => answers(page).count()).toBe(2);
      expect(complaints).toEqual([]);
    });

    it.each(SCREENS)('cuts no answer at a number of its own: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      await say(page, 'Please count');
      // 1024 is what the service gives an answer without a number.
      expect(await answers(page).textContent()).toContain('1024 tokens');
      await page.getByText(/^It stopped at Max tokens, or at the limit/).waitFor();
      expect(complaints).toEqual([]);
    });

    it('puts nothing that is said into the page as HTML', async () => {
      const { page, complaints } = await open();
      await say(page, `HTML ${HTML}`);
      await page.getByLabel('Show tokens').check();
      await page.locator('.tokens .token').first().click();
      expect(await page.locator('.tokens').textContent()).toContain(HTML);
      await page.getByLabel('Show tokens').uncheck();
      expect(await lastText(page)).toBe(HTML);
      expect(await questions(page).locator('.text').textContent()).toBe(`HTML ${HTML}`);
      expect(await page.locator('main img, main b, main script').count()).toBe(0);
      await page.reload();
      await answers(page).waitFor();
      expect(await page.locator('main img, main b, main script').count()).toBe(0);
      expect(await page.evaluate('globalThis.wasRun')).toBeUndefined();
      expect(complaints).toEqual([]);
    });

    it.each(SCREENS)(
      'gives the request as code of other programs, which answer the same: $name',
      async (screen) => {
        const { page, complaints } = await open('/', onScreen(screen));
        const text = `It's a "test" of $HOME`;
        await messageBox(page).fill(text);
        await setParameter(page, 'Top k', '5');
        await unfold(page, 'View code');
        const codeOf = async (name: string): Promise<string> => {
          await button(page, name).click();
          return (await page.getByRole('region', { name, exact: true }).locator('code').textContent()) ?? '';
        };
        const code = {
          curl: await codeOf('curl'),
          js: await codeOf('JavaScript'),
          python: await codeOf('Python'),
        };
        const worker = await codeOf('Worker');
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
        expect(complaints).toEqual([]);
        // Programs are run once: their text is the same on every screen.
        if (screen !== SCREENS[0]) return;
        const answer = CHAINS[0]!.text;
        expect(await run('sh', ['-c', `${code.curl} -s`])).toContain('data: [DONE]');
        symlinkSync(
          fileURLToPath(new URL('../../node_modules', import.meta.url)),
          join(directory, 'node_modules'),
        );
        const module = join(directory, 'view-code.mjs');
        writeFileSync(module, code.js);
        expect(await run(process.execPath, [module])).toBe(answer);
        const program = join(directory, 'view_code.py');
        writeFileSync(program, code.python);
        expect(code.python).toContain(`base_url="${service().url}/v1"`);
        if (await hasPythonClient()) expect(await run('python3', [program])).toBe(answer);
        else await run('python3', ['-m', 'py_compile', program]);
        writeFileSync(join(directory, 'worker.mjs'), worker);
        const { default: handler } = (await import(pathToFileURL(join(directory, 'worker.mjs')).href)) as {
          default: { fetch(request: Request, env: object): Promise<Response> };
        };
        const response = await handler.fetch(new Request('https://worker.example'), {});
        expect(await response.text()).toContain('data: [DONE]');
      },
    );
  },
);

/** Not spawnSync: the service runs in this process. */
const run = async (command: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(command, args)).stdout;

const hasPythonClient = (): Promise<boolean> =>
  run('python3', ['-c', 'import openai']).then(
    () => true,
    () => false,
  );

// On a slow runtime: on others the text may be whole before it is looked at.
describePage(
  'the playground while a text comes',
  { MODEL, MODEL_ID: 'scripted', RUNTIME: 'cpu' },
  (open, service) => {
    const begin = async (page: Page): Promise<void> => {
      await setParameter(page, 'Max tokens', '15000');
      await unfold(page, 'Parameters');
      await messageBox(page).fill('Please count');
      await messageBox(page).press('Enter');
      await answers(page).locator('.text').waitFor();
    };

    it.each(SCREENS)('stops: the service computes no further: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      await begin(page);
      await button(page, 'Stop').click();
      await page.getByText('You stopped it.').waitFor();
      const numRunning = (): Promise<number> => metric(service().url, 'tokenflare_num_requests_running');
      await expect.poll(numRunning, { timeout: 20_000 }).toBe(0);
      const text = (await lastText(page)) ?? '';
      expect(text.length).toBeGreaterThan(0);
      // What came is kept, and is part of the chat.
      await page.reload();
      expect(await lastText(page)).toBe(text);
      expect(complaints).toEqual([]);
    });

    it('keeps what came of an answer when the page is left in its middle', async () => {
      const { page } = await open();
      await begin(page);
      // On a busy machine the first token may stand alone for a while.
      await answers(page).locator('.text', { hasText: 'one potato' }).waitFor();
      await page.reload();
      await answers(page).waitFor();
      expect(await lastText(page)).toMatch(/^ one potato/);
      await page.getByText('You stopped it.').waitFor();
    });

    it.each(SCREENS)('scrolls the answer into view, and does not fight a reader: $name', async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      await begin(page);
      const place = async (): Promise<{ y: number; hidden: number }> =>
        page.evaluate(`(() => {
          const composer = document.querySelector('.composer').getBoundingClientRect();
          const answer = document.querySelector('.turn.model .text').getBoundingClientRect();
          return { y: scrollY, hidden: answer.bottom - Math.min(innerHeight, composer.top) };
        })()`);
      // It is longer than the screen, and its end is in view.
      await expect.poll(async () => (await place()).y, { timeout: 20_000 }).toBeGreaterThan(300);
      expect((await place()).hidden).toBeLessThanOrEqual(40);

      await page.mouse.move(screen.width / 2, 300);
      await page.mouse.wheel(0, -250);
      await expect.poll(async () => (await place()).hidden).toBeGreaterThan(100);
      const { y, hidden } = await place();
      await expect.poll(async () => (await place()).hidden, { timeout: 20_000 }).toBeGreaterThan(hidden + 60);
      expect((await place()).y).toBe(y);

      // Back at the end, it follows again.
      await expect
        .poll(
          async () => {
            await page.mouse.wheel(0, 2000);
            return (await place()).hidden;
          },
          { timeout: 20_000 },
        )
        .toBeLessThanOrEqual(40);
      const { y: followed } = await place();
      await expect.poll(async () => (await place()).y, { timeout: 20_000 }).toBeGreaterThan(followed + 60);
      await messageBox(page).press('Escape');
      await page.getByText('You stopped it.').waitFor();
      expect(complaints).toEqual([]);
    });
  },
);
