import type { JSX } from 'preact';
import type { Setup } from '../chats/chat.ts';
import { EXAMPLES, faultsOf } from './setup.ts';

interface SetupFormProps {
  setup: Setup;
  onChange: (setup: Setup) => void;
}

/** A system prompt, a schema for answers, and tools: each with an example. */
export function SetupForm({ setup, onChange }: SetupFormProps): JSX.Element {
  const faults = faultsOf(setup);
  const used = [
    ...(setup.system.trim() === '' ? [] : ['system prompt']),
    ...(setup.schema.trim() === '' ? [] : ['JSON schema']),
    ...(setup.tools.trim() === '' ? [] : ['tools']),
  ];
  return (
    <details class="option">
      <summary>
        System prompt, JSON schema, tools
        {used.length > 0 && <span class="badge">{used.length > 2 ? 'all set' : used.join(', ')}</span>}
      </summary>
      <SetupField
        name="system"
        label="System prompt"
        hint="What the model is told before the first message."
        fault={undefined}
        {...{ setup, onChange }}
      />
      <SetupField
        name="schema"
        label="JSON schema"
        hint="Answers are JSON that keeps to it."
        fault={faults.schema}
        {...{ setup, onChange }}
      />
      <SetupField
        name="tools"
        label="Tools"
        hint="Functions that the model may call. You type what they give back."
        fault={faults.tools}
        {...{ setup, onChange }}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={setup.mustCall}
          disabled={setup.tools.trim() === ''}
          onChange={({ currentTarget }) => onChange({ ...setup, mustCall: currentTarget.checked })}
        />{' '}
        The model must call a tool
      </label>
    </details>
  );
}

interface SetupFieldProps extends SetupFormProps {
  name: keyof typeof EXAMPLES;
  label: string;
  hint: string;
  fault: string | undefined;
}

function SetupField({ name, label, hint, fault, setup, onChange }: SetupFieldProps): JSX.Element {
  const text = setup[name];
  const change = (next: string): void => onChange({ ...setup, [name]: next });
  return (
    <div class="setup">
      <div class="setup-head">
        <label for={`setup-${name}`}>{label}</label>
        {text === '' ? (
          <button type="button" class="small" onClick={() => change(EXAMPLES[name])}>
            Example<span class="unseen"> of {label}</span>
          </button>
        ) : (
          <button type="button" class="small" onClick={() => change('')}>
            Clear<span class="unseen"> {label}</span>
          </button>
        )}
      </div>
      <textarea
        id={`setup-${name}`}
        class={name === 'system' ? undefined : 'code'}
        rows={name === 'system' ? 2 : 4}
        spellcheck={name === 'system'}
        value={text}
        aria-describedby={`setup-hint-${name}`}
        aria-invalid={fault !== undefined}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      <span id={`setup-hint-${name}`} class={fault === undefined ? 'quiet' : 'fault'}>
        {fault === undefined ? hint : `${fault}.`}
      </span>
    </div>
  );
}
