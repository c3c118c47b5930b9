/** The keys of a task. */
import { callbacks, condition, guardrails, output, tools } from './code-kinds.ts';
import type { Field } from './field.ts';
import { data, flag, name, names, text, wholeNumber } from './kinds.ts';

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
  { keys: ['context'], option: 'context', kind: names, doc: 'Tasks whose answers the agent is told.' },
  { keys: ['tools'], option: 'tools', kind: tools, doc: 'Instead of the tools of the agent.' },
  {
    keys: ['output', 'output_pydantic', 'output_json', 'response_model'],
    option: 'output',
    kind: output,
    doc: 'The shape of the answer: a schema in code, or a JSON Schema.',
  },
  { keys: ['callbacks'], option: 'callbacks', kind: callbacks, doc: 'Hear the events of this task.' },
  {
    keys: ['async', 'async_execution'],
    option: 'async',
    kind: flag,
    off: false,
    doc: 'Whether the tasks after it need not wait.',
  },
  { keys: ['after'], option: 'after', kind: names, doc: 'Tasks that must be done before.' },
  {
    keys: ['when', 'condition'],
    option: 'when',
    kind: condition,
    doc: 'A function that says whether it is done at all.',
  },
  { keys: ['retries'], option: 'retries', kind: wholeNumber(0), doc: 'How often it is tried again.' },
  {
    keys: ['guardrails', 'guardrail'],
    option: 'guardrails',
    kind: guardrails,
    doc: 'Check the answer: functions, or texts that a model judges by.',
  },
  {
    keys: ['guardrail_max_retries', 'max_retries'],
    option: 'guardrailMaxRetries',
    kind: wholeNumber(0),
    doc: 'Answers that guardrails may send back.',
  },
  { keys: ['output_file'], option: 'outputFile', kind: text, doc: 'Where the answer is written.' },
  { keys: ['markdown'], option: 'markdown', kind: flag, off: false, doc: 'Whether the answer is Markdown.' },
  {
    keys: ['human_input'],
    option: 'humanInput',
    kind: flag,
    off: false,
    doc: 'Whether a person reads the answer before it counts.',
  },
  { keys: ['input_files'], option: 'inputFiles', kind: data, doc: 'Files that the agent gets.' },

  { keys: ['create_directory'], ignored: 'Folders of output files are made.' },
  { keys: ['tool_failure_policy'], ignored: 'An agent is told of a tool that failed, and may go on.' },
  { keys: ['allow_crewai_trigger_context'], ignored: 'What a run is told, it is told as inputs.' },
  { keys: ['security_config', 'type', 'verbose'], ignored: 'There is nothing here that it sets.' },
  { keys: ['callback'], refused: 'Ends of tasks are events here. Name a callback under callbacks.' },
  { keys: ['converter_cls'], refused: 'Answers are parsed by their schema. Name one under output.' },
];
