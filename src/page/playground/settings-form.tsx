import type { JSX } from 'preact';
import { SETTING_FIELDS, type SettingField, type Settings } from './settings.ts';

interface SettingsFormProps {
  settings: Settings;
  onChange: (settings: Settings) => void;
}

/** How tokens are drawn. */
export function SettingsForm({ settings, onChange }: SettingsFormProps): JSX.Element {
  return (
    <fieldset class="settings">
      <legend>How tokens are drawn</legend>
      {SETTING_FIELDS.map((field) => (
        <NumberField
          key={field.name}
          field={field}
          value={settings[field.name]}
          onInput={(text) => onChange(withField(settings, field.name, text))}
        />
      ))}
    </fieldset>
  );
}

interface NumberFieldProps {
  field: SettingField;
  value: number | string;
  onInput: (text: string) => void;
}

function NumberField({ field, value, onInput }: NumberFieldProps): JSX.Element {
  const { name, label, hint, min, max, step } = field;
  return (
    <div class="setting">
      <label for={`setting-${name}`}>{label}</label>
      <input
        id={`setting-${name}`}
        type="number"
        aria-describedby={`hint-${name}`}
        {...{ min, max, step, value }}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <span id={`hint-${name}`} class="quiet">
        {hint}
      </span>
    </div>
  );
}

/** An empty field stands for its default where it must have a number. */
function withField(settings: Settings, name: keyof Settings, text: string): Settings {
  if (name === 'seed') return { ...settings, seed: text };
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? settings : { ...settings, [name]: number };
}
