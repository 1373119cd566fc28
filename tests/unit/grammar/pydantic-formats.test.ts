import { expect, it } from 'vitest';
import { isTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled } from '../../support/grammar/json-schema.ts';

/** Pydantic 2.14.4 takes the texts of each type, and refuses the others: those are not of the type. */
it.each<[format: string, texts: string[], others: string[]]>([
  ['uuid1', ['6fa459ea-ee8a-1ca4-894e-db77e160355e'], ['6fa459ea-ee8a-4ca4-894e-db77e160355e']],
  ['uuid4', ['6fa459ea-ee8a-4ca4-894e-db77e160355e'], ['6fa459ea-ee8a-4ca4-c94e-db77e160355e', '']],
  ['uuid7', ['6fa459ea-ee8a-7ca4-894e-db77e160355e'], ['6fa459ea-ee8a-4ca4-894e-db77e160355e']],
  ['ipvanyaddress', ['10.0.0.1', '2001:db8::7'], ['10.0.0', '10.0.0.0/8']],
  ['ipv4network', ['10.0.0.0/8', '10.1.2.0/24', '10.1.2.3/32'], ['10.0.0.1/8', '10.0.0.0/33']],
  ['ipv6network', ['2001:db8:1::/48', '::1/128'], ['2001:db8::1/48', '::/129']],
  ['ipvanynetwork', ['10.0.0.0/8', '2001:db8:1:2::/64'], ['10.0.0.1/8']],
  ['ipv4interface', ['10.0.0.1', '10.0.0.1/8'], ['10.0.0.1/33', '::1']],
  ['ipv6interface', ['::1', '2001:db8::1/127'], ['::1/129', '10.0.0.1']],
  ['ipvanyinterface', ['10.0.0.1/8', '::1/64'], ['10.0.0.1/']],
  ['base64', ['', 'aGVsbG8=', 'aGVsbG8h'], ['aGVsbG8', 'a']],
  ['email', ['jo.doe+x@mail.example.org'], ['jo@mail.1', 'jo@a.b', 'jo']],
  ['base64url', ['', 'a-_b'], ['a-_']],
  ['name-email', ['Ada Lovelace <ada@example.org>', 'ada@example.org'], ['Ada', 'Ada <ada>']],
  ['multi-host-uri', ['postgres://user:pass@localhost:5432/db'], ['localhost', '']],
  ['path', ['/a/b c', ''], []],
  ['file-path', ['a.txt'], []],
  ['directory-path', ['.'], []],
])('%s', (format, texts, others) => {
  const grammar = compiled({ type: 'string', format });
  expect(texts.filter((text) => !isTextOf(grammar, JSON.stringify(text)))).toEqual([]);
  expect(others.filter((text) => isTextOf(grammar, JSON.stringify(text)))).toEqual([]);
});
