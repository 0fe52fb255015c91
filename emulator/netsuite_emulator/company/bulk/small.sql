INSERT INTO "{name}" BY NAME
SELECT n + 1 AS id, 'Record ' || n AS name, 'val_' || (n + 1) AS scriptid, TIMESTAMP '2024-05-01' + to_hours(n) AS created,
  TIMESTAMP '2024-06-01' + to_hours(n) AS lastmodified, 'Label ' || n AS custrecord_label, n * 10 AS custrecord_number,
  n * 1.25 AS custrecord_value, DATE '2024-07-01' + n::INTEGER AS custrecord_day FROM range({rows}) numbers(n)
