/** Checks what an agent may be given beside its role, its goal and its tools. */
import { DATE_DIRECTIVES, isTimeZone, unknownDirective } from '../base/format-date.ts';
import { type Problems, show } from '../base/problems.ts';
import { isTemplate, type PromptStyle, TEMPLATE_NAMES, type TemplateName } from '../context/style.ts';
import type { Memory } from '../ports/memory.ts';
import type { Skill } from '../ports/skill.ts';
import type { Tool } from '../ports/tool.ts';
import { checkFailurePolicy } from '../tool/failure-policy.ts';
import { LOAD_SKILL } from './skills.ts';

/** The fields that are checked here: whoever writes JavaScript may give anything. */
interface Extras extends PromptStyle {
  readonly tools: readonly Tool[];
  readonly respectContextWindow: boolean;
  readonly injectDate: boolean;
  readonly dateFormat: string;
  readonly timeZone: string;
  readonly toolProtocol: string;
  readonly stepCallback: unknown;
  readonly memory: readonly Memory[];
  readonly knowledge: readonly Memory[];
  readonly maxRpm: number | undefined;
  readonly maxRecallTokens: number;
  readonly onMemoryFailure: string;
  readonly onToolFailure: string | undefined;
  readonly skills: readonly Skill[];
}

const MARK: Readonly<Record<TemplateName, string>> = {
  systemTemplate: '{{ .System }}',
  promptTemplate: '{{ .Prompt }}',
  responseTemplate: '{{ .Response }}',
};
const SKILL_NAME = /^[A-Za-z0-9_-]{1,64}$/;

export function checkExtras(problems: Problems, agent: Extras): void {
  for (const name of ['respectContextWindow', 'useSystemPrompt', 'injectDate'] as const) {
    const value: unknown = agent[name];
    if (typeof value === 'boolean') continue;
    problems.add(
      name,
      value,
      `${name} must be true or false, got ${show(value)}. Correct it or leave it out.`,
    );
  }
  for (const name of TEMPLATE_NAMES) {
    const template = agent[name];
    if (template === undefined || isTemplate(name, template)) continue;
    const message = `${name} must be a text with ${MARK[name]} in it once, got ${show(template)}. Add it where the text belongs.`;
    problems.add(name, template, message);
  }
  checkDate(problems, agent);
  oneOf(problems, 'toolProtocol', agent.toolProtocol, ['native', 'text']);
  oneOf(problems, 'onMemoryFailure', agent.onMemoryFailure, ['warn', 'fail']);
  checkFailurePolicy(problems, 'onToolFailure', agent.onToolFailure);
  const { stepCallback } = agent;
  if (stepCallback !== undefined && typeof stepCallback !== 'function') {
    const message = `stepCallback must be a function, got ${show(stepCallback)}. Give one, or leave it out.`;
    problems.add('stepCallback', stepCallback, message);
  }
  problems.integer('maxRpm', agent.maxRpm, 1);
  problems.integer('maxRecallTokens', agent.maxRecallTokens, 1);
  checkStores(problems, 'memory', agent.memory);
  checkStores(problems, 'knowledge', agent.knowledge);
  checkSkills(problems, agent);
}

function checkDate(problems: Problems, { dateFormat, timeZone }: Extras): void {
  const unknown = typeof dateFormat === 'string' ? unknownDirective(dateFormat) : '';
  if (unknown !== undefined) {
    const message = `dateFormat must be a text with directives of ${DATE_DIRECTIVES.join(' ')}, got ${show(dateFormat)}. Write for example "%Y-%m-%d".`;
    problems.add('dateFormat', dateFormat, message);
  }
  if (!isTimeZone(timeZone)) {
    const message = `timeZone must be an IANA time zone, got ${show(timeZone)}. Write for example "Europe/Berlin".`;
    problems.add('timeZone', timeZone, message);
  }
}

function checkStores(problems: Problems, field: string, stores: readonly Memory[]): void {
  for (const [index, store] of stores.entries()) {
    if (typeof store?.recall === 'function' && typeof store.name === 'string') continue;
    const message = `${field}[${index}] must have a name and a function recall, got ${show(store)}. Give a Memory.`;
    problems.add(`${field}[${index}]`, store, message);
  }
}

function checkSkills(problems: Problems, { skills, tools }: Extras): void {
  const names = new Set<string>();
  for (const [index, skill] of skills.entries()) {
    const field = `skills[${index}]`;
    if (typeof skill?.load !== 'function' || !SKILL_NAME.test(skill.name) || !skill.description) {
      const message = `${field} must have a name of letters, digits, "_" or "-", a description and a function load, got ${show(skill)}. Correct it.`;
      problems.add(field, skill, message);
      continue;
    }
    if (names.has(skill.name)) {
      const message = `${field} is a second skill called "${skill.name}". Rename one of them.`;
      problems.add(field, skill.name, message);
    }
    names.add(skill.name);
  }
  if (skills.length > 0 && tools.some((tool) => tool?.name === LOAD_SKILL)) {
    const message = `A tool is called "${LOAD_SKILL}", as the one that gives skills. Rename the tool.`;
    problems.add('tools', LOAD_SKILL, message);
  }
}

function oneOf(problems: Problems, field: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return; // whatever it is, it is compared
  const list = known.map((one) => `"${one}"`).join(' or ');
  problems.add(field, value, `${field} must be ${list}, got ${show(value)}. Correct it or leave it out.`);
}
