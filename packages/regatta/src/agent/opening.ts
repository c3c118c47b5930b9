/** What an agent is told before its first turn: its task, and what is added to it for this run. */
import { Gauge } from '../context/gauge.ts';
import { appendToSystem, appendToTask, applyStyle, dateLine, isStyled } from '../context/style.ts';
import type { Model } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { AgentDefinition } from './definition.ts';
import { recall } from './memories.ts';
import { skillList } from './skills.ts';

export function addsToOpening(agent: AgentDefinition): boolean {
  const { skills, injectDate, memory, knowledge } = agent;
  return skills.length + memory.length + knowledge.length > 0 || injectDate || isStyled(agent);
}

/** @throws RegattaError `memory/failed`; the signal's reason. */
export async function openWork(
  agent: AgentDefinition,
  { messages, model }: { readonly messages: readonly Message[]; readonly model: Model },
  context: RunContext,
): Promise<readonly Message[]> {
  const { skills, injectDate, dateFormat: format, timeZone, memory, knowledge } = agent;
  let opening = messages;
  if (skills.length > 0) opening = appendToSystem(opening, skillList(skills));
  if (injectDate) {
    // A run that is resumed on another day goes on with the day it began with.
    opening = appendToTask(opening, dateLine(context.startedAtMs, { format, timeZone }));
  }
  const stores = [...memory, ...knowledge];
  if (stores.length > 0) {
    const gauge = new Gauge(await model.loadCounter?.());
    const asked = { task: taskOf(messages), maxTokens: agent.maxRecallTokens, gauge };
    const notes = await recall({ ...agent, stores }, asked, context);
    if (notes !== '') opening = appendToTask(opening, notes);
  }
  return applyStyle(opening, agent);
}

/** The last thing that was asked, as text. */
export function taskOf(messages: readonly Message[]): string {
  const task = messages.findLast(({ role }) => role === 'user');
  if (task?.role !== 'user') return '';
  if (typeof task.content === 'string') return task.content;
  return task.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}
