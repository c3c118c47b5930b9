/** Skills: their names and descriptions are in the prompt, and a tool gives the instructions. */
import type { JsonObject } from '../base/json.ts';
import type { Skill } from '../ports/skill.ts';
import type { Tool } from '../ports/tool.ts';
import { defineTool } from '../tool/define-tool.ts';

export const LOAD_SKILL = 'load_skill';

export function skillList(skills: readonly Skill[]): string {
  const lines = skills.map(({ name, description }) => `- ${name}: ${description}`);
  return `You have these skills. Before you use one, read its instructions with the tool "${LOAD_SKILL}".\n${lines.join('\n')}`;
}

export function skillTool(skills: readonly Skill[]): Tool {
  const input: JsonObject = {
    type: 'object',
    properties: { name: { type: 'string', enum: skills.map(({ name }) => name) } },
    required: ['name'],
    additionalProperties: false,
  };
  return defineTool({
    name: LOAD_SKILL,
    description: 'Gives the instructions of a skill.',
    input,
    execute: (args, { signal }) => {
      const { name } = args as { readonly name: string }; // by the schema above
      return skills.find((skill) => skill.name === name)?.load(signal);
    },
  });
}
