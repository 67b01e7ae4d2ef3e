import { defineRoute, Type } from 'confluo';
import { getGreeting } from '../providers/greetings.js';

const route = defineRoute({
  url: '/v1/greetings/:name',
  summary: 'A greeting',
  params: Type.Object({ name: Type.String({ pattern: '^[a-z]{1,32}$' }) }),
  deadline: 2_000,
});

const greeting = route.source(getGreeting, { input: ({ params }) => ({ name: params.name }) });

export default route.merge({ greeting });
