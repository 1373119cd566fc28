import { useEffect, useState } from 'preact/hooks';

/** As playground.css has it for the column of chats. */
const WIDE = '(min-width: 60rem)';

/** Whether there is room for a column beside the conversation. */
export function useIsWide(): boolean {
  const [isWide, setIsWide] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const follow = (): void => setIsWide(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return isWide;
}
