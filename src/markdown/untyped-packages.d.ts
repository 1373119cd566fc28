/** What is used of packages whose own types want a browser, or are of another name. */

declare module '@mixmark-io/domino' {
  export interface DomNode {
    readonly nodeType: number;
    readonly nodeName: string;
    readonly parentNode: DomNode | null;
    readonly firstChild: DomNode | null;
    readonly nextSibling: DomNode | null;
    textContent: string;
    removeChild(child: DomNode): void;
  }
  export interface DomElement extends DomNode {
    getAttribute(name: string): string | null;
    setAttribute(name: string, value: string): void;
    querySelector(selector: string): DomElement | null;
    querySelectorAll(selector: string): ArrayLike<DomElement>;
  }
  export interface DomDocument extends DomElement {
    readonly body: DomElement;
  }
  const domino: { createDocument(html: string, force: boolean): DomDocument };
  export default domino;
}

declare module 'turndown' {
  import type { DomElement } from '@mixmark-io/domino';
  interface Rule {
    filter: string | readonly string[] | ((node: DomElement) => boolean);
    replacement(content: string, node: DomElement): string;
  }
  export default class TurndownService {
    constructor(options: Record<string, string>);
    addRule(name: string, rule: Rule): this;
    turndown(root: DomElement): string;
  }
}
