import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { servedFrom } from '../../../src/page/docs/served-from.ts';

describe('the document of the API as the page shows it', () => {
  it('has the address of the service that it came from at all of its servers, and their bases', () => {
    const text = readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8');
    const served = servedFrom('https://llm.example/mounted/', text);
    const urls = [...served.matchAll(/\{url: "([^"]+)"/g)].map(([, url]) => url);
    expect(urls[0]).toBe('https://llm.example/mounted');
    expect(urls).toContain('https://llm.example/mounted/ai');
    expect(urls.length).toBe([...text.matchAll(/\{url: "/g)].length);
    expect(served).not.toContain('127.0.0.1:8787');
  });
});
