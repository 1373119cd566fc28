import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type Principal } from '../../../../src/access/principal.ts';
import { groupOf } from '../../../../src/fairness/client-id.ts';
import { clientIdOf, ownerIdOf, type Identity } from '../../../../src/http/middleware/identity.ts';

const keyed: Principal = { ...ANONYMOUS, keyId: 'k1', keyName: 'app' };
const identity = (network: string, presentedKey = '', principal = ANONYMOUS): Identity => ({
  network,
  presentedKey,
  principal,
});

describe('clientIdOf', () => {
  it('makes one group of an address, whatever keys it invents, and members of the keys', () => {
    const ids = ['', 'Bearer a', 'Bearer b'].map((key) => clientIdOf(identity('192.0.2.7', key)));
    expect(new Set(ids).size).toBe(3);
    expect(new Set(ids.map(groupOf))).toEqual(new Set(['192.0.2.7']));
    expect(clientIdOf(identity('192.0.2.7', 'Bearer a'))).toBe(ids[1]);
  });

  it('makes one group of a valid key, whatever addresses use it', () => {
    const ids = ['192.0.2.7', '2001:db8:1:2'].map((network) =>
      clientIdOf(identity(network, 'Bearer a', keyed)),
    );
    expect(new Set(ids).size).toBe(2);
    expect(new Set(ids.map(groupOf)).size).toBe(1);
  });

  it('tells nobody the key', () => {
    expect(clientIdOf(identity('192.0.2.7', 'Bearer xyzzy'))).not.toContain('xyzzy');
  });
});

describe('ownerIdOf', () => {
  const ownerOf = (one: Identity): string => ownerIdOf(one.principal, clientIdOf(one));

  it('is the valid key, from any address', () => {
    const owners = ['192.0.2.7', '192.0.2.8'].map((network) => ownerOf(identity(network, 'Bearer a', keyed)));
    expect(new Set(owners).size).toBe(1);
  });

  it('is the address together with the key that came, where nobody knows the key', () => {
    const owners = [
      identity('192.0.2.7', 'Bearer a'),
      identity('192.0.2.7', 'Bearer b'),
      identity('192.0.2.8', 'Bearer a'),
      identity('192.0.2.8', 'Bearer a', keyed),
    ].map(ownerOf);
    expect(new Set(owners).size).toBe(4);
  });
});
