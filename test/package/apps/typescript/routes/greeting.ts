import { defineRoute, Type } from 'confluo';
import { getGreeting } from '../providers/greetings.ts';

const route = defineRoute({
  url: '/v1/greetings/:name',
  summary: 'A greeting, and how long it is',
  params: Type.Object({ name: Type.String({ pattern: '^[a-z]{1,32}$' }) }),
  deadline: 2_000,
});

const greeting = route.source(getGreeting, { input: ({ params }) => ({ name: params.name }) });

const Greeting = Type.Object({ text: Type.String(), characters: Type.Integer() });

export default route.merge({ greeting }, Greeting, (answers) => ({
  text: answers.greeting.text,
  characters: answers.greeting.text.length,
}));
