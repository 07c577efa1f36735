/**
 * Checks that each rule of the project has one name, one statement and one entry in the documentation. Pure: texts in,
 * complaints out, so that each complaint can be shown on texts written for it.
 *
 * - A rule is stated by a line `Rule NAME-1: …` in the opening comment of a source file.
 * - It is listed by a line of `docs/maintainers/protocol.md` that begins with its identifier in bold, below a heading
 *   that names the file which states it.
 * - It is cited by its identifier, anywhere in `src/`, `test/` and `docs/`.
 *
 * The families of identifiers are those that some file states or the page lists. There is no table of them to keep, and
 * `UTF-8` or `SHA-1` is not taken for a rule.
 *
 * Not promised: to find a citation whose family is misspelled.
 */

/** File name, relative to the project, to its text. */
export type Texts = ReadonlyMap<string, string>;

/** The page that lists all rules. */
export const PAGE = 'docs/maintainers/protocol.md';

interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

interface Rule {
  readonly stated: Place[];
  /** `under` is the file that the heading above the entry names. */
  readonly listed: (Place & { readonly under: string | undefined })[];
  readonly cited: Place[];
}

export function complaints(texts: Texts): string[] {
  const rules = collect(texts);
  const families = new Set<string>();
  for (const [name, { stated, listed }] of rules)
    if (stated.length > 0 || listed.length > 0) families.add(familyOf(name));
  return [...rules]
    .filter(([name]) => families.has(familyOf(name)))
    .sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .flatMap(([name, rule]) => complaintsAbout(name, rule));
}

function complaintsAbout(name: string, { stated, listed, cited }: Rule): string[] {
  const [statement, ...moreStatements] = stated;
  const [entry, ...moreEntries] = listed;
  const found: string[] = [];
  if (statement === undefined)
    found.push(
      `${name} is stated by no file: add a line 'Rule ${name}: …' to an opening comment${seenAt(cited)}`,
    );
  if (entry === undefined)
    found.push(`${name} is not listed: add a line that begins with **${name}** to ${PAGE}${seenAt(cited)}`);
  if (moreStatements.length > 0) found.push(`${name} is stated more than once: ${say(stated)}`);
  if (moreEntries.length > 0) found.push(`${name} is listed more than once: ${say(listed)}`);
  if (found.length === 0 && entry?.under !== statement?.file)
    found.push(
      `${name} is stated in ${statement?.file ?? ''}, but listed under ${entry?.under ?? 'no file'}`,
    );
  return found;
}

function seenAt([first]: readonly Place[]): string {
  return first === undefined ? '' : ` (cited at ${say([first])})`;
}

function say(places: readonly Place[]): string {
  return places.map(({ file, line }) => `${file}:${line}`).join(', ');
}

function familyOf(name: string): string {
  return name.slice(0, name.lastIndexOf('-'));
}

const IDENTIFIER = /(?<![\w-])[A-Z]{2,}-\d+(?![\w-])/g;
const STATEMENT = /^ \* Rule ([A-Z]{2,}-\d+): /;
const ENTRY = /^\*\*([A-Z]{2,}-\d+)\*\* /;
const HEADING = /^#{2,} /;
const FILE_IN_HEADING = /`((?:src|test)\/[\w./-]+)`/;

/** Every identifier that any text has, a rule's or not. */
function collect(texts: Texts): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  const get = (name: string): Rule => {
    const rule = rules.get(name) ?? { stated: [], listed: [], cited: [] };
    rules.set(name, rule);
    return rule;
  };
  for (const [file, text] of texts) {
    const isSource = /^(?:src|test)\//.test(file);
    const openingEnds = isSource ? linesOfOpening(text) : 0;
    let under: string | undefined;
    for (const [index, content] of text.split('\n').entries()) {
      const place = { file, line: index + 1 };
      if (HEADING.test(content)) under = FILE_IN_HEADING.exec(content)?.[1];
      const statement = index < openingEnds ? STATEMENT.exec(content)?.[1] : undefined;
      const entry = file === PAGE ? ENTRY.exec(content)?.[1] : undefined;
      if (statement !== undefined) get(statement).stated.push(place);
      if (entry !== undefined) get(entry).listed.push({ ...place, under });
      for (const [name] of content.matchAll(IDENTIFIER))
        if (name !== statement && name !== entry) get(name).cited.push(place);
    }
  }
  return rules;
}

/** How many lines of a source file its opening comment reaches; a script's first line may come before it. */
function linesOfOpening(text: string): number {
  const [opening] = /^(?:#!.*\n)?\/\*\*[^]*?\*\//.exec(text) ?? [''];
  return opening === '' ? 0 : opening.split('\n').length;
}
