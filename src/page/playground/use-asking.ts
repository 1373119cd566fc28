import { useEffect, useRef, useState } from 'preact/hooks';
import type { Question } from './answer/question.ts';
import { useAnswerStream, type AnswerStream } from './answer/use-answer-stream.ts';
import { isEmpty, type Chat, type ModelTurn, type Turn } from './chats/chat.ts';
import type { Chats } from './chats/use-chats.ts';
import { faultsOf } from './options/setup.ts';
import type { Settings } from './options/settings.ts';

interface AskingOptions {
  chats: Chats;
  modelId: string;
  settings: Settings;
  onAnswered: () => void;
}

export interface Asking {
  /** The answer that comes; undefined while none does. */
  running: ModelTurn | undefined;
  /** What the service refused, or what was typed wrong. */
  error: unknown;
  toQuestion: (turns: readonly Turn[]) => Question;
  /** Asks for an answer to these turns, in place of those of the current chat. False: something was typed wrong. */
  ask: (turns: readonly Turn[]) => boolean;
  stop: () => void;
  /** Stops, and shows another chat. */
  leaveFor: (chat: Chat) => void;
}

/** Asks for answers in the current chat, and keeps them in it. */
export function useAsking({ chats, modelId, settings, onAnswered }: AskingOptions): Asking {
  const answer = useAnswerStream();
  const askAndKeep = useKeptAnswers(chats, answer);
  const [fault, setFault] = useState('');
  const { current } = chats;
  const toQuestion = (turns: readonly Turn[]): Question => {
    const { kind, setup } = current;
    return { kind, model: modelId, turns, setup, settings };
  };
  return {
    running: answer.state.turn,
    error: fault === '' ? answer.state.error : fault,
    toQuestion,
    ask: (turns) => {
      const faults = current.kind === 'chat' ? Object.values(faultsOf(current.setup)).join('. ') : '';
      setFault(faults);
      if (faults !== '') return false;
      void askAndKeep({ ...current, model: modelId, turns }, toQuestion(turns)).then(onAnswered);
      return true;
    },
    stop: answer.stop,
    leaveFor: (chat) => {
      answer.leave();
      setFault('');
      chats.open(chat);
    },
  };
}

/** Keeps what was asked at once, and the answer when it is over or the page is left. */
function useKeptAnswers(
  chats: Chats,
  answer: AnswerStream,
): (chat: Chat, question: Question) => Promise<void> {
  const latest = useRef(chats);
  latest.current = chats;
  const asked = useRef<Chat | undefined>(undefined);
  useEffect(() => {
    const keep = (): void => {
      const turn = answer.latest();
      const chat = asked.current;
      if (turn === undefined || chat === undefined || isEmpty(turn)) return;
      latest.current.put({ ...chat, turns: [...chat.turns, { ...turn, end: 'stopped' }] });
    };
    addEventListener('pagehide', keep);
    return () => removeEventListener('pagehide', keep);
  }, []);
  return async (chat, question) => {
    asked.current = chat;
    latest.current.put({ ...chat, changedAt: Date.now() });
    await answer.ask(question, (turn) => {
      if (isEmpty(turn)) return;
      // Its setup may have been changed meanwhile.
      const { current } = latest.current;
      const now = current.id === chat.id ? current : chat;
      if (now.turns.length !== chat.turns.length) return;
      latest.current.put({ ...now, turns: [...chat.turns, turn], changedAt: Date.now() });
    });
  };
}
