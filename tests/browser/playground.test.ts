import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
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
  isFocused,
  lastText,
  messageBox,
  questions,
  say,
  setParameter,
  unfold,
  watchBodies,
} from '../support/playground.ts';

const CHAT = '/v1/chat/completions';

describePage('the playground', {}, (open, service) => {
  const ask = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${service().url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as { choices: Record<string, unknown>[] }).choices[0]!;
  };

  it.each(SCREENS)(
    'opens in chat, with one sentence, four prompts to click, and the box at hand: $name',
    async (screen) => {
      const { page, complaints } = await open('/', onScreen(screen));
      const beginning = page.getByRole('region', { name: 'To begin with' });
      await beginning.waitFor();
      expect(await page.getByLabel('Chat', { exact: true }).isChecked()).toBe(true);
      expect(await beginning.locator('p').textContent()).toMatch(/^[^.]+\.$/);
      const prompts = beginning.getByRole('button');
      expect(await prompts.count()).toBe(4);
      for (const part of [messageBox(page), button(page, 'Send'), prompts.first(), prompts.last()]) {
        const box = (await part.boundingBox())!;
        expect(box.y + box.height).toBeLessThanOrEqual(screen.height);
      }
      const lastPrompt = (await prompts.last().boundingBox())!;
      const composer = (await page.locator('.composer').boundingBox())!;
      expect(lastPrompt.y + lastPrompt.height).toBeLessThanOrEqual(composer.y);
      await expectAccessible(page);
      await page.emulateMedia({ colorScheme: screen.colorScheme });
      await expectNoSidewaysScroll(page);
      if (screen === SCREENS[0]) await picture(page, 'playground-start');

      const prompt = await prompts.first().textContent();
      await prompts.first().click();
      expect(await questions(page).locator('.text').textContent()).toBe(prompt);
      await answers(page).locator('.text').waitFor();
      await answersAreOver(page);
      expect(await beginning.count()).toBe(0);
      expect((await lastText(page))?.length).toBeGreaterThan(20);
      expect(complaints).toEqual([]);
    },
  );

  it.each(SCREENS)('sends by Enter, begins a line by Shift+Enter: $name', async (screen) => {
    const { page } = await open('/', onScreen(screen));
    const bodies = watchBodies(page, CHAT);
    await messageBox(page).focus();
    await page.keyboard.type('Hello,');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('who are you?');
    expect(bodies).toEqual([]);
    await page.keyboard.press('Enter');
    await answers(page).waitFor();
    expect(await messageBox(page).inputValue()).toBe('');
    await answersAreOver(page);
    expect(bodies).toMatchObject([{ messages: [{ role: 'user', content: 'Hello,\nwho are you?' }] }]);
    // Nothing but white space is no message.
    await messageBox(page).fill(' \n');
    await messageBox(page).press('Enter');
    expect(bodies).toHaveLength(1);
  });

  it.each(SCREENS)("folds parameters away, and shows the model's own defaults: $name", async (screen) => {
    const { page, complaints } = await open('/', onScreen(screen));
    const temperature = page.getByLabel('Temperature', { exact: true });
    await messageBox(page).waitFor();
    expect(await temperature.isVisible()).toBe(false);
    await unfold(page, 'Parameters');
    const { data } = (await (await fetch(`${service().url}/v1/models`)).json()) as ModelListBody;
    const own = data[0]!.generation_defaults!.temperature!;
    expect(await temperature.inputValue()).toBe('');
    expect(await temperature.getAttribute('placeholder')).toBe(String(own));
    expect(await page.getByText(`The model's default: ${own}.`).count()).toBe(1);

    const bodies = watchBodies(page, CHAT);
    await say(page, 'Hello!');
    for (const field of ['temperature', 'top_p', 'max_tokens']) expect(bodies[0]).not.toHaveProperty(field);
    await setParameter(page, 'Temperature', '0');
    await setParameter(page, 'Max tokens', '5');
    await say(page, 'Hello!');
    expect(bodies[1]).toMatchObject({ temperature: 0, max_tokens: 5 });
    expect(await answers(page).last().textContent()).toContain('5 tokens');
    await button(page, 'Back to the defaults').click();
    expect(await temperature.inputValue()).toBe('');
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  it.each(SCREENS)('shows tokens by surprise in the conversation itself: $name', async (screen) => {
    const { page, complaints } = await open('/', onScreen(screen));
    await setParameter(page, 'Temperature', '0');
    await unfold(page, 'Parameters');
    await say(page, 'Tell me a story about a fox.');
    const text = (await lastText(page)) ?? '';
    expect(await page.locator('.tokens').count()).toBe(0);
    await page.getByLabel('Show tokens').check();
    // One text: the same place now has the tokens, and its end.
    expect(await answers(page).locator('.text').count()).toBe(1);
    const messages = [{ role: 'user', content: 'Tell me a story about a fox.' }];
    const choice = await ask(CHAT, { messages, temperature: 0, logprobs: true, top_logprobs: 5 });
    const { content: drawn } = choice['logprobs'] as {
      content: { token: string; logprob: number; top_logprobs: { token: string }[] }[];
    };
    const tokens = page.locator('.tokens .token');
    expect(await tokens.allTextContents()).toEqual(drawn.map(({ token }) => token));
    expect(drawn.map(({ token }) => token).join('')).toContain(text);

    // The most surprising one has the strongest colour.
    const logprobs = drawn.map(({ logprob }) => logprob);
    const index = logprobs.indexOf(Math.min(...logprobs));
    const surprises = (
      await tokens.evaluateAll((all) =>
        (all as unknown as { style: { getPropertyValue(name: string): string } }[]).map(({ style }) =>
          style.getPropertyValue('--surprise'),
        ),
      )
    ).map(Number);
    expect(surprises[index]).toBe(Math.max(...surprises));
    await tokens.nth(index).click();
    const alternatives = page.getByRole('region', { name: 'Alternatives' });
    await alternatives.waitFor();
    expect(await alternatives.getByRole('rowheader').allTextContents()).toEqual(
      drawn[index]!.top_logprobs.map(({ token }) => JSON.stringify(token)),
    );
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: screen.colorScheme });
    await expectNoSidewaysScroll(page);
    if (screen === SCREENS[0]) await picture(page, 'playground');
    if (screen === SCREENS[3]) await picture(page, 'playground-narrow');

    // By keyboard: from token to token, open, close.
    await page.keyboard.press('Escape');
    await alternatives.waitFor({ state: 'detached' });
    await tokens.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await alternatives.getByText(JSON.stringify(drawn[1]!.token)).first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await alternatives.getByRole('link').evaluate(isFocused)).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Attention' }).waitFor();
    const asked = await page.getByLabel('Text of at most 64 tokens').inputValue();
    expect(asked.endsWith(drawn[1]!.token)).toBe(true);
    await page.locator('.arcs .pointed').waitFor();
    await page.goBack();
    await expect.poll(() => tokens.count()).toBe(drawn.length);
    expect(complaints).toEqual([]);
  });

  it.each(SCREENS)('goes on with a text, each for itself: $name', async (screen) => {
    const { page, complaints } = await open('/', onScreen(screen));
    await page.getByLabel('Prompt', { exact: true }).check();
    const prompt = page.getByRole('textbox', { name: 'Prompt' });
    await setParameter(page, 'Temperature', '0');
    await setParameter(page, 'Max tokens', '24');
    for (const text of ['One morning a little fox', 'The robot']) {
      await prompt.fill(text);
      await prompt.press('Enter');
      await expect.poll(() => questions(page).last().locator('.text').textContent()).toBe(text);
      await answersAreOver(page);
      const { text: expected } = await ask('/v1/completions', {
        prompt: text,
        temperature: 0,
        max_tokens: 24,
      });
      expect(await lastText(page)).toBe(expected);
    }
    // Without a number of its own it ends where the context or the model does, and not after OpenAI's 16 tokens.
    const bodies = watchBodies(page, '/v1/completions');
    await button(page, 'Back to the defaults').click();
    await prompt.fill('Once');
    await prompt.press('Enter');
    await expect.poll(() => bodies.length).toBe(1);
    const { data } = (await (await fetch(`${service().url}/v1/models`)).json()) as ModelListBody;
    expect(bodies[0]!['max_tokens']).toBeGreaterThan(Math.min(data[0]!.max_model_len!, 1024) - 16);
    await answersAreOver(page);
    expect(complaints).toEqual([]);
  });

  it('moves nothing for a reader who asked for that', async () => {
    const motionOf = async (reducedMotion: 'reduce' | 'no-preference'): Promise<unknown> => {
      const { page } = await open('/', { reducedMotion });
      await messageBox(page).waitFor();
      return page.evaluate(`(() => {
        const waiting = document.createElement('p');
        waiting.className = 'waiting';
        document.body.append(waiting);
        return document.getAnimations().length;
      })()`);
    };
    expect(await motionOf('no-preference')).toBe(1);
    expect(await motionOf('reduce')).toBe(0);
  });

  it.each([360, 768, 1024, 1920])('fits a screen of %i pixels', async (width) => {
    const { page } = await open('/', { viewport: { width, height: 800 } });
    await say(page, 'Tell me a story about a robot that finds an old lighthouse by the sea');
    if (width < 960) await unfold(page, 'Chats (');
    await unfold(page, 'Parameters');
    await unfold(page, 'System prompt');
    await button(page, 'Example of Tools').click();
    await unfold(page, 'View code');
    await expectNoSidewaysScroll(page);
    for (const box of await boxesOf(page, 'button, summary')) expect(box.height).toBeGreaterThanOrEqual(24);
    for (const box of await boxesOf(page, '.chats .delete')) expect(box.right).toBeLessThanOrEqual(width);
    await page.getByLabel('Show tokens').check();
    await expectNoSidewaysScroll(page);
  });
});

/** Of all that are shown. */
const boxesOf = (page: Page, selector: string): Promise<{ height: number; right: number }[]> =>
  page.evaluate(`[...document.querySelectorAll('${selector}')]
    .map((element) => element.getBoundingClientRect())
    .filter(({ width }) => width > 0)
    .map(({ height, right }) => ({ height, right }))`);
