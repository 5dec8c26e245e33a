/** How a restore, or a check of a package, came out. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { number, plural, upperFirst } from '../format.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Card } from '../ui/page.tsx';
import { Facts, Said, Texts, When } from '../ui/text.tsx';
import { urls } from '../urls.ts';

type Props = { restore: RestoreStatus };

export const Refused = ({ restore }: Props) => {
  const { validationResults } = restore;
  if (!validationResults) return null;
  const { errors, errorCount, guidance } = validationResults;
  return (
    <Card title="What was found" tone="bad">
      <p role="status">
        The package cannot be restored: {plural(errorCount, 'error', 'errors')}. Nothing was written to your profile.
      </p>
      {guidance.length > 0 && (
        <ul className="guidance">
          {guidance.map(({ code, count, meaning, advice }) => (
            <li key={code}>
              <strong>{upperFirst(meaning)}</strong> ({number(count)} ×). <Said text={advice} />
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Every error that is kept ({number(errors.length)})</summary>
        <Texts of={errors} />
      </details>
    </Card>
  );
};

export const Results = ({ restore: { restoreResults, validationResults, completedAt } }: Props) => (
  <Card
    title="Your profile is restored"
    tone="good"
    actions={
      <ButtonLink kind="main" to={urls.overview}>
        To the overview
      </ButtonLink>
    }
  >
    <p role="status">
      Everything was written, read back and compared
      {completedAt !== undefined && (
        <>
          : <When at={completedAt} />
        </>
      )}
      . HouseF3 computes its analytics anew when you open it.
    </p>
    {restoreResults && (
      <Facts
        of={[
          ['Accounts', number(restoreResults.accounts_restored)],
          ['Transactions', number(restoreResults.transactions_restored)],
          ['Categories', number(restoreResults.categories_restored)],
          ['Files', number(restoreResults.files_restored)],
          ['File maps', number(restoreResults.file_maps_restored)],
          ['Analytics', number(restoreResults.analytics_restored)],
        ]}
      />
    )}
    {validationResults && validationResults.warnings.length > 0 && (
      <>
        <h3>Warnings</h3>
        <Texts of={validationResults.warnings} />
      </>
    )}
  </Card>
);

export const Passed = ({ restore: { validationResults } }: Props) => (
  <Card title="The package is good" tone="good">
    <p role="status">Every byte and row was checked, and it can be restored. Nothing was written, as you asked.</p>
    {validationResults?.profileEmpty === false && <p>Your profile is not empty now; it has to be for a restore.</p>}
    <div className="actions">
      <ButtonLink kind="main" to={urls.newRestore()}>
        Restore a backup
      </ButtonLink>
    </div>
  </Card>
);
