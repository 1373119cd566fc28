import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { bearer, KeyFile } from '../support/keys.ts';
import {
  describePage,
  expectAccessible,
  expectNoSidewaysScroll,
  onScreen,
  picture,
  SCREENS,
} from '../support/page.ts';
import { messageBox, say, unfold } from '../support/playground.ts';

/** Swagger UI reads a long document. */
const PATIENCE = { timeout: 45_000 };

describePage('the page', {}, (open, service) => {
  it('has each view at an address of its own, and the API', async () => {
    const { page, complaints } = await open();
    const navigation = page.getByRole('navigation', { name: 'Views' });
    for (const title of ['Attention', 'Benchmark', 'Gateway', 'Now', 'Playground']) {
      await navigation.getByRole('link', { name: title }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.title()).toBe(`${title} · Tokenflare`);
      expect(new URL(page.url()).hash).toBe(`#/${title.toLowerCase()}`);
      expect(await navigation.locator('[aria-current=page]').textContent()).toBe(title);
    }
    await navigation.getByRole('link', { name: 'API' }).click();
    await page.getByText('/v1/chat/completions', { exact: true }).first().waitFor(PATIENCE);
    expect(complaints).toEqual([]);
  });

  it.each(['playground', 'attention', 'benchmark', 'gateway', 'now'])(
    '%s can be used by everyone',
    async (name) => {
      const { page, complaints } = await open(`/#/${name}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expectAccessible(page);
      await page.setViewportSize({ width: 360, height: 740 });
      await expectNoSidewaysScroll(page);
      expect(complaints).toEqual([]);
    },
  );

  it.each(SCREENS)('says what each view is before it has data: $name', async (screen) => {
    const { page } = await open('/#/benchmark', onScreen(screen));
    await page.getByText(/^How fast this service is on this machine/).waitFor();
    await page.getByRole('heading', { name: 'Nothing measured yet' }).waitFor();
    await page.goto(`${service().url}/#/now`);
    await page.getByText(/^What the service does at this moment/).waitFor();
    await page.getByText(/^Nothing runs\. Ask something in the/).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  });

  it.each(SCREENS)('has the API in light and dark, and a way back: $name', async (screen) => {
    const { page, complaints } = await open('/docs', onScreen(screen));
    await page.getByText('/v1/chat/completions', { exact: true }).first().waitFor(PATIENCE);
    const lightness = (selector: string, property: string): Promise<number> =>
      page.evaluate(`(() => {
        const color = getComputedStyle(document.querySelector('${selector}')).${property};
        return Math.max(...color.match(/[\\d.]+/g).slice(0, 3).map(Number));
      })()`);
    const isDark = screen.colorScheme === 'dark';
    const [paper, ink] = [
      await lightness('html', 'backgroundColor'),
      await lightness('.swagger-ui .info .title', 'color'),
    ];
    if (isDark) expect([paper < 60, ink > 180]).toEqual([true, true]);
    else expect([paper > 230, ink < 120]).toEqual([true, true]);
    // It follows a change, too.
    await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' });
    await expect.poll(() => page.locator('html.dark-mode').count()).toBe(isDark ? 0 : 1);
    await page.emulateMedia({ colorScheme: screen.colorScheme });
    if (screen === SCREENS[1]) await picture(page, 'docs');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Now' }).click();
    await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Tokenflare' }).click();
    await messageBox(page).waitFor();
    expect(complaints).toEqual([]);
  });

  it('has an API that can be tried where the service is, and read in the dark on a phone', async () => {
    const { page, complaints } = await open('/docs', onScreen(SCREENS[3]));
    const operation = (path: string): Locator =>
      page.locator('.opblock').filter({ has: page.getByText(path, { exact: true }) });
    await operation('/v1/chat/completions').first().click(PATIENCE);
    await page.locator('td.header-col').first().waitFor(PATIENCE);
    const ink = await page.evaluate("getComputedStyle(document.querySelector('td.header-col')).color");
    expect(ink).toBe('rgb(233, 231, 227)');
    await expectNoSidewaysScroll(page);
    const models = operation('/v1/models').first();
    await models.click();
    await models.getByRole('button', { name: 'Try it out' }).click();
    await models.getByRole('button', { name: 'Execute' }).click();
    await models.locator('.live-responses-table').getByText('200', { exact: true }).first().waitFor();
    expect(await models.locator('.curl').first().textContent()).toContain(`'${service().url}/v1/models'`);
    expect(complaints).toEqual([]);
  });

  it('weighs at most 60 KB on its way, with every view', async () => {
    const { page } = await open();
    await say(page, 'Hello!');
    await page.getByLabel('Show tokens').check();
    await page.locator('.tokens .token').first().click();
    for (const part of ['Parameters', 'System prompt', 'View code']) await unfold(page, part);
    const navigation = page.getByRole('navigation', { name: 'Views' });
    for (const title of ['Attention', 'Benchmark', 'Gateway', 'Now']) {
      await navigation.getByRole('link', { name: title }).click();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    }
    const { files, paintMs } = await page.evaluate(() => ({
      files: [
        ...performance.getEntriesByType('navigation' as 'resource'),
        ...performance.getEntriesByType('resource'),
      ].map((entry) => {
        const { name, transferSize } = entry as unknown as { name: string; transferSize: number };
        return { path: new URL(name).pathname, bytes: transferSize };
      }),
      paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    }));
    const own = files.filter(({ path }) => path === '/' || path.startsWith('/assets/'));
    const bytes = own.reduce((sum, file) => sum + file.bytes, 0);
    console.log(`the page: ${own.length} files, ${bytes} bytes, first paint after ${paintMs} ms`);
    expect(own.length).toBeGreaterThan(8);
    expect(bytes).toBeLessThan(60_000);
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
