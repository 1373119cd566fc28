import { expect, it } from 'vitest';
import { bearer, KeyFile } from '../support/keys.ts';
import { describePage, expectAccessible, expectNoSidewaysScroll } from '../support/page.ts';

describePage('the page', {}, (open, service) => {
  it('has each view at an address of its own, and the API', async () => {
    const { page, complaints } = await open();
    const navigation = page.getByRole('navigation', { name: 'Views' });
    for (const title of ['Attention', 'Benchmark', 'Now', 'Playground']) {
      await navigation.getByRole('link', { name: title }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.title()).toBe(`${title} · Tokenflare`);
      expect(new URL(page.url()).hash).toBe(`#/${title.toLowerCase()}`);
      expect(await navigation.locator('[aria-current=page]').textContent()).toBe(title);
    }
    await navigation.getByRole('link', { name: 'API' }).click();
    await page.getByText('/v1/chat/completions', { exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  it.each(['playground', 'attention', 'benchmark', 'now'])('%s can be used by everyone', async (name) => {
    const { page, complaints } = await open(`/#/${name}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  it('weighs less than 300 KB on its way, and is painted within a second', async () => {
    const { page } = await open();
    await page.getByRole('heading', { level: 1 }).waitFor();
    const { bytes, paintMs } = await page.evaluate(() => ({
      bytes: performance
        .getEntriesByType('resource')
        .concat(performance.getEntriesByType('navigation' as 'resource'))
        .reduce((sum, entry) => sum + (entry as unknown as { transferSize: number }).transferSize, 0),
      paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    }));
    console.log(`the page: ${bytes} bytes, first paint after ${paintMs} ms`);
    expect(bytes).toBeLessThan(300_000);
  });

  it('has files that a browser may keep, compressed, and no others', async () => {
    const html = await (await fetch(service().url)).text();
    const [script = ''] = /assets\/main-\w+\.js/.exec(html) ?? [];
    const answer = await fetch(`${service().url}/${script}`, { headers: { 'accept-encoding': 'br' } });
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(await answer.text()).toContain('Tokenflare');
    for (const path of ['assets/no.js', 'assets/..%2findex.html', 'assets/%2e%2e/%2e%2e/.built', 'assets/']) {
      expect((await fetch(`${service().url}/${path}`)).status).toBe(404);
    }
  });
});

const keys = new KeyFile();
const key = await keys.create('reader');
describePage('the page of a service with keys', { KEYS_FILE: keys.path }, (open, service) => {
  it('asks for a key once, keeps it in the tab alone, and uses it', async () => {
    const { page } = await open();
    const field = page.getByLabel('This service wants an API key');
    await field.fill('not-a-key');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByLabel('The API key was refused').fill(key);
    await page.getByRole('button', { name: 'Use it' }).click();
    await field.waitFor({ state: 'detached' });
    await page.getByRole('option').first().waitFor({ state: 'attached' });
    expect((await fetch(`${service().url}/v1/models`, { headers: bearer(key) })).status).toBe(200);
    const kept = await page.evaluate(() => {
      const { localStorage, document, sessionStorage } = globalThis as unknown as Record<
        string,
        { cookie?: string }
      >;
      return [JSON.stringify(localStorage), document?.cookie ?? '', JSON.stringify(sessionStorage)];
    });
    expect(kept.map((text) => text.includes(key))).toEqual([false, false, true]);
  });
});
