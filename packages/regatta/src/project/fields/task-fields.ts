/** The keys of a task. */
import { aFunction, callbacks, guardrails, output, tools } from './code-kinds.ts';
import type { Field } from './field.ts';
import { flag, name, names, text, wholeNumber } from './kinds.ts';
import { llm } from './llm-kind.ts';
import { contextStrategy, inputFiles, onToolFailure } from './option-kinds.ts';

export const TASK_FIELDS: readonly Field[] = [
  { keys: ['name'], option: 'name', kind: text, doc: 'Its name in events and prompts. Default: its key.' },
  {
    keys: ['description'],
    option: 'description',
    kind: text,
    doc: 'What is to be done. May hold {placeholders}.',
  },
  { keys: ['expected_output'], option: 'expectedOutput', kind: text, doc: 'What a good answer looks like.' },
  { keys: ['agent'], option: 'agent', kind: name, doc: 'Who does it: the key of an agent.' },
  {
    keys: ['agents'],
    option: 'agents',
    kind: names,
    doc: 'Who answers it, in a crew with the process consensus: keys of agents.',
  },
  { keys: ['context'], option: 'context', kind: names, doc: 'Tasks whose answers the agent is told.' },
  {
    keys: ['context_strategy'],
    option: 'contextStrategy',
    kind: contextStrategy,
    doc: 'How they are told: full, summary, none, or { fields: [NAME] }.',
  },
  {
    keys: ['max_context_tokens'],
    option: 'maxContextTokens',
    kind: wholeNumber(1),
    doc: 'Tokens that they may take.',
  },
  { keys: ['tools'], option: 'tools', kind: tools, doc: 'Instead of the tools of the agent.' },
  {
    keys: ['output', 'output_pydantic', 'output_json', 'response_model'],
    option: 'output',
    kind: output,
    doc: 'The shape of the answer: a schema in code, or a JSON Schema.',
  },
  {
    keys: ['callback'],
    option: 'callback',
    kind: aFunction,
    doc: 'A function that gets what the task gave.',
  },
  { keys: ['callbacks'], option: 'callbacks', kind: callbacks, doc: 'Hear the events of this task.' },
  {
    keys: ['async', 'async_execution'],
    option: 'async',
    kind: flag,
    doc: 'Whether it holds up nobody who does not read it.',
  },
  { keys: ['after'], option: 'after', kind: names, doc: 'Tasks that it waits for without reading them.' },
  {
    keys: ['when', 'condition'],
    option: 'when',
    kind: aFunction,
    doc: 'A function that says by the outputs before it whether it is done at all.',
  },
  {
    keys: ['retries'],
    option: 'retries',
    kind: wholeNumber(0),
    doc: 'Times that it is done anew after a failure.',
  },
  {
    keys: ['on_tool_failure', 'tool_failure_policy'],
    option: 'onToolFailure',
    kind: onToolFailure,
    doc: 'What a tool that fails comes to in this task: answer, or fail. Default: as the agent.',
  },
  {
    keys: ['guardrails', 'guardrail'],
    option: 'guardrails',
    kind: guardrails,
    doc: 'Look at an answer before it counts: functions, or sentences that a model judges by.',
  },
  { keys: ['guardrail_llm'], option: 'guardrailLlm', kind: llm, doc: 'The model that judges the sentences.' },
  {
    keys: ['guardrail_max_retries', 'max_retries'],
    option: 'guardrailMaxRetries',
    kind: wholeNumber(0),
    doc: 'Answers that guardrails may send back.',
  },
  {
    keys: ['output_file'],
    option: 'outputFile',
    kind: text,
    doc: 'Where the answer is written, below the output directory. May hold {placeholders}.',
  },
  { keys: ['markdown'], option: 'markdown', kind: flag, doc: 'Whether the answer is to be Markdown.' },
  {
    keys: ['human_input'],
    option: 'humanInput',
    kind: flag,
    doc: 'Whether a person reviews the answer, and sends it back until it is right.',
  },
  {
    keys: ['input_files'],
    option: 'inputFiles',
    kind: inputFiles,
    doc: 'Files that the agent is shown, by name: paths, URLs, or { data, media_type }.',
  },

  { keys: ['create_directory'], ignored: 'Folders of output files are made.' },
  { keys: ['allow_crewai_trigger_context'], ignored: 'What a run is told, it is told as inputs.' },
  { keys: ['security_config', 'type', 'verbose'], ignored: 'There is nothing here that it sets.' },
  { keys: ['converter_cls'], refused: 'Answers are parsed by their schema. Name one under output.' },
];
