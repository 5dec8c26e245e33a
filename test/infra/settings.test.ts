/** What a deployment can be told, and what is said of what is wrong. */
import { describe, expect, test } from 'vitest';
import { settingsOf } from '../../stacks/settings.ts';
import { hostEnvironment } from './stages.ts';

describe('the settings of a deployment', () => {
  test('need nothing for a stage of development', () => {
    expect(settingsOf({}, 'dev')).toEqual({
      region: 'eu-west-1',
      webOrigins: ['http://localhost:5173'],
      growthGibPerDay: 50,
    });
  });

  test('name a HouseF3 as the functions will: its tables, its bucket, its key, its users', () => {
    const { host, identity } = settingsOf(hostEnvironment, 'dev');
    expect(host).toMatchObject({ bucket: 'housef3-files', keyArn: hostEnvironment.FZIP_HOST_KEY_ARN });
    expect(host?.tables.transactionFiles).toBe('housef3-transactionFiles');
    expect(identity).toEqual({ userPoolId: 'eu-west-1_HouseF3pool', clientIds: ['webclient', 'mobileclient'] });
  });

  test('say everything that is wrong at once: what was found and what is allowed', () => {
    const { ACCOUNTS_TABLE: _, ...host } = hostEnvironment;
    const wrong = {
      ...host,
      FZIP_REGION: 'Ireland',
      FZIP_WEB_ORIGINS: 'https://a.example, http://b.example/x',
      FZIP_ALARM_EMAIL: 'nobody',
      FZIP_GROWTH_GIB_PER_DAY: '0',
      FZIP_LIMITS: '{"runningJobs": -1}',
    };
    expect(() => settingsOf(wrong, 'Production!')).toThrow(
      [
        'the settings of this deployment are wrong:',
        'the stage is "Production!"; allowed are small letters, digits and "-", beginning with a letter, 20 at most',
        'ACCOUNTS_TABLE: missing; HouseF3 is named with all of its tables and its bucket, or not at all',
        'FZIP_HOST_KEY_ARN: is for the tables and the bucket of a HouseF3',
        'FZIP_WEB_ORIGINS is "http://b.example/x"; allowed are https origins without a path, with commas between them',
        'FZIP_ALARM_EMAIL is "nobody"; allowed are an e-mail address',
        'FZIP_REGION is "Ireland"; allowed are an AWS region, as eu-west-1',
        'FZIP_GROWTH_GIB_PER_DAY is "0"; allowed are a whole number above 0',
        'FZIP_LIMITS is "{"runningJobs": -1}"; allowed is a JSON object of whole numbers above 0',
      ].join('\n'),
    );
  });

  test('have bounds that the functions know', () => {
    expect(settingsOf({ FZIP_LIMITS: '{"runningJobs": 3}' }, 'dev').limits).toBe('{"runningJobs": 3}');
    expect(() => settingsOf({ FZIP_LIMITS: '{"jobs": 3}' }, 'dev')).toThrow(
      'FZIP_LIMITS is "{"jobs": 3}"; allowed is a JSON object of whole numbers above 0, named chunkRows, ',
    );
  });

  test('of production name the pages that may call', () => {
    expect(() => settingsOf({}, 'production')).toThrow('FZIP_WEB_ORIGINS: missing; production needs https origins');
  });
});
