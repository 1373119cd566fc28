import { groupOf } from '../../fairness/client-id.ts';
import type { PageHolder } from '../pages/page-holder.ts';

/** A seat and pages for work that is no sequence. They count as its client's, and no other client takes them away. */
export interface Loan {
  readonly clientId: string;
  /** Tokens that it needs room for. */
  readonly numTokens: number;
  /** `undefined` while it waits. What they hold is not known. */
  readonly pages: readonly number[] | undefined;
}

interface KnownLoan {
  readonly clientId: string;
  readonly numTokens: number;
  pages: readonly number[] | undefined;
}

interface Lent {
  readonly holder: PageHolder;
  readonly seat: number;
}

/** Who has asked for a loan, and who has one. */
export class Loans {
  readonly #loans = new Map<Loan, { known: KnownLoan; lent: Lent | undefined }>();

  ask(clientId: string, numTokens: number): Loan {
    const known: KnownLoan = { clientId, numTokens, pages: undefined };
    this.#loans.set(known, { known, lent: undefined });
    return known;
  }

  has(loan: Loan): boolean {
    return this.#loans.has(loan);
  }

  lend(loan: Loan, holder: PageHolder, seat: number): void {
    const entry = this.#loans.get(loan);
    if (entry === undefined) return;
    entry.lent = { holder, seat };
    entry.known.pages = [...holder.pages];
  }

  holderOf(loan: Loan): PageHolder | undefined {
    return this.#loans.get(loan)?.lent?.holder;
  }

  /** What was lent, to be given back. */
  end(loan: Loan): Lent | undefined {
    const entry = this.#loans.get(loan);
    this.#loans.delete(loan);
    if (entry !== undefined) entry.known.pages = undefined;
    return entry?.lent;
  }

  get lent(): Loan[] {
    return [...this.#loans.keys()].filter(({ pages }) => pages !== undefined);
  }

  get asking(): Loan[] {
    return [...this.#loans.keys()].filter(({ pages }) => pages === undefined);
  }

  /** The first that a client asks for. */
  firstOf(clientId: string): Loan | undefined {
    return this.asking.find((loan) => loan.clientId === clientId);
  }

  /** Of each group that has no loan and asks for one, the client that asked first. */
  clientsToServe(): string[] {
    if (this.#loans.size === 0) return [];
    const served = new Set(this.lent.map(({ clientId }) => groupOf(clientId)));
    return this.asking.flatMap(({ clientId }) => {
      const group = groupOf(clientId);
      if (served.has(group)) return [];
      served.add(group);
      return [clientId];
    });
  }
}
