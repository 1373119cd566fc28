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
const HEX = '[0-9a-fA-F]';
const WORD = `${HEX}{1,4}`;
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
/** The last label has letters alone, as validators want it (Pydantic's, Zod's). */
const EMAIL = `${EMAIL_ATOM}(?:\\.${EMAIL_ATOM})*@(?:${EMAIL_LABEL}\\.)+[a-zA-Z]{2,}`;
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

/** JSON Schema's own. Texts of each are of the format; some texts of the format are left out. */
const STANDARD_PATTERNS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `(?:${DATE})T${TIME}`,
  duration: `P(?:${DATE_PARTS}(?:${TIME_PARTS})?|${TIME_PARTS}|${NUMBER}W)`,
  email: EMAIL,
  uuid: `${HEX}{8}-(?:${HEX}{4}-){3}${HEX}{12}`,
  ipv4: IPV4,
  ipv6: IPV6,
  hostname: `${HOST_LABEL}(?:\\.${HOST_LABEL}){0,6}`,
  uri: URI,
  'json-pointer': '(?:/(?:[^~/]|~0|~1)*)*',
};

const IPV4_INTERFACE = `${IPV4}(?:/(?:3[0-2]|[12]?\\d))?`;
const IPV6_INTERFACE = `(?:${IPV6})(?:/(?:12[0-8]|1[01]\\d|[1-9]?\\d))?`;
/** Pydantic refuses a network whose address goes on behind the prefix. */
const IPV4_NETWORK = [
  `${BYTE}\\.0\\.0\\.0/8`,
  `(?:${BYTE}\\.){2}0\\.0/16`,
  `(?:${BYTE}\\.){3}0/24`,
  `${IPV4}/32`,
].join('|');
const IPV6_NETWORK = `(?:${WORD}:){3}:/48|(?:${WORD}:){4}:/64|(?:${IPV6})/128`;

/** Of Pydantic's types, as the above. */
const PYDANTIC_PATTERNS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [1, 3, 4, 5, 6, 7, 8].map((version) => [
      `uuid${version}`,
      `${HEX}{8}-${HEX}{4}-${version}${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
    ]),
  ),
  ipv4interface: IPV4_INTERFACE,
  ipv6interface: IPV6_INTERFACE,
  ipv4network: IPV4_NETWORK,
  ipv6network: IPV6_NETWORK,
  ipvanyaddress: `${IPV4}|${IPV6}`,
  ipvanyinterface: `${IPV4_INTERFACE}|${IPV6_INTERFACE}`,
  ipvanynetwork: `${IPV4_NETWORK}|${IPV6_NETWORK}`,
  base64: '(?:[a-zA-Z0-9+/]{4})*(?:[a-zA-Z0-9+/]{2}==|[a-zA-Z0-9+/]{3}=)?',
  // Zod's has no padding, and Pydantic's must have it.
  base64url: '(?:[a-zA-Z0-9_-]{4})*',
  'name-email': `[a-zA-Z]+(?: [a-zA-Z]+)* <${EMAIL}>|${EMAIL}`,
  'multi-host-uri': URI,
};

const PATTERNS: Readonly<Record<string, string>> = { ...STANDARD_PATTERNS, ...PYDANTIC_PATTERNS };

/** OpenAPI's and Pydantic's formats of strings that say nothing about their characters. */
const WITHOUT_MEANING = new Set(['password', 'binary', 'path', 'file-path', 'directory-path']);

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
  ...['cidrv4', 'cidrv6', 'regex', 'lowercase', 'uppercase'],
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

/** Those that every validator knows. */
export const STRING_FORMATS: readonly string[] = Object.keys(STANDARD_PATTERNS);
