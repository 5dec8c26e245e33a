/** All backups, newest first, a page at a time: a thousand of them are as smooth as twenty. */
import type { BackupListItem } from '@fzip/api/schemas';
import { Link, useSearchParams } from 'react-router';
import { number, percent, relative, size } from '../format.ts';
import { backupCan, backupMoves } from '../jobs.ts';
import { pageSize, useBackups } from '../queries.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Await, Empty } from '../ui/states.tsx';
import { Badge, Untrusted, useNow, When } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import { backupStatuses, backupTypes, qualities } from '../words/names.ts';

const Quality = ({ backup: { quality, damaged, provenAt } }: { backup: BackupListItem }) => {
  if (damaged) return <Badge tone="bad">Damaged</Badge>;
  if (!quality) return <span className="soft">–</span>;
  return (
    <>
      <Badge tone={qualities[quality].tone}>{qualities[quality].name}</Badge>
      {provenAt !== undefined && <Badge tone="good">Proven</Badge>}
    </>
  );
};

const Row = ({ backup, now }: { backup: BackupListItem; now: number }) => {
  const { backupId, status, backupType, requestedAt, expiresAt, progress, packageSize, description } = backup;
  const named = backupStatuses[status];
  return (
    <tr>
      <th scope="row" data-label="Backup">
        <Link to={urls.backup(backupId)}>
          {backupTypes[backupType].name}, <When at={requestedAt} />
        </Link>
        {description && (
          <div className="soft">
            <Untrusted text={description} />
          </div>
        )}
      </th>
      <td data-label="Status">
        <Badge tone={named.tone}>{named.name}</Badge> {backupMoves[status] && percent(progress)}
      </td>
      <td data-label="Quality">
        <Quality backup={backup} />
      </td>
      <td data-label="Size">{packageSize === undefined ? '–' : size(packageSize)}</td>
      <td data-label="Expires">
        {backupCan.download(backup) && expiresAt !== undefined ? relative(expiresAt, now) : '–'}
      </td>
    </tr>
  );
};

const Paging = ({ page, pages, asOf }: { page: number; pages: number; asOf: number }) => (
  <nav className="paging" aria-label="Pages of the list">
    {page > 1 ? <ButtonLink to={urls.backupsFrom(page - 1, asOf)}>Newer</ButtonLink> : <span />}
    <span>
      Page {number(page)} of {number(pages)}
    </span>
    {page < pages ? <ButtonLink to={urls.backupsFrom(page + 1, asOf)}>Older</ButtonLink> : <span />}
  </nav>
);

const positive = (text: string | null): number | undefined => {
  const value = Number(text);
  return text !== null && Number.isSafeInteger(value) && value > 0 ? value : undefined;
};

const Backups = () => {
  const [search] = useSearchParams();
  const page = positive(search.get('page')) ?? 1;
  // What is made meanwhile shall not shift the pages behind the first one.
  const asOf = page === 1 ? undefined : positive(search.get('asOf'));
  const query = useBackups(page, asOf);
  const now = useNow();
  const create = (
    <ButtonLink kind="main" to={urls.newBackup}>
      New backup
    </ButtonLink>
  );
  return (
    <Page title="Backups" actions={create}>
      <Await query={query} what="your backups">
        {({ backups, total, asOf: of }) =>
          backups.length === 0 ? (
            <Empty title={total === 0 ? 'No backups yet' : 'Nothing on this page'} actions={create}>
              {total === 0 ? (
                <p>
                  A backup is one file with all your accounts, transactions, categories and files. It only reads your
                  profile.
                </p>
              ) : (
                <p>
                  The list has {number(total)} backups. <Link to={urls.backups}>To its beginning</Link>
                </p>
              )}
            </Empty>
          ) : (
            <>
              <table className="list" aria-busy={query.isPlaceholderData}>
                <caption className="visually-hidden">Backups, newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Backup</th>
                    <th scope="col">Status</th>
                    <th scope="col">Quality</th>
                    <th scope="col">Size</th>
                    <th scope="col">Expires</th>
                  </tr>
                </thead>
                <tbody>
                  {backups.map((backup) => (
                    <Row key={backup.backupId} backup={backup} now={now} />
                  ))}
                </tbody>
              </table>
              {total > pageSize && <Paging page={page} pages={Math.ceil(total / pageSize)} asOf={of} />}
            </>
          )
        }
      </Await>
    </Page>
  );
};
export default Backups;
