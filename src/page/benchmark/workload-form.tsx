import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readLengths } from '../series/read-lengths.ts';
import type { Workload } from './use-benchmark.ts';

interface WorkloadFormProps {
  isRunning: boolean;
  onRun: (workload: Workload) => void;
  onStop: () => void;
}

/** What is to be measured. */
export function WorkloadForm({ isRunning, onRun, onStop }: WorkloadFormProps): JSX.Element {
  const [promptTokens, setPromptTokens] = useState(64);
  const [maxTokens, setMaxTokens] = useState(32);
  const [concurrency, setConcurrency] = useState('1, 4, 8, 16');
  const [sweeps, setSweeps] = useState(true);
  const [usesHttp, setUsesHttp] = useState(true);
  const run = (event: Event): void => {
    event.preventDefault();
    onRun({
      prompt_tokens: promptTokens,
      max_tokens: maxTokens,
      concurrency: readLengths(concurrency),
      repeats: 2,
      context_sweep: sweeps,
      modes: usesHttp ? ['engine', 'http'] : ['engine'],
    });
  };
  return (
    <form class="panel workload" onSubmit={run}>
      <NumberInput label="Tokens of a prompt" value={promptTokens} onInput={setPromptTokens} />
      <NumberInput label="Tokens of an answer" value={maxTokens} onInput={setMaxTokens} />
      <label>
        Requests at once
        <input
          required
          value={concurrency}
          onInput={({ currentTarget }) => setConcurrency(currentTarget.value)}
        />
      </label>
      <CheckBox label="Also through HTTP" isChecked={usesHttp} onChange={setUsesHttp} />
      <CheckBox label="Also with longer prompts" isChecked={sweeps} onChange={setSweeps} />
      <p class="buttons">
        <button type="submit" disabled={isRunning}>
          Run
        </button>
        <button type="button" disabled={!isRunning} onClick={onStop}>
          Stop
        </button>
      </p>
    </form>
  );
}

interface NumberInputProps {
  label: string;
  value: number;
  onInput: (value: number) => void;
}

function NumberInput({ label, value, onInput }: NumberInputProps): JSX.Element {
  return (
    <label>
      {label}
      <input
        type="number"
        required
        min={1}
        value={value}
        onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
      />
    </label>
  );
}

interface CheckBoxProps {
  label: string;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}

function CheckBox({ label, isChecked, onChange }: CheckBoxProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isChecked}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />{' '}
      {label}
    </label>
  );
}
