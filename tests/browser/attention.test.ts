import { expect, it } from 'vitest';
import type { AttentionBody } from '../../routes/service/attention.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import {
  describePage,
  expectAccessible,
  expectLegible,
  expectNoSidewaysScroll,
  expectWhole,
  onScreen,
  picture,
  SCREENS,
} from '../support/page.ts';

const PROMPT = 'The fox lost his hat';

describePage('the attention explorer', {}, (open, service) => {
  const reportOf = async (prompt: string): Promise<AttentionBody> => {
    const answer = await fetch(`${service().url}/v1/attention`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt }),
    });
    return (await answer.json()) as AttentionBody;
  };

  it.each(SCREENS)('opens on a head that looks further than one token back: $name', async (screen) => {
    const { page, complaints } = await open('/#/attention', onScreen(screen));
    const chosen = page.locator('.head[aria-pressed=true]');
    await chosen.waitFor();
    const report = await reportOf(await page.getByLabel('Text of at most 64 tokens').inputValue());
    const shares = report.layers.flatMap(({ index, heads }) =>
      heads.map((weights, head) => {
        // What a row gives to itself, to the token before, and to the first.
        const near = weights.map(
          (row, query) => row[query]! + (row[query - 1] ?? 0) + (query > 1 ? row[0]! : 0),
        );
        const mean = near.slice(3).reduce((sum, share) => sum + share, 0) / near.slice(3).length;
        return { name: `Layer ${index + 1}, head ${head + 1}`, near: mean };
      }),
    );
    const name = await chosen.getAttribute('aria-label');
    const opened = shares.find((share) => share.name === name)!;
    expect(opened.near).toBeLessThan(0.5);
    // Less than in the middle one of all heads: the others look at what is near.
    expect(opened.near).toBeLessThan(
      shares.map(({ near }) => near).toSorted((a, b) => a - b)[shares.length >> 1]!,
    );
    await page.getByRole('heading', { name: name! }).waitFor();
    expect(await page.locator('.pointed-at').textContent()).toMatch(/gives \d+\.\d % of its attention to/);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: screen.colorScheme });
    await expectNoSidewaysScroll(page);
    await expectLegible(page, '.drawings');
    if (screen === SCREENS[0]) await picture(page, 'attention', { fullPage: true });
    expect(complaints).toEqual([]);
  });

  it('draws the weights that the service reports, of the head that is chosen', async () => {
    const { page, complaints } = await open('/#/attention');
    await page.getByLabel('Text of at most 64 tokens').fill(PROMPT);
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('button', { name: 'Layer 2, head 3', exact: true }).click();
    await page.getByRole('region', { name: 'Layer 2, head 3' }).waitFor();

    const { layers, tokens } = await reportOf(PROMPT);
    const expected = layers[1]!.heads[2]!.flat().map((weight) => weight.toFixed(4));
    const cells = page.locator('.heat-map .cell');
    await expect.poll(() => cells.count()).toBe(tokens.length ** 2);
    const drawn = await cells.evaluateAll((all) =>
      (all as unknown as { dataset: { value: string } }[]).map(({ dataset }) => dataset.value),
    );
    expect(drawn).toEqual(expected);

    await cells.nth(tokens.length).hover();
    const share = (100 * layers[1]!.heads[2]![1]![0]!).toFixed(1);
    expect(await page.locator('.pointed-at').textContent()).toBe(
      `${JSON.stringify(tokens[1]!.text)} gives ${share} % of its attention to ${JSON.stringify(tokens[0]!.text)}`,
    );
    await page.getByText('The numbers').click();
    await expectAccessible(page);
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  it('says which texts are too long', async () => {
    const { page } = await open('/#/attention');
    await page.getByLabel('Text of at most 64 tokens').fill('one two '.repeat(80));
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('alert').waitFor();
  });

  it("goes through the series from part to part, with the book's numbers", async () => {
    const { page, complaints } = await open('/#/attention/series');
    const book = readJsonFixture('book-attention.json') as {
      simpleAttention: { weights: number[][] };
      selfAttentionV2: { causalWeights: number[][] };
    };
    const weightsOf = async (part: string): Promise<number[]> => {
      const table = page.getByRole('region', { name: part }).locator('table.tinted').first();
      await table.waitFor();
      return (await table.locator('td:not(:empty)').allTextContents()).map(Number);
    };
    const close = (actual: number[], expected: number[]): void => {
      expect(actual).toHaveLength(expected.length);
      actual.forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThan(2e-4));
    };
    close(await weightsOf('Self-attention without anything to train'), book.simpleAttention.weights.flat());
    close(await weightsOf('The causal mask'), book.selfAttentionV2.causalWeights.flat());

    await page.getByLabel('Tokens of each row').fill('6, 6, 6, 512');
    expect(await page.getByText('75.0 %').count()).toBe(1);
    await page.getByLabel(/^Rate/).fill('0');
    const kept = await weightsOf('Dropout, as training sees it');
    close(kept, book.selfAttentionV2.causalWeights.flat());
    await expectAccessible(page);
    await page.getByLabel(/^Rate/).fill('0.5');
    await page.getByRole('region', { name: 'The causal mask' }).scrollIntoViewIfNeeded();
    await picture(page, 'series');
    await page.setViewportSize({ width: 390, height: 760 });
    await expectWhole(page, '.series .scroll');
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  it('measures what context length costs, beside the theory', async () => {
    const { page } = await open('/#/attention/series');
    await page.getByRole('button', { name: 'Measure it here' }).click();
    const table = page.getByRole('table', { name: /Exponents/ });
    await table.waitFor({ timeout: 45_000 });
    expect(await table.getByRole('row').count()).toBe(4);
    expect(await table.locator('td').nth(1).textContent()).toMatch(/^[12]$/);
  });
});
