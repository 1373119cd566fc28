/**
 * A chat template for a model that has none: a base model, which was trained to go on with a text. It writes the
 * conversation as a dialogue, each turn behind its speaker's name, and ends behind the assistant's. Calls and results of
 * tools stand in it as JSON, so that nothing of a conversation is lost.
 */
export const BUILTIN_CHAT_TEMPLATE =
  "{%- set names = {'system': 'System', 'developer': 'System', 'user': 'User', 'assistant': 'Assistant', 'tool': 'Tool'} %}" +
  '{%- for message in messages %}' +
  "{{- names[message.role] + ':' }}" +
  "{%- if message.content %}{{- ' ' + (message.content | trim) }}{%- endif %}" +
  '{%- if message.tool_calls %}{%- for call in message.tool_calls %}' +
  "{{- ' ' + ({'name': call.function.name, 'arguments': call.function.arguments} | tojson) }}" +
  '{%- endfor %}{%- endif %}' +
  "{{- '\\n' }}" +
  '{%- endfor %}' +
  "{%- if add_generation_prompt %}{{- 'Assistant:' }}{%- endif %}";

/** Where the model begins another turn, its answer is over: it would go on as the user. */
export const BUILTIN_STOP_STRINGS: readonly string[] = ['\nUser:', '\nAssistant:', '\nSystem:', '\nTool:'];
