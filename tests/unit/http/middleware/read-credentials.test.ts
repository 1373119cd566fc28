import { expect, it } from 'vitest';
import { readCredentials } from '../../../../src/http/middleware/authenticate.ts';

it.each([
  [{}, []],
  [{ authorization: 'Bearer a' }, ['a']],
  [{ authorization: 'BEARER   a  ' }, ['a']],
  [{ authorization: 'Bearer' }, []],
  [{ authorization: 'Bearer a b' }, []],
  [{ authorization: 'Basic YTpi' }, []],
  [{ 'x-api-key': ' a ' }, ['a']],
  [{ 'x-api-key': '' }, []],
  [{ 'cf-aig-authorization': 'Bearer a' }, ['a']],
  [{ 'cf-aig-authorization': 'a' }, []],
  [{ 'x-auth-key': 'a', 'x-auth-email': 'me@example.org' }, ['a']],
  [{ 'x-auth-email': 'me@example.org' }, []],
  [
    { 'x-auth-key': 'd', 'x-api-key': 'b', 'cf-aig-authorization': 'Bearer c', authorization: 'Bearer a' },
    ['a', 'b', 'c', 'd'],
  ],
  [{ authorization: 'Bearer a', 'x-api-key': 'a' }, ['a']],
])('%j -> %j', (headers, expected) => {
  expect(readCredentials(new Headers(headers))).toEqual(expected);
});
