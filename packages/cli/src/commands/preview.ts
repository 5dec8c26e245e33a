/** `fzip preview`: what a restore of a package would bring. */
import { type AccountPreview, type CurrencyTotal, entityKinds, type Preview, previewPackage } from '@fzip/format';
import { type CommandOf, exitCodes } from '../command.ts';
import type { Io } from '../io.ts';
import { type OpenedPackage, withPackage } from '../open.ts';
import { bold, bytesText, counted, dim, numberText, type Text, yellow } from '../terminal.ts';

export const previewCommand: CommandOf = {
  name: 'preview',
  summary: 'what a restore of a package would bring',
  about: `Reads accounts, categories, file maps and transaction files; transactions only if they are a few percent of the package, or with --all. Files are not read. Only what was read is verified.
JSON: {ok, dialect, counts, accounts: [{id, name, type, currency, balance, dates, totals}], accountsLeftOut, balances: [{currency, rows, sum}], totals?, categoryDepth, dates?: {first, last, from}, files: [{kind, count, bytes}], filesWithoutBytes, transactionsRead, volumes, warnings}; sums are decimal texts, dates ms since epoch.`,
  arguments: [{ name: '<package...>', about: 'path or https URL of a package, or of volumes of one set' }],
  options: [{ flags: '-a, --all', about: 'read the transactions, however many' }],
  examples: [
    { line: 'fzip preview backup.fzip', about: 'accounts, balances, dates, files' },
    { line: 'fzip preview --all backup.fzip', about: 'with sums of all transactions' },
    {
      line: 'fzip preview "https://…/backup.fzip?X-Amz-…"',
      about: 'by a download link, of which it loads a few percent',
    },
  ],
  run: (io, paths, { all }) =>
    withPackage(paths, async (opened) => {
      const volumes = opened.volumes.map(({ volume }) => volume);
      const preview = await previewPackage(volumes, { all: all === true });
      const warnings = volumes.flatMap((volume) => volume.warnings);
      show(io, opened, preview);
      for (const warning of warnings) io.line([yellow('warning'), `: ${warning}`]);
      io.document({ ok: true, ...preview, warnings });
      return exitCodes.intact;
    }),
};

const show = (io: Io, { name, volumes }: OpenedPackage, preview: Preview): void => {
  const manifest = volumes[0]?.volume.manifest;
  io.line(bold(name));
  io.table([
    ['dialect', preview.dialect],
    ['made', `${manifest?.backup_timestamp} for user ${manifest?.user_id}`],
    ['rows', countsText(preview.counts)],
    ['categories', counted(preview.categoryDepth, 'level')],
    ['dates', datesText(preview)],
  ]);
  showAccounts(io, preview);
  showTotals(io, 'Balances as the accounts state them', 'account', preview.balances);
  if (preview.totals) showTotals(io, 'Amounts of all transactions', 'transaction', preview.totals);
  showFiles(io, preview);
  io.line();
  for (const note of notesOf(preview)) io.line(dim(note));
};

const countsText = (counts: Preview['counts']): string =>
  entityKinds
    .flatMap((kind) => (counts[kind] === undefined ? [] : [`${numberText(counts[kind])} ${kind.replace('_', ' ')}`]))
    .join(', ');

const dayText = (ms: number): string => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms since 1970` : date.toISOString().slice(0, 10);
};

const datesText = ({ dates }: Preview): string =>
  dates ? `${dayText(dates.first)} to ${dayText(dates.last)}` : 'not known';

const showAccounts = (io: Io, { accounts, accountsLeftOut, transactionsRead }: Preview): void => {
  if (accounts.length === 0) return;
  io.line();
  const title: Text[] = ['Account', 'Type', 'Balance', '', 'From', 'To'].map(dim);
  if (transactionsRead) title.push(dim('Transactions'), dim('Sum'));
  const rows = accounts.map((account) => accountRow(account, transactionsRead));
  io.table([title, ...rows], ['left', 'left', 'right', 'left', 'left', 'left', 'right', 'left']);
  if (accountsLeftOut > 0) io.line(`  and ${counted(accountsLeftOut, 'more account')}`);
};

const accountRow = (account: AccountPreview, withTotals: boolean): Text[] => {
  const { name, type, balance, currency, dates, totals } = account;
  const row = [name ?? '(no name)', type ?? '-', balance ?? '-', currency ?? '-'];
  row.push(...(dates ? [dayText(dates.first), dayText(dates.last)] : ['-', '-']));
  if (!withTotals) return row;
  const count = totals.reduce((sum, { rows }) => sum + rows, 0);
  return [...row, numberText(count), totals.map(moneyText).join(', ') || '-'];
};

const moneyText = ({ sum, currency }: CurrencyTotal): string => (currency === undefined ? sum : `${sum} ${currency}`);

const showTotals = (io: Io, title: string, what: string, totals: readonly CurrencyTotal[]): void => {
  if (totals.length === 0) return;
  io.line();
  io.line(`  ${title}`);
  const rows = totals.map(({ sum, currency, rows: count }) => [sum, currency ?? 'no currency', counted(count, what)]);
  io.table(rows, ['right', 'left', 'right']);
};

const showFiles = (io: Io, { files, filesWithoutBytes }: Preview): void => {
  if (files.length === 0) return;
  io.line();
  const rows = files.map(({ kind, count, bytes }) => [kind, counted(count, 'file'), bytesText(bytes)]);
  io.table(rows, ['left', 'right', 'right']);
  if (filesWithoutBytes > 0) io.line(`  ${counted(filesWithoutBytes, 'file')} without bytes in what was given`);
};

const notesOf = ({ transactionsRead, dates, volumes }: Preview): string[] => {
  const notes: string[] = [];
  if (volumes.given.length < volumes.count)
    notes.push(`Given are volumes ${volumes.given.join(', ')} of ${volumes.count}; counts of all are the manifest's.`);
  if (!transactionsRead) {
    notes.push('Transactions were not read, being more than a few percent of the package; --all reads them.');
    notes.push(`Their number is the manifest's, balances${dates ? ' and dates' : ''} are what the accounts' rows say.`);
  }
  return notes;
};
