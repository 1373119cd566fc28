import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../../src/config/config.ts';
import { clientAddressOf } from '../../../../src/http/edge/client-address.ts';

const { trustProxy } = readConfig({ TRUST_PROXY: '10.0.0.0/8, 127.0.0.1, 2001:db8:1::/48' }, []);

function clientOf(peer: string, xForwardedFor?: string, forwarded?: string): string {
  return clientAddressOf(peer, { xForwardedFor, forwarded }, trustProxy);
}

describe('clientAddressOf', () => {
  it.each([
    // peer, X-Forwarded-For, client
    ['192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['2001:db8:1::9', '198.51.100.7', '198.51.100.7'],
    ['2001:db8:2::9', '198.51.100.7', '2001:db8:2::9'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.7, 10.9.9.9,10.0.0.2', '198.51.100.7'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', 'nonsense, 198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '198.51.100.7, nonsense', '10.0.0.1'],
    ['10.0.0.1', '198.51.100.7, nonsense, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '198.51.100.7:4711', '198.51.100.7'],
    ['10.0.0.1', '[2001:db8:9::7]:4711', '2001:db8:9::7'],
    ['10.0.0.1', '2001:0DB8:9:0:0::7', '2001:db8:9::7'],
    ['10.0.0.1', '::ffff:198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '198.51.100.999', '10.0.0.1'],
    ['', '198.51.100.7', ''],
  ])('%s with %s is %s', (peer, header, client) => {
    expect(clientOf(peer, header)).toBe(client);
  });

  it.each([
    ['for=198.51.100.7', '198.51.100.7'],
    ['For="198.51.100.7:80";proto=https;by=10.0.0.1', '198.51.100.7'],
    ['proto=http; for="[2001:db8:9::7]:4711"', '2001:db8:9::7'],
    ['for=6.6.6.6, for=198.51.100.7;host=x, for=10.0.0.2', '198.51.100.7'],
    ['for=_hidden', '10.0.0.1'],
    ['for=unknown', '10.0.0.1'],
    ['by=198.51.100.7', '10.0.0.1'],
    ['xfor=198.51.100.7', '10.0.0.1'],
  ])('Forwarded: %s', (header, client) => {
    expect(clientOf('10.0.0.1', undefined, header)).toBe(client);
    expect(clientOf('192.0.2.1', undefined, header)).toBe('192.0.2.1');
  });

  it('takes both headers only where they agree, since a client may have written one', () => {
    expect(clientOf('10.0.0.1', '198.51.100.7', 'for=198.51.100.7')).toBe('198.51.100.7');
    expect(clientOf('10.0.0.1', '6.6.6.6', 'for=198.51.100.7')).toBe('10.0.0.1');
  });

  it('is the address behind the nearest proxy, whatever the client wrote before it', () => {
    const hop = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('10.0.0.5'));
    fc.assert(
      fc.property(fc.array(hop), (hops) => {
        expect(clientOf('10.0.0.1', [...hops, '198.51.100.7', '10.0.0.2'].join(','))).toBe('198.51.100.7');
      }),
    );
  });

  it('trusts nobody by default', () => {
    const headers = { xForwardedFor: '198.51.100.7', forwarded: undefined };
    expect(clientAddressOf('127.0.0.1', headers, readConfig({}, []).trustProxy)).toBe('127.0.0.1');
  });
});

describe('TRUST_PROXY', () => {
  it.each(['10.0.0.0/33', '10.0.0.1/', '10.0.0.0/-1', '::1/129', 'proxy.example.com', '10.0.0.1/x'])(
    'is refused: %s',
    (value) => {
      expect(() => readConfig({ TRUST_PROXY: value }, [])).toThrow(/neither an address nor a network/);
    },
  );
});
