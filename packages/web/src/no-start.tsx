/** The page could not begin: its settings or the sign-in service did not answer. */
import { Untrusted } from './ui/text.tsx';

export const NoStart = ({ error }: { error: unknown }) => (
  <main className="welcome">
    <h1>FZIP cannot be reached</h1>
    <p>Your profile and your backups are not affected. Wait a moment, then load the page again.</p>
    <details>
      <summary>Details</summary>
      <Untrusted text={error instanceof Error ? error.message : String(error)} />
    </details>
    <div className="actions">
      <button type="button" className="button button-main" onClick={() => location.reload()}>
        Load again
      </button>
    </div>
  </main>
);
