/** How the messages that open a conversation are written for a model: its templates, its roles, the date. */
import { formatDate } from '../base/format-date.ts';
import { deepFreeze } from '../base/json.ts';
import type { Message, UserMessage } from '../protocol/message.ts';

export interface PromptStyle {
  /** False = what the system would say stands before the first message of the user. */
  readonly useSystemPrompt: boolean;
  /** With `{{ .System }}` in the place of the text. */
  readonly systemTemplate: string | undefined;
  /** With `{{ .Prompt }}`, for the last message of the user, which is the task. */
  readonly promptTemplate: string | undefined;
  /** With `{{ .Response }}`: what stands before it ends the prompt, and what stands behind it ends the answer. */
  readonly responseTemplate: string | undefined;
}

export interface DateStyle {
  readonly format: string;
  readonly timeZone: string;
}

export type TemplateName = 'systemTemplate' | 'promptTemplate' | 'responseTemplate';

const MARKS: Readonly<Record<TemplateName, RegExp>> = {
  systemTemplate: /\{\{\s*\.System\s*\}\}/,
  promptTemplate: /\{\{\s*\.Prompt\s*\}\}/,
  responseTemplate: /\{\{\s*\.Response\s*\}\}/,
};

export const TEMPLATE_NAMES: readonly TemplateName[] = [
  'systemTemplate',
  'promptTemplate',
  'responseTemplate',
];

/** Whether the template has exactly one place for its text. */
export function isTemplate(name: TemplateName, template: unknown): boolean {
  return typeof template === 'string' && template.split(MARKS[name]).length === 2;
}

/** What ends an answer; empty = nothing of the template does. */
export function stopOf({ responseTemplate }: PromptStyle): readonly string[] {
  if (responseTemplate === undefined) return [];
  const [, after = ''] = responseTemplate.split(MARKS.responseTemplate);
  return after.trim() === '' ? [] : [after];
}

export function isStyled(style: PromptStyle): boolean {
  const { useSystemPrompt, systemTemplate, promptTemplate, responseTemplate } = style;
  return !useSystemPrompt || (systemTemplate ?? promptTemplate ?? responseTemplate) !== undefined;
}

export function applyStyle(messages: readonly Message[], style: PromptStyle): readonly Message[] {
  const { useSystemPrompt, systemTemplate, promptTemplate, responseTemplate } = style;
  if (!isStyled(style)) return messages;
  const task = messages.findLastIndex(({ role }) => role === 'user');
  const [before = ''] = responseTemplate?.split(MARKS.responseTemplate) ?? [];
  const styled = messages.map((message, index): Message => {
    if (message.role === 'system')
      return { ...message, content: fill(systemTemplate, 'systemTemplate', message.content) };
    if (message.role !== 'user' || index !== task) return message;
    const inner = mapText(message, (text) => fill(promptTemplate, 'promptTemplate', text));
    return before === '' ? inner : mapText(inner, (text) => `${text}${before}`);
  });
  return deepFreeze(useSystemPrompt ? styled : withoutSystem(styled));
}

/** Adds `text` to the end of the last message of the user. */
export function appendToTask(messages: readonly Message[], text: string): readonly Message[] {
  const task = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, index) =>
    index === task && message.role === 'user'
      ? deepFreeze(mapText(message, (before) => `${before}\n\n${text}`))
      : message,
  );
}

/** Adds `text` to the end of the first message of the system. */
export function appendToSystem(messages: readonly Message[], text: string): readonly Message[] {
  const at = messages.findIndex(({ role }) => role === 'system');
  if (at === -1) return [Object.freeze({ role: 'system', content: text }), ...messages];
  return messages.map((message, index) =>
    index === at && message.role === 'system'
      ? Object.freeze({ ...message, content: `${message.content}\n\n${text}` })
      : message,
  );
}

export function dateLine(timeMs: number, { format, timeZone }: DateStyle): string {
  return `Current date: ${formatDate(timeMs, format, timeZone)} (${timeZone})`;
}

function fill(template: string | undefined, name: TemplateName, text: string): string {
  // By a function: in a text, `$&` would mean something.
  return template === undefined ? text : template.replace(MARKS[name], () => text);
}

/** Changes the last text of a message; what has none gets one. */
function mapText(message: UserMessage, change: (text: string) => string): UserMessage {
  const { content } = message;
  if (typeof content === 'string') return { ...message, content: change(content) };
  const at = content.findLastIndex(({ type }) => type === 'text');
  if (at === -1) return { ...message, content: [...content, { type: 'text', text: change('') }] };
  return {
    ...message,
    content: content.map((part, index) =>
      index === at && part.type === 'text' ? { ...part, text: change(part.text) } : part,
    ),
  };
}

function withoutSystem(messages: readonly Message[]): readonly Message[] {
  const system = messages.flatMap((message) => (message.role === 'system' ? [message.content] : []));
  const rest = messages.filter(({ role }) => role !== 'system');
  const at = rest.findIndex(({ role }) => role === 'user');
  const first = rest[at];
  if (system.length === 0 || first?.role !== 'user') return rest;
  const said = system.join('\n\n');
  const content =
    typeof first.content === 'string'
      ? `${said}\n\n${first.content}`
      : [{ type: 'text', text: said } as const, ...first.content];
  return [...rest.slice(0, at), { ...first, content }, ...rest.slice(at + 1)];
}
