import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { afterScroll, type Following } from './after-scroll.ts';

interface FollowEndOptions {
  /** An element below the answer. */
  end: RefObject<HTMLElement | null>;
  /** What covers the lower part of the screen. */
  cover: RefObject<HTMLElement | null>;
  isRunning: boolean;
  chatId: string;
  /** What went wrong; it is said at the end. */
  error: unknown;
}

/** Scrolls the end of an answer into view as it comes, and the end of a chat when it is opened or something failed. */
export function useFollowEnd({ end, cover, isRunning, chatId, error }: FollowEndOptions): void {
  const following = useRef<Following>({ isFollowing: false, y: 0 });
  const wasRunning = useRef(false);
  const hiddenPx = (): number => {
    if (end.current === null) return 0;
    const edge = Math.min(innerHeight, cover.current?.getBoundingClientRect().top ?? innerHeight);
    return end.current.getBoundingClientRect().bottom - edge;
  };
  const showEnd = (): void => {
    const missing = hiddenPx();
    if (missing > 0) scrollBy({ top: missing, behavior: 'instant' });
  };
  useEffect(() => {
    if (!isRunning) return;
    const follow = (): void => {
      following.current = afterScroll(following.current, scrollY, hiddenPx());
    };
    addEventListener('scroll', follow, { passive: true });
    return () => removeEventListener('scroll', follow);
  }, [isRunning]);
  // After each change of the answer, and once more after its last.
  useLayoutEffect(() => {
    if (isRunning && !wasRunning.current) following.current = { isFollowing: true, y: scrollY };
    const isConcerned = isRunning || wasRunning.current;
    wasRunning.current = isRunning;
    if (!isConcerned || !following.current.isFollowing) return;
    showEnd();
  });
  useLayoutEffect(showEnd, [chatId, error]);
}
