-- The figures of one month with all their breakdowns, by hand: each table is read once, and rolled up by GROUPING SETS.
-- Rows: figure, dimension, key, value. Measured against consult/kpi in bench/kpi_measures.py.
WITH
cases AS (
    SELECT topic_id, device_id, age_band_id, outcome_id, visit_id, desk_id, weekday, hour,
        grouping(topic_id, device_id, age_band_id, outcome_id, visit_id, desk_id, hour) AS of,
        count(*) AS number, count(*) FILTER (WHERE follow_up) AS follow_ups
    FROM (
        SELECT topic_id, device_id, age_band_id, outcome_id, visit_id, desk_id, follow_up,
            extract(isodow FROM date)::int - 1 AS weekday, extract(hour FROM happened_at AT TIME ZONE 'Asia/Tokyo')::int AS hour
        FROM consult_consultation
        WHERE date BETWEEN %(first)s AND %(last)s AND voided_at IS NULL
    ) counted
    GROUP BY GROUPING SETS ((), (topic_id), (device_id), (age_band_id), (outcome_id), (visit_id), (desk_id), (desk_id, weekday, hour))
),
people AS (
    SELECT r.id, r.supporter_id, r.started_on, r.ended_on, s.category_id, s.home_district_id AS district,
        s.birth_date
    FROM supporters_registration r JOIN supporters_supporter s ON s.id = r.supporter_id
    WHERE r.ended_on IS NULL OR r.ended_on > r.started_on
),
others AS (
    SELECT id, supporter_id, started_on, ended_on FROM supporters_registration WHERE ended_on IS NULL OR ended_on > started_on
),
everybody AS MATERIALIZED (
    SELECT 'supporters_new' AS code, p.supporter_id, category_id, district,
        extract(year FROM age(started_on, birth_date))::int AS years, FALSE AS active FROM people p
    WHERE started_on BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id
            AND (o.started_on, o.id) < (p.started_on, p.id))
    UNION ALL
    SELECT 'supporters_returned', p.supporter_id, category_id, district,
        extract(year FROM age(started_on, birth_date))::int, FALSE FROM people p
    WHERE started_on BETWEEN %(first)s AND %(last)s
        AND EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.started_on < p.started_on)
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.started_on < p.started_on
            AND (o.ended_on IS NULL OR o.ended_on >= p.started_on))
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.started_on = p.started_on
            AND o.id < p.id)
    UNION ALL
    SELECT 'supporters_withdrawn', p.supporter_id, category_id, district,
        extract(year FROM age(ended_on, birth_date))::int, FALSE FROM people p
    WHERE ended_on BETWEEN %(first)s AND %(last)s
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.id <> p.id
            AND o.started_on <= p.ended_on AND (o.ended_on IS NULL OR o.ended_on > p.ended_on))
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.ended_on = p.ended_on
            AND o.id < p.id)
    UNION ALL
    SELECT 'supporters', p.supporter_id, category_id, district, extract(year FROM age(%(last)s::date, birth_date))::int,
        EXISTS (SELECT 1 FROM supporters_assignment a JOIN supporters_shift s ON s.id = a.shift_id
            WHERE a.supporter_id = p.supporter_id AND a.status IN ('accepted', 'standing_in_wanted', 'attended')
            AND s.ends_at <= %(now)s AND s.starts_at >= %(year_before)s AND s.starts_at < %(ends)s AND s.cancelled_at IS NULL)
    FROM people p
    WHERE started_on <= %(last)s AND (ended_on IS NULL OR ended_on > %(last)s)
        AND NOT EXISTS (SELECT 1 FROM others o WHERE o.supporter_id = p.supporter_id AND o.id < p.id
            AND o.started_on <= %(last)s AND (o.ended_on IS NULL OR o.ended_on > %(last)s))
),
people_cells AS (
    SELECT code, category_id, district, years, grouping(category_id, district, years) AS of,
        count(*) AS number, count(*) FILTER (WHERE active) AS active
    FROM everybody
    GROUP BY GROUPING SETS ((code), (code, category_id), (code, district), (code, years))
),
skill_cells AS (
    SELECT code, k.topic_id, count(*) AS number, count(*) FILTER (WHERE active) AS active
    FROM everybody LEFT JOIN supporters_skill k USING (supporter_id) GROUP BY 1, 2
),
registered_cells AS (
    SELECT code, CASE of WHEN 7 THEN '' WHEN 3 THEN 'category' ELSE 'district' END AS dimension, coalesce(category_id, district) AS key,
        number, active FROM people_cells WHERE of <> 6
    UNION ALL SELECT code, 'age_band', 'A' || least(years / 10, 10) * 10, number, active FROM people_cells WHERE of = 6
    UNION ALL SELECT code, 'adult', CASE WHEN years >= 18 THEN 'adult' ELSE 'minor' END, number, active FROM people_cells WHERE of = 6
    UNION ALL SELECT code, 'skill', topic_id, number, active FROM skill_cells
),
held AS MATERIALIZED (
    SELECT se.id, se.request_id, r.group_id, r.intake, g.kind, g.district_id AS home, v.district_id AS district, rp.attendees, rp.id AS report_id, f.helpful, f.again,
        greatest((sh.starts_at AT TIME ZONE 'Asia/Tokyo')::date - (r.received_at AT TIME ZONE 'Asia/Tokyo')::date, 0) AS waited
    FROM supporters_shift sh
    JOIN support_requests_session se ON se.shift_id = sh.id
    JOIN support_requests_report rp ON rp.session_id = se.id AND rp.attendees > 0
    JOIN support_requests_supportrequest r ON r.id = se.request_id
    JOIN support_requests_group g ON g.id = r.group_id
    JOIN programme_venue v ON v.id = sh.venue_id
    LEFT JOIN support_requests_feedback f ON f.session_id = se.id
    WHERE sh.starts_at >= %(starts)s AND sh.starts_at < %(ends)s AND sh.cancelled_at IS NULL
),
held_cells AS (
    SELECT district, kind, intake, grouping(district, kind, intake) AS of, count(*) AS number, sum(attendees) AS people
    FROM held GROUP BY GROUPING SETS ((), (district), (kind), (intake))
),
feedback_cells AS (
    SELECT district, kind, grouping(district, kind) AS of, count(*) AS number,
        1000 * count(*) FILTER (WHERE helpful >= 3) / count(*) AS satisfied, 1000 * count(*) FILTER (WHERE again >= 3) / count(*) AS again
    FROM held WHERE helpful IS NOT NULL GROUP BY GROUPING SETS ((), (district), (kind))
),
group_cells AS (
    SELECT home, kind, grouping(home, kind) AS of, count(DISTINCT group_id) AS number
    FROM held GROUP BY GROUPING SETS ((), (home), (kind))
),
asked AS (
    SELECT r.id, r.intake, g.kind, v.district_id AS district
    FROM support_requests_supportrequest r JOIN support_requests_group g ON g.id = r.group_id
    JOIN programme_venue v ON v.id = r.venue_id
    WHERE r.received_at >= %(starts)s AND r.received_at < %(ends)s
),
asked_cells AS (
    SELECT district, kind, intake, grouping(district, kind, intake) AS of, count(*) AS number
    FROM asked GROUP BY GROUPING SETS ((), (district), (kind), (intake))
),
ended_cells AS (
    SELECT m.to_status AS reason, v.district_id AS district, grouping(m.to_status, v.district_id) AS of, count(*) AS number
    FROM support_requests_supportrequestmove m JOIN support_requests_supportrequest r ON r.id = m.subject_id
    JOIN programme_venue v ON v.id = r.venue_id
    WHERE m.at >= %(starts)s AND m.at < %(ends)s
        AND (m.to_status IN ('withdrawn', 'declined') OR m.from_status = 'booked' AND m.to_status = 'reported')
    GROUP BY GROUPING SETS ((), (m.to_status), (v.district_id))
),
opened AS MATERIALIZED (
    SELECT o.desk_id, v.district_id AS district, extract(epoch FROM sh.ends_at - sh.starts_at) / 60 AS minutes
    FROM consult_opening o JOIN supporters_shift sh ON sh.id = o.shift_id
    JOIN consult_desk d ON d.id = o.desk_id JOIN programme_venue v ON v.id = d.venue_id
    WHERE o.date BETWEEN %(first)s AND %(last)s AND sh.cancelled_at IS NULL AND sh.ends_at <= %(now)s
),
opened_cells AS (
    SELECT desk_id, district, grouping(desk_id, district) AS of, count(*) AS number, sum(minutes) AS minutes
    FROM opened GROUP BY GROUPING SETS ((), (desk_id), (district))
),
done AS MATERIALIZED (
    SELECT kind, district_id AS district, attendees FROM consult_activity WHERE date BETWEEN %(first)s AND %(last)s
),
done_cells AS (
    SELECT kind, district, grouping(kind, district) AS of, count(*) AS number, sum(attendees) AS people
    FROM done GROUP BY GROUPING SETS ((kind), (kind, district))
),
reached AS MATERIALIZED (
    SELECT district FROM opened UNION SELECT district FROM held UNION SELECT district FROM done
),
answer_cells AS (
    SELECT s.category_id, sh.purpose, grouping(s.category_id, sh.purpose) AS of,
        1000 * count(*) FILTER (WHERE m.to_status = 'accepted') / count(*) AS share
    FROM supporters_assignmentmove m JOIN supporters_assignment a ON a.id = m.subject_id
    JOIN supporters_supporter s ON s.id = a.supporter_id JOIN supporters_shift sh ON sh.id = a.shift_id
    WHERE m.at >= %(starts)s AND m.at < %(ends)s AND m.from_status = 'offered'
        AND m.to_status IN ('accepted', 'declined', 'lapsed')
    GROUP BY GROUPING SETS ((), (s.category_id), (sh.purpose))
),
duties AS MATERIALIZED (
    SELECT a.status, s.category_id, sh.purpose, v.district_id AS district, s.may_be_paid,
        extract(year FROM age((sh.starts_at AT TIME ZONE 'Asia/Tokyo')::date, s.birth_date))::int AS years,
        (extract(epoch FROM sh.ends_at - sh.starts_at) / 60)::int AS minutes,
        EXISTS (SELECT 1 FROM supporters_assignmentmove m WHERE m.subject_id = a.id
            AND m.to_status = 'standing_in_wanted') AS wanted
    FROM supporters_shift sh JOIN supporters_assignment a ON a.shift_id = sh.id
    JOIN supporters_supporter s ON s.id = a.supporter_id JOIN programme_venue v ON v.id = sh.venue_id
    WHERE sh.starts_at >= %(starts)s AND sh.starts_at < %(ends)s AND sh.ends_at <= %(now)s AND sh.cancelled_at IS NULL
        AND a.status IN ('accepted', 'standing_in_wanted', 'attended', 'released', 'absent')
),
promised_cells AS (
    SELECT category_id, purpose, grouping(category_id, purpose) AS of,
        1000 * count(*) FILTER (WHERE wanted) / count(*) AS share
    FROM duties GROUP BY GROUPING SETS ((), (category_id), (purpose))
),
kept_cells AS (
    SELECT category_id, purpose, district, years, grouping(category_id, purpose, district, years) AS of,
        sum(minutes) AS minutes, sum(minutes * 1000 / 120) FILTER (WHERE may_be_paid) AS yen
    FROM duties WHERE status IN ('accepted', 'standing_in_wanted', 'attended')
    GROUP BY GROUPING SETS ((), (category_id), (purpose), (district), (years))
)
SELECT 'consultations', CASE of WHEN 127 THEN '' WHEN 63 THEN 'topic' WHEN 95 THEN 'device' WHEN 111 THEN 'age_band'
    WHEN 119 THEN 'outcome' WHEN 123 THEN 'visit' WHEN 125 THEN 'desk' ELSE 'desk_hour' END,
    CASE of WHEN 124 THEN desk_id || '-' || weekday || '-' || hour
    ELSE coalesce(topic_id, device_id, age_band_id, outcome_id, visit_id, desk_id::text) END, number FROM cases
UNION ALL SELECT 'consultations', 'district', v.district_id, sum(number) FROM cases JOIN consult_desk d ON d.id = desk_id
    JOIN programme_venue v ON v.id = d.venue_id WHERE of = 125 GROUP BY 3
UNION ALL SELECT 'follow_ups', CASE of WHEN 127 THEN '' WHEN 63 THEN 'topic' ELSE 'desk' END, coalesce(topic_id, desk_id::text), follow_ups
    FROM cases WHERE of IN (127, 63, 125)
UNION ALL SELECT 'follow_ups', 'district', v.district_id, sum(follow_ups) FROM cases JOIN consult_desk d ON d.id = desk_id
    JOIN programme_venue v ON v.id = d.venue_id WHERE of = 125 GROUP BY 3
UNION ALL SELECT code, dimension, key, number FROM registered_cells
UNION ALL SELECT 'supporters_active', dimension, key, active FROM registered_cells WHERE code = 'supporters'
UNION ALL SELECT code, CASE of WHEN 7 THEN '' WHEN 3 THEN 'district' ELSE 'group_kind' END, coalesce(district, kind),
    CASE code WHEN 'participants' THEN people ELSE number END
    FROM held_cells, (VALUES ('sessions'), ('participants'), ('requests_served')) codes (code) WHERE of IN (7, 3, 5)
UNION ALL SELECT 'requests_served', 'intake', intake, number FROM held_cells WHERE of = 6
UNION ALL SELECT 'sessions', 'topics', t.topic_id, count(*) FROM held JOIN support_requests_report_topics t USING (report_id) GROUP BY 3
UNION ALL SELECT 'groups_served', CASE of WHEN 3 THEN '' WHEN 1 THEN 'district' ELSE 'group_kind' END, coalesce(home, kind), number FROM group_cells
UNION ALL SELECT code, CASE of WHEN 3 THEN '' WHEN 1 THEN 'district' ELSE 'group_kind' END, coalesce(district, kind),
    CASE code WHEN 'feedback' THEN number WHEN 'satisfaction' THEN satisfied ELSE again END
    FROM feedback_cells, (VALUES ('feedback'), ('satisfaction'), ('wanted_again')) codes (code)
UNION ALL SELECT 'waiting_median', '', NULL, percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FROM held
UNION ALL SELECT 'waiting_p90', '', NULL, percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FROM held
UNION ALL SELECT 'requests_received', CASE of WHEN 7 THEN '' WHEN 3 THEN 'district' WHEN 5 THEN 'group_kind' ELSE 'intake' END,
    coalesce(district, kind, intake), number FROM asked_cells
UNION ALL SELECT 'requests_received', 'topics', t.topic_id, count(*) FROM asked LEFT JOIN support_requests_requesttopic t ON t.request_id = asked.id GROUP BY 3
UNION ALL SELECT 'requests_unserved', CASE of WHEN 3 THEN '' WHEN 1 THEN 'reason' ELSE 'district' END, coalesce(reason, district), number FROM ended_cells
UNION ALL SELECT code, CASE of WHEN 3 THEN '' WHEN 1 THEN 'desk' ELSE 'district' END, coalesce(desk_id::text, district),
    CASE code WHEN 'desk_hours' THEN minutes ELSE number END FROM opened_cells, (VALUES ('desk_openings'), ('desk_hours')) codes (code)
UNION ALL SELECT CASE kind WHEN 'association_tablet' THEN kind ELSE kind || 's' END, CASE of WHEN 1 THEN '' ELSE 'district' END, district, number FROM done_cells
UNION ALL SELECT kind || '_participants', CASE of WHEN 1 THEN '' ELSE 'district' END, district, people FROM done_cells WHERE kind <> 'association_tablet'
UNION ALL SELECT 'districts_reached', '', NULL, count(*) FROM reached
UNION ALL SELECT 'districts_reached', 'district', district, 1 FROM reached
UNION ALL SELECT 'districts_share', '', NULL, 1000 * (SELECT count(*) FROM reached) / count(*) FROM programme_district WHERE active
UNION ALL SELECT 'acceptance', CASE of WHEN 3 THEN '' WHEN 1 THEN 'category' ELSE 'purpose' END, coalesce(category_id, purpose), share FROM answer_cells
UNION ALL SELECT 'stand_ins', CASE of WHEN 3 THEN '' WHEN 1 THEN 'category' ELSE 'purpose' END, coalesce(category_id, purpose), share FROM promised_cells
UNION ALL SELECT code, CASE of WHEN 15 THEN '' WHEN 7 THEN 'category' WHEN 11 THEN 'purpose' ELSE 'district' END,
    coalesce(category_id, purpose, district), CASE code WHEN 'honoraria' THEN yen ELSE minutes END
    FROM kept_cells, (VALUES ('support_hours'), ('honoraria')) codes (code) WHERE of IN (15, 7, 11) OR code = 'support_hours' AND of = 13
UNION ALL SELECT 'support_hours', 'age_band', 'A' || least(years / 10, 10) * 10, minutes FROM kept_cells WHERE of = 14
UNION ALL SELECT 'support_hours', 'adult', CASE WHEN years >= 18 THEN 'adult' ELSE 'minor' END, minutes FROM kept_cells WHERE of = 14
