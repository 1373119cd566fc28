import { expect, it, onTestFinished } from 'vitest';
import {
  describePage,
  expectAccessible,
  expectNoSidewaysScroll,
  expectWhole,
  picture,
} from '../support/page.ts';

describePage('what the service does now', {}, (open, service) => {
  it('shows running requests, their seats, and tokens per second as they come', async () => {
    const { page, complaints } = await open('/#/now');
    const model = page.getByRole('region', { name: 'tokenflare-tales' });
    await model.waitFor();
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const streams = Array.from({ length: 3 }, () => askAgainAndAgain(service().url, controller.signal));
    await model.getByRole('img', { name: /^3 of \d+ seats in use$/ }).waitFor();
    const throughput = model.locator('.sparkline').first();
    await expect
      .poll(async () => Number(await throughput.locator('strong').textContent()), { timeout: 10_000 })
      .toBeGreaterThan(0);
    // A line of several answers, not of one.
    await expect
      .poll(async () => (await throughput.locator('polyline').getAttribute('points'))?.split(' ').length, {
        timeout: 10_000,
      })
      .toBeGreaterThan(3);
    const rows = model.getByRole('region', { name: 'Requests' }).locator('tbody tr');
    const seatsShown = async (): Promise<string[]> => rows.locator('td:nth-child(2)').allTextContents();
    // A client has no seat between two answers, so that the page may see only two seats.
    await expect
      .poll(async () => new Set((await seatsShown()).filter((seat) => /^\d+$/.test(seat))).size, {
        timeout: 10_000,
      })
      .toBe(3);
    await expectAccessible(page);
    await picture(page, 'now');
    await page.setViewportSize({ width: 390, height: 760 });
    await expectNoSidewaysScroll(page);
    await expectWhole(page, '.requests');
    controller.abort();
    await Promise.all(streams);
    await model.getByRole('img', { name: /^0 of \d+ seats in use$/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('does not show old figures as those of now', async () => {
    const { page } = await open('/#/now');
    const idle = page.getByText(/^Nothing runs/);
    await idle.waitFor();
    await page.route('**/metrics', (route) => route.abort());
    await page.getByText('The service cannot be reached.').waitFor();
    await page.getByText(/^The figures below are of .*, when the service last answered\.$/).waitFor();
    expect(await idle.count()).toBe(0);
  });
});

/** One stream after another: a single one ends before the page has asked twice. */
async function askAgainAndAgain(url: string, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ prompt: 'Once', max_tokens: 480, ignore_eos: true, stream: true });
  const headers = { 'content-type': 'application/json' };
  while (!signal.aborted) {
    const answer = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body, signal }).catch(
      () => undefined,
    );
    await answer?.text().catch(() => '');
  }
}
