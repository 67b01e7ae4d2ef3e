import { defineUpstream, path, Type } from 'confluo';

const greetings = defineUpstream({ name: 'greetings', origin: 'https://greetings.example.com' });

export const getGreeting = greetings.provider({
  name: 'greeting',
  output: Type.Object({ text: Type.String() }),
  request: ({ name }: { readonly name: string }) => ({ path: path`/greetings/${name}` }),
});
