import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../../src/http/edge/authority.ts';
import { callingSiteOf } from '../../../../src/http/middleware/calling-site.ts';

const APP = 'https://app.example.com';

interface Case {
  what: string;
  is: 'own' | 'allowed' | 'foreign';
  method?: string;
  host?: string;
  origin?: string;
  site?: string;
  mode?: string;
  destination?: string;
  /** What CORS_ORIGINS=* makes of it, where it is not the same. */
  withAll?: 'allowed';
}

const CASES: Case[] = [
  { what: 'no browser', is: 'own' },
  {
    what: 'a page of the service, over https',
    origin: 'http://localhost:8787',
    site: 'same-origin',
    is: 'own',
  },
  { what: 'a page of the service, GET', site: 'same-origin', method: 'GET', is: 'own' },
  { what: 'an address that was typed', site: 'none', method: 'GET', mode: 'navigate', is: 'own' },
  { what: 'a page of the service, http on a network', origin: 'http://localhost:8787', is: 'own' },
  { what: 'the same behind TLS', host: 'llm.example.com', origin: 'https://llm.example.com', is: 'own' },
  { what: 'the same, port named', host: 'llm.example.com:443', origin: 'https://llm.example.com', is: 'own' },
  { what: 'a host rewritten by a proxy', origin: 'https://llm.example.com', site: 'same-origin', is: 'own' },
  { what: 'another port', origin: 'http://localhost:3000', is: 'foreign', withAll: 'allowed' },
  { what: 'the default port', origin: 'http://localhost', is: 'foreign', withAll: 'allowed' },
  {
    what: 'another port, told',
    origin: 'http://localhost:3000',
    site: 'same-site',
    is: 'foreign',
    withAll: 'allowed',
  },
  {
    what: 'another site',
    origin: 'https://evil.example',
    site: 'cross-site',
    is: 'foreign',
    withAll: 'allowed',
  },
  {
    what: 'another site, http on a network',
    origin: 'http://evil.example',
    is: 'foreign',
    withAll: 'allowed',
  },
  { what: 'a file or a frame in a sandbox', origin: 'null', is: 'foreign', withAll: 'allowed' },
  {
    what: 'a form that was sent',
    origin: 'https://evil.example',
    site: 'cross-site',
    mode: 'navigate',
    destination: 'document',
    is: 'foreign',
    withAll: 'allowed',
  },
  { what: 'nonsense', origin: 'http://', is: 'foreign', withAll: 'allowed' },
  {
    what: 'an image of another site',
    site: 'cross-site',
    method: 'GET',
    mode: 'no-cors',
    destination: 'image',
    is: 'foreign',
    withAll: 'allowed',
  },
  {
    what: 'a link of another site',
    site: 'cross-site',
    method: 'GET',
    mode: 'navigate',
    destination: 'document',
    is: 'own',
  },
  {
    what: 'a frame of another site',
    site: 'cross-site',
    method: 'GET',
    mode: 'navigate',
    destination: 'iframe',
    is: 'foreign',
    withAll: 'allowed',
  },
  {
    what: 'a POST without an origin',
    site: 'cross-site',
    mode: 'navigate',
    destination: 'document',
    is: 'foreign',
    withAll: 'allowed',
  },
  { what: 'one that CORS_ORIGINS names', origin: APP, site: 'cross-site', is: 'allowed' },
  { what: 'the same in capitals', origin: 'HTTPS://APP.example.com', is: 'allowed' },
  { what: 'its name over http', origin: 'http://app.example.com', is: 'foreign', withAll: 'allowed' },
  { what: 'its subdomain', origin: 'https://x.app.example.com', is: 'foreign', withAll: 'allowed' },
];

describe('callingSiteOf', () => {
  it.each(CASES)(
    '$what is $is',
    ({ is, method = 'POST', host = 'localhost:8787', withAll = is, ...told }) => {
      const { origin, site, mode, destination } = told;
      const headers = { origin, site, mode, destination };
      expect(callingSiteOf(method, headers, parseAuthority(host), [APP])).toBe(is);
      expect(callingSiteOf(method, headers, parseAuthority(host), ['*'])).toBe(withAll);
      const alone = callingSiteOf(method, headers, parseAuthority(host), []);
      expect(alone).toBe(is === 'own' ? 'own' : 'foreign');
    },
  );
});
