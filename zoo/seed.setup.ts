/** The same chance in every run, and the first failure's own words in the report. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 6163, includeErrorInReport: true });
