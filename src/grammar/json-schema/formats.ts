import { compileRegular } from '../regular/compile-regular.ts';
import type { Dfa } from '../regular/dfa.ts';
import { Effort } from '../regular/effort.ts';
import { parseRegularExpression } from '../regular/parse-regular-expression.ts';

const YEAR = '\\d{4}';
const LEAP_YEAR = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DATE = [
  `${YEAR}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])`,
  `${YEAR}-(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)`,
  `${YEAR}-02-(?:0[1-9]|1\\d|2[0-8])`,
  `${LEAP_YEAR}-02-29`,
].join('|');

const HOUR = '(?:[01]\\d|2[0-3])';
/** Leap seconds are left out: which minutes have one depends on the offset. */
const TIME = `${HOUR}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${HOUR}:[0-5]\\d)`;

const NUMBER = '\\d{1,9}';
/** RFC 3339's: no unit is passed over between two others, though ISO 8601 takes `P1Y2D`. */
const TIME_PARTS = `T(?:${NUMBER}H(?:${NUMBER}M(?:${NUMBER}S)?)?|${NUMBER}M(?:${NUMBER}S)?|${NUMBER}S)`;
const DATE_PARTS = `(?:${NUMBER}Y(?:${NUMBER}M(?:${NUMBER}D)?)?|${NUMBER}M(?:${NUMBER}D)?|${NUMBER}D)`;

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = `${BYTE}(?:\\.${BYTE}){3}`;
const WORD = '[0-9a-fA-F]{1,4}';
/** All eight words, or `::` in place of one or more of them. */
const IPV6 = [
  `(?:${WORD}:){7}${WORD}`,
  ...Array.from({ length: 8 }, (_, before) => {
    const left = before === 0 ? '' : `${WORD}(?::${WORD}){${before - 1}}`;
    const most = 7 - before;
    return most === 0 ? `${left}::` : `${left}::(?:${WORD}(?::${WORD}){0,${most - 1}})?`;
  }),
].join('|');

const ALPHANUMERIC = '[a-zA-Z0-9]';
const EMAIL_ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+";
const EMAIL_LABEL = `${ALPHANUMERIC}(?:[a-zA-Z0-9-]*${ALPHANUMERIC})?`;
/** At most 7 labels of 32 characters, which keeps a name below the 253 characters that it may have. */
const HOST_LABEL = `${ALPHANUMERIC}(?:[a-zA-Z0-9-]{0,30}${ALPHANUMERIC})?`;

const HEX_PAIR = '%[0-9a-fA-F]{2}';
const URI_CHARACTER = `(?:[a-zA-Z0-9\\-._~!$&'()*+,;=:@]|${HEX_PAIR})`;
const URI_USER = `(?:[a-zA-Z0-9\\-._~!$&'()*+,;=:]|${HEX_PAIR})*@`;
const URI_HOST = `(?:[a-zA-Z0-9\\-._~!$&'()*+,;=]|${HEX_PAIR})*`;
const URI_TAIL = `(?:\\?(?:${URI_CHARACTER}|[/?])*)?(?:#(?:${URI_CHARACTER}|[/?])*)?`;
/** RFC 3986 with a scheme. A host is a name or an address of version 4. */
const URI = [
  `[a-zA-Z][a-zA-Z0-9+\\-.]*:(?://(?:${URI_USER})?${URI_HOST}(?::\\d*)?(?:/${URI_CHARACTER}*)*`,
  `|/(?:${URI_CHARACTER}+(?:/${URI_CHARACTER}*)*)?|${URI_CHARACTER}+(?:/${URI_CHARACTER}*)*)${URI_TAIL}`,
].join('');

/** Texts of each are of the format; some texts of the format are left out. */
const PATTERNS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `(?:${DATE})T${TIME}`,
  duration: `P(?:${DATE_PARTS}(?:${TIME_PARTS})?|${TIME_PARTS}|${NUMBER}W)`,
  email: `${EMAIL_ATOM}(?:\\.${EMAIL_ATOM})*@(?:${EMAIL_LABEL}\\.)+${EMAIL_LABEL}`,
  uuid: '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}',
  ipv4: IPV4,
  ipv6: IPV6,
  hostname: `${HOST_LABEL}(?:\\.${HOST_LABEL}){0,6}`,
  uri: URI,
  'json-pointer': '(?:/(?:[^~/]|~0|~1)*)*',
};

/** OpenAPI's formats of strings that say nothing about their characters. */
const WITHOUT_MEANING = new Set(['password', 'binary']);

/** OpenAPI's formats of numbers: the range of those that are integers, undefined for the others. */
export const NUMBER_FORMATS: Readonly<Record<string, { minimum: number; maximum: number } | undefined>> = {
  int32: { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  int64: { minimum: -Infinity, maximum: Infinity },
  float: undefined,
  double: undefined,
};

/** Names that Zod gives to patterns: it writes the pattern beside them. */
const NAMES_OF_PATTERNS = new Set([
  ...['cuid', 'cuid2', 'ulid', 'nanoid', 'ksuid', 'xid', 'guid', 'mac', 'e164', 'emoji'],
  ...['base64', 'base64url', 'cidrv4', 'cidrv6', 'regex', 'lowercase', 'uppercase'],
  ...['includes', 'starts_with', 'ends_with'],
]);

export type StringFormat = 'enforced' | 'ignored' | 'pattern' | 'unknown';

/** What is done with a format of strings. `pattern`: its meaning is the pattern that must stand beside it. */
export function stringFormatKind(name: string): StringFormat {
  if (Object.hasOwn(PATTERNS, name)) return 'enforced';
  if (WITHOUT_MEANING.has(name) || Object.hasOwn(NUMBER_FORMATS, name)) return 'ignored';
  return NAMES_OF_PATTERNS.has(name) ? 'pattern' : 'unknown';
}

const known = new Map<string, Dfa>();

/** The automaton of a format that is enforced, made once. */
export function formatDfa(name: string): Dfa {
  let dfa = known.get(name);
  if (dfa === undefined) {
    const effort = new Effort(name);
    dfa = compileRegular(parseRegularExpression(PATTERNS[name] ?? '', effort), effort);
    known.set(name, dfa);
  }
  return dfa;
}

export const STRING_FORMATS: readonly string[] = Object.keys(PATTERNS);
