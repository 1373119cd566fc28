/** The part of a URL, and the value of `Host`, that names the server. */
export interface Authority {
  /** A name in lower case, or an address; without brackets and the dot of the root. */
  name: string;
  /** Empty where it is the default of the scheme. */
  port: string;
}

const FORM = /^(?:\[(?<ipv6>[\da-f:.]+)\]|(?<name>[^\s:@/\\?#[\]]+))(?::(?<port>\d{0,5}))?$/;

/** `localhost:8787`, `[::1]:8787`, `llm.example.com`; undefined for anything else. */
export function parseAuthority(text: string): Authority | undefined {
  const groups = FORM.exec(text.toLowerCase())?.groups;
  if (groups === undefined) return undefined;
  const { ipv6, name = '', port = '' } = groups;
  return { name: ipv6 ?? name.replace(/\.$/, ''), port };
}

/** Of a request's URL, which has it from the request line or from `Host`. */
export function authorityOf(url: string): Authority | undefined {
  return parseAuthority(/^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '');
}
