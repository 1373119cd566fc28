import { SETTINGS } from '../src/config/settings.ts';

/** Between these lines of docs/settings.md the table of all settings stands. Its cells are too long to be padded. */
const BEGIN = '<!-- By `npm run cli-docs`: -->\n<!-- prettier-ignore-start -->';
const END = '<!-- prettier-ignore-end -->';

/** docs/settings.md with all settings as they are now. */
export function withSettings(document: string): string {
  const [before, after] = [document.split(BEGIN)[0] ?? '', document.split(END)[1] ?? ''];
  const rows = Object.values(SETTINGS).map(({ env, default: value, meaning }) => {
    return `| \`${env}\` | ${value === undefined ? '' : `\`${value}\` `}| ${meaning} |`;
  });
  const table = ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}
