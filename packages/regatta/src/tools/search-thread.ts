/** The code of a search's thread. */
import { searchFiles } from './search-files.ts';
import { answerWith } from './thread-answer.ts';

await answerWith(searchFiles);
