/** The statements by which lanes take from rates, and give back. */

/** Seconds that count: what began at a second's end counts for 60 more, so its whole second does. */
const SECONDS = 61;

/**
 * Takes for the first so many of the calls (`$3` their tokens, `$4` for how many milliseconds they have
 * waited) as all of the rates have room for, and puts the lane (`$2`) in line where the next one must wait
 * longest. No call is granted that is more than `patienceMs` younger than what another lane waits with.
 *
 * The rates' rows are locked in one order, and then say what is true now: whoever comes second waits, and
 * counts what the first one took. The time is read once they are locked. What is written is joined and not
 * looked up, since PostgreSQL works lookups out anew for a row that had changed.
 */
export function takeText(s: string, patienceMs: number): string {
  return `
WITH held AS MATERIALIZED (
  SELECT * FROM ${s}.rates WHERE n = ANY ($1::bigint[]) ORDER BY n FOR UPDATE),
time AS MATERIALIZED (
  SELECT ms, floor(ms / 1000)::bigint AS second FROM (
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms
    FROM (SELECT count(*) AS rows FROM held) AS locked WHERE rows >= 0) AS now),
slot AS MATERIALIZED (
  SELECT h.n, least(u.at, second) AS at, sum(u.requests) AS requests, sum(u.tokens) AS tokens
  FROM time CROSS JOIN held h CROSS JOIN LATERAL unnest(h.at, h.requests, h.tokens) AS u (at, requests, tokens)
  WHERE u.at > second - ${SECONDS} GROUP BY 1, 2),
place AS MATERIALIZED (
  SELECT h.n, key AS lane, (value ->> 0)::float8 AS since, value
  FROM time CROSS JOIN held h CROSS JOIN LATERAL jsonb_each(h.line)
  WHERE key <> $2 AND (value ->> 1)::float8 > ms),
room AS MATERIALIZED (
  SELECT h.n, h.max_tokens,
    h.max_requests - coalesce((SELECT sum(requests) FROM slot WHERE slot.n = h.n), 0) AS requests,
    h.max_tokens - coalesce((SELECT sum(tokens) FROM slot WHERE slot.n = h.n), 0) AS tokens,
    (SELECT min(since) FROM place WHERE place.n = h.n) AS first
  FROM held h),
want AS MATERIALIZED (
  SELECT ord, tokens, ms - age AS since, sum(tokens) OVER (ORDER BY ord) AS up_to
  FROM time CROSS JOIN unnest($3::bigint[], $4::float8[]) WITH ORDINALITY AS t (tokens, age, ord)),
next AS MATERIALIZED (
  SELECT * FROM want w WHERE EXISTS (
    SELECT FROM room r WHERE w.ord > r.requests OR w.up_to > r.tokens OR w.since > r.first + ${patienceMs})
  ORDER BY ord LIMIT 1),
taken AS MATERIALIZED (
  SELECT count(*) AS requests, coalesce(sum(w.tokens), 0) AS tokens
  FROM want w WHERE NOT EXISTS (SELECT FROM next WHERE next.ord <= w.ord)),
kept AS MATERIALIZED (
  SELECT n, at, sum(requests)::bigint AS requests, sum(tokens)::bigint AS tokens FROM (
    TABLE slot UNION ALL
    SELECT r.n, second, t.requests, t.tokens FROM room r, taken t, time WHERE t.requests > 0) AS parts
  GROUP BY n, at),
-- What will have gone with each second, and the second that makes room for the next one.
gone AS (
  SELECT n, at, sum(requests) OVER byTime AS requests, sum(tokens) OVER byTime AS tokens
  FROM kept WINDOW byTime AS (PARTITION BY n ORDER BY at)),
wait AS MATERIALIZED (
  SELECT r.n, (min(g.at) + ${SECONDS}) * 1000 - min(ms) AS ms
  FROM next x CROSS JOIN taken t CROSS JOIN time CROSS JOIN room r JOIN gone g ON g.n = r.n
    AND coalesce(r.requests - t.requests + g.requests >= 1, true)
    AND coalesce(r.tokens - t.tokens + g.tokens >= x.tokens, true)
  WHERE r.requests - t.requests < 1 OR r.tokens - t.tokens < x.tokens
  GROUP BY r.n),
mine AS (
  SELECT r.n, $2::text AS lane, jsonb_build_array(x.since, time.ms + ${patienceMs}) AS value
  FROM next x CROSS JOIN time CROSS JOIN room r LEFT JOIN wait USING (n)
  WHERE wait.ms IS NOT DISTINCT FROM (SELECT max(ms) FROM wait)),
line AS (
  SELECT n, jsonb_object_agg(lane, value) AS line
  FROM (SELECT n, lane, value FROM place UNION ALL TABLE mine) AS parts GROUP BY n),
log AS (
  SELECT n, array_agg(at ORDER BY at) AS at, array_agg(requests ORDER BY at) AS requests,
    array_agg(tokens ORDER BY at) AS tokens
  FROM kept GROUP BY n),
fresh AS MATERIALIZED (
  SELECT h.n, coalesce(log.at, '{}') AS at, coalesce(log.requests, '{}') AS requests,
    coalesce(log.tokens, '{}') AS tokens, coalesce(line.line, '{}') AS line
  FROM held h LEFT JOIN log USING (n) LEFT JOIN line USING (n)),
written AS (
  UPDATE ${s}.rates r SET at = f.at, requests = f.requests, tokens = f.tokens, line = f.line
  FROM fresh f WHERE r.n = f.n)
SELECT second AS at, taken.requests AS count, (SELECT max(ms) FROM wait) AS wait_ms,
  (SELECT min(max_tokens) FROM room) AS max_tokens
FROM time CROSS JOIN taken`;
}

/** Takes requests (`$3`) and tokens (`$4`) out of seconds (`$2`) of rates (`$1`); below 0 adds them. */
export function giveBackText(s: string): string {
  return `
WITH back AS (
  SELECT n, at, sum(requests) AS requests, sum(tokens) AS tokens
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS t (n, at, requests, tokens) GROUP BY 1, 2),
held AS MATERIALIZED (
  SELECT * FROM ${s}.rates WHERE n IN (SELECT n FROM back) ORDER BY n FOR UPDATE),
fresh AS MATERIALIZED (
  SELECT h.n, array_agg(u.requests - coalesce(b.requests, 0) ORDER BY u.at) AS requests,
    array_agg(u.tokens - coalesce(b.tokens, 0) ORDER BY u.at) AS tokens
  FROM held h CROSS JOIN LATERAL unnest(h.at, h.requests, h.tokens) AS u (at, requests, tokens)
    LEFT JOIN back b ON b.n = h.n AND b.at = u.at GROUP BY h.n)
UPDATE ${s}.rates r SET requests = f.requests, tokens = f.tokens FROM fresh f WHERE r.n = f.n`;
}
