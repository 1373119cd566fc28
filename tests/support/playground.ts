import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The parts of the playground, as a reader finds them. */

export const messageBox = (page: Page): Locator =>
  page.getByRole('textbox', { name: 'Message', exact: true });
export const questions = (page: Page): Locator => page.getByRole('article', { name: 'You' });
export const answers = (page: Page): Locator => page.getByRole('article', { name: 'Model' });
export const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: true });

/** Sends a message, and waits until the answer is over. */
export async function say(page: Page, text: string): Promise<void> {
  const numBefore = await answers(page).count();
  await messageBox(page).fill(text);
  await messageBox(page).press('Enter');
  await answers(page).nth(numBefore).waitFor();
  await answersAreOver(page);
}

export async function answersAreOver(page: Page): Promise<void> {
  await button(page, 'Send').waitFor();
  expect(await button(page, 'Stop').count()).toBe(0);
}

/** What the last answer says, without its buttons and its reasoning. */
export const lastText = (page: Page): Promise<string | null> =>
  answers(page).last().locator('.text:not(.quiet)').textContent();

/** Opens a part that is folded away. */
export async function unfold(page: Page, title: string): Promise<void> {
  await page.locator('summary', { hasText: title }).click();
}

export async function setParameter(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  if (!(await field.isVisible())) await unfold(page, 'Parameters');
  await field.fill(value);
}

/** The bodies of requests to a path, as the page sends them. */
export function watchBodies(page: Page, path: string): Record<string, unknown>[] {
  const bodies: Record<string, unknown>[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname !== path) return;
    bodies.push(JSON.parse(request.postData() ?? '{}') as Record<string, unknown>);
  });
  return bodies;
}

export const isFocused = (element: unknown): boolean => {
  const { ownerDocument } = element as { ownerDocument: { activeElement: unknown } };
  return ownerDocument.activeElement === element;
};
