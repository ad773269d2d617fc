// Drives the scan log, dashboard and session clients of @cdot65/prisma-airs-sdk; prints what they parsed.
import { ManagementClient } from '@cdot65/prisma-airs-sdk';

const { base, token, tsgId, clientId, clientSecret, appId, appName, sessionId, scanId } = JSON.parse(process.argv[2]);
const mgmt = new ManagementClient({ clientId, clientSecret, tsgId, apiEndpoint: base, tokenEndpoint: token, numRetries: 0 });
const app = { appId, appName };
const day = { timeInterval: 1, timeUnit: 'day' };
const session = { ...app, sessionId };
const item = { scanId, scanSubReqId: 0 };
const query = { time_interval: 1, time_unit: 'day', pageNumber: 1, pageSize: 2 };

const found = {};
found.logs = await mgmt.scanLogs.query({ ...query, filter: 'all' });
found.next = await mgmt.scanLogs.query({ ...query, filter: 'all', page_token: found.logs.page_token });
found.threats = await mgmt.scanLogs.query({ ...query, filter: 'threat' });
found.overview = await mgmt.dashboard.applicationsOverview();
found.application = await mgmt.dashboard.application({ ...app, timeInterval: 7 });
found.breakdown = await mgmt.dashboard.applicationViolationBreakdown({ ...app, timeInterval: 60 });
found.top = await mgmt.dashboard.topApplicationsViolations(day);
found.trend = await mgmt.dashboard.applicationsViolationsTrend({ timeInterval: 1, timeUnit: 'hour' });
found.apps = await mgmt.dashboard.appsList();
found.chart = await mgmt.dashboard.sessionsChart(day);
found.sessions = await mgmt.dashboard.sessionsOverview({ limit: 25, offset: 0 });
found.session = await mgmt.dashboard.session(session);
found.transaction = await mgmt.dashboard.sessionTransaction({ ...session, ...item });
found.content = await mgmt.dashboard.scanContent(item);
found.raw = await mgmt.dashboard.applicationsOverviewRaw();
try {
  await mgmt.dashboard.sessionsChart({ timeInterval: 3, timeUnit: 'days' });
} catch (error) {
  found.refused = String(error.message);
}
console.log(JSON.stringify(found));
