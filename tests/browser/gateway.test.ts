import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describePage, expectAccessible, expectNoSidewaysScroll } from '../support/page.ts';

describePage('the logs of a gateway', {}, (open, service) => {
  it('are listed by the name of the gateway', async () => {
    for (const model of ['tokenflare-tales', 'nobody']) {
      await fetch(`${service().url}/gateway/local/of-a-test/openai/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'cf-aig-metadata': '{"user":7}' },
        body: JSON.stringify({ model, prompt: 'Once', max_tokens: 3 }),
      });
    }
    const { page, complaints } = await open('/#/gateway');
    await page.getByText('No request of yours went through it.').waitFor();
    await expectAccessible(page);
    const example = (await page.locator('pre code').textContent()) ?? '';
    expect(await promisify(execFile)('sh', ['-c', `${example} -s`])).toMatchObject({
      stdout: expect.stringContaining('"choices"') as string,
    });
    await page.getByLabel('Gateway', { exact: true }).fill('of-a-test');
    await page.getByRole('button', { name: 'Show' }).click();
    const rows = page.getByRole('region', { name: 'Logs' }).locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(2);
    expect(await rows.nth(0).textContent()).toContain('nobody404miss');
    expect(await rows.nth(1).textContent()).toMatch(/tokenflare-tales200miss\d3\d+\{"user":7\}/);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });
});
