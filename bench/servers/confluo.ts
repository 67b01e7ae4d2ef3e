/** (c) The endpoint with Confluo. */
import { collectInTime, tuneV8 } from '../../src/server/v8.ts';
import { createApp } from './confluo-app.ts';
import { serve } from './serve.ts';

// As the process `confluo` does.
tuneV8();

serve(async (options) => {
  const app = await createApp(options);
  collectInTime(app.server);
  return app;
});
