import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../../../src/http/middleware/allowed-host.ts';
import { authorityOf, parseAuthority } from '../../../../src/http/edge/authority.ts';

describe('parseAuthority', () => {
  it.each([
    ['localhost', 'localhost', ''],
    ['LocalHost:8787', 'localhost', '8787'],
    ['localhost.:80', 'localhost', '80'],
    ['127.0.0.1:8787', '127.0.0.1', '8787'],
    ['[::1]:8787', '::1', '8787'],
    ['[2001:DB8::7]', '2001:db8::7', ''],
    ['llm.example.com', 'llm.example.com', ''],
  ])('%s', (text, name, port) => {
    expect(parseAuthority(text)).toEqual({ name, port });
    expect(authorityOf(`http://${text}/v1/models?x=http://other/`)).toEqual({ name, port });
  });

  it.each([
    '',
    'a b',
    'user@localhost',
    'localhost:x',
    'localhost:123456',
    '::1',
    'localhost/',
    '[::1',
    'a:1:2',
  ])('nothing: %j', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});

describe('isAllowedHost', () => {
  const ALLOWED = ['llm.example.com', 'gateway:9000'];

  it.each([
    ['localhost', true],
    ['localhost:1', true],
    ['app.localhost', true],
    ['127.0.0.1:8787', true],
    ['192.168.1.9', true],
    ['[fd00::1]:8787', true],
    ['llm.example.com', true],
    ['LLM.example.com.:443', true],
    ['gateway:9000', true],
    ['gateway:9001', false],
    ['gateway', false],
    ['evil.example', false],
    ['localhost.evil.example', false],
    ['evillocalhost', false],
    ['127.0.0.1.evil.example', false],
    ['evil.llm.example.com', false],
    ['x@localhost', false],
    ['', false],
  ])('%s: %s', (host, isAllowed) => {
    expect(isAllowedHost(parseAuthority(host), ALLOWED)).toBe(isAllowed);
    expect(isAllowedHost(parseAuthority(host), ['*'])).toBe(true);
  });
});
