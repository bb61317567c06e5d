const settings: Record<string, unknown> = {
  httpAdminRoot: '/editor',
  flowFile: 'x.json',
  userDir: '/tmp/nr',
  uiPort: 18999,
  nodesDir: [import.meta.dirname + '/nodes'],
};

export { settings as 'module.exports' };
