import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { BenchmarkReportBody } from '../../routes/service/schemas/benchmark.ts';
import {
  describePage,
  expectAccessible,
  expectLegible,
  expectNoSidewaysScroll,
  picture,
} from '../support/page.ts';

const PATIENCE = { timeout: 50_000 };

describePage('the benchmark view', {}, (open, service) => {
  it('runs, draws what was measured, compares it with an older run, and saves it', async () => {
    const { page, complaints } = await open('/#/benchmark');
    await page.getByLabel('Tokens of a prompt').fill('16');
    await page.getByLabel('Tokens of an answer').fill('8');
    await page.getByLabel('Requests at once').fill('1, 4');
    const run = page.getByRole('button', { name: 'Run' });
    await run.click();
    await page.getByRole('status').first().waitFor();
    await page.getByRole('heading', { name: 'Numbers of now' }).waitFor(PATIENCE);

    // Of the run that was just made: a second one is compared with it.
    const { data } = (await (await fetch(`${service().url}/benchmark/runs`)).json()) as {
      data: { id: string }[];
    };
    expect(data).toHaveLength(1);
    await page.getByLabel('Also with longer prompts').uncheck();
    await run.click();
    await page.getByRole('status').first().waitFor();
    await page
      .getByRole('status')
      .first()
      .waitFor({ state: 'detached', ...PATIENCE });
    await page.getByLabel('Compare with').selectOption(data[0]!.id);
    await expect.poll(() => page.getByRole('heading', { name: /^Numbers of/ }).count()).toBe(2);
    const charts = page.locator('.chart svg.plot, .chart .plot svg');
    for (const title of ['Throughput', 'Time to the first token', 'Padding', 'Prefill against context']) {
      await page.getByRole('img', { name: new RegExp(`^${title}`) }).waitFor();
    }
    expect(await charts.count()).toBeGreaterThanOrEqual(6);

    const report = (await (await fetch(`${service().url}/benchmark`)).json()) as BenchmarkReportBody;
    const table = page.getByRole('group', { name: 'Table of now' });
    const rates = await table.locator('tbody tr td:nth-child(3)').allTextContents();
    expect(rates).toEqual(report.loads.map(({ generated_tokens_per_s: rate }) => rate.toFixed(1)));

    const saved = async (name: string | RegExp): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).first().click(),
      ]);
      return readFileSync(await download.path(), 'utf8');
    };
    expect(JSON.parse(await saved('JSON of now'))).toEqual(report);
    expect((await saved('CSV of now')).trim().split('\r\n')).toHaveLength(1 + report.loads.length);
    expect(await saved('SVG of Throughput')).toMatch(/^<svg/);

    await expectAccessible(page);
    await expectLegible(page, '.chart');
    await page.evaluate('scrollTo(0, 0)');
    await picture(page, 'benchmark', { fullPage: true });
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    await expectLegible(page, '.chart');
    // Who comes back sees the last run.
    await page.reload();
    await page.getByRole('heading', { name: /^Numbers of/ }).waitFor();
    expect(await page.getByLabel('Show the run of').inputValue()).not.toBe('');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('stops when told to, and says what is wrong with a workload', async () => {
    const { page } = await open('/#/benchmark');
    await page.getByLabel('Tokens of an answer').fill('200');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('progressbar').waitFor(PATIENCE);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('status').first().waitFor({ state: 'detached' });
    await page.getByLabel('Tokens of a prompt').fill('9000');
    await page.getByRole('button', { name: 'Run' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('prompt_tokens');
  });
});
