// What the scripts of the site share and are handed, for `tsc --checkJs`. Nothing of this reaches a browser: each script
// puts its part into `itsm` with the type it has here.

declare var itsm: Itsm;
declare var itsmWords: Record<string, string> | undefined;
declare var itsmIndex: (name: string, data: any) => void;
declare var itsmMap: (data: MapData) => void;

interface Itsm extends Library, Search, RecordParts, MapParts {
  answers: Answers;
  filing: Filing;
  drafts: Drafts;
  naming: { helpWithNames(box: HTMLElement): void };
  beside: { offerKnown(form: HTMLFormElement): void; markFreezes(form: HTMLFormElement): void; tellOwnTime(form: HTMLFormElement): void };
  axis: Axis;
  marked: (text: string, wanted: string[]) => (Node | string)[];
}

// ---- lib.js ---------------------------------------------------------------------------------
type Values = Record<string, string | number>;

interface Library {
  root: string;
  language: string;
  t(text: string, values?: Values): string;
  counted(count: number, one: string, several: string, values?: Values): string;
  digits(number: number): string;
  within(word: string): string;
  load(name: string): Promise<any>;
  element<K extends keyof HTMLElementTagNameMap>(name: K, css?: string, ...children: (Node | string)[]): HTMLElementTagNameMap[K];
  button(css: string, text: string, pressed: () => void): HTMLButtonElement;
  one<T extends Element = HTMLElement>(place: ParentNode, selector: string): T;
  all<T extends Element = HTMLElement>(place: ParentNode, selector: string): T[];
  ago(then: number, now?: number): string;
  lasting(milliseconds: number): string;
  kept: { get(name: string): any; set(name: string, value: any): boolean };
  isTyping(place: Element | null): boolean;
  script(...names: string[]): void;
  wordsOf(path: string): string;
}

// ---- axis.js --------------------------------------------------------------------------------
interface Axis {
  besides(spans: [from: number, until: number][]): [column: number, columns: number][];
  lay(row: HTMLElement): void;
  name(grid: ParentNode, day: HTMLElement | null): void;
  label(grid: ParentNode): void;
  minuteIn(zone: string, moment?: number): number;
  tell(grid: ParentNode, zone: string): void;
}

// ---- search.js ------------------------------------------------------------------------------
/** `search/index.js`, as `publish/search.py` writes it. */
interface Index {
  version: number;
  docs: number;
  chunk: number;
  shards: string[];
  groups: [string, number][];
  open?: number[];
  synonyms?: string[][][];
  actions?: [string, string][];
  facets?: [word: string, folder: string][];
}
interface Term {
  words: string[];
  synonyms: string[][];
  around: boolean;
  /** Nothing has it as it was typed; what was found has a word like it. */
  guessed?: boolean;
}
interface Ranked {
  score: number;
  number: number;
  group: string;
  inTitle: boolean;
  count: number;
}
interface Ranking {
  about: Index;
  ranked: Ranked[];
  each: Map<number, number>[];
  partial: boolean;
  guessed: string[];
}
interface Hit {
  url: string;
  title: string;
  label: string;
  id: string;
  state: string;
  snippet: string;
  group: string;
  score: number;
}
interface Found {
  total: number;
  all: number;
  hits: Hit[];
  words: string[];
  partial: boolean;
  guessed: string[];
  groups: Map<string, number>;
}
interface Search {
  fold(text: string): string;
  tokens(text: string): string[];
  words(text: string): string[];
  stem(word: string): string;
  numbersOf(text: string): number[];
  nearly(one: string, other: string): boolean;
  isAround(word: string): boolean;
  isAsking(word: string): boolean;
  isFailing(word: string): boolean;
  parse(about: Index, text: string): { terms: Term[]; beside: Term[] };
  match(wanted: string[]): Promise<[number, number][]>;
  find(text: string, limit: number, only?: string): Promise<Found>;
}

// ---- Forms: answers.js, filing.js, drafts.js, naming.js, beside.js -------------------------------------------------
/** What an answer must be like, as `pages/forms.py` writes it beside the question. */
interface Rules {
  type?: string;
  format?: string;
  pattern?: string;
  asked?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  unique?: boolean;
  required?: boolean;
  known?: boolean;
  items?: Rules;
  after?: string;
  when?: Record<string, any[]>[];
}
interface Answers {
  clean(text: string): string;
  isNeeded(text: string, at: number): boolean;
  read(box: HTMLElement): any;
  rulesOf(box: HTMLElement): Rules;
  controlOf(box: HTMLElement): HTMLInputElement;
  entryOf(box: HTMLElement): HTMLInputElement;
  namesOf(box: HTMLElement): Map<string, string>;
  named(box: HTMLElement, text: string): string;
  faultOf(box: HTMLElement, value: any): string;
  faultOfValue(value: any, rules: Rules, known: Map<string, string> | null): string;
}
interface Forge {
  forge: "github" | "gitea" | "gitlab";
  url: string;
  branch: string;
}
/** What a form makes: the kind, and where its records lie. */
interface About {
  kind: string;
  prefix: string;
  folder: string;
  fixed: Record<string, any>;
  by: string;
  state: string;
  keys: string[];
  forge?: Forge;
}
interface Link {
  href: string;
  full: boolean;
}
interface Filing {
  yaml(record: Record<string, any>): string;
  record(about: About, answers: [string, any][], now: string): Record<string, any>;
  command(about: About, made: Record<string, any>): string;
  newFile(forge: Forge, path: string, text: string): Link;
  newIssue(forge: Forge, path: string, made: Record<string, any>, text: string): Link;
}
interface Drafts {
  keepDraft(form: HTMLFormElement): () => void;
  introduce(form: HTMLFormElement, by: string): void;
  remember(who: string): boolean;
  answersOf(form: HTMLFormElement): Record<string, string | boolean>;
}

// ---- Records: zone.js, ordering.js, columns.js, and the parts of the explorer -----------------
type Facet = "kind" | "state" | "priority" | "service" | "team" | "ci";
type DateName = "opened" | "updated";
type Status = "open" | "published" | "finished" | "all";
/** From and before, in seconds; null where there is no bound. */
type Span = [number | null, number | null];
type Cells = [string[], (number | number[])[]];

interface KindOfRecords {
  title: string;
  plural: string;
  titles: string;
  folder: string;
  /** The states in which it is published for readers. */
  published: string[];
  states: Record<string, [string, string]>;
}
interface ChunkEntry {
  name: string;
  status: Status;
  kind: string;
  rows: number;
  opened: number[];
  updated: number[];
  rank: number[];
}
/** `explore/index.js`, as `publish/explorer.py` writes it. */
interface RecordsIndex {
  version: number;
  zone: string;
  kinds: Record<string, KindOfRecords>;
  priorities: Record<string, string>;
  chunks: ChunkEntry[];
}
type Names = Record<string, Record<string, string>>;
type Chunk = Record<Facet, Cells> & {
  id: string[];
  title: string[];
  opened: (number | null)[];
  updated: (number | null)[];
  rank: (number | null)[];
};
interface Choice {
  status: Status;
  facets: Partial<Record<Facet, Set<string>>>;
  opened: Span;
  updated: Span;
  hits: Uint8Array | null;
}
interface Coded {
  words: string[];
  numbers: Map<string, number>;
  cells: Int32Array;
  list(cell: number): number[];
  of(row: number): string[];
}
interface Result {
  rows: number[];
  counts: Record<string, Int32Array>;
}
interface Records {
  about: RecordsIndex;
  names: Names;
  loaded: Set<string>;
  readonly length: number;
  id: string[];
  title: string[];
  opened: Float64Array;
  updated: Float64Array;
  rank: Int32Array;
  open: Uint8Array;
  status: Uint8Array;
  coded: Record<Facet, Coded>;
  keep<T>(key: string, make: () => T): T;
  needed(choice: Choice): ChunkEntry[];
  read(choice: Choice, each: () => void): Promise<void>;
  filter(choice: Choice, order: Int32Array): Result;
  order(sort: string): Int32Array;
  places(name: Facet): Int32Array;
  called(name: Facet, word: string): string;
  url(row: number): string;
  state(row: number): [string, string] | null;
}
interface Clock {
  shown(seconds: number): string;
  /** As short as it is clear: without the year where it is this one, else without the time of day. */
  brief(seconds: number): string;
  at(local: string): number;
  midnight(day: string, later?: number): number;
}
/** What is asked for in the explorer's address. */
interface Asked {
  q: string;
  facets: Record<Facet, Set<string>>;
  opened: [string, string];
  updated: [string, string];
  sort: string;
  cols: string[];
  status: Status;
}
interface RecordParts {
  records: { open(): Promise<Records>; facets: Facet[] };
  ordering: {
    sorted(records: Records, sort: string): Int32Array;
    places(records: Records, name: Facet): Int32Array;
    called(records: Records, name: Facet, word: string): string;
  };
  zoned(zone: string): Clock;
  asking: {
    fresh(usual: string[]): Asked;
    read(search: string, records: Records, columns: string[], usual: string[]): { wanted: Asked; wrong: string[] };
    written(asked: Asked, usual: string[]): string;
    dates: DateName[];
  };
  taking: {
    csv(rows: Record<string, string | string[]>[]): string;
    plain(records: Records, row: number, columns: string[]): Record<string, string | string[]>;
    command(asked: Asked, about: RecordsIndex): string;
    download(name: string, type: string, text: string): void;
    neutralise(text: string): string;
  };
  facetList(group: HTMLElement, name: Facet): FacetList;
  chosenList(list: HTMLElement, groups: Map<Facet, FacetList>, otherwise: HTMLElement): ChosenList;
  labelOf(records: Records, name: Facet, word: string): string;
  recordTable(table: HTMLTableElement): RecordTable;
  titleCell(records: Records, row: number, wanted?: string[], cols?: string[]): HTMLTableCellElement;
  picking: {
    names(work: OwnWork): Map<string, string>;
    somebody(work: OwnWork, text: string): Somebody | null;
    theirs(work: OwnWork, who: Somebody, records: Records): TheirWork;
  };
  seen: { note(): void; hits(): Hit[]; lines(): HTMLElement[]; offer(): void; forget(): void };
  recordCell: Record<string, (records: Records, row: number, clock: Clock) => (Node | string)[]>;
}
/** `explore/own_work.js`, as `publish/own_work.py` writes it. */
interface OwnWork {
  assigned: Record<string, string[]>;
  approve: Record<string, string[]>;
  watched: Record<string, string[]>;
  when: Record<string, [text: string, look: string, at: number, always: number]>;
  due: [day: string, what: string, title: string, url: string, who: string, team: string][];
  people: Record<string, [name: string, teams: string[]]>;
  teams: Record<string, string>;
}
/** Somebody whose work is asked for: a person with teams, or a team with the people who are in it. */
interface Somebody {
  id: string;
  name: string;
  isTeam: boolean;
  people: Set<string>;
  teams: Set<string>;
}
interface TheirWork {
  approve: number[];
  assigned: number[];
  queue: number[];
  watched: number[];
  due: OwnWork["due"];
}
/** A page that was looked at in this browser. */
interface Seen {
  url: string;
  title: string;
  kind?: string;
  at: number;
}
interface FacetValue {
  word: string;
  count: number;
  place: number;
}
interface FacetList {
  title: string;
  show(records: Records, chosen: Set<string>, counts: Int32Array): void;
}
interface ChosenList {
  show(records: Records, asked: Asked, changed: () => void): void;
}
interface RecordTable {
  show(records: Records, clock: Clock, asked: Asked, rows: number[], from: number, to: number): void;
}

// ---- The map: layout.js, packing.js, neighbourhood.js, drawing.js, address.js ------------------------------
type Side = "needs" | "users";
/** `cmdb/map_data.js`, as `presentation/topology.py` writes it. */
interface MapData {
  items: [id: string, title: string, kind: number, look: number, state: number, owner: number][];
  classes: [name: string, title: string, plural: string, folder: string][];
  looks: [look: string, title: string, sign: string][];
  states: string[];
  others: [id: string, title: string, url: string][];
  reasons: Record<number, [string, number[]]>;
  ways: [name: string, there: string, back: string, impact: number][];
  edges: number[];
  groups: [row: number, name: string, least: number, members: number[]][];
}
interface Hop {
  row: number;
  way: number;
  from: number;
  to: number;
}
interface Group {
  name: string;
  least: number;
  members: number[];
}
interface Network {
  data: MapData;
  near: Record<Side, Hop[][]>;
  groups: Map<number, Group[]>;
  rows: Map<string, number>;
  before(a: number, b: number): number;
}
interface Wanted {
  item: string;
  class: string;
  dir: "both" | Side;
  depth: number;
  more: Map<string, number>;
  hidden: Set<number>;
  ways: Set<number>;
}
interface Shown {
  row: number;
  level: number;
  side: Side | "";
  parent: number;
  hop?: Hop;
  children: number[];
  hidden: Record<Side, number>;
  near: Record<Side, number[]>;
}
interface Edge {
  from: number;
  to: number;
  ways: Set<number>;
}
interface Part {
  roots: number[];
  all: number;
  shown: Map<number, Shown>;
  edges: Edge[];
}
type Pair = [string, string];
type Position = [number, number];
type Corner = (name: string) => Position;
interface Route {
  from: string;
  to: string;
  path: string[];
}
interface Layout {
  columns: string[][];
  position: Map<string, Position>;
  routes: Route[];
}
interface ItemFacts {
  id: string;
  title: string;
  className: string;
  look: string;
  lookName: string;
  sign: string;
  state: string;
  reason: string;
  url: string;
  owner: [string, string, string] | null;
  causes: [string, string, string][];
  groups: Group[];
}
interface Drawing {
  picture: SVGElement;
  boxes: Map<number, SVGElement>;
  size: { width: number; height: number };
  order: number[];
  paths: SVGElement[];
  apart: number[];
  place(row: number): Position;
}
type Zoom = "in" | "out" | "fit" | "same";
interface Viewing {
  show(drawing: Drawing | null): void;
  step(kind: Zoom): void;
  room(): number;
  begin(row: number, many: boolean): void;
  isDragged(): boolean;
}
interface MapParts {
  layout(nodes: string[], edges: Pair[]): Layout;
  neighbourhood: {
    network(data: MapData): Network;
    around(net: Network, wanted: Wanted): Part;
    matches(net: Network, text: string): number[];
    named(net: Network, row: number): string;
    FAN: number;
    ROOTS: number;
  };
  facts: {
    of(net: Network, row: number): ItemFacts;
    moreOf(side: Side, number: number): string;
    mustBeUp(net: Network, group: Group): string;
  };
  packed(names: string[], edges: Pair[], room: number): { places: Map<string, Position>; routes: Route[] };
  drawing(net: Network, part: Part, wanted: Wanted, room: number): Drawing;
  details(net: Network, part: Part, row: number, root: string): (Node | string)[];
  listing(net: Network, part: Part, root: string): HTMLElement;
  without(net: Network, rows: number[]): HTMLElement[];
  viewing(view: HTMLElement): Viewing;
  mapAddress(filters: HTMLFormElement): {
    fresh(item: string, kind: string, dir?: "both" | Side): Wanted;
    withFilters(net: Network, wanted: Wanted): void;
    read(net: Network): { wanted: Wanted; opened: number };
    write(net: Network, wanted: Wanted, opened: number): string;
  };
}
