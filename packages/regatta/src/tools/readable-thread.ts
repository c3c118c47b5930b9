/** The code of a page's thread. */
import { toReadable } from './readable.ts';
import { answerWith } from './thread-answer.ts';

await answerWith(toReadable);
