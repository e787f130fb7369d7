-- What is to be read of the studies: the last day's work is open, nearly all before has its report.

INSERT INTO accounts_user (username, full_name, role, password, created_at)
SELECT 'reader-' || number, 'Reader ' || number, 'radiologist', '!', now() FROM generate_series(1, 12) AS number;

CREATE TEMP TABLE reader AS
SELECT row_number() OVER (ORDER BY id) AS number, id, full_name AS name FROM accounts_user WHERE username LIKE 'reader-%%';

INSERT INTO reading_worklist_readingtask (
  facility_id, study_id, study_instance_uid, priority, stated_priority, status, report_status, needs_no_report, is_arriving,
  assigned_to_id, assignee_name, claimed_at, held_until, clock_started_at, due_at, reported_at,
  patient_name, patient_identifier, birth_date, sex, study_date, study_time, accession_number, description, modalities,
  body_parts, search_text, series_count, instance_count, received_at, study_changed_at, changed_at
)
SELECT
  study.facility_id, study.id, study_instance_uid, priority, NULL, task.status,
  CASE WHEN task.status BETWEEN 50 AND 80 THEN task.status END, task.status = 90, task.status = 20,
  CASE WHEN task.status BETWEEN 40 AND 80 THEN reader.id END,
  CASE WHEN task.status BETWEEN 40 AND 80 THEN reader.name ELSE '' END,
  CASE WHEN task.status = 40 THEN received_at END, CASE WHEN task.status = 40 THEN now() + interval '1 hour' END,
  received_at, received_at + interval '1 minute' * (ARRAY[60, 240, 1440])[priority],
  CASE WHEN task.status IN (70, 80) THEN received_at + interval '1 minute' * (ARRAY[40, 150, 700])[priority] * (0.2 + 2 * power(pg_temp.chance(study.id, 44), 3)) END,
  patient_name, patient_identifier, birth_date, sex, study_date, study_time, accession_number, description, modalities,
  body_part, search_text, series_count, instance_count, received_at, study.changed_at, study.changed_at
FROM (
  SELECT study.*,
    CASE WHEN pg_temp.chance(id, 40) < 0.03 THEN 1 WHEN pg_temp.chance(id, 40) < 0.15 THEN 2 ELSE 3 END AS priority,
    CASE
      WHEN study.status = 'arriving' THEN 20
      WHEN received_at > now() - interval '30 hours' * pg_temp.chance(id, 41)
        THEN (ARRAY[30, 30, 30, 30, 30, 40, 50, 60])[1 + floor(8 * pg_temp.chance(id, 42))::int]
      WHEN pg_temp.chance(id, 42) < 0.0005 THEN 30
      WHEN pg_temp.chance(id, 42) < 0.03 THEN 80
      WHEN pg_temp.chance(id, 42) < 0.05 OR modalities = 'OT\SC' THEN 90
      ELSE 70
    END AS status_now,
    coalesce((regexp_match(upper(description), '(CHEST|ABDOMEN|HEAD|BRAIN|KNEE|HAND|PELVIS|ANKLE|SPINE|LIVER|PROSTATE|THYROID)'))[1], '') AS body_part
  FROM archive_study AS study
) AS study
CROSS JOIN LATERAL (SELECT status_now AS status) AS task
CROSS JOIN LATERAL (
  SELECT id, name FROM reader WHERE number = 1 + floor(power(pg_temp.chance(study.id, 43), 1.5) * (SELECT count(*) FROM reader))::int
) AS reader
ORDER BY study.id;

INSERT INTO reports_report (
  study_id, state, version, author_id, begun_at, changed_at, signed_by_id, signed_at
)
SELECT
  study_id, CASE status WHEN 50 THEN 'draft' WHEN 60 THEN 'preliminary' WHEN 70 THEN 'final' ELSE 'addended' END, 2,
  assigned_to_id, received_at, coalesce(reported_at, received_at),
  CASE WHEN reported_at IS NOT NULL THEN assigned_to_id END, reported_at
FROM reading_worklist_readingtask WHERE report_status IS NOT NULL ORDER BY study_id;

-- A third was preliminary before it was signed.
INSERT INTO reports_reportversion (report_id, number, state, content, author_id, made_at, is_closed)
SELECT report.id, 1, 'preliminary', '{}', author_id,
  study.received_at + (coalesce(signed_at, now()) - study.received_at) * 0.6, true
FROM reports_report AS report JOIN archive_study AS study ON study.id = report.study_id
WHERE state = 'preliminary' OR pg_temp.chance(report.study_id, 50) < 0.33
ORDER BY report.id;

INSERT INTO reports_reportversion (report_id, number, state, content, author_id, made_at, is_closed)
SELECT id, 2, 'final', '{}', signed_by_id, signed_at, true FROM reports_report WHERE signed_at IS NOT NULL ORDER BY id;

INSERT INTO dashboards_reporttimes (study_id, preliminary_at, signed_at, signed_by_id)
SELECT study_id, min(made_at) FILTER (WHERE version.state = 'preliminary'), signed_at, signed_by_id
FROM reports_report AS report JOIN reports_reportversion AS version ON version.report_id = report.id
GROUP BY report.id ORDER BY report.id;
