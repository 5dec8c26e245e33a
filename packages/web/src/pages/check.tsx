/** One check of a backup: how far it is, and what it found as a difference that can be read. */
import type { ValidationStatus } from '@fzip/api/validation-schemas';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useParams } from 'react-router';
import { number, plural, size } from '../format.ts';
import { keys, useCheck } from '../queries.ts';
import { Found } from '../ui/checks.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page, Scrolls } from '../ui/page.tsx';
import { Progress } from '../ui/progress.tsx';
import { Await } from '../ui/states.tsx';
import { Facts, Texts, Untrusted, When } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import { checks, kindNames, kinds } from '../words/names.ts';

type Result = NonNullable<ValidationStatus['result']>;
type Mode = ValidationStatus['mode'];

const sentence = (mode: Mode, { ok, damaged, differencesCount = 0 }: Result): string => {
  if (damaged)
    return 'The package is not what it was when it was made. Do not rely on it: make a new backup, and keep your older copies.';
  if (mode === 'deep')
    return ok ? 'Every byte and every row is as it was written.' : 'The package is whole. Read what was noticed.';
  if (mode === 'round_trip')
    return ok
      ? 'It was restored apart from every profile, and came back exactly as it is.'
      : 'It was restored, with differences.';
  if (ok) return 'Your profile is exactly as it is in this backup.';
  return `Your profile has changed since this backup: ${plural(differencesCount, 'difference', 'differences')}. That is no fault of the backup.`;
};

const ByKind = ({ mode, of }: { mode: Mode; of: NonNullable<Result['differencesByKind']> }) => {
  const where = mode === 'compare' ? 'in the profile' : 'in what was restored';
  return (
    <Scrolls label="Differences by kind">
      <table className="figures">
        <caption>What became of the backup’s rows {where}</caption>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">The same</th>
            <th scope="col">Changed</th>
            <th scope="col">Removed</th>
            <th scope="col">Added</th>
          </tr>
        </thead>
        <tbody>
          {kindNames.map((kind) => {
            const found = of[kind];
            if (!found) return null;
            return (
              <tr key={kind}>
                <th scope="row">{kinds[kind].many}</th>
                <td>{number(found.same)}</td>
                <td>{number(found.changed)}</td>
                <td>{number(found.removed)}</td>
                <td>{number(found.added)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scrolls>
  );
};

const signs = { added: '+', removed: '−', changed: '≠' } as const;

const Differences = ({ of, count }: { of: NonNullable<Result['differences']>; count: number }) => (
  <>
    <h3>Each difference</h3>
    <ul className="diff">
      {of.map(({ kind, id, change, fields }) => (
        <li key={`${kind} ${id}`} className={`diff-${change}`}>
          <span aria-hidden="true">{signs[change]}</span> {kinds[kind].one} {change}: <Untrusted text={id} />
          {fields && fields.length > 0 && (
            <span className="soft">
              {' '}
              (<Untrusted text={fields.join(', ')} />)
            </span>
          )}
        </li>
      ))}
    </ul>
    {count > of.length && (
      <p className="soft">
        These are the first {number(of.length)} of {number(count)}.
      </p>
    )}
  </>
);

const Titled = ({ title, of, count }: { title: string; of: readonly string[]; count?: number }) =>
  of.length === 0 ? null : (
    <>
      <h3>{title}</h3>
      <Texts of={of} />
      {count !== undefined && count > of.length && <p className="soft">and {number(count - of.length)} more</p>}
    </>
  );

const Outcome = ({ mode, result }: { mode: Mode; result: Result }) => (
  <Card title="Result">
    <p className="lead" role="status">
      <Found ok={result.ok} damaged={result.damaged} mode={mode} /> {sentence(mode, result)}
    </p>
    <Facts
      of={[
        [
          'Looked at',
          kindNames
            .filter((kind) => result.counts[kind] > 0)
            .map((kind) => plural(result.counts[kind], kinds[kind].one, kinds[kind].many))
            .join(', ') || 'nothing',
        ],
        ['Bytes', result.bytes !== undefined && size(result.bytes)],
      ]}
    />
    {result.differencesByKind && <ByKind mode={mode} of={result.differencesByKind} />}
    {result.differences && result.differences.length > 0 && (
      <Differences of={result.differences} count={result.differencesCount ?? result.differences.length} />
    )}
    {(result.damaged || !result.differences) && (
      <Titled title="What was found" of={result.issues} count={result.issueCount} />
    )}
    <Titled title="Also noticed" of={result.warnings} />
  </Card>
);

const Check = () => {
  const { backupId = '', validationId = '' } = useParams();
  const query = useCheck(backupId, validationId);
  const queries = useQueryClient();
  const status = query.data?.status;
  useEffect(() => {
    // The backup's own page tells the result too.
    if (status === 'completed') void queries.invalidateQueries({ queryKey: keys.backup(backupId) });
  }, [status, queries, backupId]);
  return (
    <Page
      title={query.data ? checks[query.data.mode].name : 'Check of a backup'}
      back={{ to: urls.backup(backupId), name: 'The backup' }}
    >
      <Await query={query} what="the check">
        {({ mode, status: now, progress, result, error, requestedAt }) => (
          <>
            <p className="soft">
              {checks[mode].means} Asked for: <When at={requestedAt} />
            </p>
            {now === 'processing' && (
              <Card title="Running">
                <Progress label="Checking" value={progress}>
                  You can leave this page. The check goes on.
                </Progress>
              </Card>
            )}
            {result && <Outcome mode={mode} result={result} />}
            {error && <Ended error={error} />}
          </>
        )}
      </Await>
    </Page>
  );
};
export default Check;
