// Every management flow of @cdot65/prisma-airs-sdk against a live server; prints what it saw as JSON.
import assert from 'node:assert/strict';
import { ManagementClient } from '@cdot65/prisma-airs-sdk';

const mgmt = new ManagementClient({ numRetries: 0 });
const me = 'sdk@example.com';
const policy = {
  'dlp-data-profiles': [],
  'ai-security-profiles': [
    {
      'model-type': 'default',
      'content-type': 'text',
      'model-configuration': {
        latency: { 'inline-timeout-action': 'block', 'max-inline-latency': 5 },
        'model-protection': [{ name: 'prompt-injection', action: 'block' }],
      },
    },
  ],
};

// profiles: create, list, get, a new revision with a new id, delete
const first = await mgmt.profiles.create({ profile_name: 'ts-profile', active: true, policy });
assert.equal(first.revision, 1);
assert.equal((await mgmt.profiles.get(first.profile_id)).profile_name, 'ts-profile');
const second = await mgmt.profiles.update(first.profile_id, { profile_name: 'ts-profile', active: true, policy });
assert.equal(second.revision, 2);
assert.notEqual(second.profile_id, first.profile_id);
assert.equal((await mgmt.profiles.getByName('ts-profile')).revision, 2);
const all = await mgmt.profiles.listAll();
assert.ok(all.some((profile) => profile.profile_id === first.profile_id));
const page = await mgmt.profiles.list({ offset: 0, limit: 1 });
assert.equal(page.ai_profiles.length, 1);
assert.ok((await mgmt.profiles.listForToken({ latest: true })).ai_profiles.length >= 3);

// topics, and what refers to them
const topic = await mgmt.topics.create({
  topic_name: 'ts-topic', description: 'Questions about taxes', examples: ['How do I file taxes?', 'What is VAT?'], active: true, revision: 1,
});
assert.equal((await mgmt.topics.get(topic.topic_id)).topic_name, 'ts-topic');
const renamed = await mgmt.topics.update(topic.topic_id, {
  topic_name: 'ts-topic', description: 'Questions about taxes and fees', examples: ['How do I file taxes?', 'What is VAT?'], active: true, revision: 1,
});
assert.equal(renamed.topic_id, topic.topic_id);
assert.equal((await mgmt.topics.getByName('ts-topic')).description, 'Questions about taxes and fees');
const guarded = structuredClone(policy);
guarded['ai-security-profiles'][0]['model-configuration']['model-protection'].push({
  name: 'topic-guardrails', action: 'block', options: [],
  'topic-list': [
    { action: 'block', topic: [{ topic_name: 'ts-topic', topic_id: topic.topic_id, revision: renamed.revision }] },
    { action: 'allow', topic: [] },
  ],
});
const holder = await mgmt.profiles.create({ profile_name: 'ts-holder', active: true, policy: guarded });
await assert.rejects(mgmt.topics.delete(topic.topic_id));
await mgmt.topics.forceDelete(topic.topic_id, me);
assert.ok(!(await mgmt.topics.listAll()).some((other) => other.topic_id === topic.topic_id));
await mgmt.profiles.forceDelete(holder.profile_id, me);
for (const profile of [first, second]) await mgmt.profiles.delete(profile.profile_id);
assert.ok(!(await mgmt.profiles.listAll()).some((profile) => profile.profile_name.startsWith('ts-')));

// keys and applications
const [deployment] = (await mgmt.deploymentProfiles.list()).deployment_profiles;
const body = {
  auth_code: deployment.auth_code, cust_app: 'ts-app', revoked: false, created_by: me, api_key_name: 'ts-key', rotation_time_interval: 90,
  rotation_time_unit: 'days', cust_env: 'test', cust_cloud_provider: 'none',
};
const key = await mgmt.apiKeys.create(body);
assert.ok(key.api_key.endsWith(key.api_key_last8));
assert.ok((await mgmt.apiKeys.listAll()).some((other) => other.api_key_id === key.api_key_id && other.api_key === undefined));
const fresh = await mgmt.apiKeys.regenerate(key.api_key_id, { rotation_time_interval: 30, rotation_time_unit: 'days', updated_by: me });
assert.notEqual(fresh.api_key, key.api_key);
const app = await mgmt.customerApps.get('ts-app');
const changed = await mgmt.customerApps.update(app.customer_appId, { ...app, environment: 'staging' });
assert.equal(changed.environment, 'staging');
assert.ok((await mgmt.customerApps.listAll()).some((other) => other.app_name === 'ts-app'));

// access tokens for scanning
const token = await mgmt.oauth.getAccessToken({
  body: { client_id: process.env.PANW_MGMT_CLIENT_ID, customer_app: 'ts-app' }, tokenTtlInterval: 3, tokenTtlUnit: 'hours',
});
assert.equal(token.expires_in, '10800');
assert.equal(typeof (await mgmt.oauth.invalidateToken(token.access_token, { client_id: process.env.PANW_MGMT_CLIENT_ID, customer_app: 'ts-app' })), 'string');
await mgmt.apiKeys.delete('ts-key', me);
assert.ok((await mgmt.dlpProfiles.list()).dlp_profiles.length > 0);
console.log(JSON.stringify({ last8: fresh.api_key_last8, done: true }));
