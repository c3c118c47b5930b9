/** The keys of a crew file. */
import type { JsonObject } from '../../index.ts';
import { aFunction, callbacks, decide, hooks, knowledge, memories, skills } from './code-kinds.ts';
import type { Field } from './field.ts';
import { flagOr, mapping, name, oneOf, text, usd, wholeNumber } from './kinds.ts';
import { llm } from './llm-kind.ts';
import { contextStrategy, crewPlanning, logFile, onToolFailure, path, trainingFile } from './option-kinds.ts';

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
    doc: 'The model of the manager of a hierarchical crew, or of the judge of a consensus.',
  },
  {
    keys: ['manager_agent'],
    option: 'managerAgent',
    kind: name,
    doc: 'In its place: the key of an agent of your own.',
  },
  {
    keys: ['max_revisions'],
    option: 'maxRevisions',
    kind: wholeNumber(0),
    doc: 'Rounds in which a manager may send work back.',
  },
  {
    keys: ['max_delegation_depth'],
    option: 'maxDelegationDepth',
    kind: wholeNumber(0),
    doc: 'How often one piece of work may be handed on.',
  },
  {
    keys: ['decide'],
    option: 'decide',
    kind: decide,
    doc: 'How a consensus is found: judge, vote, or a function.',
  },
  { keys: ['quorum'], option: 'quorum', kind: amount, doc: 'Answers that a consensus needs.' },
  {
    keys: ['planning'],
    option: 'planning',
    kind: crewPlanning,
    doc: 'Whether all tasks are planned before the first one starts, or { llm }: by which model.',
  },
  {
    keys: ['planning_llm'],
    option: 'planningLlm',
    becomes: '`planning`',
    kind: llm,
    doc: 'The model that plans, where planning is on.',
  },
  {
    keys: ['training', 'trained_agents_file'],
    option: 'training',
    kind: trainingFile,
    doc: 'What regatta train has made: the path of its file.',
  },
  { keys: ['concurrency'], option: 'concurrency', kind: amount, doc: 'Tasks of one run at work together.' },
  {
    keys: ['on_task_failure'],
    option: 'onTaskFailure',
    kind: text,
    doc: 'What the first failure does to tasks that do not need the one that failed: cancel, or spare.',
  },
  {
    keys: ['on_tool_failure', 'tool_failure_policy'],
    option: 'onToolFailure',
    kind: onToolFailure,
    doc: 'What a tool that fails comes to where task and agent do not say: answer, or fail.',
  },
  {
    keys: ['context_strategy'],
    option: 'contextStrategy',
    kind: contextStrategy,
    doc: 'How tasks are told what earlier ones gave: full, summary, none, or { fields: [NAME] }.',
  },
  {
    keys: ['max_context_tokens'],
    option: 'maxContextTokens',
    kind: amount,
    doc: 'Tokens that it may take in one prompt.',
  },
  {
    keys: ['output_directory'],
    option: 'outputDirectory',
    kind: path,
    doc: 'Where output files are written. Default: the folder of the project.',
  },
  {
    keys: ['output_log_file'],
    option: 'outputLogFile',
    kind: logFile,
    doc: 'The file that all events are written to. True: logs.txt.',
  },
  {
    keys: ['before_kickoff', 'before_kickoff_callbacks'],
    option: 'beforeKickoff',
    kind: hooks,
    doc: 'Functions that give the inputs to go on with.',
  },
  {
    keys: ['after_kickoff', 'after_kickoff_callbacks'],
    option: 'afterKickoff',
    kind: hooks,
    doc: 'Functions that give the output to go on with.',
  },
  {
    keys: ['task_callback'],
    option: 'taskCallback',
    kind: aFunction,
    doc: 'A function that gets what each task gave.',
  },
  {
    keys: ['step_callback'],
    option: 'stepCallback',
    becomes: '`stepCallback` of each agent without one',
    kind: aFunction,
    doc: 'A function that is called after each turn of a model.',
  },
  {
    keys: ['memory'],
    option: 'memory',
    becomes: '`memory` of each agent, beside its own',
    kind: flagOr(memories),
    switchNote: 'A memory needs a place to be kept. Write one in code, and name it here.',
    doc: 'What all agents remember between runs: places in code.',
  },
  {
    keys: ['knowledge', 'knowledge_sources'],
    option: 'knowledge',
    becomes: '`knowledge` of each agent, beside its own',
    kind: knowledge,
    doc: 'What all agents can look up: places in code.',
  },
  {
    keys: ['skills'],
    option: 'skills',
    becomes: '`skills` of each agent, beside its own',
    kind: skills,
    doc: 'Instructions for all agents: places in code.',
  },

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
  { keys: ['function_calling_llm'], ignored: 'The llm of each agent asks for tools itself.' },
  {
    keys: ['full_output', 'language', 'security_config', 'checkpoint', 'type', 'id'],
    ignored: 'There is nothing here that it sets.',
  },
  { keys: ['embedder'], refused: 'Knowledge and memory are made in code. Name them there.' },
  { keys: ['prompt_file'], refused: 'Prompts are changed by the templates of agents. Take the key out.' },
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
