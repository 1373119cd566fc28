import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubContent {
  readonly bytes: Uint8Array;
  /** In large-file storage: listed with its SHA-256, and served by another host. */
  readonly lfs?: boolean;
}

export interface HubRequest {
  readonly server: 'hub' | 'cdn';
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** What a test makes go wrong; changed while the server runs. */
export interface HubFaults {
  /** The status of every answer to a path that holds this text, and the hub's own code for the reason. */
  refuse?: { path: string; status: number; errorCode?: string; times?: number };
  /** Cuts the connection after so many bytes of a body; so many times, then no more. */
  cut?: { path: string; afterBytes: number | (() => number); times: number };
  /** Sends this instead of the file. */
  replace?: { path: string; bytes: Uint8Array };
  /** Sends so many bytes of the body, and then nothing until `release`. */
  hold?: { path: string; afterBytes: number };
  ignoreRange?: boolean;
  /** Files to a page of the listing. */
  pageSize?: number;
  /** Another address for the pages after the first. */
  nextPageAt?: string;
  /** Changes the listing before it is sent. */
  listing?: (entries: Record<string, unknown>[]) => unknown;
  /** The commit that is named, instead of the true one. */
  commit?: string;
}

const CUT_AFTER_MS = 50;

/**
 * A Hugging Face hub on the loopback address, as far as a model can be pulled from it: model info, the tree of a commit
 * with pages, `resolve` with a redirect of large files to another origin, ranges. The protocol is that of
 * https://huggingface.co/docs/hub/api and of huggingface_hub.
 */
export class HubServer {
  readonly requests: HubRequest[] = [];
  faults: HubFaults = {};
  readonly #revisions = new Map<string, { commit: string; files: ReadonlyMap<string, HubContent> }>();
  readonly #hub: Server;
  readonly #cdn: Server;
  #holding = new Set<() => void>();

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer('hub', request, response));
    this.#cdn = createServer((request, response) => this.#answer('cdn', request, response));
  }

  /** `onFinished` registers what ends it: a test's `onTestFinished`. */
  static async start(onFinished: (close: () => void) => void): Promise<HubServer> {
    const hub = new HubServer();
    for (const server of [hub.#hub, hub.#cdn]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onFinished(() => {
        server.closeAllConnections();
        server.close();
      });
    }
    return hub;
  }

  get endpoint(): string {
    return urlOf(this.#hub);
  }

  /** Makes a commit of a repository and points a branch to it; returns the commit. */
  commit(repository: string, files: Record<string, HubContent>, branch = 'main'): string {
    const content = Object.entries(files).map(([path, { bytes }]) => `${path} ${sha256(bytes)}`);
    const commit = createHash('sha1')
      .update([repository, branch, ...content].join('\n'))
      .digest('hex');
    const revision = { commit, files: new Map(Object.entries(files)) };
    this.#revisions.set(`${repository}@${branch}`, revision);
    this.#revisions.set(`${repository}@${commit}`, revision);
    return commit;
  }

  /** Lets go of every body that is held back. */
  release(): void {
    delete this.faults.hold;
    for (const release of this.#holding) release();
    this.#holding.clear();
  }

  /** True while a body is held back. */
  get isHolding(): boolean {
    return this.#holding.size > 0;
  }

  #answer(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    const { authorization, range } = request.headers;
    this.requests.push({ server, url, authorization, range });
    const path = decodeURIComponent(url);
    const { refuse } = this.faults;
    if (refuse !== undefined && path.includes(refuse.path) && (refuse.times ?? Infinity) > 0) {
      if (refuse.times !== undefined) refuse.times--;
      if (refuse.errorCode !== undefined) response.setHeader('x-error-code', refuse.errorCode);
      respondJson(response, refuse.status, { error: 'refused' });
    } else if (server === 'cdn') this.#sendFile(path, path.slice(1), request, response);
    else this.#answerHub(path, request, response);
  }

  #answerHub(path: string, request: IncomingMessage, response: ServerResponse): void {
    const [, repository = '', kind = '', rest = ''] =
      /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^?]+)/.exec(path) ?? [];
    const [revisionName = '', ...fileParts] = rest.split('/');
    const revision = this.#revisions.get(`${repository}@${revisionName}`);
    if (revision === undefined) {
      const isKnown = [...this.#revisions.keys()].some((key) => key.startsWith(`${repository}@`));
      response.setHeader('x-error-code', isKnown ? 'RevisionNotFound' : 'RepoNotFound');
      respondJson(response, isKnown ? 404 : 401, { error: 'not found' });
    } else if (kind === 'revision') {
      const sha = this.faults.commit ?? revision.commit;
      respondJson(response, 200, { _id: '1', id: repository, sha, private: false, gated: false });
    } else if (kind === 'tree') this.#sendTree(path, revision.files, response);
    else this.#resolve(`${repository}@${revision.commit}`, fileParts.join('/'), request, response);
  }

  #sendTree(path: string, files: ReadonlyMap<string, HubContent>, response: ServerResponse): void {
    const { pageSize = 1000, nextPageAt = this.endpoint, listing = (all: unknown) => all } = this.faults;
    const cursor = Number(/cursor=(\d+)/.exec(path)?.[1] ?? 0);
    const entries = [...files].map(([name, content]) => treeEntry(name, content));
    if (cursor + pageSize < entries.length) {
      const next = `${nextPageAt}${path.replace(/&cursor=.*/, '')}&cursor=${cursor + pageSize}`;
      response.setHeader('link', `<${next}>; rel="next"`);
    }
    respondJson(response, 200, listing(entries.slice(cursor, cursor + pageSize)));
  }

  #resolve(key: string, name: string, request: IncomingMessage, response: ServerResponse): void {
    const content = this.#revisions.get(key)?.files.get(name);
    if (content === undefined) {
      response.setHeader('x-error-code', 'EntryNotFound');
      respondJson(response, 404, { error: 'Entry not found' });
    } else if (content.lfs === true) {
      response.setHeader('x-linked-etag', `"${sha256(content.bytes)}"`);
      response.setHeader('location', `${urlOf(this.#cdn)}/${encodeURIComponent(`${key}/${name}`)}`);
      response.writeHead(302).end();
    } else this.#sendFile(name, `${key}/${name}`, request, response);
  }

  #sendFile(path: string, key: string, request: IncomingMessage, response: ServerResponse): void {
    const [, revision = '', name = ''] = /^([^@]+@[0-9a-f]{40})\/(.*)$/.exec(key) ?? [];
    const { cut, replace, hold, ignoreRange } = this.faults;
    const whole =
      replace !== undefined && path.includes(replace.path)
        ? replace.bytes
        : this.#revisions.get(revision)!.files.get(name)!.bytes;
    const start =
      ignoreRange === true ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const bytes = whole.subarray(start);
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${whole.length - 1}/${whole.length}`);
    response.setHeader('content-length', bytes.length);
    response.writeHead(start > 0 ? 206 : 200);
    if (cut !== undefined && path.includes(cut.path) && cut.times > 0) {
      cut.times--;
      const numBytes = typeof cut.afterBytes === 'number' ? cut.afterBytes : cut.afterBytes();
      // A client drops what it has received and not read yet when the connection breaks: it gets time to read.
      response.write(bytes.subarray(0, numBytes), () =>
        setTimeout(() => request.socket.destroy(), CUT_AFTER_MS),
      );
    } else if (hold !== undefined && path.includes(hold.path)) {
      response.write(bytes.subarray(0, hold.afterBytes));
      this.#holding.add(() => response.end(bytes.subarray(hold.afterBytes)));
    } else response.end(bytes);
  }
}

function treeEntry(path: string, { bytes, lfs }: HubContent): Record<string, unknown> {
  const blob = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const entry = { type: 'file', oid: blob, size: bytes.length, path };
  return lfs === true
    ? { ...entry, oid: '0'.repeat(40), lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } }
    : entry;
}

function respondJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
