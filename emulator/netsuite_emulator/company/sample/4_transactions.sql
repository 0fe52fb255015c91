-- kind, type code, sign of its lines, prefix; a kind as often as it stands here.
CREATE OR REPLACE TEMP TABLE transaction_seed AS
  SELECT n, 1000 + n * 3 + draw('transaction', n, 3) AS id, pick('kind', n, ['salesorder', 'salesorder', 'salesorder', 'invoice', 'invoice',
    'invoice', 'customerpayment', 'creditmemo', 'purchaseorder', 'vendorbill', 'vendorbill', 'journalentry', 'estimate']) AS recordtype,
    DATE '2022-01-03' + (n * 1700 // sized(6000))::INTEGER AS trandate, 1 + draw('lines', n, 6) AS lines
  FROM range(sized(6000)) r(n) WHERE draw('transactiongone', n, 25) > 0;
CREATE OR REPLACE TEMP TABLE transaction_kind AS FROM (VALUES
  ('salesorder', 'SalesOrd', 'Sales Order', 'SO', -1, ['A', 'B', 'F', 'G'], FALSE), ('invoice', 'CustInvc', 'Invoice', 'INV', -1, ['A', 'B'], TRUE),
  ('customerpayment', 'CustPymt', 'Payment', 'PYMT', 1, ['B', 'C'], TRUE), ('creditmemo', 'CustCred', 'Credit Memo', 'CM', 1, ['A', 'B'], TRUE),
  ('purchaseorder', 'PurchOrd', 'Purchase Order', 'PO', 1, ['A', 'B', 'F', 'G'], FALSE), ('vendorbill', 'VendBill', 'Bill', 'BILL', 1, ['A', 'B'], TRUE),
  ('journalentry', 'Journal', 'Journal', 'JE', 1, ['A', 'B'], TRUE), ('estimate', 'Estimate', 'Estimate', 'EST', -1, ['A', 'B', 'X'], FALSE))
  AS v(recordtype, type, typename, prefix, sign, statuses, posts);
CREATE OR REPLACE TEMP TABLE header AS
  SELECT s.*, k.* EXCLUDE (recordtype), coalesce(c.id, v.id) AS entity, coalesce(c.currency, v.currency, 1) AS currency,
    coalesce(c.subsidiary, v.subsidiary, 1) AS subsidiary, s.trandate + INTERVAL 8 HOUR + to_seconds(draw('created', n, 36000)) AS created,
    -- a nightly import every now and then stamped thousands of transactions in one second
    CASE WHEN (n * 5 // sized(6000)) % 2 = 1 THEN TIMESTAMP '2026-04-12 03:15:42' - INTERVAL 1 DAY * (n * 5 // sized(6000) // 2) END AS imported
  FROM transaction_seed s JOIN transaction_kind k USING (recordtype)
  LEFT JOIN customer_rank c ON s.recordtype IN ('salesorder', 'invoice', 'customerpayment', 'creditmemo', 'estimate')
    AND c.rank = draw('customer', n, getvariable('customers'))
  LEFT JOIN vendor_rank v ON s.recordtype IN ('purchaseorder', 'vendorbill') AND v.rank = draw('vendor', n, getvariable('vendors'));
ALTER TABLE header ADD COLUMN modified TIMESTAMP;
UPDATE header SET modified = CASE WHEN imported > created THEN imported
  ELSE least(created + to_seconds(draw('modified', n, 3000000)), TIMESTAMP '2026-08-31 19:00:00' + to_seconds(n % 600)) END;

CREATE OR REPLACE TEMP TABLE line AS
  SELECT h.id AS "transaction", k AS id, i.id AS item, i.itemtype, h.sign, 1 + draw('quantity', h.id * 10 + k, 20) AS quantity,
    CASE WHEN draw('precise', h.id * 10 + k, 30) = 0 THEN round(draw('rate', h.id * 10 + k, 10000000) / 100000000, 8)
      WHEN draw('large', h.id, 400) = 0 THEN 1234567.89 ELSE draw('rate', h.id * 10 + k, 90000) / 100 END::DECIMAL(28,8) AS rate,
    h.recordtype, h.created, h.modified, h.subsidiary, h.entity, draw('gapline', h.id * 10 + k, 50) AS fate
  FROM (SELECT *, unnest(range(1, lines + 1)) AS k FROM header) h LEFT JOIN item_rank i ON i.rank = draw('lineitem', h.id * 10 + k, getvariable('items'))
  WHERE h.recordtype NOT IN ('customerpayment', 'journalentry') AND (k = 1 OR draw('gapline', h.id * 10 + k, 50) > 1);
INSERT INTO transactionline BY NAME
  SELECT "transaction" * 100 + id AS uniquekey, "transaction", id, id AS linesequencenumber, 'F' AS mainline, item, itemtype,
    quantity * sign AS quantity, rate, round(quantity * rate, 2) * sign AS foreignamount, foreignamount AS netamount, 1 AS price,
    remark("transaction" * 7 + id) AS memo, entity, subsidiary, pick('department', "transaction" + id, [1, 2, 3, 4, NULL]) AS department,
    pick('class', "transaction" + id, [1, 2, 3, 5, NULL]) AS class, pick('location', "transaction" + id, [1, 2, 3, 4, NULL]) AS location,
    CASE WHEN recordtype IN ('vendorbill', 'purchaseorder') THEN 58 WHEN recordtype = 'salesorder' THEN 111 ELSE 54 END AS expenseaccount,
    'INCOME' AS accountinglinetype, created AS linecreateddate, CASE WHEN fate % 9 = 0 THEN created ELSE modified END AS linelastmodifieddate,
    CASE WHEN itemtype = 'InvtPart' THEN pick('size', id + "transaction", [1, 2, 3, 5, NULL]) END AS custcol_size,
    CASE WHEN fate = 7 THEN 'Für Zoë — "1985"' END AS custcol_engraving, flag(fate % 11 = 0) AS custcol_fragile
  FROM line;
-- Journals: pairs of debit and credit, without a main line; their lines count from 0 [reference 14.1].
INSERT INTO transactionline BY NAME
  SELECT h.id * 100 + k AS uniquekey, h.id AS "transaction", k AS id, k AS linesequencenumber, 'F' AS mainline,
    CASE WHEN k % 2 = 0 THEN 60 + n % 3 ELSE 1 END AS expenseaccount, (draw('journal', n, 500000) / 100)::DECIMAL(28,8) * CASE WHEN k % 2 = 0 THEN 1 ELSE -1 END AS foreignamount,
    foreignamount AS netamount, CASE WHEN k % 2 = 0 THEN foreignamount END AS debitforeignamount, CASE WHEN k % 2 = 1 THEN -foreignamount END AS creditforeignamount,
    remark(n + k + 1) AS memo, subsidiary, 4 AS department, created AS linecreateddate, modified AS linelastmodifieddate
  FROM header h, LATERAL (SELECT unnest(range(2 + 2 * (h.lines % 2))) AS k) r WHERE recordtype = 'journalentry';
CREATE OR REPLACE TEMP TABLE total AS SELECT "transaction", sum(foreignamount) AS amount FROM transactionline GROUP BY 1;
INSERT INTO transactionline BY NAME
  SELECT h.id * 100 AS uniquekey, h.id AS "transaction", 0 AS id, 0 AS linesequencenumber, 'T' AS mainline, entity, subsidiary,
    coalesce(-t.amount, (draw('payment', n, 900000) / -100)::DECIMAL(28,8)) AS foreignamount, foreignamount AS netamount,
    CASE recordtype WHEN 'vendorbill' THEN 20 WHEN 'purchaseorder' THEN 112 WHEN 'salesorder' THEN 111 ELSE 6 END AS expenseaccount,
    created AS linecreateddate, modified AS linelastmodifieddate
  FROM header h LEFT JOIN total t ON t."transaction" = h.id WHERE recordtype <> 'journalentry';
-- What is paid comes into the bank.
INSERT INTO transactionline BY NAME
  SELECT l.uniquekey + 1 AS uniquekey, l."transaction", 1 AS id, 1 AS linesequencenumber, 'F' AS mainline, l.entity, l.subsidiary, -l.foreignamount AS foreignamount,
    -l.netamount AS netamount, 1 AS expenseaccount, l.linecreateddate, l.linelastmodifieddate
  FROM transactionline l JOIN header h ON h.id = l."transaction" WHERE h.recordtype = 'customerpayment';

INSERT INTO "transaction" BY NAME
  SELECT h.id, type, recordtype, typename, prefix AS abbrevtype, prefix || n AS tranid, (n + 1)::VARCHAR AS transactionnumber, n AS number, h.trandate,
    created AS createddate, created AS createddatetime, modified AS lastmodifieddate, h.entity, h.subsidiary, currency, c.exchangerate,
    pick('status', n, statuses) AS status, '2' AS approvalstatus, p.id AS postingperiod, flag(posts) AS posting, pick('terms', n, [1, 2, 3, NULL]) AS terms,
    remark(n * 3) AS memo, m.foreignamount AS foreigntotal, m.foreignamount AS totalaftertaxes,
    CASE WHEN posts AND recordtype <> 'journalentry' AND n % 2 = 0 THEN abs(m.foreignamount) ELSE 0 END AS foreignamountpaid,
    CASE WHEN posts AND recordtype <> 'journalentry' AND n % 2 = 1 THEN abs(m.foreignamount) ELSE 0 END AS foreignamountunpaid,
    CASE WHEN recordtype IN ('invoice', 'vendorbill') THEN h.trandate + 30 END AS duedate, CASE WHEN recordtype = 'salesorder' THEN h.trandate + 3 END AS shipdate,
    CASE WHEN n % 6 = 0 THEN 'PO#' || n || '/''' || n % 7 END AS otherrefnum, CASE WHEN n % 3 = 0 THEN 'ext_' || n END AS externalid,
    CASE WHEN n % 5 = 0 THEN 1 WHEN n % 8 = 0 THEN 3 ELSE NULL END AS custbody_channel, remark(n * 5) AS custbody_notes, flag(n % 14 = 0) AS custbody_gift,
    CASE WHEN n % 4 = 0 THEN draw('score', n, 1000000000) / 100000000 END AS custbody_score, pick('regions', n, [NULL, NULL, '1', '1, 2', '2, 5, 8']) AS custbody_regions,
    typename || ' #' || prefix || n AS trandisplayname, 'WEB' AS source, flag(n % 97 = 0) AS voided, -5 AS createdby, -5 AS lastmodifiedby, '101' AS customform
  FROM header h JOIN currency c ON c.id = h.currency
  LEFT JOIN transactionline m ON m."transaction" = h.id AND m.mainline = 'T'
  LEFT JOIN accountingperiod p ON p.isposting = 'T' AND h.trandate BETWEEN p.startdate AND p.enddate;

-- Accounting lines written before release 2023.1 carry no stamp; some others were rewritten later by the costing engine.
INSERT INTO transactionaccountingline BY NAME
  SELECT p.*, CASE WHEN t.trandate < DATE '2023-02-18' THEN NULL
    WHEN (p."transaction" * 100 + p.transactionline) % 29 = 0 THEN t.lastmodifieddate + INTERVAL 2 DAY ELSE t.lastmodifieddate END AS lastmodifieddate
  FROM posted p JOIN "transaction" t ON t.id = p."transaction";
INSERT INTO nexttransactionlinelink BY NAME
  SELECT a.id AS previousdoc, 1 AS previousline, b.id AS nextdoc, 1 AS nextline, 'OrdBill' AS linktype, 'CustInvc' AS nexttype, 'SalesOrd' AS previoustype,
    10 AS foreignamount, b.modified AS lastmodifieddate FROM header a JOIN header b ON b.n = a.n + 1 WHERE a.recordtype = 'salesorder' AND b.recordtype = 'invoice';
UPDATE "transaction" SET createdfrom = l.previousdoc FROM nexttransactionlinelink l WHERE l.nextdoc = "transaction".id;
INSERT INTO subscription BY NAME
  SELECT 10 + rank * 2 AS id, 'Plan ' || id AS name, id AS customer, subsidiary, currency, DATE '2024-01-01' + (rank % 300)::INTEGER AS startdate, 'ACTIVE' AS billingsubscriptionstatus,
    moment('subscription', id) AS datecreated, moment('subscription', id) AS lastmodifieddate FROM customer_rank WHERE rank % 5 = 0;
