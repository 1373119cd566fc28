import type { JSX } from 'preact';
import type { ChatKind } from './chats/chat.ts';

/** Of things that any model can be asked for, the embedded teller of stories, too. */
const PROMPTS: Readonly<Record<ChatKind, readonly string[]>> = {
  chat: [
    'Tell me a story about a robot and a garden.',
    'Write a short story about a fox who finds a hat.',
    'Tell me a story about a lighthouse in a storm.',
    'What can you do?',
  ],
  prompt: [
    'Once upon a time there was a',
    'The little robot opened the door and',
    'One morning the king could not find his',
    'The cat looked at the moon and said:',
  ],
};

interface WelcomeProps {
  kind: ChatKind;
  onChoose: (prompt: string) => void;
}

/** What a chat begins with: what this is, and something to click. */
export function Welcome({ kind, onChoose }: WelcomeProps): JSX.Element {
  return (
    <section class="welcome" aria-label="To begin with">
      <p class="lead">
        {kind === 'chat'
          ? 'A language model runs on this server: chat with it here, or call it from your programs through the APIs of OpenAI, Anthropic and Workers AI.'
          : 'The model goes on with the text that you give it, and knows nothing of the texts before.'}
      </p>
      <div class="prompts">
        {PROMPTS[kind].map((prompt) => (
          <button key={prompt} type="button" onClick={() => onChoose(prompt)}>
            {prompt}
          </button>
        ))}
      </div>
    </section>
  );
}
