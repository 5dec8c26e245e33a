/** What the page must know of where it stands: `config.json` beside it, read once and checked. */

export type Settings = {
  /** Where `/fzip` is: `https://api.example.com`. */
  apiOrigin: string;
  /** OIDC issuer; its discovery document is below it. */
  issuer: string;
  clientId: string;
  /** Where the issuer forgets this browser. */
  signOutUrl: string;
};

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Tokens and packages travel to these addresses: in the clear to this machine alone. */
const isSafe = (value: unknown): value is string => {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
};

/** @throws Error that names the setting, what was found and what is allowed */
export const settingsFrom = (json: unknown): Settings => {
  if (typeof json !== 'object' || json === null) throw new Error('config.json: no JSON object');
  const given = json as Record<string, unknown>;
  const address = (name: keyof Settings): string => {
    const value = given[name];
    if (isSafe(value)) return value;
    throw new Error(`config.json: ${name} is ${JSON.stringify(value)}; allowed is an https address`);
  };
  const { clientId } = given;
  if (typeof clientId !== 'string' || clientId === '')
    throw new Error(`config.json: clientId is ${JSON.stringify(clientId)}; allowed is a text`);
  return {
    apiOrigin: address('apiOrigin'),
    issuer: address('issuer'),
    clientId,
    signOutUrl: address('signOutUrl'),
  };
};

/** @throws Error if it cannot be read, or is not as it must be */
export const readSettings = async (): Promise<Settings> => {
  const response = await fetch('/config.json', { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`config.json: the server answered ${response.status}`);
  return settingsFrom(await response.json().catch(() => undefined));
};
