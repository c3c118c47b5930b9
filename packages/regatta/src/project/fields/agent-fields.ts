/** The keys of an agent. */

import { aFunction, callbacks, knowledge, memories, skills, tools } from './code-kinds.ts';
import type { Field } from './field.ts';
import { anyText, flag, flagOr, names, seconds, text, wholeNumber } from './kinds.ts';
import { llm } from './llm-kind.ts';
import { onToolFailure, planning } from './option-kinds.ts';

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
    doc: 'Whether it may hand work to other agents, and ask them.',
  },
  {
    keys: ['allowed_delegates'],
    option: 'allowedDelegates',
    kind: names,
    doc: 'Keys of the agents that it may ask. Default: all others.',
  },
  {
    keys: ['planning', 'planning_config', 'reasoning'],
    option: 'planning',
    kind: planning,
    doc: 'Whether it plans before it works, or how: effort, max_steps, max_replans, max_step_iterations, step_timeout (seconds), llm.',
  },
  {
    keys: ['max_rpm'],
    option: 'maxRpm',
    kind: wholeNumber(1),
    doc: 'Requests to models in a minute, by all its runs together.',
  },
  {
    keys: ['inject_date'],
    option: 'injectDate',
    kind: flag,
    doc: 'Whether it is told the day on which the run started.',
  },
  {
    keys: ['date_format'],
    option: 'dateFormat',
    kind: text,
    doc: 'How the day is written, with directives of strftime.',
  },
  { keys: ['time_zone'], option: 'timeZone', kind: text, doc: 'Where it is that day: an IANA time zone.' },
  {
    keys: ['use_system_prompt'],
    option: 'useSystemPrompt',
    kind: flag,
    doc: 'Whether who it is stands in a system message.',
  },
  {
    keys: ['system_template'],
    option: 'systemTemplate',
    kind: text,
    doc: 'Around the system message, with {{ .System }} in its place.',
  },
  {
    keys: ['prompt_template'],
    option: 'promptTemplate',
    kind: text,
    doc: 'Around the task, with {{ .Prompt }} in its place.',
  },
  {
    keys: ['response_template'],
    option: 'responseTemplate',
    kind: text,
    doc: 'Around {{ .Response }}: how the prompt ends, and where answers end.',
  },
  {
    keys: ['respect_context_window'],
    option: 'respectContextWindow',
    kind: flag,
    doc: 'Whether conversations are made to fit the window of the model.',
  },
  {
    keys: ['tool_protocol'],
    option: 'toolProtocol',
    kind: text,
    doc: 'How it calls tools: native, or text for models that know none.',
  },
  {
    keys: ['on_tool_failure', 'tool_failure_policy'],
    option: 'onToolFailure',
    kind: onToolFailure,
    doc: 'What a tool that fails comes to: answer tells the model, fail ends the task. Default: as the crew.',
  },
  {
    keys: ['step_callback'],
    option: 'stepCallback',
    kind: aFunction,
    doc: 'A function that is called after each turn of the model.',
  },
  {
    keys: ['knowledge', 'knowledge_sources'],
    option: 'knowledge',
    kind: knowledge,
    doc: 'What it can look up: places in code.',
  },
  {
    keys: ['memory'],
    option: 'memory',
    kind: flagOr(memories),
    switchNote: 'A memory needs a place to be kept. Write one in code, and name it here.',
    doc: 'What it remembers between runs: places in code.',
  },
  {
    keys: ['max_recall_tokens'],
    option: 'maxRecallTokens',
    kind: wholeNumber(1),
    doc: 'Tokens of what memory and knowledge tell it for one task.',
  },
  {
    keys: ['on_memory_failure'],
    option: 'onMemoryFailure',
    kind: text,
    doc: 'What a memory that fails does: warn, or fail.',
  },
  {
    keys: ['skills'],
    option: 'skills',
    kind: skills,
    doc: 'Instructions that it reads when it needs them: places in code.',
  },

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
  { keys: ['security_config', 'i18n', 'checkpoint', 'type'], ignored: 'There is nothing here that it sets.' },
  {
    keys: ['executor_class', 'agent_executor'],
    refused: 'There is one loop for all agents. Take the key out.',
  },
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
