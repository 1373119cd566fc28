import type { JSX } from 'preact';
import type { Model } from '../../service/wire.ts';
import { defaultOf, SETTING_FIELDS, type SettingField, type Settings } from './settings.ts';

interface ParametersProps {
  settings: Settings;
  model: Model | undefined;
  onChange: (settings: Settings) => void;
}

/** How tokens are drawn. A field that is empty is left to the model; its default stands in the field, pale. */
export function Parameters({ settings, model, onChange }: ParametersProps): JSX.Element {
  const numChanged = Object.values(settings).filter((text) => text !== '').length;
  return (
    <details class="option">
      <summary>Parameters{numChanged > 0 && <span class="badge">{numChanged} changed</span>}</summary>
      <div class="settings">
        {SETTING_FIELDS.map((field) => (
          <NumberField
            key={field.name}
            {...{ field, model }}
            text={settings[field.name] ?? ''}
            onInput={(text) => onChange({ ...settings, [field.name]: text })}
          />
        ))}
      </div>
      {numChanged > 0 && (
        <button type="button" class="small" onClick={() => onChange({})}>
          Back to the defaults
        </button>
      )}
    </details>
  );
}

interface NumberFieldProps {
  field: SettingField;
  model: Model | undefined;
  text: string;
  onInput: (text: string) => void;
}

function NumberField({ field, model, text, onInput }: NumberFieldProps): JSX.Element {
  const { name, label, hint, min, max, step } = field;
  const { text: placeholder, isModels } = defaultOf(field, model);
  return (
    <div class="setting">
      <label for={`setting-${name}`}>{label}</label>
      <input
        id={`setting-${name}`}
        type="number"
        inputMode="decimal"
        aria-describedby={`hint-${name}`}
        value={text}
        {...{ min, max, step, placeholder }}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <span id={`hint-${name}`} class="quiet">
        {hint}. {isModels ? "The model's default:" : 'Default:'}&nbsp;{placeholder}.
      </span>
    </div>
  );
}
