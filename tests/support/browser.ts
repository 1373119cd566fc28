import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The name of a site that has made it lead to this machine: DNS rebinding. */
export const REBOUND_HOST = 'evil.example';

/** A path, or why there is none: a distribution's own browser, nothing is downloaded. */
export function findBrowser(): string | undefined {
  return EXECUTABLES.find((path) => existsSync(path));
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // Chromium's own sandbox does not work for root, as whom CI runs; the pages are ours.
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP ${REBOUND_HOST} 127.0.0.1`],
  });
}

export interface Site {
  /** `http://localhost:PORT`: to a browser another site than 127.0.0.1. */
  origin: string;
  close(): void;
}

/** A web site with an empty page. */
export async function startSite(): Promise<Site> {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>a page</title>'),
  );
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
