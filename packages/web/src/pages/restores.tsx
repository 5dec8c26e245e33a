/** All restores and checks of packages, newest first. */
import { Link, useSearchParams } from 'react-router';
import { percent } from '../format.ts';
import { restoreMoves } from '../jobs.ts';
import { pageSize, useRestores } from '../queries.ts';
import { ButtonLink } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Await, Empty } from '../ui/states.tsx';
import { Badge, Untrusted, When } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import { restoreStatuses } from '../words/names.ts';

const Restores = () => {
  const [search] = useSearchParams();
  const after = search.get('after') ?? undefined;
  const query = useRestores(pageSize, after);
  const begin = (
    <ButtonLink kind="main" to={urls.newRestore()}>
      Restore a backup
    </ButtonLink>
  );
  return (
    <Page
      title="Restores"
      actions={
        <>
          {begin}
          <ButtonLink to={urls.newRestore('file', true)}>Only check a package</ButtonLink>
        </>
      }
    >
      <Await query={query} what="your restores">
        {({ restoreJobs, nextEvaluatedKey }) =>
          restoreJobs.length === 0 ? (
            <Empty title="No restores yet" actions={begin}>
              <p>
                A restore brings a backup into an empty profile. It shows you what the file holds, and writes nothing
                before you confirm.
              </p>
            </Empty>
          ) : (
            <>
              <table className="list">
                <caption className="visually-hidden">Restores, newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Restore</th>
                    <th scope="col">Status</th>
                    <th scope="col">Ended</th>
                  </tr>
                </thead>
                <tbody>
                  {restoreJobs.map(
                    ({ restoreId, status, progress, validateOnly, createdAt, completedAt, errorMessage }) => (
                      <tr key={restoreId}>
                        <th scope="row" data-label="Restore">
                          <Link to={urls.restore(restoreId)}>
                            {validateOnly ? 'Check only' : 'Restore'}, <When at={createdAt} />
                          </Link>
                          {errorMessage && (
                            <div className="soft">
                              <Untrusted text={errorMessage} />
                            </div>
                          )}
                        </th>
                        <td data-label="Status">
                          <Badge tone={restoreStatuses[status].tone}>{restoreStatuses[status].name}</Badge>{' '}
                          {restoreMoves[status] && progress > 0 && percent(progress)}
                        </td>
                        <td data-label="Ended">{completedAt === undefined ? '–' : <When at={completedAt} short />}</td>
                      </tr>
                    ),
                  )}
                </tbody>
              </table>
              <nav className="paging" aria-label="Pages of the list">
                {after ? <ButtonLink to={urls.restores}>Newest</ButtonLink> : <span />}
                {nextEvaluatedKey && (
                  <ButtonLink to={`${urls.restores}?after=${encodeURIComponent(nextEvaluatedKey)}`}>Older</ButtonLink>
                )}
              </nav>
            </>
          )
        }
      </Await>
    </Page>
  );
};
export default Restores;
