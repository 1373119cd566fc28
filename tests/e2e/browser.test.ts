import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser, REBOUND_HOST, startSite, type Site } from '../support/browser.ts';
import { metric, startTestService, type TestService } from '../support/service.ts';

/** What pages can do to a service on the user's own machine, in a real browser: Debian's Chromium. */

const executable = findBrowser();
const isRequired = process.env.TEST_BROWSER === 'required';
if (executable === undefined && !isRequired) console.log('not tested here: no Chromium in /usr/bin');

/** What a page's script got: the page runs in another world, so that only plain data comes back. */
interface Outcome {
  status?: number;
  type?: string;
  text?: string;
  requestId?: string | null;
  error?: string;
}

interface Call {
  url: string;
  method?: string;
  mode?: 'no-cors';
  headers?: Record<string, string>;
  body?: string;
}

const COMPLETION = JSON.stringify({ prompt: 'The river', max_tokens: 24, min_tokens: 24 });
const JSON_TYPE = { 'content-type': 'application/json' };

/** A fetch by the page's own script. */
function fetchIn(page: Page, call: Call): Promise<Outcome> {
  return page.evaluate(async ({ url, ...init }) => {
    try {
      const response = await fetch(url, init);
      return {
        status: response.status,
        type: response.type,
        text: await response.text(),
        requestId: response.headers.get('x-request-id'),
      };
    } catch (error) {
      return { error: String(error) };
    }
  }, call);
}

/** A stream, read piece by piece as it comes. */
function streamIn(page: Page, url: string): Promise<{ numPieces: number; text: string }> {
  return page.evaluate(async (address) => {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
      body: JSON.stringify({ prompt: 'The river', max_tokens: 100, min_tokens: 100, stream: true }),
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    let numPieces = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { numPieces, text };
      text += value;
      numPieces++;
    }
  }, url);
}

/** The script of a page that sends an empty form; as text, since this project has no types of a page. */
const submitForm = (action: string): string => `
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: ${JSON.stringify(action)}, enctype: 'text/plain' });
  document.body.append(form);
  form.submit();`;

describe.skipIf(executable === undefined && !isRequired)('in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let foreign: Site;
  let allowed: Site;
  let service: TestService;
  const pages: Page[] = [];

  beforeAll(async () => {
    if (executable === undefined)
      throw new Error('TEST_BROWSER=required, and there is no Chromium in /usr/bin');
    browser = await launchBrowser(executable);
    foreign = await startSite();
    allowed = await startSite();
    service = await startTestService({ CORS_ORIGINS: allowed.origin });
  });
  afterAll(async () => {
    await browser.close();
    foreign.close();
    allowed.close();
    await service[Symbol.asyncDispose]();
  });

  async function open(url: string): Promise<Page> {
    const page = await browser.newPage();
    pages.push(page);
    await page.goto(url);
    return page;
  }

  const hasNoBenchmark = async (): Promise<boolean> =>
    (await fetch(`${service.url}/benchmark`)).status === 404;
  const numTokens = (): Promise<number> => metric(service.url, 'tokenflare_generation_tokens_total');

  it('a page of another origin reads no completion, and none is computed for it', async () => {
    const page = await open(foreign.origin);
    const before = await numTokens();
    const url = `${service.url}/v1/completions`;
    // With a JSON content type the browser asks first; without one it does not, and the page sees nothing.
    expect(await fetchIn(page, { url, method: 'POST', headers: JSON_TYPE, body: COMPLETION })).toEqual({
      error: expect.stringContaining('Failed to fetch') as string,
    });
    for (const headers of [{ 'content-type': 'text/plain' }, {}] as Record<string, string>[]) {
      const outcome = await fetchIn(page, {
        url,
        method: 'POST',
        mode: 'no-cors',
        headers,
        body: COMPLETION,
      });
      expect(outcome).toMatchObject({ type: 'opaque', text: '' });
    }
    for (const path of ['/v1/models', '/metrics', '/health']) {
      const outcome = await fetchIn(page, { url: service.url + path });
      expect(outcome.error, path).toContain('Failed to fetch');
    }
    expect(await numTokens()).toBe(before);
  });

  it('a page of another origin runs no benchmark, neither by fetch nor by a form', async () => {
    const page = await open(foreign.origin);
    const url = `${service.url}/benchmark`;
    await fetchIn(page, { url, method: 'POST', mode: 'no-cors' });
    await fetchIn(page, { url, method: 'POST', mode: 'no-cors', body: '{}' });
    expect(
      (await fetchIn(page, { url, method: 'POST', headers: JSON_TYPE, body: '{}' })).error,
    ).toBeDefined();
    const answered = page.waitForResponse((response) => response.url() === url);
    await page.evaluate(submitForm(url));
    expect((await answered).status()).toBe(403);
    expect(await hasNoBenchmark()).toBe(true);
  });

  it('a page whose name was made to lead here is told that it is in the wrong place', async () => {
    const port = new URL(service.url).port;
    const page = await open(`http://${REBOUND_HOST}:${port}/health`);
    const before = await numTokens();
    for (const [url, method, body] of [
      ['/v1/completions', 'POST', COMPLETION],
      ['/benchmark', 'POST', '{}'],
    ] as const) {
      expect(await fetchIn(page, { url, method, headers: JSON_TYPE, body })).toMatchObject({ status: 421 });
    }
    expect(await fetchIn(page, { url: '/v1/models' })).toMatchObject({ status: 421 });
    expect(await numTokens()).toBe(before);
    expect(await hasNoBenchmark()).toBe(true);
  });

  it('a page of an allowed origin streams, and sees the headers of its answers', async () => {
    const page = await open(allowed.origin);
    const { numPieces, text } = await streamIn(page, `${service.url}/v1/completions`);
    expect(numPieces).toBeGreaterThan(1);
    expect(text).toContain('data: [DONE]');
    expect(text.match(/"text":/g)?.length).toBeGreaterThan(1);
    const url = `${service.url}/v1/completions`;
    const answer = await fetchIn(page, { url, method: 'POST', headers: JSON_TYPE, body: COMPLETION });
    expect(answer).toMatchObject({ status: 200, type: 'cors' });
    expect(answer.requestId).toMatch(/^[\w-]+$/);
    const bad = await fetchIn(page, { url, method: 'POST', headers: JSON_TYPE, body: '{"prompt":1}' });
    expect(bad).toMatchObject({ status: 400, type: 'cors' });
  });

  it('a page of the service itself may use it', async () => {
    const page = await open(`${service.url}/health`);
    const answer = await fetchIn(page, {
      url: '/v1/completions',
      method: 'POST',
      headers: JSON_TYPE,
      body: COMPLETION,
    });
    expect(answer).toMatchObject({ status: 200, type: 'basic' });
  });
});
