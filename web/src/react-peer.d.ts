/** As much of React as the hook needs. */
declare module 'react' {
  export function useMemo<T>(make: () => T, of: readonly unknown[]): T;
  export function useSyncExternalStore<T>(subscribe: (changed: () => void) => () => void, get: () => T, getOnServer: () => T): T;
}
