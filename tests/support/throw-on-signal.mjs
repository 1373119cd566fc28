/** Loaded into a service by NODE_OPTIONS: throws where nothing can catch it when the service is sent SIGUSR2. */
process.on('SIGUSR2', () => {
  throw new Error('thrown by a test');
});
