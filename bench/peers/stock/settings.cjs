/** A stock Node-RED, as its own installer would leave it, without an editor. */
module.exports = {
  flowFile: 'flows.json',
  credentialSecret: false,
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.HTTP_PORT),
  httpAdminRoot: false,
  httpNodeRoot: false,
  logging: { console: { level: 'info', metrics: false, audit: false } },
};
