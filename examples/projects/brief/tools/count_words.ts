/** A tool: agents.yaml names it by its file. */
import { defineTool } from 'regatta';
import { z } from 'zod';

export const countWords = defineTool({
  name: 'count_words',
  description: 'Counts the words of a text.',
  input: z.object({ text: z.string() }),
  execute: ({ text }) => text.split(/\s+/).filter((word) => word !== '').length,
});
