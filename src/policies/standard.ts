import type { Policy } from '../engine/call.ts';

// Stands in until the policies exist.
export const standard = (): { readonly provider: readonly Policy[]; readonly upstream: readonly Policy[] } => ({ provider: [], upstream: [] });
