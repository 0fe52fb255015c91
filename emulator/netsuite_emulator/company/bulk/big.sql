-- Numbers in a table can be read by several threads at once, those of range() cannot.
CREATE OR REPLACE TEMP TABLE numbers AS SELECT n FROM range({rows}) r(n);

-- Some 3,000 rows share each stamp, all over the table, as after imports; every 997th has none.
INSERT INTO "{name}" BY NAME
SELECT id, 'Record ' || id AS name, CASE WHEN id % 7 > 0 THEN 'ext-' || id END AS externalid, 'val_' || id AS scriptid,
  CASE WHEN id % 50 = 0 THEN 'T' ELSE 'F' END AS isinactive, TIMESTAMP '2020-01-01' + to_seconds(n * 20) AS created,
  CASE WHEN id % 997 > 0 THEN TIMESTAMP '2024-01-01' + to_seconds(id * 7919 % {stamps} * (40000000 // {stamps})) END AS lastmodified,
  id * 7919 % 100000 AS custrecord_counter, id % 17 AS custrecord_rank, CASE WHEN id % 9 > 0 THEN id % 90 END AS custrecord_quantity,
  (id * 31 % 10000000) * 0.01 AS custrecord_amount, (id * 37 % 10000000) * 0.00000001 AS custrecord_rate,
  id * 41 % 1000000 - 500000 AS custrecord_balance,
  CASE WHEN id % 3 = 0 THEN 'T' ELSE 'F' END AS custrecord_active, CASE WHEN id % 5 = 0 THEN 'T' ELSE 'F' END AS custrecord_checked,
  DATE '2023-01-01' + (id % 900)::INTEGER AS custrecord_day, CASE WHEN id % 4 > 0 THEN DATE '2023-01-01' + (id % 800)::INTEGER END AS custrecord_due,
  TIMESTAMP '2023-01-01' + to_seconds(id * 6007 % 60000000) AS custrecord_seen, 'Title of "' || id || '"' AS custrecord_title,
  CASE WHEN id % 2 = 0 THEN 'Zürich, ' || id % 100 END AS custrecord_remark
FROM (SELECT n, {key} AS id FROM numbers);

DROP TABLE numbers;
