/** (c) The endpoint with Confluo. */
import { tuneHeap } from '../../src/server/heap.ts';
import { createApp } from './confluo-app.ts';
import { serve } from './serve.ts';

// As the process `confluo` does.
tuneHeap();

serve(createApp);
