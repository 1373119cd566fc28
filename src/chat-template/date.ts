import { EngineError } from '../errors.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const twoDigits = (value: number): string => String(value).padStart(2, '0');

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => twoDigits(date.getFullYear() % 100),
  m: (date) => twoDigits(date.getMonth() + 1),
  B: (date) => MONTHS[date.getMonth()] ?? '',
  b: (date) => (MONTHS[date.getMonth()] ?? '').slice(0, 3),
  d: (date) => twoDigits(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  A: (date) => DAYS[date.getDay()] ?? '',
  a: (date) => (DAYS[date.getDay()] ?? '').slice(0, 3),
  H: (date) => twoDigits(date.getHours()),
  I: (date) => twoDigits(date.getHours() % 12 || 12),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  F: (date) => formatDate(date, '%Y-%m-%d'),
  T: (date) => formatDate(date, '%H:%M:%S'),
  '%': () => '%',
};

/**
 * Python's `strftime` in its C locale and local time, as chat templates call it. The library's own knows eight
 * directives, writes months in the language of the process, and lets the others stand.
 *
 * @throws EngineError `weights_invalid` for a directive that no template was seen to use
 */
export function formatDate(date: Date, format: string): string {
  return format.replaceAll(/%-?(.)/g, (directive, letter: string) => {
    const write = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    if (write === undefined)
      throw new EngineError('weights_invalid', `strftime_now does not know ${directive}`);
    const text = write(date);
    return directive.startsWith('%-') ? text.replace(/^[0 ](?=.)/, '') : text;
  });
}
