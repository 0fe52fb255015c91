-- All entities share one space of ids; gaps are ids of entities deleted since.
CREATE OR REPLACE TEMP TABLE entity_seed AS
  SELECT n, 100 + n * 3 + draw('entity', n, 3) AS id, moment('entity', n) AS born,
    CASE WHEN n < grown(120) THEN 'employee' WHEN n < grown(120) + grown(250) THEN 'vendor'
      WHEN n < grown(120) + grown(250) + grown(1400) THEN 'customer'
      WHEN n < grown(120) + grown(250) + grown(1400) + grown(800) THEN 'contact' ELSE 'job' END AS kind,
    -- one bulk import stamped a third of them in a single second
    CASE WHEN n % 3 = 1 THEN TIMESTAMP '2025-03-15 02:00:07'
      ELSE moment('entity', n) + to_seconds(draw('touched', n, 4000000)) END AS touched
  FROM range(grown(120) + grown(250) + grown(1400) + grown(800) + grown(150)) r(n) WHERE draw('gone', n, 40) > 0;
UPDATE entity_seed SET touched = least(touched, TIMESTAMP '2026-08-31 18:30:00' - to_seconds(n));

INSERT INTO employee BY NAME
  SELECT id, given_name(n) || ' ' || family_name(n) || CASE WHEN n > 40 THEN ' ' || n ELSE '' END AS entityid,
    given_name(n) AS firstname, family_name(n) AS lastname, left(given_name(n), 1) || left(family_name(n), 1) AS initials,
    'emp' || id || '@example.com' AS email, '+1 555 01' || lpad(n::VARCHAR, 4, '0') AS phone,
    pick('title', n, ['Clerk', 'Sales Rep', 'Buyer', 'Head of R&D', NULL]) AS title,
    pick('subsidiary', n, [1, 1, 1, 2, 3, 5]) AS subsidiary, pick('department', n, [1, 2, 3, 4, 7, 9, NULL]) AS department,
    1 AS currency, CASE WHEN n % 4 = 0 THEN 1000.5 * (n % 9) END AS purchaseorderlimit, pick('gender', n, ['f', 'm', 'nb', NULL]) AS gender,
    flag(n % 5 = 0) AS giveaccess, born::DATE AS hiredate, flag(n % 3 = 0) AS issalesrep, flag(n % 17 = 3) AS isinactive,
    remark(n) AS comments, born AS datecreated, touched AS lastmodifieddate, CASE WHEN n % 2 = 0 THEN 'EMP-' || n END AS externalid
  FROM entity_seed WHERE kind = 'employee';
INSERT INTO employee BY NAME SELECT -5 AS id, 'System' AS entityid, 'System' AS firstname, 'Account' AS lastname, 1 AS subsidiary,
  TIMESTAMP '2022-01-03 00:00:00' AS datecreated, TIMESTAMP '2022-01-03 00:00:00' AS lastmodifieddate;

INSERT INTO vendor BY NAME
  SELECT id, firm_name(n) || ' ' || n AS entityid, firm_name(n) || ' ' || n AS companyname, firm_name(n) AS legalname, 'F' AS isperson,
    'vendor' || id || '@example.com' AS email, pick('vendorcurrency', n, [1, 1, 4, 2, 7]) AS currency,
    pick('subsidiary', n, [1, 2, 3, 5]) AS subsidiary, pick('terms', n, [1, 2, 3, NULL]) AS terms,
    pick('category', n, ['1', '2', '3', NULL]) AS category, remark(n) AS comments, flag(n % 23 = 1) AS isinactive,
    born AS datecreated, touched AS lastmodifieddate, pick('region', n, [1, 2, 3, 4, NULL]) AS custentity_region,
    CASE WHEN n % 3 = 0 THEN 'V|' || n WHEN n % 3 = 1 THEN 'VEN_' || n END AS externalid
  FROM entity_seed WHERE kind = 'vendor';

INSERT INTO customer BY NAME
  SELECT id, 'CUST' || n AS entityid, n AS entitynumber, flag(n % 4 = 0) AS isperson,
    CASE WHEN n % 4 <> 0 THEN firm_name(n) END AS companyname, CASE WHEN n % 4 = 0 THEN given_name(n) END AS firstname,
    CASE WHEN n % 4 = 0 THEN family_name(n) END AS lastname,
    CASE WHEN n % 4 = 0 THEN given_name(n) || ' ' || family_name(n) ELSE firm_name(n) END AS altname,
    CASE WHEN n % 7 <> 0 THEN 'cust' || id || '@example.com' END AS email, pick('phone', n, ['555-0101', '+49 221 555', NULL]) AS phone,
    remark(n) AS comments, pick('subsidiary', n, [1, 1, 2, 3, 5]) AS subsidiary, pick('currency', n, [1, 1, 1, 4, 2, 3]) AS currency,
    pick('terms', n, [1, 2, 3, 6, NULL]) AS terms, pick('status', n, ['13', '13', '8', '6']) AS entitystatus,
    pick('status', n, ['CUSTOMER', 'CUSTOMER', 'PROSPECT', 'LEAD']) AS searchstage, pick('category', n, ['1', '2', '3', '4', NULL]) AS category,
    CASE WHEN n % 3 = 0 THEN 500.25 * draw('limit', n, 90) END AS creditlimit, 'AUTO' AS creditholdoverride,
    draw('balance', n, 5000000) / 100 AS balancesearch, draw('overdue', n, 3) * 10.05 AS overduebalancesearch,
    flag(n % 31 = 2) AS isinactive, born AS datecreated, touched AS lastmodifieddate, 'DEFAULT' AS emailpreference,
    CASE WHEN n % 2 = 0 THEN 'CUST-' || n WHEN n % 9 = 1 THEN 'RED|' || n END AS externalid,
    pick('region', n, [1, 2, 3, 4, NULL]) AS custentity_region, flag(n % 10 = 3) AS custentity_vip,
    CASE WHEN n % 4 = 0 THEN DATE '1950-02-28' + draw('birthday', n, 18000)::INTEGER END AS custentity_birthday,
    CASE WHEN n % 5 = 0 THEN draw('score', n, 100000000) / 100000000 END AS custentity_score
  FROM entity_seed WHERE kind = 'customer';

CREATE OR REPLACE TEMP TABLE customer_rank AS SELECT id, currency, subsidiary, row_number() OVER (ORDER BY id) - 1 AS rank FROM customer;
CREATE OR REPLACE TEMP TABLE vendor_rank AS SELECT id, currency, subsidiary, row_number() OVER (ORDER BY id) - 1 AS rank FROM vendor;
SET VARIABLE customers = (SELECT count(*) FROM customer);
SET VARIABLE vendors = (SELECT count(*) FROM vendor);

INSERT INTO contact BY NAME
  SELECT s.id, given_name(n) || ' ' || family_name(n) || ' ' || n AS entityid, given_name(n) AS firstname, family_name(n) AS lastname,
    'contact' || s.id || '@example.com' AS email, pick('title', n, ['Buyer', 'CEO', NULL]) AS title, c.id AS company,
    c.subsidiary AS subsidiary, remark(n) AS comments, born AS datecreated, touched AS lastmodifieddate
  FROM entity_seed s JOIN customer_rank c ON c.rank = draw('company', n, getvariable('customers')) WHERE kind = 'contact';
INSERT INTO job BY NAME
  SELECT s.id, 'PRJ' || n AS entityid, pick('project', n, ['Roof', 'Web shop', 'Démontage', 'Phase "2"']) || ' ' || n AS companyname,
    c.id AS customer, c.subsidiary AS subsidiary, born::DATE AS startdate, born::DATE + 90 AS projectedenddate,
    pick('jobstatus', n, ['1', '2', '3']) AS entitystatus, draw('cost', n, 900000) / 100 AS estimatedcost,
    born AS datecreated, touched AS lastmodifieddate
  FROM entity_seed s JOIN customer_rank c ON c.rank = draw('company', n, getvariable('customers')) WHERE kind = 'job';

-- Addresses: subsidiaries and locations first, then one or two for most entities.
INSERT INTO entityaddress BY NAME SELECT id AS nkey, '1 Main St' AS addr1, name AS addressee, country FROM subsidiary;
INSERT INTO entityaddress BY NAME SELECT mainaddress AS nkey, id || ' Dock Rd' AS addr1, name AS addressee, name AS city, 'US' AS country FROM location;
INSERT INTO entityaddressbook BY NAME
  SELECT 1000 + n * 2 + k AS internalid, id AS entity, CASE k WHEN 0 THEN 'HQ' ELSE 'Ship-to' END AS label, flag(k = 0) AS defaultbilling,
    flag(k = 1 OR n % 2 = 0) AS defaultshipping, flag(n % 4 = 0) AS isresidential, 1000 + n * 2 + k AS addressbookaddress
  FROM entity_seed, range(2) r(k) WHERE kind IN ('customer', 'vendor') AND (k = 0 OR n % 2 = 1);
INSERT INTO entityaddress BY NAME
  SELECT b.addressbookaddress AS nkey, e.entitytitle AS addressee, draw('house', b.internalid, 400) + 1 || ' ' || pick('street', b.internalid,
    ['Main St', 'Königsallee', 'Rue de l''Église', 'Ulica Długa', '銀座']) AS addr1, CASE WHEN b.internalid % 5 = 0 THEN 'Floor 2' END AS addr2,
    pick('city', b.internalid, ['Austin', 'Köln', 'Paris', 'Łódź', '東京', 'Coeur d''Alene']) AS city,
    pick('state', b.internalid, ['TX', NULL, 'CA', 'ID']) AS state, lpad(draw('zip', b.internalid, 99999)::VARCHAR, 5, '0') AS zip,
    pick('country', b.internalid, ['US', 'DE', 'FR', 'PL', 'JP', 'US']) AS country, TIMESTAMP '2025-01-01 12:00:00' AS lastmodifieddate
  FROM entityaddressbook b JOIN entity e ON e.id = b.entity;
UPDATE entityaddress SET addrtext = concat_ws(chr(10), addressee, addr1, addr2, trim(concat_ws(' ', city, state, zip)));
INSERT INTO customersalesteam BY NAME
  SELECT row_number() OVER (ORDER BY c.id) AS internalid, c.id AS customer, e.id AS employee, '-2' AS salesrole, 'T' AS isprimary, 100 AS contribution
  FROM customer_rank c JOIN (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM employee) e ON e.rank = 1 + c.rank % 50 WHERE c.rank % 6 = 0;
