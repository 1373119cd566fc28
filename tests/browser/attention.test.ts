import { expect, it } from 'vitest';
import type { AttentionBody } from '../../routes/service/schemas/attention.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { describePage, expectAccessible, expectNoSidewaysScroll, picture } from '../support/page.ts';

const PROMPT = 'The fox lost his hat';

describePage('the attention explorer', {}, (open, service) => {
  it('draws the weights that the service reports, of the head that is chosen', async () => {
    const { page, complaints } = await open('/#/attention');
    await page.getByLabel('Text of at most 64 tokens').fill(PROMPT);
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('button', { name: 'Layer 2, head 3', exact: true }).click();
    await page.getByRole('region', { name: 'Layer 2, head 3' }).waitFor();

    const answer = await fetch(`${service().url}/v1/attention`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: PROMPT }),
    });
    const { layers, tokens } = (await answer.json()) as AttentionBody;
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
      `${JSON.stringify(tokens[1]!.text)} takes ${share} % of ${JSON.stringify(tokens[0]!.text)}`,
    );
    await page.getByText('The numbers').click();
    await expectAccessible(page);
    await page.evaluate('scrollTo(0, 0)');
    await page.getByText('The numbers').click();
    await picture(page, 'attention', { fullPage: true });
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
    await page.getByRole('region', { name: 'The causal mask' }).scrollIntoViewIfNeeded();
    await picture(page, 'series');
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
