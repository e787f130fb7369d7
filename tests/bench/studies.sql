-- Studies as a group of hospitals has them after nine years; %(count)s of them, none of a real person.
--
-- The rows depend on nothing but their numbers, so that every run measures the same ones. They lie in the table in the order
-- of their arrival, facilities open and close, and CR gives way to DX: whoever asks for what is rare among the newest
-- must not have to walk through years of others.

CREATE FUNCTION pg_temp.chance(number bigint, subject int) RETURNS float8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT (hashint8extended(number, subject) & 1073741823) / 1073741824.0 $$;

CREATE FUNCTION pg_temp.one_of(choices text[], chance float8) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT choices[1 + floor(chance * cardinality(choices))::int] $$;

INSERT INTO accounts_facility (code, name, is_default, created_at)
SELECT code, name, false, now() FROM (VALUES
  ('EAST', 'East hospital'), ('WEST', 'West hospital'), ('CITY', 'City imaging centre'), ('LAKE', 'Lakeside clinic'),
  ('HILL', 'Hill practice'), ('PORT', 'Port hospital'), ('OLD', 'Old infirmary'), ('NEW', 'New medical centre'),
  ('CHILD', 'Children''s hospital'), ('BREAST', 'Breast screening')
) AS facility (code, name);

-- Up to which chance a facility is the one. OLD closed in 2021, NEW opened in 2025 in its place.
CREATE TEMP TABLE share AS SELECT facility.id AS facility_id, share.* FROM (VALUES
  ('NORTH', 0.00, 0.18), ('SOUTH', 0.18, 0.182), ('EAST', 0.182, 0.36), ('WEST', 0.36, 0.52), ('CITY', 0.52, 0.66),
  ('LAKE', 0.66, 0.74), ('HILL', 0.74, 0.76), ('PORT', 0.76, 0.86), ('CHILD', 0.86, 0.91), ('BREAST', 0.91, 0.97),
  ('OLD', 0.97, 1.0)
) AS share (code, low, high) JOIN accounts_facility AS facility USING (code);

CREATE TEMP TABLE person AS SELECT
  number,
  (SELECT facility_id FROM share WHERE pg_temp.chance(number, 1) >= low AND pg_temp.chance(number, 1) < high) AS facility_id,
  'P' || lpad(number::text, 7, '0') AS identifier,
  CASE WHEN pg_temp.chance(number, 2) < 0.6
    THEN pg_temp.one_of('{Smith,Jones,Taylor,Brown,Wilson,Evans,Walker,Wright,Green,Hall,Wood,Clarke,Baker,Turner,Hill,
      Moore,Cooper,Ward,Morris,King,Watson,Harris,Müller,Schmidt,Schneider,Fischer,Weber,Meyer,Wagner,Becker,Hoffmann,
      García,Martínez,López,Rossi,Ferrari,Nowak,Kowalski,Silva,Santos,Nguyen,Tran,Kim,Lee,Park,Chen,Wang,Li,Zhang,Singh}',
      power(pg_temp.chance(number, 3), 2))
    ELSE initcap(pg_temp.one_of('{ab,bel,cor,dan,el,fer,gar,hol,is,jan,kel,lor,mar,nor,or,pel,qui,ros,sal,tor,ul,val,wen,zor}',
        pg_temp.chance(number, 4))
      || pg_temp.one_of('{a,e,i,o,u,an,en,in,on,ar,er,ir,or,al,el,il}', pg_temp.chance(number, 5))
      || pg_temp.one_of('{bach,berg,by,dahl,feld,ford,gate,ham,land,ley,man,mont,ner,sen,son,stein,thorpe,ton,vig,wick}',
        pg_temp.chance(number, 6)))
  END || '^' || pg_temp.one_of('{Ada,Ben,Clara,David,Emma,Felix,Grace,Henry,Ida,Jane,Karl,Laura,Maria,Noah,Olga,Paul,Rosa,
      Sofia,Thomas,Ursula,Victor,Wanda,Xenia,Yusuf,Zoe,Mei,Hiro,Amina,Omar,Priya}', pg_temp.chance(number, 7))
    || CASE WHEN pg_temp.chance(number, 8) < 0.02 THEN '=' || pg_temp.one_of('{山田,田中,王,李,김}', pg_temp.chance(number, 9))
      || '^' || pg_temp.one_of('{太郎,花子,偉,娜,민준}', pg_temp.chance(number, 10)) ELSE '' END AS name,
  (date '1930-01-01' + floor(pg_temp.chance(number, 11) * 34000)::int) AS birth_date,
  pg_temp.one_of('{F,M,F,M,F,M,F,M,F,M,O}', pg_temp.chance(number, 12)) AS sex
FROM generate_series(1::bigint, %(count)s * 2 / 5) AS number;

INSERT INTO archive_patient (facility_id, identity, patient_identifier, name, name_index, birth_date, sex)
SELECT facility_id, 'id:^' || identifier, identifier, name, E'\n' || lower(replace(name, '=', E'\n')) || E'\n\n\n', birth_date, sex
FROM person ORDER BY number;

CREATE TEMP TABLE examination (modality text, modalities text, low float8, high float8, images int, descriptions text[]);
INSERT INTO examination VALUES
  ('CT', 'CT', 0.00, 0.14, 400, '{CT chest,CT abdomen and pelvis,CT head,CT angiography aorta,CT sinuses}'),
  ('CT', 'CT\SR', 0.14, 0.20, 700, '{CT chest with contrast,CT coronary angiography,CT head without contrast}'),
  ('MR', 'MR', 0.20, 0.34, 300, '{MR brain,MR knee left,MR knee right,MR lumbar spine,MR liver,MR prostate}'),
  ('US', 'US', 0.34, 0.48, 40, '{US abdomen,US thyroid,US obstetric,US carotid}'),
  ('DX', 'CR', 0.48, 0.78, 2, '{Chest PA,Chest PA and lateral,Hand left,Hand right,Knee AP,Pelvis AP,Ankle lateral}'),
  ('MG', 'MG', 0.78, 0.86, 4, '{Mammography screening,Mammography diagnostic}'),
  ('XA', 'XA', 0.86, 0.89, 120, '{Coronary angiography,Cerebral angiography}'),
  ('RF', 'RF', 0.89, 0.92, 60, '{Barium swallow,Upper GI series}'),
  ('NM', 'NM', 0.92, 0.94, 30, '{Bone scan,Thyroid scintigraphy}'),
  ('PT', 'CT\PT', 0.94, 0.96, 900, '{PET-CT whole body,PET-CT brain}'),
  ('PX', 'PX', 0.96, 0.98, 1, '{Panoramic}'),
  ('ES', 'ES', 0.98, 0.985, 20, '{Colonoscopy,Gastroscopy}'),
  ('SC', 'OT\SC', 0.985, 0.999, 3, '{Scanned document}'),
  ('IO', 'IO', 0.999, 1.0, 2, '{Intraoral}');

CREATE TEMP TABLE made AS SELECT
  number,
  1 + floor(power(pg_temp.chance(number, 20), 1.3) * (%(count)s * 2 / 5))::bigint AS person,
  pg_temp.chance(number, 21) AS examination,
  -- More are made each year; by day and in the week mostly. The last ones came a few minutes ago.
  least(
    date_trunc('day', now() - interval '3250 days' * (1 - power(number / %(count)s::float8, 0.8)))
      + interval '1 hour' * (7 + 11 * pg_temp.chance(number, 22)),
    now() - interval '1 second' * (%(count)s - number)
  ) AS received_at
FROM generate_series(1::bigint, %(count)s) AS number;

INSERT INTO archive_study (
  facility_id, patient_id, study_instance_uid, patient_name, patient_name_index, patient_identifier, birth_date, sex,
  study_date, study_time, accession_number, description, referring_physician, referring_physician_index,
  modalities, search_text, series_count, instance_count, status, received_at,
  changed_at
)
SELECT
  CASE WHEN patient.facility_id = old.id AND received_at > timestamptz '2021-01-01' THEN new.id ELSE patient.facility_id END,
  patient.id, '2.25.' || (700000000000 + number), patient.name, patient.name_index,
  patient.patient_identifier, patient.birth_date, patient.sex, study_date, made_at::time(0), accession_number, description,
  physician, E'\n' || lower(physician) || E'\n\n\n', modalities,
  lower(concat_ws(' ', patient.name, split_part(replace(patient.name, '^', ', '), '=', 1)
    || CASE WHEN patient.name LIKE '%%=%%' THEN ' (' || replace(split_part(patient.name, '=', 2), '^', ' ') || ')' ELSE '' END,
    patient.patient_identifier, accession_number, description)),
  1 + images / 100, greatest(1, (images * (0.5 + pg_temp.chance(number, 30)))::int),
  CASE WHEN number > %(count)s - 40 THEN 'arriving' ELSE 'ready' END, received_at, received_at + interval '3 minutes'
FROM (
  SELECT
    made.number, received_at, made_at, made_at::date AS study_date, images,
    pg_temp.one_of(descriptions, pg_temp.chance(made.number, 24)) AS description,
    -- CR gave way to DX in the course of 2022.
    CASE WHEN modality = 'DX' AND received_at > timestamptz '2022-01-01' + interval '1 year' * pg_temp.chance(made.number, 25)
      THEN 'DX' ELSE examination.modalities END AS modalities,
    pg_temp.one_of('{Adler^Anna,Brandt^Bo,Costa^Carla,Dubois^Denis,Eriksen^Eva,Fontana^Fabio,Gruber^Greta}',
      pg_temp.chance(made.number, 26)) AS physician,
    to_char(made_at, 'YYYYMM') || 'A' || lpad(made.number::text, 7, '0') AS accession_number,
    'P' || lpad(made.person::text, 7, '0') AS identifier
  FROM made
  JOIN examination ON made.examination >= examination.low AND made.examination < examination.high
  -- Some are brought from elsewhere, years after they were made.
  CROSS JOIN LATERAL (SELECT CASE WHEN pg_temp.chance(made.number, 23) < 0.02
    THEN received_at - interval '1 day' * (30 + floor(pg_temp.chance(made.number, 27) * 3000))
    ELSE received_at - interval '10 minutes' END AS made_at) AS making
) AS study
JOIN archive_patient AS patient ON patient.patient_identifier = identifier AND patient.identity = 'id:^' || identifier
JOIN accounts_facility AS old ON old.code = 'OLD'
JOIN accounts_facility AS new ON new.code = 'NEW'
ORDER BY number;
