import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startSession } from './auth/session.ts';
import { readSettings } from './config.ts';
import { NoStart } from './no-start.tsx';
import './styles.css';

const root = createRoot(document.getElementById('root') as HTMLElement);

try {
  const settings = await readSettings();
  const session = await startSession(settings);
  if (session) root.render(<App settings={settings} session={session} />);
} catch (error) {
  root.render(<NoStart error={error} />);
}
