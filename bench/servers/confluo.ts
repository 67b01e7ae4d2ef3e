/** (c) The endpoint with Confluo. */
import { keepYoung } from '../../src/server/heap.ts';
import { createApp } from './confluo-app.ts';
import { serve } from './serve.ts';

// As the process `confluo` does.
keepYoung();

serve(createApp);
