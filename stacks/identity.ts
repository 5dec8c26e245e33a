/** Who signs in: HouseF3's user pool if there is one, else one of our own. */
import { account, isProduction, nameOf, region, retained } from './names.ts';
import type { Settings } from './settings.ts';

export const identity = (settings: Settings) => {
  const { userPoolId, clientIds } = settings.identity ?? ownPool(settings);
  return {
    issuer: $interpolate`https://cognito-idp.${region()}.amazonaws.com/${userPoolId}`,
    userPoolId: $output(userPoolId),
    clientIds,
  };
};

const ownPool = ({ webOrigins }: Settings) => {
  const pool = new aws.cognito.UserPool(
    'Users',
    {
      name: nameOf('users'),
      usernameAttributes: ['email'],
      autoVerifiedAttributes: ['email'],
      usernameConfiguration: { caseSensitive: false },
      passwordPolicy: {
        minimumLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireNumbers: true,
        requireSymbols: false,
        temporaryPasswordValidityDays: 3,
      },
      mfaConfiguration: 'OPTIONAL',
      softwareTokenMfaConfiguration: { enabled: true },
      accountRecoverySetting: { recoveryMechanisms: [{ name: 'verified_email', priority: 1 }] },
      deletionProtection: isProduction() ? 'ACTIVE' : 'INACTIVE',
    },
    retained(),
  );
  // Where people sign in. The name is everybody's in the region.
  new aws.cognito.UserPoolDomain('UsersDomain', {
    userPoolId: pool.id,
    domain: $interpolate`${nameOf('')}${account()}`,
  });
  const client = new aws.cognito.UserPoolClient('WebClient', {
    name: nameOf('web'),
    userPoolId: pool.id,
    // A page cannot keep a secret: the code comes back to it with the proof that it had asked.
    generateSecret: false,
    allowedOauthFlowsUserPoolClient: true,
    allowedOauthFlows: ['code'],
    allowedOauthScopes: ['openid', 'email'],
    supportedIdentityProviders: ['COGNITO'],
    callbackUrls: webOrigins.map((origin) => `${origin}/`),
    logoutUrls: webOrigins.map((origin) => `${origin}/`),
    explicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    preventUserExistenceErrors: 'ENABLED',
    enableTokenRevocation: true,
    accessTokenValidity: 60,
    idTokenValidity: 60,
    refreshTokenValidity: 30,
    tokenValidityUnits: { accessToken: 'minutes', idToken: 'minutes', refreshToken: 'days' },
  });
  return { userPoolId: pool.id, clientIds: [client.id] };
};

export type Identity = ReturnType<typeof identity>;
