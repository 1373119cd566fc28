import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { findBrowser, launchBrowser } from './browser.ts';
import { build } from './process.ts';
import { EMBEDDED_MODEL, startTestService, type TestService } from './service.ts';

/** The service's page in a real browser, and what must hold of it wherever it is. */

const PICTURES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Playwright's locators wait so long; what a page computes may take more and says so. */
const PATIENCE_MS = 15_000;

/** A telephone and a desk, in light and in dark: what the page is tried on. */
export const SCREENS = [
  { name: 'light, 1280 wide', width: 1280, height: 800, colorScheme: 'light' },
  { name: 'dark, 1280 wide', width: 1280, height: 800, colorScheme: 'dark' },
  { name: 'light, 390 wide', width: 390, height: 760, colorScheme: 'light' },
  { name: 'dark, 390 wide', width: 390, height: 760, colorScheme: 'dark' },
] as const;
export type Screen = (typeof SCREENS)[number];

export const onScreen = ({ width, height, colorScheme }: Screen): BrowserContextOptions => ({
  viewport: { width, height },
  colorScheme,
});

export interface OpenPage {
  page: Page;
  /** What the console said at level error, what was thrown, and addresses of other hosts that were asked. */
  complaints: string[];
}

/** Tests of the page: skipped without a browser, unless TEST_BROWSER=required. */
export function describePage(
  title: string,
  environment: Record<string, string>,
  define: (
    open: (path?: string, options?: BrowserContextOptions) => Promise<OpenPage>,
    service: () => TestService,
  ) => void,
): void {
  const executable = findBrowser();
  const isRequired = process.env.TEST_BROWSER === 'required';
  describe.skipIf(executable === undefined && !isRequired)(title, () => {
    let browser: Browser;
    let service: TestService;
    beforeAll(async () => {
      if (executable === undefined)
        throw new Error('TEST_BROWSER=required, and there is no Chromium in /usr/bin');
      build();
      [browser, service] = await Promise.all([
        launchBrowser(executable),
        startTestService({ MODEL: EMBEDDED_MODEL, MODEL_ID: 'tokenflare-tales', ...environment }),
      ]);
    });
    // A page that a test left in the middle of an answer would go on with it, beside those of the tests after it.
    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
    });
    afterAll(async () => {
      await browser.close();
      await service[Symbol.asyncDispose]();
    });
    define(
      (path = '/', options = {}) => openPage(browser, `${service.url}${path}`, options),
      () => service,
    );
  });
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions): Promise<OpenPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Holds the page as it is now to axe's rules, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // By the debugger's own door: the page's policy allows no script from elsewhere.
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: {
          run(): Promise<{
            violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
          }>;
        };
      };
      const { violations } = await axe.run();
      return violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join('\n')}`,
      );
    });
    expect(violations).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Nothing is wider than the screen. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = (
      globalThis as unknown as { document: { documentElement: { scrollWidth: number; clientWidth: number } } }
    ).document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  expect(content).toBeLessThanOrEqual(screen);
}

/** No letters of a drawing are smaller than can be read, however the drawing is scaled; it may yet have to be drawn. */
export async function expectLegible(page: Page, drawing: string): Promise<void> {
  const smallest = (): Promise<number> =>
    page.evaluate<number>(`(() => {
      const texts = [...document.querySelectorAll('${drawing} text')];
      return Math.min(...texts.map((text) => {
        const { a, b } = text.getScreenCTM();
        return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
      }));
    })()`);
  await expect.poll(smallest, { timeout: 10_000 }).toBeGreaterThanOrEqual(10);
  // Of no text it is infinite.
  expect(await smallest()).toBeLessThan(100);
}

/** What could be scrolled sideways in itself shows all that it has. */
export async function expectWhole(page: Page, selector: string): Promise<void> {
  const cut = await page.evaluate<number>(`Math.max(...[...document.querySelectorAll('${selector}')]
    .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`);
  expect(cut).toBe(0);
}

/** Writes docs/images/NAME.png where WRITE_PICTURES is set: what the screen shows, or the page from top to bottom. */
export async function picture(page: Page, name: string, { fullPage = false } = {}): Promise<void> {
  if (process.env.WRITE_PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled', fullPage });
}
