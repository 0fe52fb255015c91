INSERT INTO currency BY NAME FROM (VALUES
  (1, 'US Dollar', 'USD', '$', 2, 1, 'T'), (2, 'British Pound', 'GBP', '£', 2, 1.27315, 'F'),
  (3, 'Canadian Dollar', 'CAD', 'C$', 2, 0.73112907, 'F'), (4, 'Euro', 'EUR', '€', 2, 1.08421, 'F'),
  (7, 'Yen', 'JPY', '¥', 0, 0.00669, 'F'))
  AS v(id, name, symbol, displaysymbol, currencyprecision, exchangerate, isbasecurrency);
INSERT INTO subsidiary BY NAME FROM (VALUES
  (1, 'Parent Company', 'Parent Company', NULL, 'US', 1, 'F', 'US-'),
  (2, 'Österreich & Deutschland', 'Parent Company : Österreich & Deutschland', 1, 'DE', 4, 'F', 'DE-'),
  (3, 'United Kingdom', 'Parent Company : United Kingdom', 1, 'GB', 2, 'F', 'UK-'),
  (5, 'Japan K.K.', 'Parent Company : Japan K.K.', 1, 'JP', 7, 'F', 'JP-'),
  (6, 'Eliminations', 'Parent Company : Eliminations', 1, 'US', 1, 'T', NULL))
  AS v(id, name, fullname, parent, country, currency, iselimination, tranprefix);
UPDATE subsidiary SET legalname = name || ' Holding', lastmodifieddate = moment('subsidiary', id), mainaddress = id,
  fiscalcalendar = CASE WHEN id = 5 THEN 2 ELSE 1 END;
INSERT INTO department BY NAME FROM (VALUES (1, 'Sales', NULL), (2, 'Operations', NULL), (3, 'Logistics', 2),
  (4, 'Finance', NULL), (7, 'R&D', NULL), (9, 'Customer''s Voice', 1)) AS v(id, name, parent);
INSERT INTO classification BY NAME FROM (VALUES (1, 'Wholesale', NULL), (2, 'Retail', NULL), (3, 'Online', 2),
  (5, 'Großhandel', 1), (8, 'Public', NULL)) AS v(id, name, parent);
INSERT INTO location BY NAME FROM (VALUES (1, 'San José', NULL), (2, 'Köln', NULL), (3, 'Leeds', NULL), (4, '大阪', NULL),
  (6, 'Aisle 3', 1), (7, 'Returns', 1)) AS v(id, name, parent);
UPDATE location SET mainaddress = 100 + id, makeinventoryavailable = 'T', latitude = 37.33874 + id / 7, longitude = -121.8852525;
UPDATE department SET fullname = coalesce((SELECT p.name || ' : ' FROM department p WHERE p.id = department.parent), '') || name, subsidiary = '1, 2', includechildren = 'T';
UPDATE classification SET fullname = coalesce((SELECT p.name || ' : ' FROM classification p WHERE p.id = classification.parent), '') || name, subsidiary = '1';
UPDATE location SET fullname = coalesce((SELECT p.name || ' : ' FROM location p WHERE p.id = location.parent), '') || name, subsidiary = '1, 3';
INSERT INTO term BY NAME FROM (VALUES (1, 'Net 15', 15), (2, 'Net 30', 30), (3, 'Net 60', 60), (4, 'Due on receipt', 0),
  (6, '1% 10 Net 30', 30)) AS v(id, name, daysuntilnetdue);
INSERT INTO pricelevel BY NAME FROM (VALUES (1, 'Base Price', NULL), (2, 'Wholesale', -15.5), (5, 'Online Price', -5))
  AS v(id, name, discountpct);
INSERT INTO accountingbook BY NAME FROM (VALUES (1, 'Primary Accounting Book', 'T'), (2, 'Local GAAP', 'F'))
  AS v(id, name, isprimary) WHERE id = 1 OR getvariable('second_book');
INSERT INTO customlist_region BY NAME FROM (VALUES (1, 'North'), (2, 'South'), (3, 'Île-de-France'), (4, 'Far West'))
  AS v(id, name);
INSERT INTO customlist_channel BY NAME FROM (VALUES (1, 'Shop'), (2, 'Web'), (3, 'Partner''s')) AS v(id, name);
INSERT INTO customlist_size BY NAME FROM (VALUES (1, 'S'), (2, 'M'), (3, 'L'), (5, 'XL')) AS v(id, name);
UPDATE customlist_region SET recordid = id, scriptid = 'val_' || id;
UPDATE customlist_channel SET recordid = id, scriptid = 'val_' || id;
UPDATE customlist_size SET recordid = id, scriptid = 'val_' || id;

INSERT INTO account BY NAME FROM (VALUES
  (1, '1000', 'Checking', 'Bank'), (2, '1010', 'Savings – €', 'Bank'), (6, '1100', 'Accounts Receivable', 'AcctRec'),
  (8, '1200', 'Inventory Asset', 'OthCurrAsset'), (12, '1500', 'Machines', 'FixedAsset'),
  (20, '2000', 'Accounts Payable', 'AcctPay'), (21, '2100', 'Credit Card', 'CredCard'),
  (25, '2200', 'Sales Taxes Payable', 'OthCurrLiab'), (30, '3000', 'Opening Balance', 'Equity'),
  (31, '3200', 'Retained Earnings', 'Equity'), (54, '4000', 'Sales', 'Income'), (55, '4010', 'Service Revenue', 'Income'),
  (58, '5000', 'Cost of Goods Sold', 'COGS'), (60, '6000', 'Wages', 'Expense'), (61, '6010', 'Owner''s Rent', 'Expense'),
  (62, '6020', 'Travel & Meals', 'Expense'), (64, '6030', 'Freight', 'Expense'), (70, '8000', 'Rounding', 'OthExpense'),
  (111, NULL, 'Sales Orders', 'NonPosting'), (112, NULL, 'Purchase Orders', 'NonPosting'))
  AS v(id, acctnumber, accountsearchdisplaynamecopy, accttype);
UPDATE account SET fullname = accountsearchdisplaynamecopy, displaynamewithhierarchy = accountsearchdisplaynamecopy,
  accountsearchdisplayname = trim(coalesce(acctnumber || ' ', '') || accountsearchdisplaynamecopy),
  lastmodifieddate = moment('account', id), subsidiary = '1, 2, 3, 5', includechildren = 'T', cashflowrate = 'AVERAGE',
  generalrate = 'CURRENT', inventory = flag(id = 8), isinactive = flag(id = 21),
  balance = CASE WHEN accttype <> 'NonPosting' THEN draw('balance', id, 10000000) / 100 END;

-- Years, quarters and months of 2022 to 2027; the ids leave gaps as they do after a failed set-up.
INSERT INTO accountingperiod BY NAME
  SELECT 1 + y * 20 AS id, 'FY ' || (2022 + y) AS periodname, make_date(2022 + y, 1, 1) AS startdate,
    make_date(2022 + y, 12, 31) AS enddate, NULL AS parent, 'T' AS isyear, 'F' AS isquarter FROM range(6) r(y)
  UNION ALL SELECT 2 + y * 20 + q * 4, 'Q' || (q + 1) || ' ' || (2022 + y), make_date(2022 + y, 1 + q * 3, 1),
    last_day(make_date(2022 + y, 3 + q * 3, 1)), 1 + y * 20, 'F', 'T' FROM range(6) r(y), range(4) s(q)
  UNION ALL SELECT 3 + y * 20 + q * 4 + m, strftime(make_date(2022 + y, 1 + q * 3 + m, 1), '%b %Y'),
    make_date(2022 + y, 1 + q * 3 + m, 1), last_day(make_date(2022 + y, 1 + q * 3 + m, 1)), 2 + y * 20 + q * 4, 'F', 'F'
    FROM range(6) r(y), range(4) s(q), range(3) t(m);
UPDATE accountingperiod SET isposting = flag(isyear = 'F' AND isquarter = 'F'), closed = flag(enddate < DATE '2026-06-01'),
  closedondate = CASE WHEN enddate < DATE '2026-06-01' THEN enddate + 12 END, alllocked = flag(enddate < DATE '2026-06-01'),
  aplocked = alllocked, arlocked = alllocked, allownonglchanges = 'T', lastmodifieddate = startdate + INTERVAL 35 DAY + INTERVAL 9 HOUR;

INSERT INTO consolidatedexchangerate BY NAME
  SELECT row_number() OVER (ORDER BY p.id, s.id, b.id) * 2 AS id, b.id AS accountingbook, p.id AS postingperiod,
    s.id AS fromsubsidiary, 1 AS tosubsidiary, s.currency AS fromcurrency, 1 AS tocurrency,
    round(c.exchangerate * (0.95 + draw('average', p.id * 10 + s.id, 1000) / 10000), 8) AS averagerate,
    round(c.exchangerate * (0.95 + draw('current', p.id * 10 + s.id, 1000) / 10000), 8) AS currentrate,
    c.exchangerate AS historicalrate
  FROM accountingperiod p, subsidiary s JOIN currency c ON c.id = s.currency, accountingbook b
  WHERE p.isposting = 'T' AND p.startdate < DATE '2026-09-01';
