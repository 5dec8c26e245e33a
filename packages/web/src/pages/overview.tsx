/** What the profile holds, how well it is backed up, what runs, and what to do next. */
import type { RestoreListItem } from '@fzip/api/restore-schemas';
import type { BackupListItem } from '@fzip/api/schemas';
import { Link } from 'react-router';
import { relative, size } from '../format.ts';
import { backupCan, backupMoves, restoreMoves } from '../jobs.ts';
import { type NextAct, nextAct } from '../next-act.ts';
import { useBackups, useProfile, useRestores } from '../queries.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress } from '../ui/progress.tsx';
import { Await } from '../ui/states.tsx';
import { Badge, Facts, Untrusted, useNow, When } from '../ui/text.tsx';
import { Tiles } from '../ui/tiles.tsx';
import { urls } from '../urls.ts';
import { backupTypes, phases, qualities, restoreStatuses } from '../words/names.ts';

const Counts = () => {
  const profile = useProfile();
  return (
    <Card title="Your profile">
      <Await query={profile} what="your profile">
        {({ counts, exact, empty }) => (
          <>
            {empty && <p>It is empty. A backup can be restored into it.</p>}
            <Tiles of={counts} isExact={exact} />
            {!exact && <p className="soft">Counting was cut short; there are at least so many.</p>}
          </>
        )}
      </Await>
    </Card>
  );
};

const LastBackup = ({ last }: { last: BackupListItem | undefined }) => {
  if (!last) return <p>There is no backup that can be downloaded at the moment.</p>;
  const quality = last.quality && qualities[last.quality];
  return (
    <>
      <p className="lead">
        <span>
          <Link to={urls.backup(last.backupId)}>{backupTypes[last.backupType].name}</Link>, made{' '}
          <When at={last.completedAt ?? last.requestedAt} short />
        </span>
        {last.damaged ? (
          <Badge tone="bad">Damaged</Badge>
        ) : (
          quality && <Badge tone={quality.tone}>{quality.name}</Badge>
        )}
      </p>
      <Facts
        of={[
          ['Quality', last.damaged ? 'A check found it damaged. Make a new one.' : quality?.means],
          [
            'Proven to restore',
            last.provenAt === undefined ? 'Not yet. Its page can prove it.' : <When key="proven" at={last.provenAt} />,
          ],
          ['Kept until', last.expiresAt !== undefined && <When key="until" at={last.expiresAt} />],
          ['Size', last.packageSize !== undefined && size(last.packageSize)],
          ['Description', last.description && <Untrusted key="text" text={last.description} />],
        ]}
      />
    </>
  );
};

const Running = ({ backups, restores }: { backups: BackupListItem[]; restores: RestoreListItem[] }) => {
  const running = [
    ...backups
      .filter(({ status }) => backupMoves[status])
      .map(({ backupId, progress }) => ({ to: urls.backup(backupId), label: 'A backup is being made', progress })),
    ...restores
      .filter(({ status }) => restoreMoves[status])
      .map(({ restoreId, progress, status, currentPhase }) => ({
        to: urls.restore(restoreId),
        label: `A restore: ${(status === 'processing' && currentPhase ? phases[currentPhase] : restoreStatuses[status].name).toLowerCase()}`,
        progress,
      })),
  ];
  if (running.length === 0) return null;
  return (
    <Card title="Running now">
      {running.map(({ to, label, progress }) => (
        <div key={to} className="running">
          <Progress label={label} value={progress} />
          <Link to={to}>Look at it</Link>
        </div>
      ))}
    </Card>
  );
};

/** The next three that expire; all others stand in the list. */
const Expiring = ({ backups }: { backups: BackupListItem[] }) => {
  const now = useNow();
  const soon = backups
    .filter((backup) => backupCan.download(backup) && backup.expiresAt !== undefined)
    .toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))
    .slice(0, 3);
  if (soon.length === 0) return null;
  return (
    <Card title="What expires when">
      <ul className="plain">
        {soon.map(({ backupId, backupType, requestedAt, expiresAt = 0, description }) => (
          <li key={backupId}>
            <Link to={urls.backup(backupId)}>
              {description ? <Untrusted text={description} /> : `${backupTypes[backupType].name}, `}
              {!description && <When at={requestedAt} short />}
            </Link>{' '}
            expires {relative(expiresAt, now)}
          </li>
        ))}
      </ul>
    </Card>
  );
};

const Next = ({ act }: { act: NextAct }) => (
  <section className="next" aria-label="What to do next">
    <p>{act.why}</p>
    <ButtonLink kind="main" to={act.to}>
      {act.name}
    </ButtonLink>
  </section>
);

export const Overview = () => {
  const profile = useProfile();
  const backups = useBackups(1, undefined);
  const restores = useRestores(5);
  const now = useNow();
  const listed = backups.data?.backups ?? [];
  const isKnown = profile.data && backups.data && restores.data;
  return (
    <Page title="Overview">
      {isKnown && (
        <Next act={nextAct({ profile: profile.data, backups: listed, restores: restores.data.restoreJobs, now })} />
      )}
      <div className="columns">
        <div>
          <Running backups={listed} restores={restores.data?.restoreJobs ?? []} />
          <Card title="Last backup">
            <Await query={backups} what="your backups">
              {() => <LastBackup last={listed.find(backupCan.download)} />}
            </Await>
          </Card>
        </div>
        <div>
          <Counts />
          <Expiring backups={listed} />
        </div>
      </div>
    </Page>
  );
};
