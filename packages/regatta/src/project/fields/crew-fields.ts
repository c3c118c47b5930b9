/** The keys of a crew file. */
import type { JsonObject } from '../../index.ts';
import { aFunction, callbacks, hooks, objects } from './code-kinds.ts';
import type { Field } from './field.ts';
import { flag, flagOr, mapping, name, oneOf, text, texts, usd, wholeNumber } from './kinds.ts';
import { llm } from './llm-kind.ts';

const amount = wholeNumber(1);
const someNames: JsonObject = { type: 'array', items: { type: 'string' } };

export const CREW_FIELDS: readonly Field[] = [
  { keys: ['name'], option: 'name', kind: text, doc: 'Its name in events. Default: the name of the folder.' },
  {
    keys: ['process'],
    option: 'process',
    kind: oneOf(['sequential', 'graph', 'hierarchical', 'consensus']),
    doc: 'Who works when.',
  },
  { keys: ['llm'], option: 'llm', kind: llm, doc: 'For agents without one.' },
  {
    keys: ['budget'],
    option: 'budget',
    kind: mapping({ usd, tokens: amount, calls: amount }),
    doc: 'What all its runs together may spend.',
  },
  {
    keys: ['limits'],
    option: 'limits',
    kind: mapping({ requestsPerMinute: amount, tokensPerMinute: amount }),
    doc: 'What all its runs together may ask for in a minute.',
  },
  {
    keys: ['max_rpm'],
    option: 'limits',
    kind: { ...amount, read: readMaxRpm },
    doc: 'Requests of all its runs together in a minute.',
  },
  { keys: ['callbacks'], option: 'callbacks', kind: callbacks, doc: 'Hear the events of every run.' },
  {
    keys: ['create_context'],
    option: 'createContext',
    kind: aFunction,
    doc: 'Makes what tools get as context.',
  },
  {
    keys: ['manager_llm'],
    option: 'managerLlm',
    kind: llm,
    doc: 'The model of the manager of a hierarchical crew.',
  },
  {
    keys: ['manager_agent'],
    option: 'managerAgent',
    kind: name,
    doc: 'The key of the agent that manages a hierarchical crew.',
  },
  {
    keys: ['planning'],
    option: 'planning',
    kind: flag,
    off: false,
    doc: 'Whether the work is planned before it begins.',
  },
  { keys: ['concurrency'], option: 'concurrency', kind: amount, doc: 'Tasks at once.' },
  { keys: ['on_task_failure'], option: 'onTaskFailure', kind: text, doc: 'What happens when a task fails.' },
  {
    keys: ['output_log_file'],
    option: 'outputLogFile',
    kind: text,
    doc: 'Where a log of each run is written.',
  },
  {
    keys: ['output_directory'],
    option: 'outputDirectory',
    kind: text,
    doc: 'Where output files are written.',
  },
  {
    keys: ['before_kickoff', 'before_kickoff_callbacks'],
    option: 'beforeKickoff',
    kind: hooks,
    doc: 'Functions that may change the inputs of a run.',
  },
  {
    keys: ['after_kickoff', 'after_kickoff_callbacks'],
    option: 'afterKickoff',
    kind: hooks,
    doc: 'Functions that may change the output of a run.',
  },
  {
    keys: ['memory'],
    option: 'memory',
    kind: flagOr(objects),
    off: false,
    doc: 'What the crew remembers between runs.',
  },
  {
    keys: ['knowledge', 'knowledge_sources'],
    option: 'knowledge',
    kind: objects,
    doc: 'What its agents can look up.',
  },
  { keys: ['skills'], option: 'skills', kind: texts, doc: 'Folders with skills for all agents.' },

  {
    keys: ['agents'],
    isOwn: true,
    schema: {},
    doc: 'Names of the agents that take part, or agents by name.',
  },
  { keys: ['tasks'], isOwn: true, schema: {}, doc: 'Names of the tasks in order, or tasks by name.' },
  {
    keys: ['inputs'],
    isOwn: true,
    schema: { type: 'object' },
    doc: 'Inputs that a run has unless it is given others.',
  },
  { keys: ['packages'], isOwn: true, schema: someNames, doc: 'Packages whose code the files may name.' },
  { keys: ['chat_llm'], isOwn: true, schema: llm.schema, doc: 'The model that talks in `regatta chat`.' },
  { keys: ['$schema'], isOwn: true, schema: { type: 'string' }, doc: 'Where editors find the schema.' },

  {
    keys: ['verbose'],
    ignored: 'Runs have events; the command line shows progress, and the callback "console" all of it.',
  },
  { keys: ['cache'], ignored: 'Answers are kept by an LLM with a cache, which is made in code.' },
  { keys: ['stream'], ignored: 'Who starts a run says whether it is streamed: regatta run --stream.' },
  { keys: ['share_crew', 'tracing'], ignored: 'Nothing is sent anywhere. Tracers are callbacks.' },
  { keys: ['planning_llm'], ignored: 'Plans are made by the llm of the crew.' },
  { keys: ['function_calling_llm'], ignored: 'The llm of each agent asks for tools itself.' },
  { keys: ['tool_failure_policy'], ignored: 'An agent is told of a tool that failed, and may go on.' },
  {
    keys: ['full_output', 'language', 'security_config', 'checkpoint', 'type', 'id'],
    ignored: 'There is nothing here that it sets.',
  },
  {
    keys: ['step_callback', 'task_callback'],
    refused: 'Steps and tasks are events here. Name a callback under callbacks.',
  },
  { keys: ['embedder'], refused: 'Knowledge and memory are made in code. Name them there.' },
  { keys: ['prompt_file'], refused: 'Prompts are changed by the templates of agents. Take the key out.' },
  {
    keys: ['trained_agents_file'],
    refused: 'What was trained is given when a run starts. Take the key out.',
  },
  {
    keys: ['config'],
    refused: 'A crew file is the configuration itself. Move what stands in it one level up.',
  },
];

/** crewAI's number alone, as our limits. */
async function readMaxRpm(...args: Parameters<typeof amount.read>): Promise<unknown> {
  const read = await amount.read(...args);
  return read === undefined ? undefined : { requestsPerMinute: read };
}
