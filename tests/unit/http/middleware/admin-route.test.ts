import { describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../../../src/access/principal.ts';
import { mayUseAdminRoute, type AdminRouteCaller } from '../../../../src/http/middleware/admin-route.ts';

const LOCAL: AdminRouteCaller = {
  principal: ANONYMOUS,
  peer: '127.0.0.1',
  isProxied: false,
  host: 'localhost',
  httpVersion: '1.1',
  callingSite: 'own',
};
const ADMIN = { ...ANONYMOUS, keyId: 'k1', isAdmin: true };

const CASES: [string, Partial<AdminRouteCaller>, boolean][] = [
  ['a client on this machine', {}, true],
  ['by IPv6', { peer: '::1', host: '::1' }, true],
  ['by IPv4 in IPv6', { peer: '::ffff:127.0.0.1', host: '127.0.0.1' }, true],
  ['another loopback address', { peer: '127.8.8.8', host: '127.8.8.8' }, true],
  ['without a socket', { peer: undefined }, false],
  ['another machine', { peer: '192.168.1.9', host: '192.168.1.2' }, false],
  ['behind a proxy', { isProxied: true }, false],
  ['behind a proxy that passes Host on', { host: 'llm.example.com' }, false],
  ['behind a name that looks like an address', { host: '127.0.0.1.evil.example' }, false],
  ['behind nginx as it comes', { httpVersion: '1.0' }, false],
  ['from a page that CORS_ORIGINS names', { callingSite: 'allowed' }, false],
  [
    'with a key that is no admin`s, from afar',
    { peer: '192.0.2.7', principal: { ...ADMIN, isAdmin: false } },
    false,
  ],
  [
    'an admin from afar',
    { peer: '192.0.2.7', host: 'llm.example.com', isProxied: true, principal: ADMIN },
    true,
  ],
];

describe('mayUseAdminRoute', () => {
  it.each(CASES)('%s', (_, caller, may) => {
    expect(mayUseAdminRoute('loopback', { ...LOCAL, ...caller })).toBe(may);
    expect(mayUseAdminRoute('on', { ...LOCAL, ...caller })).toBe(true);
    expect(mayUseAdminRoute('off', { ...LOCAL, ...caller })).toBe(false);
  });
});
