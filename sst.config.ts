/// <reference path="./.sst/platform/config.d.ts" />

/** FZIP in the cloud. What can be set is in `stacks/settings.ts`; how to deploy, `docs/operating.md`. */
export default $config({
  async app(input) {
    // SST allows no import at the top of this file.
    const { settingsOf } = await import('./stacks/settings.ts');
    const production = input.stage === 'production';
    const { region } = settingsOf(process.env, input.stage);
    return {
      name: 'fzip',
      home: 'aws',
      // A development stage leaves nothing behind; production keeps its data, and cannot be removed by one command.
      removal: production ? 'retain' : 'remove',
      protect: production,
      providers: {
        aws: { region, defaultTags: { tags: { app: 'fzip', stage: input.stage } } },
      },
    };
  },
  async run() {
    const { defaults } = await import('./stacks/defaults.ts');
    const { settingsOf } = await import('./stacks/settings.ts');
    const { encryption } = await import('./stacks/encryption.ts');
    const { storage } = await import('./stacks/storage.ts');
    const { tables } = await import('./stacks/tables.ts');
    const { messaging } = await import('./stacks/messaging.ts');
    const { functions } = await import('./stacks/functions.ts');
    const { identity } = await import('./stacks/identity.ts');
    const { api } = await import('./stacks/api.ts');
    const { schedule } = await import('./stacks/schedule.ts');
    const { monitoring } = await import('./stacks/monitoring.ts');

    const settings = settingsOf(process.env, $app.stage);
    defaults();
    const encrypted = encryption();
    const buckets = storage(encrypted, settings);
    const made = tables(encrypted, settings);
    const queues = messaging(encrypted, buckets);
    const code = functions({ settings, key: encrypted.key, storage: buckets, tables: made, messaging: queues });
    const users = identity(settings);
    const http = api(code, users, settings);
    schedule(code);
    monitoring({ settings, key: encrypted.key, storage: buckets, tables: made, api: http });
    // The web UI takes its place here: a StaticSite that is told `http.url`, `users.userPoolId` and `users.clientIds`, and whose
    // address is one of FZIP_WEB_ORIGINS.

    return {
      api: http.url,
      userPool: users.userPoolId,
      clients: users.clientIds,
      packages: buckets.packages.name,
      files: buckets.files.name,
      events: queues.events.arn,
    };
  },
});
