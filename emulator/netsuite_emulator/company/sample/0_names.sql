-- Draws are a pure function of a purpose, a row number and the seed, so that the same seed makes the same company.
CREATE OR REPLACE TEMP MACRO draw(purpose, i, n) AS
  (hash(purpose || ':' || getvariable('seed')::VARCHAR || ':' || i::VARCHAR) % n::UBIGINT)::BIGINT;
CREATE OR REPLACE TEMP MACRO pick(purpose, i, choices) AS choices[1 + draw(purpose, i, len(choices))];
CREATE OR REPLACE TEMP MACRO flag(condition) AS CASE WHEN condition THEN 'T' ELSE 'F' END;
CREATE OR REPLACE TEMP MACRO sized(n) AS greatest(1, round(n * getvariable('scale')))::BIGINT;
CREATE OR REPLACE TEMP MACRO grown(n) AS greatest(12, round(n * sqrt(getvariable('scale'))))::BIGINT;
-- A moment between 2022-01-03 and 2026-08-31, in the account's wall clock.
CREATE OR REPLACE TEMP MACRO moment(purpose, i) AS
  TIMESTAMP '2022-01-03 07:00:00' + to_seconds(86400 * draw(purpose || 'day', i, 1700) + draw(purpose || 'second', i, 43200));

CREATE OR REPLACE TEMP MACRO given_name(i) AS pick('given', i, [
  'Maria', 'José', 'Zoë', 'Søren', 'Łukasz', 'Anna', 'Siobhán', 'Jean-Luc', 'Nguyễn', 'Björk', 'Wei', '美咲', 'Анна',
  'Fatima', 'D''Arcy', 'Olu', 'Priya', 'Marc', 'Ingrid', 'Tomás', 'Aïcha', 'Kwame', 'Grace', 'Jürgen']);
CREATE OR REPLACE TEMP MACRO family_name(i) AS pick('family', i, [
  'O''Brien', 'D''Angelo', 'Müller', 'García', 'Smith', 'Nakamura', 'Østergård', 'Kowalska', 'van der Berg', 'Okafor',
  'Iyer', 'Dubois', 'Johnson', 'Håkansson', '田中', 'Петрова', 'Silva', 'McDonald', 'Ó Súilleabháin', 'Lee', 'Nowak']);
CREATE OR REPLACE TEMP MACRO firm_name(i) AS pick('first', i, [
  'Northwind', 'Blue Heron', 'Señor', 'Granite', 'Élan', 'Kitchener''s', 'Atlas', 'Sakura', 'Quick & Dirty', 'Köln',
  'Harbour', 'Red Fox', 'Polar', 'St. John''s', 'Ünique', 'Meridian', 'Copper "Top"', 'Zürich']) || ' ' ||
  pick('second', i, ['Tools', 'Foods', 'Logistics', 'Textiles', 'Optics', 'Paper', 'Energy', 'Cycles', 'Software',
  'Ceramics', 'Bakery', 'Robotics', 'Timber']) || ' ' ||
  pick('third', i, ['Inc.', 'LLC', 'GmbH', 'S.A.', 'Ltd', '& Sons', 'K.K.', '株式会社', 'Oy', 'B.V.']);
CREATE OR REPLACE TEMP MACRO remark(i) AS CASE draw('remark', i, 12)
  WHEN 0 THEN 'Call before noon.' || chr(10) || 'Ask for the "old" terms.'
  WHEN 1 THEN 'It''s urgent; 50% off, tab' || chr(9) || 'here'
  WHEN 2 THEN 'naïve café – ☕ 🚚'
  WHEN 3 THEN 'C:\orders\new' || chr(13) || chr(10) || 'second line'
  WHEN 4 THEN 'lot ' || draw('lot', i, 9999)
  WHEN 5 THEN 'TRUE' WHEN 6 THEN '007' ELSE NULL END;
