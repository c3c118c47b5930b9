/** The code of a script's thread. */
import { runJavaScript } from './run-javascript.ts';
import { answerWith } from './thread-answer.ts';

await answerWith(runJavaScript);
