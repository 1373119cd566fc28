import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  describePage,
  expectAccessible,
  expectNoSidewaysScroll,
  onScreen,
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

describePage('a conversation in the playground', {}, (open) => {
  it.each(SCREENS)('copies, regenerates, edits: $name', async (screen) => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { page, complaints } = await open('/', { ...onScreen(screen), permissions });
    const bodies = watchBodies(page, CHAT);
    await setParameter(page, 'Max tokens', '12');
    await unfold(page, 'Parameters');
    await say(page, 'Hello!');
    await say(page, 'And then?');
    await answers(page).last().getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied').waitFor();
    expect(await clipboard(page)).toBe(await lastText(page));

    await answers(page).first().getByRole('button', { name: 'Regenerate' }).click();
    await expect.poll(() => bodies.length).toBe(3);
    await answersAreOver(page);
    expect(bodies[2]).toMatchObject({ messages: [{ role: 'user', content: 'Hello!' }] });
    expect(await answers(page).count()).toBe(1);

    await questions(page).getByRole('button', { name: 'Edit' }).click();
    const edited = page.getByLabel('Edited message');
    expect(await edited.evaluate(isFocused)).toBe(true);
    await edited.press('Escape');
    await questions(page).getByRole('button', { name: 'Edit' }).click();
    await edited.fill('Goodbye!');
    await button(page, 'Send again').click();
    await expect.poll(() => bodies.length).toBe(4);
    await answersAreOver(page);
    expect(bodies[3]).toMatchObject({ messages: [{ role: 'user', content: 'Goodbye!' }] });
    expect(await questions(page).locator('.text').allTextContents()).toEqual(['Goodbye!']);
    expect(complaints).toEqual([]);
  });

  it.each(SCREENS)('keeps chats over a reload, deletes one, deletes all: $name', async (screen) => {
    const { page, complaints } = await open('/', onScreen(screen));
    const showChats = async (): Promise<void> => {
      const folded = page.locator('details:not([open]) > summary', { hasText: 'Chats (' });
      if ((await folded.count()) > 0) await folded.click();
    };
    await setParameter(page, 'Max tokens', '8');
    await say(page, 'The first question');
    const said = await answers(page).locator('.text').allTextContents();
    const tokens = page.locator('.tokens .token');
    await page.getByLabel('Show tokens').check();
    const drawn = await tokens.allTextContents();
    expect(drawn.length).toBeGreaterThan(1);
    await page.reload();
    await answers(page).waitFor();
    expect(await questions(page).locator('.text').allTextContents()).toEqual(['The first question']);
    expect(await answers(page).locator('.text').allTextContents()).toEqual(said);
    await page.getByLabel('Show tokens').check();
    expect(await tokens.allTextContents()).toEqual(drawn);
    await page.getByLabel('Show tokens').uncheck();

    await button(page, 'New chat').first().click();
    await page.getByRole('region', { name: 'To begin with' }).waitFor();
    await say(page, 'The second question');
    const list = page.getByRole('navigation', { name: 'Chats' });
    await showChats();
    const titles = list.locator('.title');
    expect(await titles.allTextContents()).toEqual(['The second question', 'The first question']);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: screen.colorScheme });
    await expectNoSidewaysScroll(page);
    // Another tab of the same browser sees them, and begins anew.
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole('region', { name: 'To begin with' }).waitFor();
    await other.close();

    await titles.last().click();
    await page.getByText('The first question', { exact: true }).last().waitFor();
    await showChats();
    await button(page, 'Delete “The first question”').click();
    await page.getByRole('region', { name: 'To begin with' }).waitFor();
    expect(await titles.allTextContents()).toEqual(['The second question']);
    await button(page, 'Undo').click();
    await expect.poll(() => titles.count()).toBe(2);
    await button(page, 'Delete all chats').click();
    await expect.poll(() => titles.count()).toBe(0);
    await page.reload();
    await page.getByRole('region', { name: 'To begin with' }).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify((globalThis as unknown as { localStorage: object }).localStorage),
    );
    expect(kept).toBe('{}');
    expect(complaints).toEqual([]);
  });

  it('says in sentences what went wrong and what to do, and tries again', async () => {
    const { page } = await open();
    await messageBox(page).fill('word '.repeat(3000));
    await messageBox(page).press('Enter');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    const text = (await alert.textContent()) ?? '';
    expect(text).toContain('Shorten the prompt');
    // The page has no such field.
    expect(text).not.toContain('truncate_prompt_tokens');
    expect(text).not.toContain('{');
    await expectAboveComposer(page, 'Try again');
    await expectAccessible(page);
    const bodies = watchBodies(page, CHAT);
    await button(page, 'Try again').click();
    await expect.poll(() => bodies.length).toBe(1);
    await alert.waitFor();
  });

  it.each(SCREENS)('says once that the service is gone, in full view: $name', async (screen) => {
    const { page } = await open('/', onScreen(screen));
    await say(page, 'Hello!');
    for (const path of [`**${CHAT}`, '**/v1/models']) await page.route(path, (route) => route.abort());
    await messageBox(page).fill('And then?');
    await messageBox(page).press('Enter');
    await page.getByText('The service cannot be reached.').waitFor();
    await expectAboveComposer(page, 'Try again');
    expect(await page.getByRole('alert').count()).toBe(1);
  });

  it('tries an answer again that broke off', async () => {
    const { page } = await open();
    const event = { id: 'one', choices: [{ delta: { content: 'Once' }, finish_reason: null }] };
    const body = `data: ${JSON.stringify(event)}\n\n`;
    await page.route(`**${CHAT}`, (route) => route.fulfill({ contentType: 'text/event-stream', body }), {
      times: 1,
    });
    const bodies = watchBodies(page, CHAT);
    await say(page, 'Hello!');
    await page.getByText('The answer broke off here.').waitFor();
    await button(page, 'Try again').click();
    await expect.poll(() => bodies.length).toBe(2);
    await answersAreOver(page);
    expect(bodies[1]!['messages']).toEqual([{ role: 'user', content: 'Hello!' }]);
    expect(await button(page, 'Try again').count()).toBe(0);
  });
});

/** Neither the message box nor its shadow lies on it. */
async function expectAboveComposer(page: Page, name: string): Promise<void> {
  const { y, height } = (await button(page, name).boundingBox())!;
  const composer = (await page.locator('.composer').boundingBox())!;
  expect(y).toBeGreaterThan(0);
  expect(y + height).toBeLessThanOrEqual(composer.y - 20);
}

const clipboard = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()');
