/** The keys of an agent. */

import { callbacks, objects, tools } from './code-kinds.ts';
import type { Field } from './field.ts';
import { anyText, flag, flagOr, seconds, settings, text, texts, wholeNumber } from './kinds.ts';
import { llm } from './llm-kind.ts';

export const AGENT_FIELDS: readonly Field[] = [
  {
    keys: ['role'],
    option: 'role',
    kind: text,
    doc: 'Who it is. May hold {placeholders}, as goal and backstory.',
  },
  { keys: ['goal'], option: 'goal', kind: text, doc: 'What it is after.' },
  { keys: ['backstory'], option: 'backstory', kind: anyText, doc: 'What it knows, and how it works.' },
  { keys: ['llm'], option: 'llm', kind: llm, doc: 'A model: provider/model, or a mapping with settings.' },
  {
    keys: ['tools'],
    option: 'tools',
    kind: tools,
    doc: 'What it can do: names of tools, or places in code.',
  },
  { keys: ['max_iter'], option: 'maxIter', kind: wholeNumber(1), doc: 'Model calls that may ask for tools.' },
  { keys: ['max_execution_time'], option: 'maxExecutionTimeMs', kind: seconds, doc: 'Seconds for one task.' },
  {
    keys: ['max_execution_time_ms'],
    option: 'maxExecutionTimeMs',
    kind: wholeNumber(1),
    doc: 'Milliseconds for one task.',
  },
  {
    keys: ['max_output_retries'],
    option: 'maxOutputRetries',
    kind: wholeNumber(0),
    doc: 'Answers that may be sent back because of their shape.',
  },
  { keys: ['callbacks'], option: 'callbacks', kind: callbacks, doc: 'Hear the events of its work.' },
  {
    keys: ['allow_delegation'],
    option: 'allowDelegation',
    kind: flag,
    off: false,
    doc: 'Whether it may hand work to other agents.',
  },
  {
    keys: ['planning', 'planning_config', 'reasoning'],
    option: 'planning',
    kind: flagOr(settings),
    off: false,
    doc: 'Whether it plans before it works.',
  },
  { keys: ['max_rpm'], option: 'maxRpm', kind: wholeNumber(1), doc: 'Requests in a minute.' },
  {
    keys: ['inject_date'],
    option: 'injectDate',
    kind: flag,
    off: false,
    doc: 'Whether it is told the date.',
  },
  { keys: ['date_format'], option: 'dateFormat', kind: text, doc: 'How the date is written.' },
  {
    keys: ['use_system_prompt'],
    option: 'useSystemPrompt',
    kind: flag,
    off: true,
    doc: 'Whether its role is a system message.',
  },
  {
    keys: ['system_template'],
    option: 'systemTemplate',
    kind: text,
    doc: 'The system message, in place of ours.',
  },
  {
    keys: ['prompt_template'],
    option: 'promptTemplate',
    kind: text,
    doc: 'The user message, in place of ours.',
  },
  { keys: ['response_template'], option: 'responseTemplate', kind: text, doc: 'How an answer begins.' },
  {
    keys: ['respect_context_window'],
    option: 'respectContextWindow',
    kind: flag,
    off: true,
    doc: 'Whether prompts are kept inside the window of the model.',
  },
  { keys: ['tool_protocol'], option: 'toolProtocol', kind: text, doc: 'How it asks for tools.' },
  {
    keys: ['knowledge', 'knowledge_sources'],
    option: 'knowledge',
    kind: objects,
    doc: 'What it can look up.',
  },
  {
    keys: ['memory'],
    option: 'memory',
    kind: flagOr(objects),
    off: false,
    doc: 'What it remembers between runs.',
  },
  { keys: ['skills'], option: 'skills', kind: texts, doc: 'Folders with skills.' },

  {
    keys: ['verbose'],
    ignored: 'Runs have events; the command line shows progress, and the callback "console" all of it.',
  },
  { keys: ['cache'], ignored: 'Answers are kept by an LLM with a cache, which is made in code.' },
  { keys: ['max_retry_limit'], ignored: 'Model calls are tried again by the retry policy of their LLM.' },
  { keys: ['max_tokens'], ignored: 'It belongs to the model. Write llm: { model: …, max_tokens: … }.' },
  { keys: ['function_calling_llm'], ignored: 'The llm of the agent asks for tools itself.' },
  {
    keys: ['allow_code_execution', 'code_execution_mode'],
    ignored: 'It runs no code in crewAI any more. Give the agent a tool that does.',
  },
  { keys: ['multimodal'], ignored: 'Files go to models that take them, without a switch.' },
  { keys: ['max_reasoning_attempts'], ignored: 'Planning has limits of its own.' },
  { keys: ['tool_failure_policy'], ignored: 'An agent is told of a tool that failed, and may go on.' },
  { keys: ['security_config', 'i18n', 'checkpoint', 'type'], ignored: 'There is nothing here that it sets.' },
  {
    keys: ['executor_class', 'agent_executor'],
    refused: 'There is one loop for all agents. Take the key out.',
  },
  { keys: ['step_callback'], refused: 'Steps are events here. Name a callback under callbacks.' },
  {
    keys: ['guardrail', 'guardrails', 'guardrail_max_retries'],
    refused: 'Answers are checked by their task. Move it to the task.',
  },
  {
    keys: ['mcps', 'apps'],
    refused:
      'Servers of tools are opened in code. Export their tools from a module, and name them under tools.',
  },
  { keys: ['a2a'], refused: 'Agents on other machines are opened in code. Take the key out.' },
  { keys: ['embedder', 'knowledge_config'], refused: 'Knowledge is made in code. Name it under knowledge.' },
  {
    keys: ['from_repository'],
    refused: 'Nothing is fetched when a project is loaded. Write the agent here.',
  },
];
