/** The article of a page of HTML, as Markdown. */
import { orMissing } from './optional-packages.ts';

export interface ReadableData {
  readonly html: string;
  readonly url: string;
  /** Who asks, for errors. */
  readonly tool: string;
}

export interface Readable {
  readonly title: string;
  readonly body: string;
}

/** What is not for reading. */
const REMOVED = 'script, style, noscript, template, iframe, object, embed, svg, canvas, form';

/** @throws RegattaError `tool/missing-package`. */
export async function toReadable({ html, url, tool }: ReadableData): Promise<Readable> {
  const names = ['parse5', 'linkedom', '@mozilla/readability', 'turndown'] as const;
  const loading = Promise.all([
    import('parse5'),
    import('linkedom'),
    import('@mozilla/readability'),
    import('turndown'),
  ]);
  const [parse5, { parseHTML }, { Readability }, { default: Turndown }] = await orMissing(loading, {
    tool,
    names,
  });
  // Pages leave out tags, and browsers know which; linkedom takes a page as it is written.
  const { document } = parseHTML(parse5.serialize(parse5.parse(html)));
  for (const element of document.querySelectorAll(REMOVED)) element.remove();
  for (const link of document.querySelectorAll('a[href]')) {
    const target = URL.parse(link.getAttribute('href') ?? '', url);
    if (target?.protocol === 'http:' || target?.protocol === 'https:') link.setAttribute('href', target.href);
    else link.removeAttribute('href');
  }
  for (const image of document.querySelectorAll('img')) image.replaceWith(image.getAttribute('alt') ?? '');
  const { title } = document;
  const whole = document.body?.innerHTML ?? '';
  const article = new Readability(document).parse();
  const turndown = new Turndown({ headingStyle: 'atx', codeBlockStyle: 'fenced' });
  return {
    title: (article?.title ?? title).trim(),
    body: turndown.turndown(article?.content ?? whole).trim(),
  };
}
