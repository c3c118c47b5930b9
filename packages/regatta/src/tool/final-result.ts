/** Tools whose result is the agent's answer. */
import type { Tool } from '../ports/tool.ts';
import type { ToolMessage } from '../protocol/message.ts';

/** Of the answers of one turn, the first of a tool with `resultAsAnswer` that did not fail. */
export function finalResult(
  tools: readonly Tool[],
  answers: readonly ToolMessage[],
): ToolMessage | undefined {
  return answers.find(
    ({ tool, isError }) =>
      !isError && tools.some(({ name, resultAsAnswer }) => name === tool && resultAsAnswer),
  );
}
