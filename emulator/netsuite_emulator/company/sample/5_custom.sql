INSERT INTO customrecord_warranty BY NAME
  SELECT r.id, r.id AS recordid, 'W' || n AS name, 'val_' || r.id AS scriptid, -5 AS owner, moment('warranty', n) AS created,
    CASE WHEN n BETWEEN sized(300) AND sized(1000) THEN TIMESTAMP '2025-06-30 23:59:59' ELSE moment('warranty', n) + INTERVAL 1 HOUR END AS lastmodified,
    c.id AS custrecord_customer, i.id AS custrecord_item, DATE '2026-01-01' + (n % 900)::INTEGER AS custrecord_expires, draw('amount', n, 100000000) / 10000 AS custrecord_amount,
    pick('region', n, [1, 2, 3, 4, NULL]) AS custrecord_region, flag(n % 3 > 0) AS custrecord_active, remark(n) AS custrecord_terms, CASE WHEN n % 2 = 1 THEN 'w-' || n END AS externalid
  FROM (SELECT n, 1 + n * 2 + draw('warranty', n, 2) AS id FROM range(sized(1500)) s(n)) r JOIN customer_rank c ON c.rank = n % getvariable('customers') JOIN item_rank i ON i.rank = n % getvariable('items');
INSERT INTO customrecord_site_visit BY NAME
  SELECT r.id, r.id AS recordid, remark(n) AS name, moment('visit', n) AS created, moment('visit', n) AS lastmodified, moment('visit', n) + INTERVAL 2 DAY AS custrecord_visit_start,
    c.id AS custrecord_visit_customer, -5 AS custrecord_visit_employee, 1 + n % 5 AS custrecord_visit_rating, -5 AS owner, 'val_' || r.id AS scriptid
  FROM (SELECT n, 5 + n * 3 AS id FROM range(sized(400)) s(n)) r JOIN customer_rank c ON c.rank = n * 3 % getvariable('customers');
INSERT INTO systemnote BY NAME
  SELECT 50 + row_number() OVER (ORDER BY id) AS id, 'TRANSACTION' AS record, id AS recordid, -30 AS recordtypeid, 'TRANDOC.MEMO' AS field, 'WEB' AS context,
    lastmodifieddate AS date, -5 AS name, NULL AS oldvalue, memo AS newvalue FROM "transaction" WHERE memo IS NOT NULL;

INSERT INTO deletedrecord BY NAME
  SELECT -30 AS recordtypeid, k AS scriptid, k AS type, 1000 + n * 3 + draw('transaction', n, 3) AS recordid, 'Deleted #' || n AS name,
    TIMESTAMP '2025-01-01 09:00:00' + to_seconds(draw('deleted', n // 3, 50000000)) AS deleteddate, -5 AS deletedby, 'WEB' AS context
  FROM range(sized(6000)) r(n), LATERAL (SELECT pick('kind', n, ['salesorder', 'salesorder', 'salesorder', 'invoice', 'invoice',
    'invoice', 'customerpayment', 'creditmemo', 'purchaseorder', 'vendorbill', 'vendorbill', 'journalentry', 'estimate']) AS k) s WHERE draw('transactiongone', n, 25) = 0
  UNION ALL SELECT CASE WHEN n < grown(120) THEN -4 WHEN n < grown(120) + grown(250) THEN -3 ELSE -2 END, CASE WHEN n < grown(120) THEN 'employee' WHEN n < grown(120) + grown(250) THEN 'vendor' ELSE 'customer' END,
    CASE WHEN n < grown(120) THEN 'employee' WHEN n < grown(120) + grown(250) THEN 'vendor' ELSE 'customer' END, 100 + n * 3 + draw('entity', n, 3), 'Gone O''Hara ' || n,
    TIMESTAMP '2025-01-01 09:00:00' + to_seconds(draw('deleted', n, 50000000)), -5, 'CSV'
  FROM range(grown(120) + grown(250) + grown(1400)) r(n) WHERE draw('gone', n, 40) = 0;
