import { expect, it } from 'vitest';
import { describePage, expectAccessible, picture } from '../support/page.ts';

describePage('what the service does now', {}, (open, service) => {
  it('shows running requests, their lanes, and tokens per second as they come', async () => {
    const { page, complaints } = await open('/#/now');
    const model = page.getByRole('region', { name: 'tokenflare-tales' });
    await model.waitFor();
    const controller = new AbortController();
    const streams = Array.from({ length: 3 }, () =>
      fetch(`${service().url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'Once', max_tokens: 480, ignore_eos: true, stream: true }),
        signal: controller.signal,
      })
        .then((response) => response.text())
        .catch(() => ''),
    );
    await model.getByRole('img', { name: /^3 of \d+ lanes in use$/ }).waitFor();
    await expect
      .poll(async () => Number(await model.locator('.sparkline strong').first().textContent()), {
        timeout: 10_000,
      })
      .toBeGreaterThan(0);
    const rows = model.getByRole('region', { name: 'Requests' }).locator('tbody tr');
    expect(await rows.count()).toBe(3);
    const lanes = await rows.locator('td:nth-child(2)').allTextContents();
    expect(new Set(lanes).size).toBe(3);
    for (const lane of lanes) expect(lane).toMatch(/^\d+$/);
    await expectAccessible(page);
    await picture(page, 'now');
    controller.abort();
    await Promise.all(streams);
    await model.getByRole('img', { name: /^0 of \d+ lanes in use$/ }).waitFor();
    expect(complaints).toEqual([]);
  });
});
