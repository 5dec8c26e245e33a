/** What a package would restore, to be read before it is confirmed. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { day, money, number, plural, size } from '../format.ts';
import { Card, Scrolls } from '../ui/page.tsx';
import { Facts, Texts, Untrusted } from '../ui/text.tsx';
import { Tiles } from '../ui/tiles.tsx';

type Summary = NonNullable<RestoreStatus['summary']>;
type Total = NonNullable<Summary['totals']>[number];

const idWords = {
  kept: 'kept as they are in the package',
  new: 'made new, with every reference, because the package’s ids are in use already',
  taken: 'in use by other rows: it was to keep them, and cannot',
} as const;

const span = (dates: { first: number; last: number }) => `${day(dates.first)} – ${day(dates.last)}`;

const Totals = ({ of }: { of: readonly Total[] }) => (
  <ul className="plain">
    {of.map(({ currency, rows, sum }) => (
      <li key={currency ?? ''}>
        <Untrusted text={money(sum, currency)} /> <span className="soft">in {plural(rows, 'row', 'rows')}</span>
        {currency === undefined && <span className="soft">, without a currency</span>}
      </li>
    ))}
  </ul>
);

const Accounts = ({ accounts, leftOut }: { accounts: NonNullable<Summary['accounts']>; leftOut: number }) => (
  <Scrolls label="Accounts">
    <table className="figures">
      <caption>Accounts</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          <th scope="col">Balance</th>
          <th scope="col">Transactions</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map(({ name, type, currency, balance, dates }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: accounts may have the same name, and the list never changes
          <tr key={index}>
            <th scope="row">
              <Untrusted text={name ?? 'without a name'} />
            </th>
            <td>{type && <Untrusted text={type} />}</td>
            <td>{balance !== undefined && <Untrusted text={money(balance, currency)} />}</td>
            <td>{dates && span(dates)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {leftOut > 0 && <p className="soft">and {number(leftOut)} more</p>}
  </Scrolls>
);

export const SummaryCard = ({ summary, warnings }: { summary: Summary; warnings: readonly string[] }) => {
  const {
    counts,
    accounts = [],
    accountsLeftOut = 0,
    categoryDepth,
    dates,
    totals = [],
    balances = [],
    files = [],
  } = summary;
  return (
    <Card title="What it holds">
      <Tiles of={counts} />
      {accounts.length > 0 && <Accounts accounts={accounts} leftOut={accountsLeftOut} />}
      <Facts
        of={[
          ['Transactions from', dates && span(dates)],
          ['Sum of transactions', totals.length > 0 && <Totals key="totals" of={totals} />],
          ['Sum of balances', balances.length > 0 && <Totals key="balances" of={balances} />],
          ['Levels of categories', categoryDepth !== undefined && number(categoryDepth)],
          [
            'Files',
            files.length > 0 && (
              <ul key="files" className="plain">
                {files.map(({ kind, count, bytes }) => (
                  <li key={kind}>
                    {number(count)} × <Untrusted text={kind} />, {size(bytes)}
                  </li>
                ))}
              </ul>
            ),
          ],
          ['Files without their bytes', summary.filesWithoutBytes ? number(summary.filesWithoutBytes) : undefined],
          ['Ids are', summary.ids && idWords[summary.ids]],
          ['Made by', summary.dialect && (summary.dialect === 'housef3-2.5' ? 'HouseF3 itself' : 'FZIP')],
          ['Size', summary.packageBytes !== undefined && size(summary.packageBytes)],
        ]}
      />
      {warnings.length > 0 && (
        <>
          <h3>{plural(warnings.length, 'warning', 'warnings')}</h3>
          <p className="soft">
            These do not keep it from being restored. Read them, so that nothing surprises you afterwards.
          </p>
          <Texts of={warnings} />
        </>
      )}
    </Card>
  );
};
